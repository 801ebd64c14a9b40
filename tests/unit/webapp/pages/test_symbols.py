from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import quote

import numpy as np
import pytest

from tests.unit.webapp.desk import NOON, SESSION, Dashboard, decision, open_store, text_of
from trading.market.panel import SymbolBars, build_panel

ODD_SYMBOLS = ("3M", "BF-B", "BRK B", "BRK/B")


@pytest.fixture
def with_bars(ready: Dashboard) -> Dashboard:
    days = np.array([SESSION - timedelta(n) for n in range(30, 0, -1)], dtype="datetime64[D]")
    ramp = np.linspace(50.0, 60.0, len(days))
    database, store = open_store(ready.state)
    panel = build_panel(
        {
            name: SymbolBars(days, ramp, ramp + 1, ramp - 1, ramp, ramp * 1e5)
            for name in ("AAA", "BBB", "EEE", *ODD_SYMBOLS)
        }
    )
    store.record_bars(panel, {"mean": panel.close - 1.0})
    store.record_decision(decision(date(2026, 3, 1)), NOON)
    database.close()
    return ready


def test_a_symbol_page_says_why_or_why_not_and_leads_to_its_neighbours(with_bars: Dashboard) -> None:
    page = text_of(with_bars, "/symbols/BBB")
    assert "All 10 slots are taken." in page
    assert 'href="/symbols/AAA"' in page
    assert 'href="/symbols/BF-B"' in page
    assert "No shares are held." in page
    assert "No orders for BBB yet." in page


@pytest.mark.parametrize(
    ("symbol", "follows"), [("3M", "AAA"), ("BF-B", "BRK B"), ("BRK B", "BRK/B"), ("BRK/B", "EEE")]
)
def test_a_symbol_as_the_broker_spells_it_has_a_page_to_which_others_lead(
    with_bars: Dashboard, symbol: str, follows: str
) -> None:
    client = with_bars.logged_in()
    page = client.get(f"/symbols/{quote(symbol, safe='')}")
    assert page.status_code == 200
    following = re.search(r'href="([^"]+)" rel="next"', page.get_data(as_text=True))
    assert following is not None
    led = client.get(following[1])
    assert led.status_code == 200
    assert f"No orders for {follows} yet." in led.get_data(as_text=True)


@pytest.mark.parametrize("symbol", ODD_SYMBOLS)
def test_the_chart_of_a_symbol_as_the_broker_spells_it_is_where_its_page_says(
    with_bars: Dashboard, symbol: str
) -> None:
    client = with_bars.logged_in()
    source = re.search(r'data-source="([^"]+)"', client.get(f"/symbols/{quote(symbol)}").get_data(as_text=True))
    assert source is not None
    assert len(client.get(source[1]).get_json()["candles"]) == 30


def test_a_symbol_without_bars_is_not_found(with_bars: Dashboard) -> None:
    client = with_bars.logged_in()
    assert client.get("/symbols/ZZZ").status_code == 404
    assert client.get("/api/symbols/ZZZ/chart").status_code == 404


def test_the_chart_has_bars_and_refused_days(with_bars: Dashboard) -> None:
    drawn = with_bars.logged_in().get("/api/symbols/BBB/chart").get_json()
    assert len(drawn["candles"]) == 30
    assert drawn["marks"] == [{"time": "2026-03-01", "kind": "refused", "text": "Refused: All 10 slots are taken."}]
    assert drawn["levels"] == []
    assert [(line["title"], len(line["points"])) for line in drawn["lines"]] == [("mean", 30), ("top", 0)]
    assert drawn["lines"][0]["points"][-1] == {"time": "2026-03-01", "value": 59.0}


def test_every_check_is_shown_in_the_words_of_its_strategy_failed_or_passed(with_bars: Dashboard) -> None:
    page = text_of(with_bars, "/symbols/EEE")
    for text in ("Rising", "It rises: 4.20 over 3.90.", "It dipped 0.42; 1.00 are asked.", 'look-middle">mean<'):
        assert text in page
    assert page.count("It dipped 0.42") == 1

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tests.unit.webapp.desk import NOON, SESSION, Dashboard, decision, open_store, text_of
from trading.market.panel import SymbolBars, build_panel


@pytest.fixture
def with_bars(ready: Dashboard) -> Dashboard:
    days = np.array([SESSION - timedelta(n) for n in range(30, 0, -1)], dtype="datetime64[D]")
    ramp = np.linspace(50.0, 60.0, len(days))
    database, store = open_store(ready.state)
    panel = build_panel(
        {name: SymbolBars(days, ramp, ramp + 1, ramp - 1, ramp, ramp * 1e5) for name in ("AAA", "BBB", "EEE")}
    )
    store.record_bars(panel, {"mean": panel.close - 1.0})
    store.record_decision(decision(date(2026, 3, 1)), NOON)
    database.close()
    return ready


def test_a_symbol_page_says_why_or_why_not_and_leads_to_its_neighbours(with_bars: Dashboard) -> None:
    page = text_of(with_bars, "/symbols/BBB")
    assert "All 10 slots are taken." in page
    assert 'href="/symbols/AAA"' in page
    assert 'href="/symbols/EEE"' in page
    assert "No shares are held." in page
    assert "No orders for BBB yet." in page


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

from __future__ import annotations

import html
import time
from dataclasses import replace

import pytest

from tests.unit.webapp.conftest import Maker
from tests.unit.webapp.desk import NOON, PAGES, Dashboard, decision, make_ready, open_store, text_of
from trading.model.mode import OPERATOR
from webapp.frame import make_frame

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_before_the_first_start(dashboard: Dashboard, path: str) -> None:
    page = text_of(dashboard, path)
    assert "None" not in page
    assert "nan" not in page.replace("financ", "")


@pytest.mark.parametrize("path", PAGES)
def test_a_database_that_was_taken_away_is_no_first_start(dashboard: Dashboard, path: str) -> None:
    dashboard.beat(unstored="storage: trading.db was deleted or moved away")
    shown = dashboard.logged_in().get(path)
    page = html.unescape(shown.get_data(as_text=True))
    if path in {"/", "/decisions", "/trades"}:
        # That no positions, orders and trades are known is not that there are none.
        assert shown.status_code == 503
        assert "trading.db was taken away from the trading process" in page
    else:
        assert "be written, so that no order is sent" in page
        assert "trading.db was deleted or moved away" in page
    answer = dashboard.client().get("/readyz")
    assert answer.status_code == 503
    assert "trading.db was deleted or moved away" in answer.get_json()["error"]["message"]


def test_a_database_that_is_not_there_is_missed_before_the_trading_process_writes_again(dashboard: Dashboard) -> None:
    dashboard.beat()
    assert dashboard.logged_in().get("/trades").status_code == 503
    answer = dashboard.client().get("/readyz").get_json()["error"]
    assert (answer["code"], "trading.db is not there" in answer["message"]) == ("unstored", True)
    dashboard.beat(unproven=True)
    assert dashboard.logged_in().get("/trades").status_code == 200


def test_the_account_is_masked_on_every_page(ready: Dashboard) -> None:
    for path in PAGES:
        page = text_of(ready, path)
        assert "DU1234567" not in page
        assert "DU***4567" in page


@pytest.mark.parametrize(("account", "kind"), [("DU1234567", "paper"), ("U7654321", "live")])
def test_the_stripe_says_whose_money_it_is(dashboard: Dashboard, account: str, kind: str) -> None:
    make_ready(dashboard, account=account)
    assert f'<body class="kind-{kind}">' in text_of(dashboard, "/")


def test_the_simulated_gateway_has_its_own_stripe_and_folder(make: Maker) -> None:
    dashboard = make(GATEWAY="simulated")
    dashboard.state = dashboard.state / "simulated"
    dashboard.state.mkdir(exist_ok=True)
    make_ready(dashboard)
    assert '<body class="kind-simulated">' in text_of(dashboard, "/")


def test_a_halt_offers_to_resume_on_every_page(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    store.halts.raise_halt(OPERATOR, "test", reason="the news", actor="dashboard", now=NOON)
    database.close()
    for path in PAGES:
        page = text_of(ready, path)
        assert "HALTED" in page
        assert 'href="/resume"' in page
        assert "the news" in page


def test_hostile_names_are_only_text(dashboard: Dashboard) -> None:
    make_ready(dashboard)
    database, store = open_store(dashboard.state)
    store.record_decision(decision(NOON.date(), name=HOSTILE), NOON)
    store.keep({"next_event": HOSTILE})
    store.halts.raise_halt(OPERATOR, "test", reason=HOSTILE, actor=HOSTILE, now=NOON)
    database.close()
    (dashboard.logs / "trading.log").write_text(
        f'{{"event": "{HOSTILE}", "symbol": "A\\u001b[31m{HOSTILE}"}}\n{HOSTILE}\n', "utf-8"
    )
    for path in PAGES:
        page = text_of(dashboard, path)
        assert "<script>alert" not in page, path
    assert "&lt;script&gt;alert" in text_of(dashboard, "/decisions")
    assert text_of(dashboard, "/log").partition('class="log"')[2].count("&lt;script&gt;alert") == 3


def test_the_next_event_is_told_in_new_york_time_and_nothing_where_it_is_no_moment(dashboard: Dashboard) -> None:
    make_ready(dashboard)
    told = {
        "2026-03-03T21:15:00+00:00": "The decision: 16:15 New York, in 4 h.",
        "2026-03-03T16:00:00+00:00": None,  # long past
        "2026-03-03T21:15:00": None,
        "soon": None,
    }
    for said, shown in told.items():
        database, store = open_store(dashboard.state)
        store.keep({"next_event": said})
        store.keep({"next_event_kind": "decision"})
        database.close()
        page = text_of(dashboard, "/")
        assert ('<p class="next">' in page) == (shown is not None)
        assert shown is None or shown in page
        assert said not in page


@pytest.mark.parametrize("path", PAGES)
def test_times_of_a_simulated_market_are_told_from_real_ones(
    make: Maker, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    dashboard = make(GATEWAY="simulated")
    dashboard.state = dashboard.state / "simulated"
    dashboard.state.mkdir(exist_ok=True)
    make_ready(dashboard)
    database, store = open_store(dashboard.state)
    said = {"session_state": "waiting_login", "session_state_since": "2015-01-05T14:31:00+00:00"}
    with database.transaction() as connection:
        connection.execute("UPDATE fact SET value = 'simulated' WHERE key = 'gateway'")
    store.keep({**said, "market_now": "2015-01-06T14:31:00+00:00"})
    database.close()
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        page = text_of(dashboard, path)
        assert "ince Mon 5 Jan, 09:31 market time" in page
        assert "Times are the simulated market's, in New York, unless they say otherwise." in page
        dashboard.beat(silent_s=300.0)
        page = text_of(dashboard, path)
        assert "since Tue 3 Mar 2026, 12:00 market time" in page
        assert ", as last seen 17:55 CET (5 min ago)" in page
    time.tzset()


def test_real_since_is_told_by_the_clock_of_the_machine(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make(GATEWAY="simulated").app
    with monkeypatch.context() as patched, app.test_request_context():
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        frame = make_frame()
        assert frame.since == ""
        situation = replace(frame.situation, since=NOON)
        assert replace(frame, situation=situation).since == "Tue 3 Mar 2026, 12:00 market time"
        assert replace(frame, situation=replace(situation, since_is_real=True)).since == "18:00 CET"
    time.tzset()


def test_live_market_has_one_time(ready: Dashboard) -> None:
    ready.beat(silent_s=300.0)
    page = text_of(ready, "/trades")
    assert "market time" not in page
    assert "Times are New York, unless they say otherwise." in page
    assert ", since 12:00, as last seen 11:55 (5 min ago)" in page


@pytest.mark.parametrize("path", ["/", *PAGES[1:]])
def test_login_is_asked_for_at_the_address_that_is_configured(make: Maker, path: str) -> None:
    dashboard = make(GATEWAY_URL="https://localhost:5155")
    first = text_of(dashboard, path)
    assert "5055" not in first
    assert path != "/" or "open https://localhost:5155 with" in first
    make_ready(dashboard, session_state="waiting_login")
    page = text_of(dashboard, path)
    assert "5055" not in page
    assert path != "/" or '<a class="button primary" href="https://localhost:5155"' in page

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.unit.webapp.desk import NOON, PAGES, Dashboard, make_ready, open_store, text_of
from trading.model.balances import BalanceMemory, Balances, FlowState
from trading.model.mode import OPERATOR
from trading.model.status import StatusKey
from trading.monitoring.sign_of_life import HEARTBEAT_NAME
from trading.store.balances import SqliteBalances


def test_the_first_start_says_what_comes(dashboard: Dashboard) -> None:
    page = text_of(dashboard, "/")
    assert "has not written anything yet" in page
    assert "https://localhost:5055" in page


def test_the_overview_answers_the_four_questions(ready: Dashboard) -> None:
    page = text_of(ready, "/")
    order = [page.index(q) for q in ("Is it alive?", "What do I own?", "What happens next?")]
    assert order == sorted(order)
    assert "What do I have to do?" in page
    assert "All is well." in page
    assert "25\u202f000.00" in page


def test_money_that_came_or_went_is_said_beside_the_equity(ready: Dashboard) -> None:
    said = "2\u202f500.00 USD went out on Mon 2 Mar 2026, by no trade of ours: neither gain nor loss"
    database, _ = open_store(ready.state)
    book, now = SqliteBalances(database), datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
    book.record_flow(BalanceMemory(Balances(now, 0.0, 22_500.0)), -2_500.0, 25_000.0, now)
    assert f"{said}, unless you say that it was one." in text_of(ready, "/")
    book.settle(1, FlowState.CONFIRMED, actor="ann", now=now)
    assert f"{said}." in text_of(ready, "/")
    database.close()


@pytest.mark.parametrize(
    ("state", "said", "todo"),
    [
        ("waiting_login", "Nobody is logged in at the gateway", "Log in on the gateway"),
        ("gateway_down", "The gateway does not answer", "tried again by itself"),
        ("refused", "The gateway answers, but refuses this system", "ips.allow"),
        ("suspended", "The broker was asked too often", "tried again by itself"),
        ("competing", "Another program uses this login", "Log out of TWS"),
        ("ended", "end of its data", "make demo-reset"),
    ],
)
def test_the_session_state_comes_with_the_next_human_step(
    dashboard: Dashboard, state: str, said: str, todo: str
) -> None:
    make_ready(dashboard, session_state=state)
    page = text_of(dashboard, "/")
    assert said in page
    assert todo in page


def test_a_silent_trading_process_is_the_first_thing_said(ready: Dashboard) -> None:
    ready.beat(silent_s=341)
    # Whole seconds may pass meanwhile.
    assert re.search(
        r"The trading process has been silent for 34\d s\. Stops stay at the broker\.", text_of(ready, "/")
    )
    assert re.search(r"silent for 34\d s", text_of(ready, "/trades"))


def test_what_the_loop_does_is_said_and_a_stuck_one_is_named(ready: Dashboard) -> None:
    ready.beat(step="decides", step_s=12.0)
    assert ">decides</b>" in text_of(ready, "/")
    ready.beat(step="decides", step_s=348.0, over_s=48.0)
    assert ">stuck: decides, for 5 min</b>" in text_of(ready, "/")


def test_a_gateway_that_hangs_has_no_green_light(ready: Dashboard) -> None:
    assert ">ready" in text_of(ready, "/")
    ready.beat(call="POST /tickle", silence_s=12.0)
    page = text_of(ready, "/")
    assert '<li class="no"><span>Broker session</span><b title="">not answering</b>' in page


def test_what_was_known_when_the_process_was_last_seen_looks_old(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    store.keep({"next_event": "2026-03-03T21:15:00+00:00", "next_event_kind": "decision", "market_phase": "open"})
    database.close()
    now = text_of(ready, "/")
    assert "as last" not in now
    assert "The decision: 16:15" in now
    assert "market open" in now
    ready.beat(silent_s=341)
    page = text_of(ready, "/")
    assert 'ready <span class="as-of">as last seen 11:54 (5 min ago)</span>' in page
    assert 'since 12:00</span><span class="as-of">, as last seen 11:54 (5 min ago)</span>' in page
    assert '<span class="mode old"' in page
    assert '<b>ACTIVE</b><span class="mode-age">5 min ago</span>' in page
    assert "The decision: 16:15" not in page
    assert "Nothing is sent until the trading process runs again." in page
    assert "market open" not in page


def test_what_was_recorded_by_a_process_that_nobody_has_seen_is_not_told_as_new(ready: Dashboard) -> None:
    (ready.state / HEARTBEAT_NAME).unlink()
    page = text_of(ready, "/")
    assert 'ready <span class="as-of">as last recorded</span>' in page
    assert '<b>ACTIVE</b><span class="mode-age">when last recorded</span>' in page


def test_records_behind_a_stuck_loop_are_as_old_as_its_step(ready: Dashboard) -> None:
    ready.beat(step="decides", step_s=360.0, over_s=60.0)
    assert 'ready <span class="as-of">as last seen 11:54 (6 min ago)</span>' in text_of(ready, "/")
    ready.beat(step="waits for the next cycle", step_s=360.0)
    assert "as last seen" not in text_of(ready, "/")


@pytest.mark.parametrize("state", ["gateway_down", "waiting_login", "competing", "starting", None])
def test_account_that_is_not_read_any_more_is_shown_with_the_time_of_its_last_reading(
    ready: Dashboard, state: str | None
) -> None:
    database, store = open_store(ready.state)
    store.keep({"market_now": "2026-03-03T14:02:00+00:00"})
    assert "as of" not in text_of(ready, "/")
    assert '<p class="cover ok">' in text_of(ready, "/")
    if state is None:
        ready.beat(silent_s=60.0)
    else:
        store.keep({"session_state": state})
    database.close()
    page = text_of(ready, "/")
    old = '<span class="as-of">as of 09:02 (2 h ago)</span>'
    assert f'<li class="old"><span>Orders</span><b>all proven {old}</b>' in page
    assert f'<p class="cover-age"> {old}</p>' in page
    assert '<p class="cover old">' in page
    assert f"0 to trade, 0 that protect {old}" in page


def test_session_that_is_being_connected_is_no_alarm(dashboard: Dashboard) -> None:
    make_ready(dashboard, session_state="starting")
    assert '<li class="old"><span>Broker session</span><b title="">connecting</b>' in text_of(dashboard, "/")


def test_orders_are_not_called_proven_before_they_were_compared(dashboard: Dashboard) -> None:
    database, store = open_store(dashboard.state)
    store.keep({"session_state": "ready"})
    dashboard.beat()
    assert '<li class="old"><span>Orders</span><b>not compared yet</b>' in text_of(dashboard, "/")
    store.keep({"unknown_orders": "2"})
    assert '<li class="no"><span>Orders</span><b>2 not proven</b>' in text_of(dashboard, "/")
    database.close()


def test_mode_that_nothing_has_set_yet_has_no_time(dashboard: Dashboard) -> None:
    database, _ = open_store(dashboard.state)
    database.close()
    dashboard.beat()
    for path in PAGES:
        page = text_of(dashboard, path)
        assert "not yet compared with the broker" in page
        assert "1969" not in page
        assert "1970" not in page
        assert ", since" not in page


@pytest.mark.parametrize("path", ["/", "/trades", "/log"])
def test_state_is_told_with_since_when_and_why_on_every_page(ready: Dashboard, path: str) -> None:
    database, store = open_store(ready.state)
    said = {"session_state": "gateway_down", "session_detail": "connection refused"}
    store.keep({**said, "session_state_since": "2026-03-03T15:31:00+00:00"})
    database.close()
    page = text_of(ready, path).lower()
    assert '<span class="muted">since 10:31' in page
    assert "connection refused" in page


def test_what_is_held_back_is_said_beside_the_plan(ready: Dashboard) -> None:
    assert "held-back" not in text_of(ready, "/")
    database, store = open_store(ready.state)
    store.halts.raise_halt(OPERATOR, "test", reason="the news", actor="somebody", now=NOON)
    database.close()
    assert "Halted: nothing is bought, and only what a person asks for is sold." in text_of(ready, "/")


def test_shares_without_a_stop_are_never_under_a_green_shield(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    store.keep({"uncovered_shares": "12"})
    database.close()
    page = text_of(ready, "/")
    assert '<p class="cover no">' in page
    assert "12 shares without a stop at the broker" in page


@pytest.mark.parametrize(
    ("text", "shown"), [('[{"symbol":"AAPL","code":"rate","value":21,"limit":20}]', True), ("{", False), ("[]", False)]
)
def test_what_orders_wait_for_is_shown_with_value_and_limit(ready: Dashboard, text: str, *, shown: bool) -> None:
    database, store = open_store(ready.state)
    store.show({StatusKey.WAITING: text})
    database.close()
    page = text_of(ready, "/")
    assert ("<li>Waits: AAPL: Rate: 21, limit 20.</li>" in page) == shown
    assert ("Waits:" in page) == shown


def test_mode_that_could_not_be_stored_is_shown_with_its_cause_once(ready: Dashboard) -> None:
    ready.beat(unstored="storage: trading.db: database is locked")
    page = text_of(ready, "/")
    [situation] = re.findall(r'<section class="situation.*?</section>', page, flags=re.DOTALL)
    assert situation.count("database is locked") == 1
    assert "<b>RECONCILING</b>" in situation

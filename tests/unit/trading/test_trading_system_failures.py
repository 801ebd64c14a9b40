"""What goes wrong around the loop: it says so once, waits longer each time, and goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.fake_session import LOGGED_OUT, READY, Happening
from tests.fakes.trading_context import CLOSE, DECIDED, OPEN, PRE_OPEN, SESSION
from tests.fakes.trading_loop import LoopParts, break_once
from trading.cycle.missing_bars import RETRY_S
from trading.errors import (
    ConfigError,
    GatewayError,
    NotSent,
    OutcomeUnknown,
    Refused,
    SessionLost,
)
from trading.model.metric import Counter, Gauge
from trading.model.mode import OPERATOR, Mode
from trading.model.order import BrokerStatus, OrderList, OrderType, Side, UnreadableRow
from trading.model.status import SessionState, StatusKey

SNAPSHOT = "GET /iserver/marketdata/snapshot"
NOT_ALLOWED = SessionLost("GET /iserver/account/orders", "not logged in", 401)
SETTLED = CLOSE + timedelta(seconds=900)
NOT_SELECTED = Refused("POST /iserver/account", "no", 500)
DOWN = NotSent("POST /tickle", "connection refused")


# ---- the back-off


@pytest.mark.parametrize(("error", "cap_s"), [(DOWN, 60.0), (ValueError("unexpected"), 300.0)])
def test_failures_back_off_doubling_with_jitter_up_to_a_cap(loop: LoopParts, error: Exception, cap_s: float) -> None:
    loop.session.shows = error
    loop.start().run()
    waits = loop.pauses
    assert 0.5 <= waits[0] <= 1.0
    assert all(cap_s / 2 <= wait <= cap_s for wait in waits[10:])
    assert len(set(waits)) > 1


def test_pauses_grow_with_each_failure_and_begin_anew_after_a_success(loop: LoopParts) -> None:
    loop.session.script = [DOWN, DOWN, DOWN, READY, DOWN]
    loop.run_turns(6)
    assert len(loop.pauses) == 4
    for pause, longest in zip(loop.pauses, (1.0, 2.0, 4.0, 1.0), strict=True):
        assert longest / 2 <= pause <= longest
    assert loop.metrics.counts[Counter.CYCLE_ERRORS, None] == 4
    assert loop.metrics.counts[Counter.HTTP_ERRORS, None] == 4


def test_person_who_wants_something_ends_the_pause(loop: LoopParts) -> None:
    loop.wanted = True
    loop.session.script = [DOWN, DOWN]
    loop.run_turns(3)
    assert loop.metrics.counts[Counter.CYCLE_ERRORS, None] == 2
    assert loop.pauses == []


# ---- the gateway and the login


def test_failure_that_repeats_is_logged_once(loop: LoopParts) -> None:
    loop.session.shows = DOWN
    loop.run_turns(10)
    assert loop.lines("cycle failed") == ["warning"]
    assert loop.broker.reads == 0
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.GATEWAY_DOWN


def test_waiting_for_a_login_is_no_error(loop: LoopParts) -> None:
    loop.session.shows = LOGGED_OUT
    loop.run_turns(10)
    assert loop.lines("cycle failed") == []
    assert loop.metrics.counts[Counter.CYCLE_ERRORS, None] == 0
    assert loop.metrics.counts[Counter.HTTP_ERRORS, None] == 0
    assert loop.broker.reads == 0
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.WAITING_LOGIN


def test_new_login_begins_an_epoch_that_is_reconciled_first(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    loop.session.shows = LOGGED_OUT
    with pytest.raises(SessionLost):
        system.run_cycle()
    loop.session.shows = READY
    loop.broker.reads_fail = True
    with pytest.raises(OutcomeUnknown):
        system.run_cycle()
    assert loop.store.mode().mode is Mode.RECONCILING
    loop.broker.reads_fail = False
    system.run_cycle()
    assert loop.store.mode().mode is Mode.ACTIVE
    assert loop.store.value("epoch") == "2"


def test_gateway_that_goes_away_while_the_loop_waits_ends_nothing(loop: LoopParts) -> None:
    waits: list[datetime] = []

    def wait(until: datetime) -> None:
        waits.append(until)
        if len(waits) == 1:
            raise DOWN

    loop.clock.wait = wait  # type: ignore[method-assign]
    loop.run_turns(4)
    assert len(waits) > 1
    assert loop.pauses


# ---- what fails again and again


def test_reading_that_fails_is_a_trouble_until_it_succeeds_and_an_alert_the_second_time(loop: LoopParts) -> None:
    system = loop.start()

    def trouble_after(turns: int, *, fail: bool) -> str | None:
        loop.broker.reads_fail = fail
        end = loop.turns + turns
        loop.over = lambda: loop.turns >= end
        system.run()
        return loop.store.value(StatusKey.TROUBLE)

    assert trouble_after(2, fail=False) == ""
    assert trouble_after(1, fail=True) != ""
    assert "trouble" not in loop.notes.codes()
    assert trouble_after(1, fail=True) != ""
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.READY
    assert "trouble" in loop.notes.codes()
    assert trouble_after(1, fail=False) == ""


def test_gateway_counts_as_down_all_the_time_in_which_it_answers_a_reading_with_errors(loop: LoopParts) -> None:
    shown: list[float] = []
    system, read = loop.start(), loop.broker.orders

    def orders() -> OrderList:
        shown.append(loop.metrics.gauges[Gauge.GATEWAY_UP])
        return read()

    loop.broker.orders = orders  # type: ignore[method-assign]
    loop.broker.reads_fail = True
    loop.over = lambda: loop.turns >= 4
    system.run()
    assert shown == [1.0, 0.0, 0.0, 0.0]
    assert (loop.metrics.gauges[Gauge.GATEWAY_UP], loop.metrics.gauges[Gauge.TROUBLE]) == (0.0, 1.0)
    loop.broker.reads_fail = False
    loop.over = lambda: loop.turns >= 5
    system.run()
    assert (loop.metrics.gauges[Gauge.GATEWAY_UP], loop.metrics.gauges[Gauge.TROUBLE]) == (1.0, 0.0)


def test_row_that_keeps_shares_from_being_sold_is_a_trouble_and_one_alert(loop: LoopParts) -> None:
    system, _ = loop.begin_with_a_position()
    loop.broker.unreadable["orders"] = (UnreadableRow("no object", None, None, None, None, None),)
    for _ in range(3):
        system.run_cycle()
    assert "sells no own shares" in (loop.store.value(StatusKey.TROUBLE) or "")
    assert loop.notes.codes().count("trouble") == 1
    del loop.broker.unreadable["orders"]
    system.run_cycle()
    assert loop.store.value(StatusKey.TROUBLE) == ""


def test_reading_that_is_refused_in_a_session_that_looks_good_opens_it_and_is_a_trouble(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    before = loop.turns
    loop.refuse(loop.broker, "orders", NOT_ALLOWED, 3)
    loop.over = lambda: loop.turns >= before + 3
    system.run()
    assert loop.session.initialisations == 1
    assert "/iserver/account/orders" in (loop.store.value(StatusKey.TROUBLE) or "")
    assert loop.notes.codes() == ["trouble"]
    loop.over = lambda: loop.turns >= before + 5
    system.run()
    assert loop.store.value(StatusKey.TROUBLE) == ""
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.READY


@pytest.mark.parametrize("kind", [NotSent, Refused, OutcomeUnknown, SessionLost])
def test_quotes_that_can_not_be_read_keep_no_stop_from_being_put_back(
    loop: LoopParts, kind: type[GatewayError]
) -> None:
    system, entry = loop.begin_with_a_position()
    loop.clock.time = OPEN + timedelta(minutes=30)
    for order in loop.broker.live(Side.SELL):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)

    loop.refuse(loop.market_data, "quotes", kind(SNAPSHOT, "no"))
    system.run_cycle()
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}


def test_quotes_that_can_not_be_read_again_and_again_are_a_trouble(loop: LoopParts) -> None:
    loop.refuse(loop.market_data, "quotes", SessionLost(SNAPSHOT, "no"))
    loop.run_turns(2)
    assert loop.store.value(StatusKey.TROUBLE) == "GET /iserver/marketdata/snapshot: no"
    assert loop.broker.submits() == []


def test_session_that_quotes_find_lost_is_opened_again_and_told_as_for_any_other_reader(loop: LoopParts) -> None:
    loop.refuse(loop.market_data, "quotes", SessionLost(SNAPSHOT, "no"))
    loop.run_turns(3)
    assert loop.session.initialisations > 0
    assert loop.store.value("epoch") != "1"


def test_session_that_the_question_for_an_order_finds_lost_is_opened_again_and_no_stop_waits_for_it(
    loop: LoopParts,
) -> None:
    system, entry = loop.begin_with_a_position()
    loop.clock.time = OPEN + timedelta(minutes=30)
    for order in loop.broker.live(Side.SELL):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    loop.refuse(loop.broker, "order_status", NOT_ALLOWED)
    for _ in range(3):
        system.run_cycle()
        loop.clock.time += timedelta(minutes=1)
    assert loop.session.initialisations > 0
    assert OrderType.STOP in {order.order_type for order in loop.sales_of(entry)}


@pytest.mark.parametrize("kind", [NotSent, Refused, OutcomeUnknown, SessionLost])
def test_history_that_can_not_be_read_keeps_nothing_else_from_being_done(
    loop: LoopParts, kind: type[GatewayError]
) -> None:
    system, entry = loop.begin_with_a_position()
    stop = loop.stop_of(entry)
    assert stop.stop_price is not None
    loop.broker.fill(stop.order_id, stop.stop_price)
    loop.clock.time = SETTLED
    loop.market_data.failures = [kind("GET /iserver/marketdata/history", "no")] * 2
    assert system.run_cycle() == SETTLED + timedelta(seconds=RETRY_S)
    assert loop.told("fills")[-1] == 1
    assert (loop.store.value(StatusKey.TROUBLE), loop.decided()) == ("GET /iserver/marketdata/history: no", [DECIDED])
    loop.clock.time += timedelta(seconds=RETRY_S)
    system.run_cycle()
    assert loop.notes.codes().count("trouble") == 1
    loop.clock.time += timedelta(seconds=RETRY_S)
    system.run_cycle()
    assert (loop.store.value(StatusKey.TROUBLE), loop.decided()) == ("", [DECIDED, SESSION])


@pytest.mark.parametrize("shows", [LOGGED_OUT, DOWN])
def test_session_that_is_not_there_is_no_trouble(loop: LoopParts, shows: Happening) -> None:
    loop.session.shows = shows
    loop.run_turns(6)
    assert loop.store.value(StatusKey.TROUBLE) == ""
    assert "trouble" not in loop.notes.codes()


# ---- what nobody thought of, and what must never be


def test_unexpected_error_is_logged_and_the_loop_goes_on(loop: LoopParts) -> None:
    loop.session.script = [RuntimeError("nobody thought of this")]
    loop.run_turns(2)
    assert loop.lines("unexpected error") == ["error"]
    assert loop.decided() == [DECIDED]


def test_wrong_setting_found_while_running_ends_the_process(loop: LoopParts) -> None:
    loop.session.script = [ConfigError("GATEWAY_CA_BUNDLE", None, "name a file")]
    with pytest.raises(ConfigError):
        loop.start().run()
    assert loop.turns == 1


def test_broken_invariant_halts_alerts_and_goes_on_serving(loop: LoopParts) -> None:
    break_once(loop)
    loop.run_turns(2)
    mode = loop.store.mode()
    assert (mode.mode, mode.actor, mode.reason) == (Mode.HALTED, "system", "I10: sold more than there was")
    assert loop.notes.codes() == ["invariant"]
    assert loop.lines("invariant broken") == ["error"]
    assert loop.metrics.counts[Counter.CYCLES, None] == 1
    assert loop.broker.arrived == []


def test_halt_by_a_person_keeps_its_reason_when_an_invariant_breaks(loop: LoopParts) -> None:
    loop.store.halts.raise_halt(OPERATOR, "test", reason="earnings", actor="mary", now=PRE_OPEN)
    break_once(loop)
    loop.run_turns(2)
    assert loop.store.mode().reason == "earnings (and 1 more)"

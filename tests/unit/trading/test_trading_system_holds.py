"""What holds on over time, whatever happened in between: a halt, a cover, a flatten, a resume, a pace."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.fakes.fake_broker import late, lost_request
from tests.fakes.fake_market_data import CONIDS
from tests.fakes.trading_context import CLOSE, DECIDED, OPEN, PRE_OPEN, SESSION
from tests.fakes.trading_loop import BROKEN, LoopParts, break_once
from trading.cycle.missing_bars import RETRY_S
from trading.errors import NotSent, OutcomeUnknown
from trading.execution.look_again import POLL_S
from trading.execution.planning.protection import BARE
from trading.model.account import AccountKind
from trading.model.mode import Mode
from trading.model.operator_request import REFUSED, OperatorVerb
from trading.model.order import BrokerStatus, OrderType, Side
from trading.trading_system import LOOK_AT_LEAST_S, TradingSystem

DOWN = NotSent("POST /tickle", "connection refused")
SETTLED = CLOSE + timedelta(seconds=900)
FOREIGN = 999_999


def broken(loop: LoopParts, system: TradingSystem) -> None:
    """Run the turn in which an invariant breaks, as the loop does."""
    break_once(loop)
    turn = loop.turns + 1
    loop.over = lambda: loop.turns >= turn
    system.run()
    assert loop.store.mode().mode is Mode.HALTED


# ---- after a broken invariant


def test_after_a_broken_invariant_entries_are_cancelled(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    assert loop.broker.live(Side.BUY)
    broken(loop, system)
    system.run_cycle()
    assert loop.broker.live() == []


def test_after_a_broken_invariant_lost_stops_are_put_back(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    broken(loop, system)
    loop.broker.end(loop.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    system.run_cycle()
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}


def test_after_a_broken_invariant_a_flatten_sells(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    broken(loop, system)
    loop.clock.go(600)
    loop.requests.ask(OperatorVerb.FLATTEN)
    system.run_cycle()
    (sale,) = loop.broker.live()
    assert (sale.conid, sale.total_quantity) == (entry.conid, entry.total_quantity)


def test_the_same_broken_invariant_does_not_halt_again_after_a_resume(loop: LoopParts) -> None:
    system = loop.start()
    broken(loop, system)
    loop.requests.ask(OperatorVerb.RESUME)
    break_once(loop)
    turn = loop.turns + 2
    loop.over = lambda: loop.turns >= turn
    system.run()
    assert loop.store.mode().mode is Mode.ACTIVE
    assert loop.broker.live(Side.BUY)


# ---- facts of the world


def test_short_position_of_somebody_else_in_another_contract_halts_nothing(loop: LoopParts) -> None:
    loop.broker.held[FOREIGN] = -1
    loop.start().run_cycle()
    assert loop.store.mode().mode is Mode.ACTIVE
    assert loop.broker.live(Side.BUY)


def test_short_position_in_an_own_contract_halts_and_a_resume_holds(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.held[entry.conid] = -3
    system.run_cycle()
    assert loop.store.mode().mode is Mode.HALTED
    loop.requests.ask(OperatorVerb.RESUME)
    for _ in range(3):
        loop.clock.go(5)
        system.run_cycle()
    assert loop.store.mode().mode is Mode.ACTIVE
    (_, answer) = loop.requests.answers[0]
    assert "Still so" in answer


def test_resume_holds_over_a_restart_while_the_facts_are_unchanged(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.held[entry.conid] = -3
    system.run_cycle()
    loop.requests.ask(OperatorVerb.RESUME)
    system.run_cycle()
    loop.start().run_cycle()
    assert loop.store.mode().mode is Mode.ACTIVE
    loop.broker.held[entry.conid] = -4
    loop.clock.go(5)
    loop.start().run_cycle()
    assert loop.store.mode().mode is Mode.HALTED


@pytest.mark.parametrize(
    ("at", "waits_for"),
    [(OPEN + timedelta(minutes=10), "not the live one"), (CLOSE + timedelta(minutes=1), "outside the time")],
)
def test_flatten_in_observe_mode_sends_and_cancels_nothing(loop: LoopParts, at: datetime, waits_for: str) -> None:
    loop.begin_with_a_position()
    loop.kind, loop.clock.time = AccountKind.LIVE, at
    system, arrived = loop.start(), len(loop.broker.arrived)
    loop.requests.ask(OperatorVerb.FLATTEN)
    for _ in range(3):
        system.run_cycle()
        loop.clock.go(5)
    assert len(loop.broker.arrived) == arrived
    goal = loop.store.halts.flatten_goal()
    assert goal is not None
    assert waits_for in goal.waits_for


# ---- people


def test_request_that_is_not_understood_harms_nothing(loop: LoopParts) -> None:
    loop.requests.ask(None)
    loop.start().run_cycle()
    assert loop.store.mode().mode is Mode.ACTIVE
    assert loop.broker.live(Side.BUY)
    assert loop.requests.answers == [(None, f"{REFUSED}: not understood, nothing was done")]


def test_mode_is_shown_while_the_gateway_is_down(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    before = loop.metrics.mode
    loop.session.shows = DOWN
    loop.requests.ask(OperatorVerb.HALT)
    turn = loop.turns + 2
    loop.over = lambda: loop.turns >= turn
    system.run()
    assert (before, loop.metrics.mode) == (Mode.ACTIVE, Mode.HALTED)


# ---- how often the broker is looked at


@pytest.mark.parametrize("error", [DOWN, ValueError("unexpected"), BROKEN])
def test_with_a_position_open_errors_never_keep_the_loop_away_for_more_than_a_minute(
    loop: LoopParts, error: Exception
) -> None:
    loop.begin_with_a_position()
    loop.session.shows = error
    loop.run_turns(12)
    gaps = [later - earlier for earlier, later in pairwise(loop.looks)]
    assert LOOK_AT_LEAST_S / 2 <= max(gaps) <= LOOK_AT_LEAST_S


@pytest.mark.parametrize(("at", "longest_s"), [(OPEN, POLL_S), (CLOSE + timedelta(minutes=2), LOOK_AT_LEAST_S)])
def test_with_bare_shares_in_the_session_no_back_off_delays_their_stop(
    loop: LoopParts, at: datetime, longest_s: float
) -> None:
    loop.begin_with_a_position()
    loop.context().evidence.record(f"{BARE}{CONIDS['AAPL']}", "no working stop", loop.clock.time)
    loop.clock.time = at
    loop.session.shows = DOWN
    loop.run_turns(12)
    gaps = [later - earlier for earlier, later in pairwise(loop.looks)]
    assert longest_s / 2 <= max(gaps) <= longest_s


def test_polling_system_with_a_position_looks_once_a_minute_at_least(loop: LoopParts) -> None:
    loop.check_interval_s = 900.0
    system, _ = loop.begin_with_a_position()
    for order in loop.broker.live(Side.BUY):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    loop.clock.time = CLOSE + timedelta(minutes=2)
    system.run_cycle()
    assert system.run_cycle() - loop.clock.time <= timedelta(seconds=LOOK_AT_LEAST_S)


# ---- the decision


def test_decision_waits_for_an_entry_of_the_ended_session_until_the_window_begins(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    loop.broker.cancels_wait = True
    for seconds in (0, 3600, 6 * 3600):
        loop.clock.time = SETTLED + timedelta(seconds=seconds)
        system.run_cycle()
        assert loop.decided() == [DECIDED]
    loop.clock.time = PRE_OPEN + timedelta(days=1)
    system.run_cycle()
    assert loop.decided() == [DECIDED, SESSION]


def test_own_symbol_without_a_readable_contract_is_kept_and_told_while_others_are_traded(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    symbol = next(symbol for symbol, conid in CONIDS.items() if conid == entry.conid)
    for order in loop.broker.live(Side.BUY):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    loop.market_data.unreadable[symbol] = "the gateway's answer makes no sense"
    loop.clock.time = PRE_OPEN + timedelta(days=1)
    system.run_cycle()
    assert loop.decided() == [DECIDED, SESSION]
    decision = loop.store.last_decision()
    assert decision is not None
    assert decision.skipped == {symbol: "the gateway's answer makes no sense"}
    assert [position.symbol for position in loop.journal.own_positions()] == [symbol]
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}
    assert any(symbol in text for _, text in loop.notes.alerts)
    assert {verdict.symbol for verdict in decision.verdicts} >= set(CONIDS) - {symbol}


def test_own_symbol_that_is_not_in_the_list_any_more_is_decided_on(loop: LoopParts) -> None:
    _, entry = loop.begin_with_a_position()
    symbol = next(symbol for symbol, conid in CONIDS.items() if conid == entry.conid)
    loop.symbols = sorted(set(CONIDS) - {symbol})
    for order in loop.broker.live(Side.BUY):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    system = loop.start()
    loop.clock.time = PRE_OPEN + timedelta(days=1)
    system.run_cycle()
    decision = loop.store.last_decision()
    assert decision is not None
    assert symbol in {verdict.symbol for verdict in decision.verdicts}


# ---- over unproven outcomes, lost cancels and restarts


def test_entry_that_turns_up_after_a_halt_is_cancelled(loop: LoopParts) -> None:
    system = loop.start()
    loop.broker.faults.extend([late] * 2)
    system.run_cycle()
    assert loop.broker.live() == []
    loop.requests.ask(OperatorVerb.HALT)
    system.run_cycle()
    loop.broker.arrive()
    assert loop.broker.live(Side.BUY)
    loop.clock.go(5)
    system.run_cycle()
    assert loop.broker.live() == []
    assert loop.store.mode().mode is Mode.HALTED


def test_cancel_that_was_lost_is_asked_for_again_by_the_next_process(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    loop.broker.faults.extend([lost_request] * 3)
    loop.requests.ask(OperatorVerb.HALT)
    system.run_cycle()
    assert loop.broker.live(Side.BUY)
    loop.clock.go(20)
    system = loop.start()
    for _ in range(3):
        system.run_cycle()
        loop.clock.go(20)
    assert loop.broker.live() == []


def test_flatten_goes_on_in_the_next_process_until_nothing_is_left(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.clock.go(600)
    loop.broker.cancels_wait = True
    loop.requests.ask(OperatorVerb.FLATTEN)
    system.run_cycle()
    assert loop.sales_of(entry)
    loop.broker.cancels_wait = False
    for _ in range(3):
        loop.clock.go(20)
        loop.start().run_cycle()
    (sale,) = loop.broker.live()
    loop.broker.fill(sale.order_id, entry.limit_price or 0.0)
    loop.clock.go(5)
    loop.start().run_cycle()
    assert loop.journal.own_positions() == ()
    assert loop.store.halts.flatten_goal() is None
    assert loop.store.mode().mode is Mode.HALTED


def test_bars_that_can_not_be_read_keep_no_stop_from_being_put_back(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    for order in loop.broker.live():
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    loop.clock.time = SETTLED
    loop.market_data.failures = [OutcomeUnknown("GET /iserver/marketdata/history", "timed out")]
    system.run_cycle()
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}
    assert loop.decided() == [DECIDED]
    loop.clock.time += timedelta(seconds=RETRY_S)
    system.run_cycle()
    assert loop.decided() == [DECIDED, SESSION]

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.fakes.fake_broker import lost_answer, lost_request, nothing_sent, question, refused
from tests.fakes.trading_desk import (
    CONIDS,
    DECIDED,
    OPEN,
    SESSION,
    Office,
    Process,
    approved,
    decision_of,
)
from trading.execution import failpoints
from trading.execution.exits import pending_exits
from trading.model.account import AccountKind
from trading.model.decision import Decision, RiskState
from trading.model.order import BrokerStatus, IntentState, OrderType, Role, Side, Tif


class Crash(BaseException):
    """The process dies here."""


def die() -> None:
    raise Crash


def with_position(office: Office, symbol: str = "AAPL", quantity: int = 9) -> Process:
    """Return a process whose account bought yesterday, its stop and target at the broker."""
    process = office.start()
    office.carry_out(process, decision_of(approved(symbol, quantity, 100.01 if symbol == "AAPL" else 37.5)))
    entry = next(order for order in office.broker.live(Side.BUY) if order.conid == CONIDS[symbol])
    office.broker.fill(entry.order_id, 100.0 if symbol == "AAPL" else 37.4)
    process.read()
    return process


def states(office: Office, role: Role) -> list[IntentState]:
    return [record.state for record in office.journal.intents() if record.intent.role is role]


def check_truth(office: Office) -> None:
    """No order twice, nothing oversold, what the journal holds is what the broker did."""
    names = office.broker.names()
    assert len(names) == len(set(names))
    assert all(shares >= 0 for shares in office.broker.held.values())
    assert {fill.execution.execution_id for fill in office.journal.fills()} == {
        fill.execution_id for fill in office.broker.fills
    }
    for conid in CONIDS.values():
        own = sum(p.quantity for p in office.journal.own_positions() if p.conid == conid)
        assert own == office.broker.held.get(conid, 0)
        sells = [o for o in office.broker.live(Side.SELL) if o.conid == conid and o.order_type is not OrderType.LIMIT]
        assert sum(o.remaining_quantity for o in sells) <= max(own, 0) or office.broker.live(Side.BUY)


def test_entry_goes_out_with_stop_and_target_in_one_post() -> None:
    office = Office()
    outcome = office.carry_out(office.start(), decision_of(approved()))
    assert outcome.sent == 3
    assert len(office.broker.submits()) == 1
    entry, stop, target = sorted(office.broker.book.values(), key=lambda order: order.order_id)
    assert (entry.tif, entry.limit_price, entry.total_quantity) == (Tif.DAY, 100.01, 9)
    assert (stop.order_type, stop.tif, stop.parent_id) == (OrderType.STOP, Tif.GTC, entry.order_id)
    assert (target.order_type, target.tif, target.parent_id) == (OrderType.LIMIT, Tif.GTC, entry.order_id)


def test_children_are_bound_by_what_they_are_not_by_their_place_in_the_answer() -> None:
    office = Office()
    office.carry_out(office.start(), decision_of(approved()))
    for record in office.journal.intents():
        assert record.state is IntentState.WORKING
        assert record.order_id is not None
        assert office.broker.book[record.order_id].order_type is record.intent.order_type
        assert office.broker.book[record.order_id].stop_price == record.intent.stop_price


def test_decision_carried_out_again_sends_nothing_more() -> None:
    office = Office()
    decision = decision_of(approved(), approved("XOM", 10, 94.0))
    process = office.start()
    for _ in range(3):
        office.carry_out(process, decision)
    office.carry_out(office.start(), decision)
    assert len(office.broker.submits()) == 2
    check_truth(office)


def test_nothing_leaves_before_the_window_and_no_entry_after_it() -> None:
    office = Office()
    process = office.start()
    office.clock.go(-1)
    office.carry_out(process, decision_of(approved()))
    assert office.broker.submits() == []
    assert office.journal.intents() == ()
    office.clock.time = office.window.ends + timedelta(seconds=1)
    office.carry_out(process, decision_of(approved()))
    assert office.broker.submits() == []
    assert states(office, Role.ENTRY) == [IntentState.DENIED]
    assert office.journal.denials[0][1] == "too_old"


def test_entry_leaves_at_the_windows_last_second() -> None:
    office = Office()
    office.clock.time = office.window.ends
    office.carry_out(office.start(), decision_of(approved()))
    assert len(office.broker.submits()) == 1


def test_lost_answer_is_found_and_not_sent_again() -> None:
    office = Office()
    office.broker.faults.append(lost_answer)
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    office.carry_out(process, decision_of(approved()))
    assert len(office.broker.submits()) == 1
    assert states(office, Role.ENTRY) == [IntentState.WORKING]
    check_truth(office)


def test_lost_request_stays_unknown_and_is_not_sent_again() -> None:
    office = Office()
    office.broker.faults.append(lost_request)
    process = office.start()
    for _ in range(3):
        office.carry_out(process, decision_of(approved()))
        office.clock.go(60)
    assert len(office.broker.submits()) == 1
    assert states(office, Role.ENTRY) == [IntentState.UNKNOWN]


def test_request_of_which_nothing_left_is_sent_again_inside_its_window() -> None:
    office = Office()
    office.broker.faults.append(nothing_sent)
    process = office.start()
    first = office.carry_out(process, decision_of(approved()))
    assert states(office, Role.ENTRY) == [IntentState.PLANNED]
    assert first.look_again is not None
    office.clock.go(5)
    office.carry_out(process, decision_of(approved()))
    assert states(office, Role.ENTRY) == [IntentState.WORKING]
    assert len({request.coid for request in office.broker.submits()}) == 1


def test_request_of_which_nothing_left_in_time_is_too_old() -> None:
    office = Office()
    office.broker.faults.append(nothing_sent)
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    office.clock.time = OPEN
    office.carry_out(process, decision_of(approved()))
    assert set(states(office, Role.ENTRY)) == {IntentState.DENIED}
    assert len(office.broker.submits()) == 1


def test_refusal_is_final_and_told() -> None:
    office = Office()
    office.broker.faults.append(refused)
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    office.carry_out(process, decision_of(approved()))
    assert states(office, Role.ENTRY) == [IntentState.REJECTED]
    assert len(office.broker.submits()) == 1
    assert "rejected" in office.notes.codes()


def test_listed_question_is_answered_yes_and_an_unlisted_one_no() -> None:
    office = Office()
    office.broker.faults.extend([question("o10152"), None, question("o451")])
    office.carry_out(office.start(), decision_of(approved(), approved("XOM", 10, 94.0)))
    assert office.broker.replies == [True, False]
    assert states(office, Role.ENTRY) == [IntentState.WORKING, IntentState.DECLINED]
    assert "question" in office.notes.codes()


def halt(office: Office) -> None:
    office.store.set_halt(halted=True, reason="test", actor="test", now=office.clock.now())


def reconcile(office: Office) -> None:
    office.store.set_reconciled(reconciled=False, reason="test", now=office.clock.now())


def latch(office: Office) -> None:
    risk = RiskState(peak=1.0, latches={"drawdown": DECIDED})
    office.store.set_risk_state(risk, reason="test", actor="test", now=office.clock.now())


@pytest.mark.parametrize("restrict", [halt, reconcile, latch])
def test_no_entry_leaves_unless_the_mode_is_active(restrict: Callable[[Office], None]) -> None:
    office = Office()
    process = office.start()
    restrict(office)
    outcome = office.carry_out(process, decision_of(approved()))
    assert office.broker.submits() == []
    assert outcome.waiting["AAPL"].code == "state"


def test_halt_between_planning_and_the_reply_declines() -> None:
    office = Office()

    def halt_and_ask(broker: object, request: object) -> object:
        office.store.set_halt(halted=True, reason="test", actor="test", now=office.clock.now())
        return question("o10152")(broker, request)  # type: ignore[arg-type]

    office.broker.faults.append(halt_and_ask)  # type: ignore[arg-type]
    office.carry_out(office.start(), decision_of(approved()))
    assert office.broker.replies == [False]
    assert office.broker.book == {}


def test_live_account_without_release_is_only_observed() -> None:
    office = Office(kind=AccountKind.LIVE)
    office.carry_out(office.start(), decision_of(approved()))
    assert office.broker.arrived == []
    assert office.journal.denials[0][1] == "account"


def test_request_of_a_person_stops_the_sending() -> None:
    office = Office(wanted=True)
    office.carry_out(office.start(), decision_of(approved()))
    assert office.broker.submits() == []


def test_suspected_split_blocks_the_entry() -> None:
    office = Office()
    office.market_data.prior_closes[CONIDS["AAPL"]] = 50.25
    office.carry_out(office.start(), decision_of(approved()))
    assert office.broker.submits() == []
    assert office.journal.denials[0][1] == "split"


def test_entry_waits_for_a_quote_that_has_not_come() -> None:
    office = Office()
    office.market_data.prior_closes[CONIDS["AAPL"]] = None
    process = office.start()
    outcome = office.carry_out(process, decision_of(approved()))
    assert outcome.look_again is not None
    office.market_data.prior_closes[CONIDS["AAPL"]] = 100.5
    office.carry_out(process, decision_of(approved()))
    assert len(office.broker.submits()) == 1


def test_exit_cancels_the_children_and_sells_only_then() -> None:
    office = Office()
    process = with_position(office)
    sold = decision_of(exits=(("AAPL", 9),))
    office.carry_out(process, sold)
    kinds = [(request.verb, request.act) for request in office.broker.arrived[1:]]
    assert [verb for verb, _ in kinds] == ["DELETE", "DELETE", "POST"]
    live = office.broker.live(Side.SELL)
    assert [(o.order_type, o.remaining_quantity, o.tif) for o in live] == [(OrderType.MARKET, 9, Tif.DAY)]
    office.carry_out(process, sold)
    office.broker.fill(live[0].order_id, 99.0)
    process.read()
    check_truth(office)
    assert office.journal.own_positions() == ()


def test_exit_waits_for_the_cancel_to_be_confirmed() -> None:
    office = Office()
    process = with_position(office)
    office.broker.cancels_wait = True
    sold = decision_of(exits=(("AAPL", 9),))
    outcome = office.carry_out(process, sold)
    assert outcome.look_again == office.clock.now() + timedelta(seconds=5)
    assert len(office.broker.submits()) == 1
    for order in office.broker.live(Side.SELL):
        office.broker.end(order.order_id, BrokerStatus.CANCELLED)
    office.carry_out(process, sold)
    assert len(office.broker.submits()) == 2


def test_exit_whose_cancel_is_not_confirmed_in_time_is_given_up_for_the_day() -> None:
    office = Office()
    process = with_position(office)
    office.broker.cancels_wait = True
    sold = decision_of(exits=(("AAPL", 9),))
    office.carry_out(process, sold)
    office.clock.time = office.window.ends + timedelta(seconds=1)
    office.carry_out(process, sold)
    assert "exit_lapsed" in office.notes.codes()
    for order in office.broker.live(Side.SELL):
        office.broker.end(order.order_id, BrokerStatus.CANCELLED)
    office.clock.time = office.window.late_exits_begin
    office.carry_out(process, sold)
    assert len(office.broker.submits()) == 1


def test_exit_of_a_system_that_was_away_goes_out_late_with_a_limit() -> None:
    office = Office()
    process = with_position(office)
    office.clock.time = office.window.ends + timedelta(seconds=1)
    sold = decision_of(exits=(("AAPL", 9),))
    outcome = office.carry_out(process, sold)
    assert outcome.look_again == office.window.late_exits_begin
    office.clock.time = office.window.late_exits_begin
    office.carry_out(process, sold)
    exit_order = next(o for o in office.broker.live(Side.SELL))
    assert (exit_order.order_type, exit_order.limit_price) == (OrderType.LIMIT, 98.49)


def test_stop_that_fires_while_it_is_cancelled_leaves_nothing_to_sell() -> None:
    office = Office()
    process = with_position(office)
    office.broker.cancels_wait = True
    office.carry_out(process, decision_of(exits=(("AAPL", 9),)))
    stop = next(o for o in office.broker.live(Side.SELL) if o.order_type is OrderType.STOP)
    office.broker.fill(stop.order_id, 94.0)
    for _ in range(2):
        office.carry_out(process, decision_of(exits=(("AAPL", 9),)))
    assert len(office.broker.submits()) == 1
    check_truth(office)


def test_exit_that_met_no_bar_is_sent_again_for_the_next_session() -> None:
    office = Office()
    process = with_position(office)
    office.clock.time = office.window_of(SESSION).begins
    office.carry_out(process, decision_of(exits=(("AAPL", 9),), session=SESSION))
    following = office.calendar.next_after(SESSION)
    office.clock.time = following.close
    office.broker.end(office.broker.live(Side.SELL)[0].order_id, BrokerStatus.CANCELLED)
    process.read()
    assert states(office, Role.EXIT) == [IntentState.EXPIRED]
    records, positions = office.journal.intents(), office.journal.own_positions()
    assert pending_exits(records, positions) == {CONIDS["AAPL"]}
    office.clock.time = office.window_of(following.day).begins
    office.carry_out(process, decision_of(session=following.day))
    assert [o.order_type for o in office.broker.live(Side.SELL)] == [OrderType.MARKET]
    assert [r.intent.reason for r in office.journal.intents() if r.intent.role is Role.EXIT] == ["trend_broken"] * 2


def test_entries_beyond_the_rate_wait() -> None:
    office = Office()
    process = office.start()
    for _ in range(20):
        process.executor._entries._sent_at.append(office.clock.now())
    outcome = office.carry_out(process, decision_of(approved()))
    assert outcome.waiting["AAPL"].code == "rate"
    office.clock.go(61)
    office.carry_out(process, decision_of(approved()))
    assert len(office.broker.submits()) == 1


def test_halt_cancels_working_entries_and_no_stop() -> None:
    office = Office()
    process = with_position(office)
    office.clock.time = office.window_of(SESSION).begins
    office.carry_out(process, decision_of(approved("XOM", 9, 94.0), session=SESSION))
    assert len(office.broker.live(Side.BUY)) == 1
    assert process.executor.cancel_entries() == 1
    process.read()
    assert process.executor.cancel_entries() == 0
    assert office.broker.live(Side.BUY) == []
    live = office.broker.live(Side.SELL)
    assert {(o.order_type, o.conid) for o in live} == {
        (OrderType.STOP, CONIDS["AAPL"]),
        (OrderType.LIMIT, CONIDS["AAPL"]),
    }


def test_flatten_sells_everything_that_is_ours() -> None:
    office = Office()
    process = with_position(office)
    office.store.set_halt(halted=True, reason="test", actor="test", now=office.clock.now())
    book = process.read()
    outcome = process.executor.flatten(decision_of().session, office.window, office.circumstances(book))
    assert outcome.sent == 1
    process.read()
    sell = office.broker.live(Side.SELL)
    assert [(o.order_type, o.remaining_quantity) for o in sell] == [(OrderType.MARKET, 9)]
    office.broker.fill(sell[0].order_id, 99.0)
    book = process.read()
    again = process.executor.flatten(decision_of().session, office.window, office.circumstances(book))
    assert again.look_again is None
    check_truth(office)


# The first answer is a question, the second one takes the order.
ENTRY_POINTS = ("K01", "K02", "K03", "K04", "K06", "K06:2", "K07", "K07:2", "K08", "K09", "K12")
EXIT_POINTS = ("K01", "K02", "K03", "K04", "K06", "K07", "K08", "K09", "K12", "K20", "K21", "K22", "K23")
# Nothing had left, or a question stood unanswered: that can't be known afterwards, so nothing is sent by guess.
NOTHING_LEFT = {"K03", "K04", "K06", "K07", "K08", "K09"}


def carry_out_with_crash(office: Office, process: Process, decision: Decision, point: str) -> None:
    """Die at a failpoint, start again on what survives, and go on for some cycles."""
    failpoints.arm(point, die)
    try:
        with pytest.raises(Crash):
            office.carry_out(process, decision)
    finally:
        failpoints.disarm()
    for _ in range(4):
        process = office.start()
        office.carry_out(process, decision)
        office.clock.go(10)
    for _ in range(3):
        office.carry_out(process, decision)
        office.clock.go(10)


@pytest.mark.parametrize("point", ENTRY_POINTS)
def test_crash_while_an_entry_is_sent_never_sends_it_twice(point: str) -> None:
    office = Office()
    office.broker.faults.append(question("o10152"))
    carry_out_with_crash(office, office.start(), decision_of(approved()), point)
    entries = [order for order in office.broker.book.values() if order.side is Side.BUY]
    if point in NOTHING_LEFT:
        assert entries == []
        assert states(office, Role.ENTRY) == [IntentState.UNKNOWN]
    else:
        assert len(entries) == 1
        assert set(states(office, Role.ENTRY)) <= {IntentState.WORKING}
    check_truth(office)


@pytest.mark.parametrize("point", EXIT_POINTS)
def test_crash_while_an_exit_is_sent_never_sells_twice(point: str) -> None:
    office = Office()
    process = with_position(office)
    cancels = [None, None]
    office.broker.faults.extend([*cancels, question("o10151")])
    carry_out_with_crash(office, process, decision_of(exits=(("AAPL", 9),)), point)
    exits = [order for order in office.broker.book.values() if order.order_type is OrderType.MARKET]
    assert len(exits) <= 1
    for order in office.broker.live(Side.SELL):
        office.broker.fill(order.order_id, 99.0)
        break
    office.start().read()
    check_truth(office)


def test_crash_while_a_fill_is_counted_counts_it_once() -> None:
    for point in ("K13", "K15"):
        office = Office()
        process = office.start()
        office.carry_out(process, decision_of(approved()))
        office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
        failpoints.arm(point, die)
        with pytest.raises(Crash):
            process.read()
        failpoints.disarm()
        office.start().read()
        assert [position.quantity for position in office.journal.own_positions()] == [9]
        check_truth(office)


def test_halted_system_neither_sells_nor_takes_the_stops_away() -> None:
    office = Office()
    process = with_position(office)
    halt(office)
    outcome = office.carry_out(process, decision_of(exits=(("AAPL", 9),)))
    assert outcome.look_again is not None
    assert {o.order_type for o in office.broker.live(Side.SELL)} == {OrderType.STOP, OrderType.LIMIT}
    assert len(office.broker.arrived) == 1

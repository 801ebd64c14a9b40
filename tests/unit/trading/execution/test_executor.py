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
    approved,
    decision_of,
)
from tests.fakes.trading_scenes import check_truth, states, with_position
from trading.execution.exits import pending_exits
from trading.model.account import AccountKind
from trading.model.decision import RiskState
from trading.model.mode import OPERATOR
from trading.model.order import BrokerStatus, IntentState, OrderType, Role, Side, Tif


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
    assert len({request.body_sha256 for request in office.broker.submits()}) == 1


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
    office.store.halts.raise_halt(OPERATOR, "test", reason="test", actor="test", now=office.clock.now())


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
        office.store.halts.raise_halt(OPERATOR, "test", reason="test", actor="test", now=office.clock.now())
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
    kinds = [(request.verb, request.kind) for request in office.broker.arrived[1:]]
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
    office.store.halts.raise_halt(OPERATOR, "test", reason="test", actor="test", now=office.clock.now())
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


def test_halted_system_neither_sells_nor_takes_the_stops_away() -> None:
    office = Office()
    process = with_position(office)
    halt(office)
    outcome = office.carry_out(process, decision_of(exits=(("AAPL", 9),)))
    assert outcome.look_again is not None
    assert {o.order_type for o in office.broker.live(Side.SELL)} == {OrderType.STOP, OrderType.LIMIT}
    assert len(office.broker.arrived) == 1

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.fake_broker import lost_answer, lost_request, refused
from tests.fakes.trading_desk import CLOSE, CONIDS, Office, Process, approved, decision_of
from trading.errors import InvariantBroken
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, OrderType, Role, Side


def entered(office: Office) -> Process:
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    return process


def filled(office: Office) -> Process:
    process = entered(office)
    office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
    process.read()
    return process


def state_of(office: Office, role: Role) -> IntentState:
    return next(record.state for record in office.journal.intents() if record.intent.role is role)


def test_restart_finds_what_is_live_and_sends_nothing() -> None:
    office = Office()
    filled(office)
    before = len(office.broker.arrived)
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    assert len(office.broker.arrived) == before
    assert [position.quantity for position in office.journal.own_positions()] == [9]


def test_fill_is_counted_once_however_often_it_is_shown() -> None:
    office = Office()
    process = filled(office)
    office.broker.fills *= 2
    process.read()
    office.start().read()
    assert [position.quantity for position in office.journal.own_positions()] == [9]
    assert state_of(office, Role.ENTRY) is IntentState.FILLED


def test_part_of_an_entry_is_the_position() -> None:
    office = Office()
    process = entered(office)
    office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0, quantity=4)
    process.read()
    assert [position.quantity for position in office.journal.own_positions()] == [4]
    assert state_of(office, Role.ENTRY) is IntentState.WORKING


def test_stop_that_fired_closes_the_position_and_ends_the_target() -> None:
    office = Office()
    process = filled(office)
    stop = next(o for o in office.broker.live(Side.SELL) if o.order_type is OrderType.STOP)
    office.broker.fill(stop.order_id, 94.0)
    process.read()
    assert office.journal.own_positions() == ()
    assert state_of(office, Role.STOP) is IntentState.FILLED
    assert state_of(office, Role.TARGET) is IntentState.CANCELLED


def test_entry_that_ends_with_its_session_has_expired_and_a_cancelled_one_has_not() -> None:
    for moment, expected in ((CLOSE, IntentState.EXPIRED), (CLOSE - timedelta(hours=1), IntentState.CANCELLED)):
        office = Office()
        process = entered(office)
        office.clock.time = moment
        office.broker.end(office.broker.live(Side.BUY)[0].order_id, BrokerStatus.CANCELLED)
        process.read()
        assert state_of(office, Role.ENTRY) is expected


def test_end_waits_for_executions_that_lag_behind() -> None:
    office = Office()
    process = entered(office)
    entry = office.broker.live(Side.BUY)[0]
    office.broker.fill(entry.order_id, 100.0)
    late, office.broker.fills = office.broker.fills, []
    process.read()
    assert state_of(office, Role.ENTRY) is IntentState.WORKING
    assert process.reconciler.next_look() is not None
    office.broker.fills = late
    process.read()
    assert state_of(office, Role.ENTRY) is IntentState.FILLED


def test_executions_that_never_come_are_a_gap_that_keeps_entries_off() -> None:
    office = Office()
    process = entered(office)
    office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
    office.broker.fills = []
    process.read()
    office.clock.go(61)
    process.read()
    assert state_of(office, Role.ENTRY) is IntentState.FILLED
    assert "exec_gap" in office.notes.codes()
    assert office.store.mode().mode is Mode.REDUCING


def test_inactive_order_is_rejected_only_when_it_stays_so() -> None:
    office = Office()
    process = entered(office)
    entry = office.broker.live(Side.BUY)[0]
    office.broker.book[entry.order_id] = replace(entry, status=BrokerStatus.INACTIVE)
    process.read()
    assert state_of(office, Role.ENTRY) is IntentState.WORKING
    office.clock.go(31)
    process.read()
    assert state_of(office, Role.ENTRY) is IntentState.REJECTED


def test_order_that_is_taken_for_absent_and_is_there_comes_back_with_an_alarm() -> None:
    office = Office()
    office.broker.faults.append(refused)
    process = entered(office)
    record = office.journal.intents()[0]
    assert record.state is IntentState.REJECTED
    office.broker.apply(office.broker.submits()[0])
    process.read()
    assert state_of(office, Role.ENTRY) is IntentState.WORKING
    assert "resurrected" in office.notes.codes()
    assert office.store.mode().mode is Mode.REDUCING


def test_order_that_vanishes_is_asked_for_by_its_id_before_it_is_doubted() -> None:
    office = Office()
    process = filled(office)
    stop = next(o for o in office.broker.live(Side.SELL) if o.order_type is OrderType.STOP)
    office.broker.hidden.add(stop.order_id)
    process.read()
    assert state_of(office, Role.STOP) is IntentState.WORKING
    office.clock.go(121)
    process.read()
    assert state_of(office, Role.STOP) is IntentState.UNKNOWN
    office.broker.hidden.clear()
    process.read()
    assert state_of(office, Role.STOP) is not IntentState.LOST


def test_start_makes_everything_that_was_under_way_unproven() -> None:
    office = Office()
    office.broker.faults.append(lost_request)
    entered(office)
    process = office.start()
    assert {record.state for record in office.journal.intents()} == {IntentState.UNKNOWN}
    result = process.reconciler.update(process.read())
    assert not result.settled


def test_lost_answer_is_bound_at_the_first_look() -> None:
    office = Office()
    office.broker.faults.append(lost_answer)
    entered(office)
    assert {record.state for record in office.journal.intents()} == {IntentState.WORKING}


def test_live_order_of_our_name_that_the_journal_does_not_know_halts() -> None:
    office = Office()
    process = office.start()
    office.store.values["prefix"] = "TS"
    order_id = office.broker.place_foreign(CONIDS["AAPL"])
    office.broker.book[order_id] = replace(office.broker.book[order_id], order_ref="TS-else-0001-random")
    with pytest.raises(InvariantBroken, match="orphan"):
        process.read()


def test_foreign_orders_are_left_alone() -> None:
    office = Office()
    process = office.start()
    foreign = office.broker.place_foreign(CONIDS["AAPL"])
    process.read()
    process.executor.cancel_entries()
    assert office.broker.book[foreign].status is BrokerStatus.PRE_SUBMITTED
    assert office.broker.arrived == []


def test_short_position_halts() -> None:
    office = Office()
    process = office.start()
    office.broker.held[CONIDS["AAPL"]] = -1
    with pytest.raises(InvariantBroken, match="short"):
        process.read()

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.fake_broker import (
    FakeBroker,
    Fault,
    duplicate,
    legs_refused,
    lost_answer,
    lost_request,
    nothing_sent,
    question,
    refused,
)
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_context import CLOSE, OPEN
from tests.fakes.trading_states import CONIDS
from trading.errors import InvariantBroken
from trading.execution.reconciliation.reconciler import Reconciler
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.order import BrokerStatus, IntentState, OrderType, Side
from trading.model.outcome import Acknowledged, Outcome
from trading.model.request import PreparedRequest
from trading.store.journal import SqliteJournal

S = IntentState
AAPL = CONIDS["AAPL"]


# ---- the normal course


def test_bracket_is_bound_filled_and_ended_by_readings(books: OrderBooks) -> None:
    entry, stop, target = books.bought()
    assert books.shares() == {"AAPL": 9}
    assert books.states(entry.coid, stop.coid, target.coid) == [S.FILLED, S.WORKING, S.WORKING]
    stop_order, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.fill(stop_order.order_id, 94.0)
    books.read()
    assert books.shares() == {}
    assert books.states(entry.coid, stop.coid, target.coid) == [S.FILLED, S.FILLED, S.CANCELLED]


def test_nameless_sale_of_a_stop_that_the_list_shows_no_more_is_no_sale_by_hand(books: OrderBooks) -> None:
    entry, stop, _ = books.bought()
    order, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.fill(order.order_id, 94.0)
    books.broker.fills[-1] = replace(books.broker.fills[-1], order_id=None, order_ref=None)
    books.broker.empty.add("orders")
    found = books.read(86400)
    assert books.states(stop.coid) == [S.FILLED]
    assert (books.record(stop.coid).filled, books.shares()) == (9, {})
    assert (found.foreign, [alarm.code for alarm in found.alarms]) == ((), [])
    assert books.rows("SELECT quantity FROM adjustment WHERE kind = 'manual'") == []


def test_part_of_an_entry_is_the_position(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0, quantity=4)
    books.read()
    assert books.shares() == {"AAPL": 4}
    assert books.record(entry.coid).state is S.WORKING


def test_reading_the_same_again_changes_nothing_and_commits_nothing(books: OrderBooks) -> None:
    books.bought()
    before = books.database.changes
    for _ in range(3):
        books.read(5)
    assert books.database.changes == before


def test_fill_is_counted_once_however_often_it_is_shown_and_over_a_restart(books: OrderBooks) -> None:
    books.bought()
    books.broker.fills *= 2
    books.read()
    books.restart()
    assert books.read().fills == 0
    assert books.shares() == {"AAPL": 9}


def test_entry_and_target_that_fill_in_the_same_second_leave_nothing(books: OrderBooks) -> None:
    entry, stop, target = books.enter()
    books.read()
    at = books.clock.now()
    order = books.broker.named(entry.coid)
    books.broker.fill(order.order_id, 100.0, time=at)
    books.broker.fill(books.broker.children(order.order_id)[1].order_id, 105.01, time=at)
    # Whatever order they are listed in, and whatever their ids are.
    books.broker.fills.reverse()
    found = books.read()
    assert (found.fills, books.latches(), found.alarms) == (2, set(), [])
    assert books.shares() == {}
    assert books.rows("SELECT * FROM adjustment") == []
    assert books.states(entry.coid, stop.coid, target.coid) == [S.FILLED, S.CANCELLED, S.FILLED]


@pytest.mark.parametrize(("moment", "expected"), [(CLOSE, S.EXPIRED), (CLOSE - timedelta(hours=1), S.CANCELLED)])
def test_entry_that_ends_with_its_session_has_expired_and_one_that_ends_earlier_was_cancelled(
    books: OrderBooks, moment: datetime, expected: IntentState
) -> None:
    entry, *children = books.enter()
    books.read()
    books.clock.time = moment
    books.broker.end(books.broker.named(entry.coid).order_id, BrokerStatus.CANCELLED)
    books.read()
    assert books.record(entry.coid).state is expected
    assert books.states(*(child.coid for child in children)) == [S.CANCELLED] * 2


# ---- groups of which not every leg is there


@pytest.mark.parametrize(("place", "coid"), [(1, "-S"), (2, "-T")])
def test_refused_leg_of_a_bracket_is_rejected_at_the_next_reading(books: OrderBooks, place: int, coid: str) -> None:
    entry, stop, target = books.enter(legs_refused(place))
    books.read()
    found = {each.coid[-2:]: books.record(each.coid).state for each in (stop, target)}
    assert found == {"-S": S.WORKING, "-T": S.WORKING, coid: S.REJECTED}
    assert books.record(entry.coid).state is S.WORKING


def test_two_refused_legs_are_both_rejected(books: OrderBooks) -> None:
    entry, stop, target = books.enter(legs_refused(1, 2))
    books.read()
    assert books.states(entry.coid, stop.coid, target.coid) == [S.WORKING, S.REJECTED, S.REJECTED]


@pytest.mark.parametrize("place", [0, 1])
def test_refused_leg_of_a_protective_pair_is_rejected_at_the_next_reading(books: OrderBooks, place: int) -> None:
    entry, *_ = books.bought()
    for order in books.broker.children(books.record(entry.coid).order_id or 0):
        books.broker.end(order.order_id, BrokerStatus.CANCELLED)
    books.read()
    group = books.plan_pair()
    books.send(group, legs_refused(place), step=Step.PROTECTION)
    books.read(5)
    expected = [S.WORKING, S.WORKING]
    expected[place] = S.REJECTED
    assert books.states(*(leg.coid for leg in group)) == expected


def test_leg_that_may_be_a_listed_order_whose_type_cannot_be_read_is_not_taken_for_refused(books: OrderBooks) -> None:
    books.bought()
    pair = books.plan_pair()
    books.send(pair, legs_refused(1), step=Step.PROTECTION)
    theirs = books.broker.place_foreign(AAPL, quantity=9, side=Side.SELL)
    books.broker.show(theirs, order_type=None, limit_price=None)
    books.read(5)
    assert books.states(*(leg.coid for leg in pair)) == [S.WORKING, S.UNKNOWN]
    books.broker.end(theirs, BrokerStatus.CANCELLED)
    books.read(5)
    assert books.states(*(leg.coid for leg in pair)) == [S.WORKING, S.REJECTED]


def test_leg_that_is_not_listed_and_was_not_refused_is_unproven_once_it_had_to_be_visible(books: OrderBooks) -> None:
    entry, stop, target = books.enter()
    books.broker.hidden.add(books.broker.children(books.record(entry.coid).order_id or 0)[0].order_id)
    found = books.read()
    assert books.states(stop.coid, target.coid) == [S.SENDING, S.WORKING]
    # Nobody has to wait for the open to find out.
    sent_at = books.record(stop.coid).sent_at
    assert sent_at is not None
    assert found.look_again == sent_at + timedelta(seconds=60)
    books.read(61)
    assert books.record(stop.coid).state is S.UNKNOWN
    books.broker.hidden.clear()
    books.read(5)
    assert books.record(stop.coid).state is S.WORKING


def test_accepted_order_that_the_answer_did_not_name_is_unproven_until_a_reading_shows_it(books: OrderBooks) -> None:
    group = books.plan()

    def no_names(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        outcome = broker.apply(request)
        assert isinstance(outcome, Acknowledged)
        return replace(outcome, orders=tuple(replace(ack, local_order_id=None) for ack in outcome.orders))

    books.send(group, no_names)
    assert books.record(group[0].coid).state is S.UNKNOWN
    books.read()
    assert books.states(*(intent.coid for intent in group)) == [S.WORKING] * 3


# ---- executions that are taken back or corrected


@pytest.mark.parametrize("same_id", [True, False])
def test_execution_that_is_taken_back_makes_its_order_work_again(books: OrderBooks, *, same_id: bool) -> None:
    entry, *_ = books.bought()
    books.broker.correct(books.broker.fills[0], quantity=0, same_id=same_id)
    found = books.read(5)
    assert books.shares() == {}
    assert (books.record(entry.coid).state, books.record(entry.coid).filled) == (S.WORKING, 0)
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.CORRECTION]
    # It stops nothing that comes after it.
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0)
    books.read(5)
    assert books.shares() == {"AAPL": 9}


@pytest.mark.parametrize(("quantity", "price"), [(7, None), (None, 99.5)])
def test_correction_of_shares_or_of_the_price_is_taken_over(
    books: OrderBooks, quantity: int | None, price: float | None
) -> None:
    entry, *_ = books.bought()
    books.broker.correct(books.broker.fills[0], quantity=quantity, price=price)
    books.read(5)
    record = books.record(entry.coid)
    assert (record.filled, record.average_price) == (quantity or 9, price or 100.0)
    assert books.shares() == {"AAPL": quantity or 9}
    books.read(5)
    assert len(books.rows("SELECT * FROM adjustment")) == 1


def test_correction_of_the_price_alone_leaves_a_stop_over_that_a_reverse_split_had_made_smaller(
    books: OrderBooks,
) -> None:
    _, stop, _ = books.bought(quantity=10)
    order_id = books.record(stop.coid).order_id or 0
    books.broker.split(books.broker.book[order_id].conid, 0.5)
    books.broker.show(order_id, total_quantity=5, remaining_quantity=5, stop_price=190.0)
    books.read(600)
    execution = books.broker.fill(order_id, 189.9)
    books.read(5)
    assert (books.record(stop.coid).state, books.record(stop.coid).left) == (S.FILLED, 5)
    books.broker.correct(execution, price=189.5)
    books.read(86_400)
    (row,) = books.rows("SELECT count(*) AS times FROM intent_log WHERE coid = ? AND detail LIKE 'RES%'", stop.coid)
    assert (row["times"], books.record(stop.coid).state) == (0, S.FILLED)
    assert books.record(stop.coid).average_price == 189.5


def test_execution_of_more_than_was_ordered_is_counted_and_stops_nothing(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    order_id = books.broker.named(entry.coid).order_id
    books.broker.fill(order_id, 100.0, quantity=9)
    books.broker.fill(order_id, 100.0, quantity=2)
    found = books.read(5)
    assert books.record(entry.coid).filled == 11
    assert books.shares() == {"AAPL": 11}
    (alarm,) = found.alarms
    assert (alarm.code, "11 shares were bought, 9 were ordered" in alarm.text) == (AlarmCode.EXECUTION, True)
    # It is told once.
    assert books.read(5).alarms == []


@pytest.mark.parametrize(("price", "says"), [(0.0, "it has no price"), (1000.0, "its price, 1000, is far beyond")])
def test_execution_at_a_price_that_makes_no_sense_is_counted_and_told(
    books: OrderBooks, price: float, says: str
) -> None:
    entry, *_ = books.enter()
    books.read()
    books.broker.fill(books.broker.named(entry.coid).order_id, price)
    found = books.read(5)
    assert books.shares() == {"AAPL": 9}
    assert [(alarm.code, says in alarm.text) for alarm in found.alarms] == [(AlarmCode.EXECUTION, True)]
    assert books.journal.own_positions()[0].entry_price == 100.01


def test_one_execution_that_can_not_be_counted_does_not_stop_the_others(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    order_id = books.broker.named(entry.coid).order_id
    odd = books.broker.fill(order_id, 100.0, quantity=1)
    books.broker.fills[0] = replace(odd, quantity=0.5)
    books.broker.fill(order_id, 100.0, quantity=8)
    found = books.read(5)
    assert books.shares() == {"AAPL": 8}
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.EXECUTION]


# ---- others


def test_sale_of_somebody_else_is_not_ours_where_executions_carry_no_order_id(books: OrderBooks) -> None:
    theirs = books.broker.trade_by_hand(AAPL, Side.SELL, 9, 105.01)
    books.broker.fills[0] = replace(theirs, order_id=None)
    books.broker.held[AAPL] = 0
    books.clock.go(86400)
    entry, stop, target = books.bought()
    assert books.shares() == {"AAPL": 9}
    assert books.states(entry.coid, stop.coid, target.coid) == [S.FILLED, S.WORKING, S.WORKING]
    assert books.read(5).foreign == (books.broker.fills[0],)


def test_sale_without_id_and_name_is_that_of_the_leg_that_has_filled(books: OrderBooks) -> None:
    entry, stop, target = books.bought()
    _, order = books.broker.children(books.record(entry.coid).order_id or 0)
    books.clock.time = OPEN
    books.broker.fill(order.order_id, 105.01, with_id=False)
    books.read(5)
    assert books.states(stop.coid, target.coid) == [S.CANCELLED, S.FILLED]
    assert books.shares() == {}


# ---- restarts


@pytest.mark.parametrize("state", [S.SENDING, S.QUESTIONED, S.REPLYING])
def test_request_that_was_under_way_at_a_restart_is_unknown(books: OrderBooks, state: IntentState) -> None:
    (intent, *_) = books.plan()
    for step in (S.SENDING, S.QUESTIONED, S.REPLYING):
        books.journal.transition(intent.coid, step, "", books.clock.now())
        if step is state:
            break
    books.restart()
    assert books.record(intent.coid).state is S.UNKNOWN
    assert books.record(intent.coid).detail == f"{state} when the process ended"


@pytest.mark.parametrize("fault", [lost_answer, lost_request, duplicate, nothing_sent, refused, question("o999")])
def test_restart_after_any_answer_sends_nothing_and_agrees_with_the_broker(books: OrderBooks, fault: Fault) -> None:
    group = books.enter(fault)
    before = len(books.broker.arrived)
    books.restart()
    books.read(5)
    assert len(books.broker.arrived) == before
    listed = set(books.broker.names())
    assert (books.record(group[0].coid).state is S.WORKING) == (group[0].coid in listed)
    assert all(order.order_type is not OrderType.MARKET for order in books.broker.book.values())


# ---- what follows for the others


def test_execution_with_our_name_alone_proves_that_its_order_arrived(books: OrderBooks) -> None:
    entry, *_ = books.enter(lost_answer)
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0, quantity=4, with_id=False)
    books.broker.empty.add("orders")
    books.read(5)
    assert (books.record(entry.coid).state, books.shares()) == (S.WORKING, {"AAPL": 4})


def test_children_that_nobody_has_seen_are_over_with_an_entry_that_filled_nothing(books: OrderBooks) -> None:
    entry, stop, target = books.enter()
    order_id = books.broker.named(entry.coid).order_id
    books.broker.hidden |= {each.order_id for each in books.broker.children(order_id)}
    books.broker.end(order_id, BrokerStatus.CANCELLED)
    books.read(5)
    assert books.states(entry.coid, stop.coid, target.coid) == [S.CANCELLED] * 3


def test_children_that_have_vanished_are_over_with_an_entry_that_filled_nothing(books: OrderBooks) -> None:
    entry, stop, target = books.enter()
    books.read()
    books.broker.hidden |= {books.record(leg.coid).order_id or 0 for leg in (stop, target)}
    books.read_often(5, 30)
    assert books.states(entry.coid, stop.coid, target.coid) == [S.WORKING, S.UNKNOWN, S.UNKNOWN]
    books.broker.end(books.record(entry.coid).order_id or 0, BrokerStatus.CANCELLED)
    books.read(5)
    assert books.states(entry.coid, stop.coid, target.coid) == [S.CANCELLED] * 3


class Unbinding(SqliteJournal):
    """Refuses every binding."""

    refusal = InvariantBroken("I2", "order 101 is bound already")

    def bind(self, coid: str, order_id: int, epoch: int, now: datetime, *, provisional: bool = False) -> None:
        raise self.refusal


def test_broken_invariant_halts_and_keeps_no_later_step_from_being_taken(books: OrderBooks) -> None:
    books.bought()
    books.enter(lost_answer, symbol="XOM", quantity=3)
    context = replace(books.context(), journal=Unbinding(books.database))
    books.clock.time = OPEN
    books.broker.trade_by_hand(AAPL, Side.SELL, 4, 101.0)
    found = Reconciler(context).take_in(books.snapshot(), 0.0)
    assert [halt.cause for halt in found.halts] == ["invariant"]
    assert books.shares() == {"AAPL": 5}


def test_file_that_can_not_be_used_ends_the_reading(books: OrderBooks) -> None:
    books.enter(lost_answer)
    journal = Unbinding(books.database)
    journal.refusal = InvariantBroken("storage", "the disk is full")
    with pytest.raises(InvariantBroken, match="the disk is full"):
        Reconciler(replace(books.context(), journal=journal)).take_in(books.snapshot(), 0.0)

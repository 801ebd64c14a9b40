"""Orders whose rows lack names, contradict each other, come again or come back, or can't be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.fake_broker import UNREADABLE, lost_answer, lost_request
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import CONIDS
from trading.model.alarm import AlarmCode
from trading.model.order import LIFE, BrokerStatus, IntentState, OrderIntent, OrderLife

S = IntentState
AAPL = CONIDS["AAPL"]


# ---- order_ref is not in the list


def test_entry_without_a_name_is_bound_with_its_children_for_certain(books: OrderBooks) -> None:
    entry, stop, target = books.enter(lost_answer)
    books.broker.nameless = True
    books.read()
    assert books.states(entry.coid, stop.coid, target.coid) == [S.WORKING] * 3
    assert not any(books.record(intent.coid).provisional for intent in (entry, stop, target))


def test_entry_without_a_name_is_bound_with_children_that_do_not_show_their_parent(books: OrderBooks) -> None:
    entry, stop, target = books.enter(lost_answer)
    books.broker.nameless = books.broker.parentless = True
    books.read()
    assert books.states(entry.coid, stop.coid, target.coid) == [S.WORKING] * 3
    assert not books.record(entry.coid).provisional


def lonely(books: OrderBooks) -> OrderIntent:
    """Return an entry whose answer was lost and that the list shows alone, without its name."""
    entry, *_ = books.enter(lost_answer)
    order = books.broker.named(entry.coid)
    books.broker.hidden |= {each.order_id for each in books.broker.children(order.order_id)}
    books.broker.nameless = True
    books.read()
    return entry


def test_entry_that_stands_alone_without_a_name_is_bound_provisionally(books: OrderBooks) -> None:
    entry = lonely(books)
    record = books.record(entry.coid)
    assert (record.state, record.provisional, record.unproven) == (S.WORKING, True, True)
    assert record.order_id == books.broker.named(entry.coid).order_id


def test_order_that_looks_like_it_is_never_a_vote_against_it(books: OrderBooks) -> None:
    books.witness()
    entry = lonely(books)
    # Somebody's order of the same kind beside it: neither can be told to be ours, and both may be.
    books.broker.place_foreign(AAPL, quantity=9, price=100.01)
    books.read_often(12, 60)
    assert books.record(entry.coid).state is not S.LOST
    assert books.rows("SELECT * FROM proof WHERE subject = ?", entry.coid) == []


@pytest.mark.parametrize("unread", [{}, {"order_type": None}])
def test_order_without_its_name_whose_price_or_type_cannot_be_read_is_not_taken_for_lost(
    books: OrderBooks, unread: dict[str, object]
) -> None:
    books.witness()
    group = books.enter(lost_answer)
    books.broker.nameless = books.broker.parentless = True
    for order in books.broker.live():
        if order.conid == AAPL:
            books.broker.show(order.order_id, limit_price=None, stop_price=None, **unread)
    books.read_often(14, 30)
    assert books.states(*(intent.coid for intent in group)) == [S.UNKNOWN] * 3
    assert books.rows("SELECT * FROM proof WHERE subject = ?", group[0].coid) == []
    books.broker.nameless = False
    books.read(30)
    assert books.record(group[0].coid).state is S.WORKING


def test_provisional_order_is_confirmed_when_the_list_shows_its_name(books: OrderBooks) -> None:
    entry = lonely(books)
    books.broker.nameless = False
    books.read(5)
    assert (books.record(entry.coid).state, books.record(entry.coid).provisional) == (S.WORKING, False)


def test_order_that_the_list_shows_without_its_name_is_ours_for_certain_once_its_status_says_it(
    books: OrderBooks,
) -> None:
    books.broker.status_names = True
    books.broker.failing.add("status")
    entry = lonely(books)
    assert books.record(entry.coid).provisional
    books.broker.failing.clear()
    books.read(5)
    assert (books.record(entry.coid).state, books.record(entry.coid).provisional) == (S.WORKING, False)


def test_status_of_an_order_under_another_name_confirms_nothing(books: OrderBooks) -> None:
    books.broker.status_names = True
    books.broker.failing.add("status")
    entry = lonely(books)
    books.broker.show(books.broker.named(entry.coid).order_id, order_ref="theirs")
    books.broker.failing.clear()
    books.read(5)
    assert books.record(entry.coid).provisional


def test_order_that_looks_like_it_and_has_another_name_by_its_status_is_not_bound(books: OrderBooks) -> None:
    books.broker.status_names = True
    entry, *_ = books.enter(lost_answer)
    order = books.broker.named(entry.coid)
    books.broker.hidden |= {each.order_id for each in books.broker.children(order.order_id)}
    books.broker.show(order.order_id, order_ref="theirs")
    books.broker.nameless = True
    books.read()
    assert (books.record(entry.coid).state, books.record(entry.coid).order_id) == (S.UNKNOWN, None)


def test_order_that_is_frozen_is_not_asked_for_again_and_again(books: OrderBooks) -> None:
    entry = lonely(books)
    books.read_often(12, 60)
    assert books.record(entry.coid).frozen
    before = books.broker.reads
    books.read(60)
    # The lists of orders, trades, positions and balances.
    assert books.broker.reads - before == 4


def test_provisional_order_is_confirmed_by_an_execution_that_carries_its_name(books: OrderBooks) -> None:
    entry = lonely(books)
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0, quantity=4)
    books.read(5)
    assert books.shares() == {"AAPL": 4}
    assert not books.record(entry.coid).provisional


def test_provisional_order_that_vanishes_is_unknown_again(books: OrderBooks) -> None:
    entry = lonely(books)
    books.broker.hidden.add(books.broker.named(entry.coid).order_id)
    books.read(5)
    record = books.record(entry.coid)
    assert (record.state, record.provisional, record.order_id) == (S.UNKNOWN, False, None)
    books.broker.hidden.discard(books.broker.named(entry.coid).order_id)
    books.read(5)
    assert books.record(entry.coid).provisional


def test_order_that_vanished_and_is_listed_again_works_and_nothing_is_sent_in_its_place(books: OrderBooks) -> None:
    _, stop, target = books.bought()
    order_id = books.record(stop.coid).order_id or 0
    books.broker.hidden.add(order_id)
    books.read_often(5, 30)
    assert books.record(stop.coid).state is S.UNKNOWN
    books.broker.hidden.clear()
    books.read(5)
    assert (books.record(stop.coid).state, books.record(stop.coid).order_id) == (S.WORKING, order_id)
    books.read_often(6, 60)
    assert books.states(stop.coid, target.coid) == [S.WORKING, S.WORKING]
    assert books.latches() == set()


def test_provisional_order_is_told_with_the_id_that_looks_like_it_after_ten_minutes(books: OrderBooks) -> None:
    entry = lonely(books)
    told = [[alarm for alarm in each.alarms if alarm.subject == entry.coid] for each in books.read_often(2, 301)]
    assert [len(alarms) for alarms in told] == [0, 1]
    assert told[1][0].code is AlarmCode.ORDER_UNKNOWN
    assert f"order {books.broker.named(entry.coid).order_id} looks like it" in told[1][0].text


def test_entry_that_the_list_omits_after_a_new_login_is_seen_by_its_id(books: OrderBooks) -> None:
    entry, _, _ = books.enter()
    books.read()
    books.epoch += 1
    books.broker.empty.add("orders")
    books.broker.failing.add("status")
    books.read(5)
    assert books.record(entry.coid).seen_epoch == books.epoch - 1
    books.broker.failing.clear()
    books.read(5)
    assert books.record(entry.coid).seen_epoch == books.epoch


# ---- rows that contradict each other, that come back, that can't be read


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("status", [status for status in BrokerStatus if LIFE[status] is not OrderLife.LIVE])
def test_two_rows_of_one_order_that_contradict_each_other_end_nothing(
    books: OrderBooks, status: BrokerStatus, *, first: bool
) -> None:
    entry, stop, _ = books.bought()
    order = books.broker.children(books.record(entry.coid).order_id or 0)[0]
    books.broker.contradict(order.order_id, first=first, status=status)
    books.read_often(5, 60)
    assert books.record(stop.coid).state is S.WORKING


def test_child_whose_id_is_that_of_an_older_child_is_the_newer_ones(books: OrderBooks) -> None:
    first = books.enter()
    books.read()
    ids = [books.record(intent.coid).order_id for intent in first]
    books.broker.end(ids[0] or 0, BrokerStatus.CANCELLED)
    books.read(5)
    books.broker.book.clear()
    books.broker.next_id = ids[0] or 0
    second = books.enter()
    books.read(5)
    assert [books.record(intent.coid).order_id for intent in second] == ids
    assert books.states(*(intent.coid for intent in (*first, *second))) == [S.CANCELLED] * 3 + [S.WORKING] * 3
    assert books.latches() == set()


def test_fill_of_an_order_whose_id_comes_again_is_the_newer_ones(books: OrderBooks) -> None:
    first = books.enter()
    books.read()
    order_id = books.record(first[0].coid).order_id or 0
    books.broker.end(order_id, BrokerStatus.CANCELLED)
    books.read(5)
    books.broker.book.clear()
    books.broker.next_id = order_id
    second = books.enter()
    books.read(60)
    books.broker.fill(order_id, 100.0, named=False)
    books.read(5)
    assert [books.record(group[0].coid).filled for group in (first, second)] == [0, 9]


def test_fill_of_an_order_under_an_id_that_another_one_of_ours_has_as_yet_is_counted_and_halts_nothing(
    books: OrderBooks,
) -> None:
    first, *_ = books.enter()
    books.read()
    order_id = books.record(first.coid).order_id or 0
    books.broker.end(order_id, BrokerStatus.CANCELLED)
    books.broker.next_id = order_id
    second, *_ = books.enter(symbol="XOM", quantity=3)
    books.broker.fill(order_id, 100.0, quantity=2)
    found = books.read(5)
    assert (found.halts, found.fills, books.shares()) == ((), 1, {"XOM": 2})
    assert (books.record(second.coid).state, books.record(second.coid).order_id) == (S.WORKING, None)
    books.read_often(3, 90)
    assert (books.record(first.coid).order_id, books.record(second.coid).order_id) == (None, order_id)


def test_own_live_order_that_was_taken_for_ended_works_again_and_is_told(books: OrderBooks) -> None:
    entry, stop, _ = books.bought()
    order = books.broker.children(books.record(entry.coid).order_id or 0)[0]
    books.broker.show(order.order_id, status=BrokerStatus.CANCELLED)
    books.read(5)
    assert books.record(stop.coid).state is S.CANCELLED
    books.broker.show(order.order_id, status=BrokerStatus.SUBMITTED)
    books.read(5)
    assert books.record(stop.coid).state is S.WORKING
    assert books.latches() == {"resurrected"}


def test_order_that_had_filled_and_works_for_more_shares_is_taken_up_again(books: OrderBooks) -> None:
    entry, *_ = books.bought()
    order_id = books.record(entry.coid).order_id or 0
    books.broker.show(order_id, status=BrokerStatus.SUBMITTED, remaining_quantity=1.0)
    books.read(5)
    assert books.record(entry.coid).state is S.FILLED
    books.broker.show(order_id, total_quantity=10.0)
    books.read(5)
    assert books.record(entry.coid).state is S.WORKING


def test_lost_order_that_turns_up_late_works_and_is_told(books: OrderBooks) -> None:
    books.witness()
    entry, *_ = books.enter(lost_request)
    books.read_often(8, 60)
    assert books.record(entry.coid).state is S.LOST
    books.broker.apply(books.broker.arrived[-1])
    books.read(5)
    assert books.record(entry.coid).state is S.WORKING
    assert books.latches() == {"resurrected"}


def test_execution_of_an_order_that_was_taken_for_lost_is_counted_and_told(books: OrderBooks) -> None:
    books.witness()
    entry, *_ = books.enter(lost_request)
    books.read_often(8, 60)
    books.broker.apply(books.broker.arrived[-1])
    order_id = books.broker.named(entry.coid).order_id
    books.broker.fill(order_id, 100.0)
    books.read(5)
    assert books.shares()["AAPL"] == 9
    assert books.record(entry.coid).state is S.FILLED
    assert books.latches() == {"resurrected"}


def test_row_that_can_not_be_read_and_may_be_ours_ends_nothing(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    order_id = books.broker.named(entry.coid).order_id
    books.broker.hidden.add(order_id)
    books.broker.unreadable["orders"] = (replace(UNREADABLE, order_id=order_id, conid=AAPL),)
    books.read_often(5, 60)
    assert books.record(entry.coid).state is S.WORKING


def test_foreign_order_that_was_given_the_id_of_an_ended_child_stays_foreign(books: OrderBooks) -> None:
    entry, stop, _ = books.bought()
    order = books.broker.children(books.record(entry.coid).order_id or 0)[0]
    books.broker.end(order.order_id, BrokerStatus.CANCELLED)
    books.read(5)
    books.epoch = 2
    books.clock.go(86400)
    books.broker.show(order.order_id, status=BrokerStatus.SUBMITTED, stop_price=60.0, parent_id=None)
    books.read(5)
    assert books.record(stop.coid).state is S.CANCELLED
    assert books.latches() == set()
    books.broker.fill(order.order_id, 60.0)
    assert [each.order_id for each in books.read(5).foreign] == [order.order_id]


def test_orders_that_a_new_session_shows_are_marked_with_it(books: OrderBooks) -> None:
    group = books.bought()
    books.epoch = 2
    books.read(5)
    assert [books.record(intent.coid).seen_epoch for intent in group] == [2, 2, 2]


def test_order_that_a_new_session_shows_as_something_else_is_not_marked_with_it(books: OrderBooks) -> None:
    _, stop, _ = books.bought()
    books.broker.show(books.record(stop.coid).order_id or 0, stop_price=60.0, total_quantity=5.0)
    books.epoch = 2
    books.read(5)
    assert books.record(stop.coid).seen_epoch == 1


# ---- executions whose rows are wrong for a while


def test_price_that_was_wrong_for_a_while_is_right_when_the_list_is_again(books: OrderBooks) -> None:
    entry, *_ = books.bought()
    wrong = books.broker.correct(books.broker.fills[0], price=99.5, same_id=True)
    books.read(5)
    assert books.record(entry.coid).average_price == 99.5
    books.broker.correct(wrong, price=100.0, same_id=True)
    books.read(5)
    assert books.record(entry.coid).average_price == 100.0


def test_execution_that_one_list_shows_twice_and_otherwise_is_no_news_each_time(books: OrderBooks) -> None:
    books.bought()
    books.broker.fills.append(replace(books.broker.fills[0], price=99.5))
    assert [alarm.code for alarm in books.read(5).alarms] == [AlarmCode.CORRECTION]
    assert books.read(5).alarms == []


def test_leg_that_a_person_changed_is_known_in_another_session_by_the_one_beside_it(books: OrderBooks) -> None:
    # It is over, and only its parent's id tells that it is no other order; the leg beside it tells that this is ours.
    _, stop, target = books.bought()
    target_id, stop_id = books.record(target.coid).order_id or 0, books.record(stop.coid).order_id or 0
    books.broker.show(target_id, limit_price=101.0)
    books.broker.fill(target_id, 101.0)
    books.broker.end(stop_id, BrokerStatus.CANCELLED)
    books.read(5)
    assert books.states(stop.coid, target.coid) == [S.CANCELLED, S.FILLED]
    before = books.record(target.coid).seen_epoch
    books.epoch += 1
    books.read(5)
    assert [books.record(leg.coid).seen_epoch for leg in (stop, target)] == [before + 1, before + 1]

"""What is believed of things that can't be seen: absent orders and missing shares, over restarts too."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.fake_broker import UNREADABLE, lost_answer, lost_request, nothing_sent
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_context import CLOSE, OPEN
from tests.fakes.trading_states import CONIDS
from trading.execution.reconciliation.absence import Vote
from trading.execution.reconciliation.hand_sales import spent
from trading.model.alarm import AlarmCode
from trading.model.order import BrokerStatus, IntentState, OrderIntent, Side
from trading.store.evidence import SqliteEvidence

S = IntentState
AAPL, XOM = CONIDS["AAPL"], CONIDS["XOM"]
# The nightly reset after the session: 00:45 to 01:30 in New York.
RESET_END = CLOSE + timedelta(hours=9, minutes=30)


def votes(books: OrderBooks, subject: str) -> int:
    return len(SqliteEvidence(books.database).of(subject))


def doubtful(books: OrderBooks, *, witness: bool = True) -> OrderIntent:
    """Return an entry whose POST was lost, beside an order that every list has to hold."""
    if witness:
        books.witness()
    entry, *_ = books.enter(lost_request)
    return entry


# ---- orders


def test_order_that_is_not_in_five_witnessed_readings_is_lost_and_its_children_with_it(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.read(119)
    assert votes(books, entry.coid) == 0
    books.read(1)
    books.read_often(3, 30)
    assert (votes(books, entry.coid), books.record(entry.coid).state) == (4, S.UNKNOWN)
    books.read(30)
    assert books.states(entry.coid, f"{entry.coid}-S", f"{entry.coid}-T") == [S.LOST] * 3


def test_readings_less_than_thirty_seconds_apart_are_one_vote(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.read(120)
    books.read_often(5, 5)
    assert votes(books, entry.coid) == 1
    books.read(5)
    assert votes(books, entry.coid) == 2


def test_votes_survive_a_restart(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.read(120)
    for _ in range(4):
        books.restart()
        books.read(30)
    assert books.record(entry.coid).state is S.LOST


def test_list_without_a_witness_proves_nothing(books: OrderBooks) -> None:
    entry = doubtful(books, witness=False)
    books.read_often(20, 60)
    assert (votes(books, entry.coid), books.record(entry.coid).state) == (0, S.UNKNOWN)


def test_list_that_lacks_its_witness_proves_nothing(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.broker.empty.add("orders")
    books.clock.go(120)
    # The witness is asked for by its id, and is there: it works on.
    books.read_often(5, 30)
    assert votes(books, entry.coid) == 0


def test_witness_that_ended_today_is_one_still(books: OrderBooks) -> None:
    witness = books.witness()
    entry, *_ = books.enter(lost_request)
    books.broker.end(witness.order_id, BrokerStatus.CANCELLED)
    books.read(120)
    books.read_often(4, 30)
    assert books.record(entry.coid).state is S.LOST


@pytest.mark.parametrize("name", ["orders", "executions", "positions"])
def test_reading_of_which_a_list_failed_is_no_vote(books: OrderBooks, name: str) -> None:
    entry = doubtful(books)
    books.broker.failing.add(name)
    books.read(120)
    books.read_often(5, 30)
    assert votes(books, entry.coid) == 0


def test_reading_with_a_row_that_may_be_it_is_no_vote(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.broker.unreadable["orders"] = (UNREADABLE,)
    books.read(120)
    books.read_often(5, 30)
    assert votes(books, entry.coid) == 0


def test_shares_that_may_be_its_are_against_its_absence(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.broker.held[AAPL] = 9
    books.read(120)
    books.read_often(5, 30)
    assert votes(books, entry.coid) == 0


def test_reset_window_gives_no_votes(books: OrderBooks) -> None:
    books.bought(symbol="XOM", quantity=3)
    entry = doubtful(books, witness=False)
    books.clock.time = CLOSE + timedelta(hours=8, minutes=46)
    books.read_often(20, 120)
    assert books.clock.time < RESET_END
    assert votes(books, entry.coid) == 0


def test_entry_is_lost_by_expiry_after_a_clean_reading_on_either_side_of_the_reset(books: OrderBooks) -> None:
    entry = doubtful(books, witness=False)
    books.clock.time = CLOSE + timedelta(minutes=29)
    books.read()
    books.read(120)
    books.read(120)
    assert [row["evidence"] for row in books.rows("SELECT evidence FROM proof")] == [Vote.AFTER_SESSION]
    books.clock.time = RESET_END
    books.restart()
    books.read()
    assert books.record(entry.coid).state is S.LOST


def test_two_readings_of_the_same_evening_do_not_prove_an_expiry(books: OrderBooks) -> None:
    entry = doubtful(books, witness=False)
    books.clock.time = CLOSE + timedelta(minutes=31)
    books.read_often(10, 600)
    assert books.record(entry.coid).state is S.UNKNOWN


def test_order_is_frozen_after_ten_minutes_whatever_fails_and_however_often_it_is_restarted(books: OrderBooks) -> None:
    entry = doubtful(books, witness=False)
    books.broker.failing.add("positions")
    for _ in range(4):
        books.restart()
        books.read(149)
    assert not books.record(entry.coid).frozen
    books.restart()
    found = books.read(5)
    assert books.record(entry.coid).frozen
    # Its stop and target are in the same doubt, which is told once.
    assert [alarm.subject for alarm in found.alarms if alarm.code is AlarmCode.ORDER_UNKNOWN] == [entry.coid]


def test_frozen_order_thaws_when_it_turns_up(books: OrderBooks) -> None:
    entry, *_ = books.enter(lost_answer)
    books.broker.empty.add("orders")
    books.read_often(2, 301)
    assert books.record(entry.coid).frozen
    books.broker.empty.clear()
    books.read(5)
    assert (books.record(entry.coid).state, books.record(entry.coid).frozen) == (S.WORKING, False)


def test_next_look_comes_soon_while_votes_can_come_and_later_only_at_the_expiry(books: OrderBooks) -> None:
    doubtful(books, witness=False)
    soon = books.read().look_again
    assert soon is not None
    assert soon <= books.clock.now() + timedelta(seconds=30)
    later = [each.look_again for each in books.read_often(3, 301)][-1]
    assert later == CLOSE + timedelta(minutes=30)


# ---- what a reading shows only for a while


def test_inactive_order_ends_after_thirty_seconds_and_does_not_flip(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    books.broker.show(books.broker.named(entry.coid).order_id, status=BrokerStatus.INACTIVE)
    books.read()
    books.read(20)
    assert books.record(entry.coid).state is S.WORKING
    books.read(10)
    books.read_often(5, 60)
    assert books.record(entry.coid).state is S.REJECTED
    log = books.rows("SELECT state FROM intent_log WHERE coid = ? ORDER BY id", entry.coid)
    assert [row["state"] for row in log] == ["PLANNED", "SENDING", "WORKING", "REJECTED"]
    assert books.latches() == set()


def test_inactive_order_waits_over_a_restart_and_over_a_list_that_fails(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    books.broker.show(books.broker.named(entry.coid).order_id, status=BrokerStatus.INACTIVE)
    books.read()
    books.broker.failing.add("orders")
    books.read(15)
    books.broker.failing.clear()
    books.restart()
    books.read(15)
    assert books.record(entry.coid).state is S.REJECTED


def test_order_that_is_active_again_begins_to_wait_anew(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    order_id = books.broker.named(entry.coid).order_id
    for _ in range(3):
        books.broker.show(order_id, status=BrokerStatus.INACTIVE)
        books.read_often(2, 20)
        books.broker.show(order_id, status=BrokerStatus.SUBMITTED)
        books.read(5)
    assert books.record(entry.coid).state is S.WORKING


def test_end_waits_for_executions_that_lag_behind(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0)
    books.broker.empty.add("executions")
    found = books.read()
    assert books.record(entry.coid).state is S.WORKING
    assert found.look_again is not None
    books.broker.empty.clear()
    books.read(5)
    assert (books.record(entry.coid).state, books.shares()) == (S.FILLED, {"AAPL": 9})


# ---- own shares


def test_foreign_sale_explains_missing_shares_at_once(books: OrderBooks) -> None:
    books.bought()
    books.clock.time = OPEN
    books.broker.trade_by_hand(AAPL, Side.SELL, 4, 101.0)
    found = books.read()
    assert books.shares() == {"AAPL": 5}
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.MANUAL]
    assert len(spent(books.context().evidence)) == 1


def test_empty_position_list_is_not_believed_without_a_witness(books: OrderBooks) -> None:
    books.bought()
    books.broker.empty.add("positions")
    found = books.read_often(30, 60)
    assert books.shares() == {"AAPL": 9}
    assert {alarm.code for each in found for alarm in each.alarms} == {AlarmCode.SHARES_MISSING}


def missing(books: OrderBooks) -> str:
    """Buy two positions of which somebody sells one by hand without a trace; return the subject of the doubt."""
    books.bought()
    books.bought(symbol="XOM", quantity=3, price=94.0)
    books.broker.trade_by_hand(AAPL, Side.SELL, 9, 101.0, told=False)
    return f"shares:{AAPL}:9"


def test_missing_shares_are_written_off_after_five_witnessed_votes_and_twice_the_delay(books: OrderBooks) -> None:
    subject = missing(books)
    books.read_often(4, 30)
    assert votes(books, subject) == 4
    # Five votes would be there, but two minutes have not passed.
    books.read(29)
    assert books.shares() == {"AAPL": 9, "XOM": 3}
    found = books.read(1)
    assert books.shares() == {"XOM": 3}
    assert AlarmCode.MANUAL in {alarm.code for alarm in found.alarms}


def test_votes_about_shares_survive_a_restart(books: OrderBooks) -> None:
    missing(books)
    books.read()
    for _ in range(4):
        books.restart()
        books.read(30)
    assert books.shares() == {"XOM": 3}


def test_one_reading_that_shows_the_shares_begins_the_count_anew(books: OrderBooks) -> None:
    subject = missing(books)
    books.read_often(4, 30)
    books.broker.held[AAPL] = 9
    books.read(30)
    books.broker.held[AAPL] = 0
    books.read(30)
    assert (votes(books, subject), books.shares()["AAPL"]) == (1, 9)


def test_row_of_no_shares_is_a_witness(books: OrderBooks) -> None:
    books.bought()
    books.broker.trade_by_hand(AAPL, Side.SELL, 9, 101.0, told=False)
    books.broker.flat.add(AAPL)
    books.read_often(5, 30)
    assert books.shares() == {}


@pytest.mark.parametrize("name", ["orders", "executions"])
def test_shares_are_not_written_off_while_nobody_knows_what_was_sold(books: OrderBooks, name: str) -> None:
    subject = missing(books)
    books.broker.failing.add(name)
    books.read_often(12, 30)
    assert (votes(books, subject), books.shares()["AAPL"]) == (0, 9)


def test_shares_are_not_written_off_while_a_stop_shows_more_filled_than_was_told(books: OrderBooks) -> None:
    entry, *_ = books.bought()
    books.bought(symbol="XOM", quantity=3, price=94.0)
    stop, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.fill(stop.order_id, 95.0, quantity=4)
    books.broker.fills.pop()
    books.read_often(12, 30)
    assert books.shares()["AAPL"] == 9


def test_sale_of_ours_that_is_told_late_takes_the_place_of_the_adjustment(books: OrderBooks) -> None:
    entry, stop, _ = books.bought()
    books.bought(symbol="XOM", quantity=3, price=94.0)
    order, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    before = books.broker.book[order.order_id]
    books.broker.fill(order.order_id, 95.0, quantity=1)
    told = books.broker.fills.pop()
    books.broker.book[order.order_id] = before
    books.read_often(6, 30)
    assert books.shares()["AAPL"] == 8
    books.broker.fills.append(told)
    books.read(30)
    assert books.shares()["AAPL"] == 8
    assert books.record(stop.coid).filled == 1
    assert sum(row["quantity"] for row in books.rows("SELECT quantity FROM adjustment WHERE kind = 'manual'")) == 0


@pytest.mark.parametrize(("ratio", "expected"), [(2.0, 18), (3.0, 27), (1.5, 13), (1 / 3, 3), (0.5, 4)])
def test_split_is_taken_over_at_once_with_its_prices(books: OrderBooks, ratio: float, expected: int) -> None:
    books.bought()
    books.broker.split(AAPL, ratio)
    found = books.read()
    (position,) = books.journal.own_positions()
    assert position.quantity == expected
    assert position.entry_price == pytest.approx(100.0 / ratio, abs=1e-4)
    assert position.stop_price == pytest.approx(95.01 / ratio, abs=1e-4)
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.SPLIT]
    books.read(5)
    assert len(books.rows("SELECT * FROM adjustment")) == 1


@pytest.mark.parametrize(("average", "expected"), [(100.0, 5), (190.0, 10), (None, 10)])
def test_fewer_shares_are_written_off_where_their_average_price_rules_a_reverse_split_out(
    books: OrderBooks, average: float | None, expected: int
) -> None:
    books.bought(quantity=10)
    books.bought(symbol="XOM", quantity=3, price=94.0)
    books.broker.held[AAPL] = 5
    books.broker.averages.pop(AAPL)
    if average is not None:
        books.broker.averages[AAPL] = average
    books.read_often(12, 30)
    assert books.shares()["AAPL"] == expected


@pytest.mark.parametrize(("before_s", "after_sending", "lost"), [(60, 7, True), (59, 7, False), (60, 16, False)])
def test_shares_of_others_that_stood_there_before_are_not_what_an_order_bought(
    books: OrderBooks,
    before_s: float,
    after_sending: int,
    lost: bool,  # noqa: FBT001
) -> None:
    books.bought(symbol="XOM", quantity=3, price=94.0)
    # A contract of ours that others hold seven shares of.
    books.broker.faults.append(nothing_sent)
    group = books.enter()
    books.broker.held[AAPL] = 7
    books.read()
    books.clock.go(before_s)
    books.send(group, lost_request)
    books.broker.held[AAPL] = after_sending
    books.read_often(10, 60)
    assert (books.states(group[0].coid) == [IntentState.LOST]) is lost


def test_time_of_evidence_is_that_of_the_reading(books: OrderBooks) -> None:
    entry = doubtful(books)
    books.read(120)
    (sighting,) = SqliteEvidence(books.database).of(entry.coid)
    assert sighting.at == books.clock.now()
    assert isinstance(sighting.at, datetime)

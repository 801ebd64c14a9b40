from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_states import AAPL, IN_SESSION, MSFT, reading, shows, stop
from tests.unit.trading.execution.ownership.test_execution_matching import ENTRY, STOP, TARGET, execution
from tests.unit.trading.execution.shares_shown import TEN
from trading.execution.ownership.execution_bounds import (
    Known,
    allows,
    is_after_its_end,
    is_after_trigger,
    is_before,
    may_have_made,
    missing,
    same_contract_and_side,
    told_apart,
)
from trading.execution.reading.told import Told
from trading.model.exchange_time import exchange_date
from trading.model.order import BrokerStatus, IntentState, Side, Tif
from trading.model.record import IntentRecord, JournalView

SLACK = timedelta(seconds=2)
SECOND = timedelta(seconds=1)


def known(*records: IntentRecord, told: Told | None = None) -> Known:
    """Return what executions are judged by; `told` is said of the first record."""
    said = {} if told is None else {records[0].coid: told}
    return Known(JournalView(records, ()), reading(IN_SESSION), said, SLACK, frozenset(), frozenset())


def ended(record: IntentRecord, before: timedelta, state: IntentState = IntentState.CANCELLED) -> IntentRecord:
    return replace(record, state=state, ended_at=IN_SESSION - before)


def test_order_has_to_be_of_the_contract_and_the_side() -> None:
    sold = execution(STOP)
    assert same_contract_and_side(STOP, sold)
    assert not same_contract_and_side(STOP, replace(sold, conid=MSFT))
    assert not same_contract_and_side(STOP, replace(sold, side=Side.BUY))


def test_nothing_is_executed_before_it_was_sent_but_for_the_clocks() -> None:
    sent = replace(STOP, sent_at=IN_SESSION)
    at = [IN_SESSION - SLACK - SECOND, IN_SESSION - SLACK, IN_SESSION + SECOND]
    assert [is_before(sent, execution(sent, time=time), SLACK) for time in at] == [True, False, False]
    assert is_before(replace(STOP, sent_at=None), execution(STOP), SLACK)


def test_execution_is_told_late_by_so_much_and_of_an_order_with_a_rest_by_more() -> None:
    whole = replace(STOP, filled=STOP.intent.quantity)
    for record, late in ((whole, timedelta(seconds=120)), (STOP, timedelta(minutes=10))):
        assert not is_after_its_end(ended(record, late), execution(STOP))
        assert is_after_its_end(ended(record, late + SECOND), execution(STOP))
        assert not is_after_its_end(ended(record, late + SECOND, IntentState.LOST), execution(STOP))


@pytest.mark.parametrize(
    ("price", "below_stop", "above_target"), [(94.0, True, False), (95.95, True, False), (95.96, False, False)]
)
def test_stop_sells_hardly_above_its_price_and_a_target_not_below(
    price: float, *, below_stop: bool, above_target: bool
) -> None:
    assert is_after_trigger(STOP, execution(STOP, price=price)) is below_stop
    assert allows(TARGET, execution(TARGET, price=price), known(TARGET)) is above_target
    assert is_after_trigger(TARGET, execution(TARGET, price=price))


@pytest.mark.parametrize(("price", "allowed"), [(99.0, True), (100.0, True), (100.02, False)])
def test_entry_buys_at_no_more_than_its_limit(price: float, *, allowed: bool) -> None:
    limited = replace(ENTRY, intent=replace(ENTRY.intent, limit_price=100.0))
    assert allows(limited, execution(limited, price=price), known(limited)) is allowed


def test_terms_that_it_was_told_to_have_last_count() -> None:
    split = Told(18, 0, None, 52.5)
    half = execution(TARGET, 18, 52.5)
    assert not allows(TARGET, half, known(TARGET))
    assert allows(TARGET, half, known(TARGET, told=split))
    assert not allows(TARGET, replace(half, price=52.4), known(TARGET, told=split))


def test_as_many_as_are_told_to_have_filled_are_allowed_after_its_end_and_beyond_its_size() -> None:
    over = ended(replace(STOP, filled=9), timedelta(minutes=5))
    sold = execution(STOP, 4)
    assert not allows(over, sold, known(over))
    told = Told(9, 13, 94.0, None)
    assert missing(over, known(over, told=told)) == 4
    assert allows(over, sold, known(over, told=told))
    assert missing(replace(over, provisional=True), known(over, told=told)) == 0
    assert missing(replace(over, order_id=None), known(over, told=told)) == 0


@pytest.mark.parametrize(
    ("filled", "owned", "held", "short"),
    [(9, 9, 0, 9), (9, 12, 3, 9), (9, 9, 9, 0), (8, 9, 0, 0), (9, 0, 0, 0), (9, 8, 0, 0)],
)
def test_order_that_is_bound_by_likeness_sold_what_its_row_says_where_just_those_shares_are_gone(
    filled: int, owned: int, held: float, short: int
) -> None:
    alike = replace(TARGET, provisional=True)
    journal = JournalView((alike,), (replace(TEN, quantity=owned),) if owned else ())
    said = {alike.coid: Told(9, filled, 101.0, 101.0)}
    judged = Known(journal, reading(IN_SESSION, held={AAPL: held}), said, SLACK, frozenset(), frozenset())
    assert missing(alike, judged) == short


def test_after_its_end_nothing_is_executed_unless_that_was_taken_for_its_absence() -> None:
    assert not allows(ended(STOP, timedelta(minutes=5)), execution(STOP), known(STOP))
    assert allows(ended(STOP, timedelta(minutes=5), IntentState.LOST), execution(STOP), known(STOP))


def test_order_may_have_made_what_has_its_id_or_fits_what_it_was_asked_for() -> None:
    fits = execution(STOP, 9, 95.0, order_id=None)
    assert may_have_made(STOP, fits)
    assert may_have_made(STOP, replace(fits, order_id=STOP.order_id, quantity=12, price=99.0))
    for wrong in ({"quantity": 10}, {"price": 99.0}, {"side": Side.BUY}, {"conid": MSFT}):
        assert not may_have_made(STOP, replace(fits, **wrong))
    assert not may_have_made(TARGET, fits)
    assert may_have_made(replace(TARGET, provisional=True), fits)
    assert not may_have_made(replace(TARGET, provisional=True), replace(fits, quantity=10))
    assert not may_have_made(replace(STOP, state=IntentState.CANCELLED), fits)


def test_stop_of_an_entry_that_was_rejected_unfilled_has_nothing_to_sell() -> None:
    rejected = replace(ENTRY, state=IntentState.REJECTED)
    assert not allows(STOP, execution(STOP), known(STOP, rejected))
    assert allows(STOP, execution(STOP), known(STOP, replace(rejected, filled=9)))


@pytest.mark.parametrize(("days", "possible"), [(0, True), (1, False)])
def test_order_for_the_day_fills_on_no_later_one(days: int, *, possible: bool) -> None:
    assert ENTRY.intent.tif is Tif.DAY
    on_its_day = execution(ENTRY)
    assert exchange_date(on_its_day.time) == ENTRY.intent.session
    bought = replace(on_its_day, time=on_its_day.time + timedelta(days=days))
    lost = replace(ENTRY, state=IntentState.LOST)
    assert allows(lost, bought, known(lost)) is possible
    named = replace(bought, order_id=ENTRY.order_id)
    assert may_have_made(ENTRY, named) is possible


def test_order_until_cancelled_fills_on_any_day() -> None:
    sold = execution(STOP)
    assert allows(STOP, replace(sold, time=sold.time + timedelta(days=3)), known(STOP))


def test_two_orders_under_one_id_are_told_apart_by_the_rows_that_are_like_them() -> None:
    later = stop("F-S", 2, parent="F", stop=98.0)
    journal = JournalView((STOP, later), ())
    filled, unfilled = shows(STOP, BrokerStatus.CANCELLED, filled_quantity=9.0), shows(later)
    rows = reading(IN_SESSION, orders=(filled, unfilled))
    assert {coid: said.filled for coid, said in told_apart(journal, rows).items()} == {STOP.coid: 9, later.coid: 0}
    # One row, or two of the same order that contradict each other, say nothing of which it is.
    assert told_apart(journal, reading(IN_SESSION, orders=(filled,))) == {}
    assert told_apart(journal, reading(IN_SESSION, orders=(filled, shows(STOP)))) == {}
    earlier = JournalView((replace(STOP, seen_epoch=0), later), ())
    assert told_apart(earlier, rows).keys() == {later.coid}

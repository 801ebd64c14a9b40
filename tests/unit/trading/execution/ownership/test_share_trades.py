from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_states import IN_SESSION, PRE_OPEN, XOM, after, entry, own, stop, target
from tests.unit.trading.execution.shares_shown import TEN, traded
from trading.execution.ownership.share_trades import (
    average_after,
    average_before,
    net,
    of_others,
    own_sales,
    sold_by_others,
    written_off,
)
from trading.model.order import IntentState, Side
from trading.model.record import IntentRecord, JournalView

FILLED = IntentState.FILLED
BOUGHT = entry("E", filled=10, state=FILLED, average_price=100.0)


def journal_of(*records: IntentRecord) -> JournalView:
    return JournalView((BOUGHT, *records), (TEN,))


def test_trades_of_others_are_those_of_the_contract_since_we_have_shares_oldest_first() -> None:
    late, early = traded(3), traded(2, time=after(-60))
    before = traded(5, time=IN_SESSION - timedelta(days=30))
    elsewhere = traded(4, conid=XOM)
    assert of_others(TEN, (late, before, elsewhere, early)) == [early, late]


def test_trades_of_one_time_are_ordered_as_where_a_split_lies_between() -> None:
    after_it, before_it = traded(1, Side.BUY, price=61.0), traded(1, Side.BUY, price=91.0)
    assert of_others(TEN, (after_it, before_it)) == [before_it, after_it]


def test_net_is_what_was_bought_less_what_was_sold() -> None:
    assert net([traded(3), traded(5, Side.BUY)]) == 2.0
    assert net([]) == 0.0


def test_own_sales_are_those_since_the_entry_that_sold_something() -> None:
    sold = stop("E-S", filled=4, state=FILLED)
    nothing = target("E-T")
    older = stop("D-S", filled=4, state=FILLED, sent_at=after(-3600, PRE_OPEN))
    assert own_sales(BOUGHT, journal_of(sold, nothing, older)) == [sold]


@pytest.mark.parametrize(("left", "ratio", "expected"), [(10, 1.0, 0), (7, 1.0, 3), (20, 2.0, 0), (14, 2.0, 6)])
def test_written_off_is_what_was_bought_and_is_neither_sold_by_us_nor_left_in_shares_of_today(
    left: int, ratio: float, expected: int
) -> None:
    # Another price may be told of later, and is no split.
    for price in (100.0 / ratio, 83.0, 0.0):
        position = replace(own(left), entry_price=price, entry_coid="E", split_ratio=ratio)
        assert written_off(position, journal_of()) == expected


def test_what_was_written_off_is_not_sold_by_others_again() -> None:
    position = replace(own(7), entry_coid="E")
    assert sold_by_others(position, (traded(3),), journal_of()) == 0.0
    assert sold_by_others(position, (traded(3), traded(2)), journal_of()) == 2.0


def test_of_a_position_without_a_known_entry_nothing_was_written_off() -> None:
    assert written_off(replace(own(7), entry_coid="gone"), JournalView((), ())) == 0


def test_average_price_blends_what_is_bought_and_is_left_by_what_is_sold() -> None:
    trades = (traded(10, Side.BUY, price=130.0), traded(5), traded(5, Side.BUY, price=95.0))
    assert average_after(20, 100.0, trades) == 107.5
    assert average_before(30, 107.5, trades) == pytest.approx(100.0)
    # All of it was bought since: nothing stood there before.
    assert average_before(10, 130.0, trades[:1]) == 130.0

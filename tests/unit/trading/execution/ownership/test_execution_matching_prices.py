"""Which executions without id and name are an order's, by the average price that is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import IN_SESSION, after, reading, shows
from tests.unit.trading.execution.ownership.test_execution_matching import STOP, TARGET, bare, match
from trading.execution.ownership.execution_matching import match_executions
from trading.execution.reading.told import Told
from trading.model.order import BrokerStatus, ExecutionList
from trading.model.record import JournalView


@pytest.mark.parametrize(
    ("average", "counted"), [(103.0, ["hand"]), (102.995, ["hand"]), (100.0, []), (None, []), (102.7, ["a", "b"])]
)
def test_of_sales_that_an_order_may_all_have_made_those_are_its_that_come_to_its_average_price(
    average: float | None, counted: list[str]
) -> None:
    # All of them are too far above the stop price for the stop to be told by that.
    parts = (bare(STOP, 3, 102.1, execution_id="a"), bare(STOP, 6, 103.0, execution_id="b"))
    filled = shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0, average_price=average)
    matched = match((STOP,), *parts, bare(STOP, price=103.0, execution_id="hand"), orders=(filled,))
    assert [found.execution_id for _, found in matched.fills] == counted
    assert len(matched.fills) + len(matched.foreign) == 3


def test_average_price_tells_of_the_shares_that_are_not_counted_yet_and_nothing_where_sales_are_alike() -> None:
    part = replace(STOP, filled=4, average_price=100.0)
    row = shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0, average_price=(4 * 100.0 + 5 * 103.0) / 9)
    dear, cheap = bare(STOP, 5, 103.0, execution_id="dear"), bare(STOP, 5, 102.0, execution_id="cheap")
    assert [found for _, found in match((part,), dear, cheap, orders=(row,)).fills] == [dear]
    # What is rounded of an average of many shares is much for the one that is left.
    most, rounded = replace(STOP, filled=8, average_price=105.0), replace(row, average_price=105.0)
    ours, by_hand = bare(STOP, 1, 105.04, execution_id="ours"), bare(STOP, 1, 105.0, execution_id="by hand")
    assert match((most,), ours, by_hand, orders=(rounded,)).fills == ()
    twin = replace(dear, execution_id="twin", time=after(1))
    assert match((part,), dear, twin, orders=(row,)).fills == ()


SOLD = shows(TARGET, BrokerStatus.FILLED, filled_quantity=9.0, average_price=106.0)


def test_sale_at_another_price_than_an_order_has_filled_at_is_not_its() -> None:
    by_hand, ours = bare(TARGET, price=105.9, execution_id="hand"), bare(TARGET, price=106.0, execution_id="ours")
    assert match((TARGET,), by_hand, orders=(SOLD,)).fills == ()
    assert match((TARGET,), ours, orders=(SOLD,)).fills == (("E-T", ours),)
    # What was told of it last says as much, and what was rounded to cents is no other price.
    assert match((TARGET,), by_hand, told={"E-T": Told(9, 9, 106.0, 105.0)}).fills == ()
    assert match((TARGET,), replace(ours, price=106.005), orders=(SOLD,)).fills != ()
    # A price that isn't told is none that differs.
    unpriced = replace(by_hand, price=0.0)
    assert match((STOP,), unpriced, orders=(replace(SOLD, order_id=STOP.order_id or 0),)).fills == (("E-S", unpriced),)


def test_fill_of_one_leg_that_is_taken_back_leaves_the_sale_of_the_other_to_it() -> None:
    # The row of the stop counts its fill all the same.
    rows = (shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0, average_price=95.0), SOLD)
    sold = bare(TARGET, price=106.0)
    assert match((STOP, TARGET), sold, orders=rows).fills == (("E-T", sold),)
    # So it is where that is taken back at once.
    gone = replace(sold, execution_id="0000e0d5.00000001.01.02", quantity=0.0)
    assert match((STOP, TARGET), sold, gone, orders=rows).fills == (("E-T", sold), ("E-T", gone))


def test_average_price_says_nothing_of_the_rest_where_what_was_counted_may_have_been_corrected() -> None:
    part = replace(TARGET, filled=4, average_price=107.0)
    row = replace(SOLD, average_price=106.0)
    rest = bare(TARGET, 5, 106.0, execution_id="0000e0d5.00000002.01.01")
    assert match((part,), rest, orders=(row,)).fills == ()
    shown = reading(IN_SESSION, orders=(row,))
    corrected = bare(TARGET, 4, 107.0, execution_id="0000e0d5.00000001.01.02", time=after(-1))
    shown = replace(shown, executions=replace(shown.executions, value=ExecutionList((corrected, rest))))
    assert match_executions([rest], JournalView((part,), ()), shown, 0.0).fills == (("E-T", rest),)

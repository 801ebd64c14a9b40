"""What waits while a row of the broker's can't be read is said, and what a person can do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import AAPL, IN_SESSION, MSFT, own, reading, unreadable
from trading.execution.differences import consequence, exits_wait_for, unreadable_rows
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.model.account import PositionList
from trading.model.order import ExecutionList, OrderList, UnreadableRow
from trading.model.record import JournalView

HELD = JournalView((), (own(),))
NOTHING_HELD = JournalView((), ())


def listed(name: str, *rows: UnreadableRow) -> BrokerSnapshot:
    """Return a reading in which one list holds rows that can't be read."""
    lists = {
        "orders": OrderList((), rows),
        "executions": ExecutionList((), rows),
        "positions": PositionList((), rows),
    }
    return replace(reading(IN_SESSION), **{name: Reading(lists[name], IN_SESSION)})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["orders", "positions"])
def test_row_that_may_be_about_any_contract_keeps_everything_from_being_sold(name: str) -> None:
    (text,) = exits_wait_for(listed(name, unreadable(None)), HELD)
    assert text == (
        f"{name}: a row can't be read (no size): the system sells no own shares, ends no order and writes off no "
        "shares while it is so; look at it at the broker, and sell there what can't wait"
    )


@pytest.mark.parametrize("name", ["orders", "positions"])
def test_row_in_an_own_contract_keeps_that_one_from_being_sold(name: str) -> None:
    (text,) = exits_wait_for(listed(name, unreadable(AAPL), unreadable(MSFT)), HELD)
    assert "does not sell AAPL, leaves its stop as it is and buys nothing there" in text
    assert "sell there" in text


def test_same_row_is_told_once() -> None:
    assert len(exits_wait_for(listed("orders", unreadable(None), unreadable(None)), HELD)) == 1


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("executions", unreadable(None)),
        ("executions", unreadable(AAPL)),
        ("orders", unreadable(MSFT)),
        ("orders", replace(unreadable(None), foreign=True)),
        ("orders", replace(unreadable(AAPL), foreign=True)),
        ("positions", replace(unreadable(None), asset_class="OPT")),
        ("positions", replace(unreadable(None), foreign=True, among=frozenset(), names=("ZZZ",))),
        ("positions", replace(unreadable(None), among=frozenset({MSFT}))),
    ],
)
def test_no_sale_waits_for_trades_nor_for_the_rows_of_others(name: str, row: UnreadableRow) -> None:
    assert exits_wait_for(listed(name, row), HELD) == ()


def test_nothing_waits_where_nothing_is_held_or_a_whole_list_is_missing() -> None:
    assert exits_wait_for(listed("orders", unreadable(None)), NOTHING_HELD) == ()
    assert exits_wait_for(reading(IN_SESSION, failed=["orders", "positions"]), HELD) == ()
    assert list(unreadable_rows(reading(IN_SESSION, failed=["orders", "executions", "positions"]))) == []


@pytest.mark.parametrize(
    ("name", "row", "text"),
    [
        ("executions", unreadable(None), "ends no order and writes off no shares while it is so"),
        ("executions", unreadable(AAPL), "buys nothing there while it is so"),
        ("orders", unreadable(MSFT), "buys nothing there while it is so"),
        ("orders", replace(unreadable(AAPL), foreign=True), "buys nothing there while it is so"),
        ("orders", replace(unreadable(None), foreign=True), "leaves it alone"),
        ("positions", replace(unreadable(None), foreign=True, among=frozenset()), "leaves it alone"),
        ("positions", replace(unreadable(None), among=frozenset({MSFT})), "buys nothing there while it is so"),
    ],
)
def test_row_that_keeps_no_sale_says_what_else_waits(name: str, row: UnreadableRow, text: str) -> None:
    assert consequence(name, row, HELD) == text


def test_row_that_may_be_about_some_own_shares_keeps_those_alone_and_is_called_what_it_says() -> None:
    row = replace(unreadable(None), names=("AAPL",), among=frozenset({AAPL}))
    (text,) = exits_wait_for(listed("positions", row), HELD)
    assert text == (
        "positions: a row can't be read (no size, AAPL): the system does not sell AAPL, leaves its stop as it is and "
        "buys nothing there while it is so; look at it at the broker, and sell there what can't wait"
    )
    both = JournalView((), (own(), own(conid=MSFT)))
    said = consequence("positions", replace(row, among=frozenset({AAPL, MSFT})), both)
    assert said.startswith("does not sell AAPL, MSFT, leaves their stops as they are and buys nothing there")

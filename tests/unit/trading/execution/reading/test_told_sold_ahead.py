from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import AAPL, XOM, entry, own
from tests.unit.trading.execution.shares_shown import traded
from trading.execution.reading.told import Told, is_ahead
from trading.model.order import Execution, IntentState, OrderIntent, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition

S = IntentState
ENTRY = entry("E", 1)


def ahead(
    sale: Execution, filled: int | None, record: IntentRecord = ENTRY, position: OwnPosition | None = None
) -> bool:
    """Judge a sale beside an entry whose row shows so many shares filled, None: it is not shown."""
    told = {} if filled is None else {"E": Told(9, filled, 100.0, 101.0)}
    return is_ahead(sale, JournalView((record,), () if position is None else (position,)), told)


@pytest.mark.parametrize(
    ("filled", "held_back"), [(8, False), (9, True), (10, True), (0, False), (-9, False), (None, False)]
)
def test_sale_waits_for_a_purchase_of_as_many_shares_that_a_row_shows(filled: int | None, *, held_back: bool) -> None:
    assert ahead(traded(9), filled) is held_back


@pytest.mark.parametrize(
    ("sold", "held_back"), [(5, False), (6, True), (9, True), (10, False), (0, False), (float("nan"), False)]
)
def test_only_what_is_sold_beyond_own_shares_waits_for_the_rest_of_its_purchase(
    sold: float, *, held_back: bool
) -> None:
    part = replace(ENTRY, filled=5)
    assert ahead(traded(sold), 9, part, own(5)) is held_back


@pytest.mark.parametrize(
    "record",
    [
        replace(ENTRY, filled=9),
        replace(ENTRY, provisional=True),
        replace(ENTRY, state=S.FILLED),
        replace(ENTRY, state=S.CANCELLED),
        entry("E", 1, conid=XOM),
    ],
)
def test_nothing_waits_for_an_entry_that_is_over_or_counted_or_not_proven_or_anothers(record: IntentRecord) -> None:
    assert not ahead(traded(9), 9, record)


def test_purchase_waits_for_nothing() -> None:
    assert not ahead(traded(9, Side.BUY, conid=AAPL), 9)


# ---- over readings


def sold_first(books: OrderBooks) -> tuple[tuple[OrderIntent, ...], Execution]:
    """Let entry and target fill; return the group, and the purchase, which the list does not show."""
    group = books.enter()
    books.read()
    order = books.broker.named(group[0].coid)
    bought = books.broker.fill(order.order_id, 100.0)
    books.broker.fill(books.broker.children(order.order_id)[1].order_id, 105.01)
    books.broker.fills.remove(bought)
    return group, bought


def adjusted(books: OrderBooks) -> list[int]:
    return [row["quantity"] for row in books.rows("SELECT quantity FROM adjustment ORDER BY id")]


def test_target_that_is_told_of_before_its_entry_is_counted_after_it(books: OrderBooks) -> None:
    (entered, _, target), bought = sold_first(books)
    first = books.read()
    assert (first.fills, books.latches(), first.alarms, books.shares()) == (0, set(), [], {})
    assert first.look_again is not None
    books.restart()
    books.read(55)
    assert books.latches() == set()
    books.broker.fills.append(bought)
    found = books.read(1)
    assert (found.fills, books.latches(), found.alarms, books.shares()) == (2, set(), [], {})
    assert adjusted(books) == []
    books.read(5)
    assert books.states(entered.coid, target.coid) == [S.FILLED, S.FILLED]


def test_sale_is_counted_as_it_is_once_its_entry_has_ended_without_its_executions(books: OrderBooks) -> None:
    (entered, _, target), bought = sold_first(books)
    books.read()
    books.read(60)
    assert books.latches() == {"exec_gap"}
    books.read(5)
    assert books.latches() == {"exec_gap", "oversold"}
    books.broker.fills.append(bought)
    books.read(5)
    assert (adjusted(books), books.shares()) == ([9, -9], {})
    assert books.states(entered.coid, target.coid) == [S.FILLED, S.FILLED]

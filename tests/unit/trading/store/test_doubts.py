"""Which executions make no sense, at the bound and a step to either side."""

from __future__ import annotations

import math

import pytest

from tests.fakes.orders import NOW, bracket, fill, market_exit
from trading.model.order import Execution, OrderIntent
from trading.store.database import Database
from trading.store.doubts import doubt_about
from trading.store.journal import SqliteJournal


def doubt(database: Database, execution: Execution, intent: OrderIntent, *, filled: int = 10) -> str:
    (row,) = database.query("SELECT * FROM intent WHERE coid = ?", (intent.coid,))
    position = next(iter(database.query("SELECT * FROM position")), None)
    return doubt_about(row, filled, execution, position)


@pytest.fixture
def orders(journal: SqliteJournal) -> tuple[OrderIntent, OrderIntent, OrderIntent]:
    """An entry of ten shares at 100.01 with its stop and its target at 105.03."""
    intents = bracket(journal.next_coid(), quantity=10)
    journal.plan(intents)
    return intents


@pytest.mark.parametrize(
    ("price", "doubted"),
    [
        (100.01, False), (50.0, False), (105.01, False), (105.02, True), (1e6, True),
        (0.0, True), (-1.0, True), (math.nan, True), (math.inf, True),
    ],
)  # fmt: skip
def test_purchase_far_above_its_limit_or_without_a_price(
    database: Database,
    orders: tuple[OrderIntent, ...],
    price: float,
    doubted: bool,  # noqa: FBT001
) -> None:
    assert bool(doubt(database, fill("e1", orders[0], 10, price), orders[0])) is doubted


@pytest.mark.parametrize(("price", "doubted"), [(99.78, False), (99.77, True), (200.0, False), (0.0, True)])
def test_target_far_below_its_limit(
    database: Database,
    orders: tuple[OrderIntent, ...],
    price: float,
    doubted: bool,  # noqa: FBT001
) -> None:
    assert bool(doubt(database, fill("e1", orders[2], 10, price), orders[2])) is doubted


def test_target_is_judged_by_the_plan_that_a_person_changed(
    database: Database, journal: SqliteJournal, orders: tuple[OrderIntent, ...]
) -> None:
    entry, _, target = orders
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.set_plan(entry.conid, 70.0, 80.0, NOW)
    assert doubt(database, fill("e2", target, 10, 80.0), target) == ""


@pytest.mark.parametrize(("price", "doubted"), [(94.97, False), (20.0, False), (0.01, False), (0.0, True)])
def test_stop_that_gaps_is_no_nonsense(
    database: Database,
    orders: tuple[OrderIntent, ...],
    price: float,
    doubted: bool,  # noqa: FBT001
) -> None:
    assert bool(doubt(database, fill("e1", orders[1], 10, price), orders[1])) is doubted


def test_sale_at_the_market_has_no_limit(database: Database, journal: SqliteJournal) -> None:
    sale = market_exit(journal.next_coid())
    journal.plan([sale])
    assert doubt(database, fill("e1", sale, 10, 1.0), sale) == ""
    assert doubt(database, fill("e1", sale, 10, 0.0), sale) == "it has no price"


@pytest.mark.parametrize(("filled", "expected"), [(9, ""), (10, ""), (11, "11 shares were bought, 10 were ordered")])
def test_more_bought_than_was_ordered(
    database: Database, orders: tuple[OrderIntent, ...], filled: int, expected: str
) -> None:
    assert doubt(database, fill("e1", orders[0], 1, 100.0), orders[0], filled=filled) == expected


def test_fill_that_was_taken_back_is_in_no_doubt(database: Database, orders: tuple[OrderIntent, ...]) -> None:
    assert doubt(database, fill("e1", orders[0], 0, 0.0), orders[0]) == ""

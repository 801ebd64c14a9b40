"""What is special about the store in SQLite; what every store promises is in tests/contracts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.fakes.decisions import decision
from tests.fakes.orders import LATER, NOW, bracket, request
from trading.errors import InvariantBroken
from trading.model.order import BrokerOrder, BrokerStatus, IntentState, OrderType, Side, Tif
from trading.store import records
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database)


ORDER = BrokerOrder(
    order_id=100,
    account_id="DU1234567",
    conid=1,
    symbol="AAPL",
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    tif=Tif.DAY,
    status=BrokerStatus.SUBMITTED,
    total_quantity=10.0,
    filled_quantity=0.0,
    remaining_quantity=10.0,
    limit_price=100.01,
    stop_price=None,
    average_price=None,
    order_ref=None,
    parent_id=None,
    oca_group=None,
)


def orders(database: Database) -> list[tuple[object, ...]]:
    rows = database.query("SELECT order_id, coid, status, filled, limit_price, read_at FROM broker_order ORDER BY 1")
    return [tuple(row) for row in rows]


def test_order_list_equals_what_was_read_last(database: Database, store: SqliteStore) -> None:
    other = replace(ORDER, order_id=7, total_quantity=1.5, order_type=None, tif=None)
    store.record_orders([ORDER, other], NOW)
    store.record_orders([replace(ORDER, filled_quantity=4.0)], LATER)
    assert [(row[0], row[3], row[4]) for row in orders(database)] == [(100, 4.0, 1_000_100)]
    store.record_orders([], LATER)
    assert orders(database) == []


def test_order_that_stayed_as_it_was_keeps_its_time(database: Database, store: SqliteStore) -> None:
    store.record_orders([ORDER], NOW)
    store.record_orders([ORDER], LATER)
    assert [row[5] for row in orders(database)] == ["2014-03-04T14:31:00.000000+00:00"]
    assert store.value("orders_read_at") == "2014-03-06T20:59:00.000000+00:00"


def test_own_order_carries_its_name(database: Database, store: SqliteStore) -> None:
    journal = SqliteJournal(database)
    intents = bracket(journal.next_coid())
    journal.plan(intents)
    journal.about([intents[0].coid], request(), IntentState.SENDING, 1, NOW)
    journal.bind(intents[0].coid, 100, NOW)
    store.record_orders([ORDER, replace(ORDER, order_id=7)], NOW)
    assert [row[1] for row in orders(database)] == [None, intents[0].coid]


def test_denials_of_a_decision_are_rows_to_count(database: Database, store: SqliteStore) -> None:
    store.record_decision(decision(), NOW)
    rows = database.query("SELECT stage, session, symbol, code, value, limit_value FROM denial ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("decision", "2014-03-03", "XOM", "max_positions", 10.0, 10.0),
        ("decision", "2014-03-03", "IBM", "no_stop", None, None),
    ]


def test_latch_is_explained_in_the_mode(store: SqliteStore) -> None:
    store.set_reconciled(reconciled=True, reason="ok", now=NOW)
    store.record_decision(decision(latches={"drawdown_halt": date(2014, 3, 3)}), NOW)
    assert store.mode().reason == "drawdown_halt (drawdown 1.23% on 2014-03-03)"


def test_equity_of_a_session_is_replaced_by_a_later_one(database: Database, store: SqliteStore) -> None:
    store.record_equity(date(2014, 3, 3), 10_000.01, 9_000.0, 1, 0.01)
    store.record_equity(date(2014, 3, 3), 10_000.02, 9_000.0, 1, 0.01)
    rows = database.query("SELECT * FROM equity")
    assert [tuple(row) for row in rows] == [("2014-03-03", 100_000_200, 90_000_000, 1, 0.01)]


def test_equity_that_is_no_number_is_refused(store: SqliteStore) -> None:
    with pytest.raises(InvariantBroken):
        store.record_equity(date(2014, 3, 3), math.nan, 9_000.0, 1, 0.01)


def test_old_cycles_make_room(database: Database, store: SqliteStore) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO cycle (id, at, summary) VALUES (1, 'x', '{}')")
        connection.execute("INSERT INTO cycle (id, at, summary) VALUES (?, 'x', '{}')", (records.KEPT_CYCLES,))
    store.record_cycle({"signals": 2}, "NotSent", NOW)
    rows = database.query("SELECT id, summary, error FROM cycle ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (records.KEPT_CYCLES, "{}", None),
        (records.KEPT_CYCLES + 1, '{"signals":2}', "NotSent"),
    ]

"""What is special about the store in SQLite; what every store promises is in tests/contracts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.fakes.decisions import decision
from tests.fakes.orders import NOW
from trading.errors import InvariantBroken
from trading.store.database import Database
from trading.store.records import SqliteStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database)


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

"""A trading.db of a test's own, with what reads and writes orders in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trading.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, chance=seeded())
    yield database
    database.close()


@pytest.fixture
def journal(database: Database) -> SqliteJournal:
    return SqliteJournal(database)


@pytest.fixture
def commands(database: Database) -> SqliteCommandLog:
    return SqliteCommandLog(database)


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database)

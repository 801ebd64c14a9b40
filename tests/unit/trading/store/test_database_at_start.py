"""What keeps trading.db from being opened: for now, or until a person looks at it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.chance import seeded
from trading.errors import STORAGE, ConfigError, InvariantBroken
from trading.store.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trading.db"


def impatient(*arguments: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 - sqlite3's own
    """Open a connection that waits for nobody."""
    connection: sqlite3.Connection = sqlite3.connect(*arguments, **{**options, "timeout": 0.0})
    return connection


def test_file_that_another_program_holds_may_be_free_at_the_next_start(path: Path) -> None:
    Database(path, chance=seeded()).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InvariantBroken, match="another program holds it") as caught:
        Database(path, connect=impatient)
    assert caught.value.invariant == STORAGE
    holder.close()
    Database(path, connect=impatient).close()


def test_connection_that_cannot_even_be_made_is_no_damage(path: Path) -> None:
    Database(path, chance=seeded()).close()
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN

    def refuse(*_: object, **__: object) -> sqlite3.Connection:
        raise error

    with pytest.raises(InvariantBroken, match="unable to open") as caught:
        Database(path, connect=refuse)
    assert caught.value.invariant == STORAGE


def test_folder_in_the_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ConfigError, match="is a folder: move it away"):
        Database(path)

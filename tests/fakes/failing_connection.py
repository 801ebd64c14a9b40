"""A connection to trading.db that fails on demand, and counts how often somebody waited for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any


def _error(text: str, code: int) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode = code
    return error


BUSY = _error("database is locked", sqlite3.SQLITE_BUSY)
FULL = _error("database or disk is full", sqlite3.SQLITE_FULL)
READ_ONLY = _error("attempt to write a readonly database", sqlite3.SQLITE_READONLY_DBMOVED)
CORRUPT = _error("database disk image is malformed", sqlite3.SQLITE_CORRUPT_INDEX)

# SQLite's number of `PRAGMA synchronous = FULL`.
_FULL = 2


class Disk:
    """Where the file lies: while `failure` is set every transaction fails with it, and readings go on.

    `waits` counts the commits that wrote something and returned only when the disk had it.
    """

    def __init__(self) -> None:
        self.failure: sqlite3.Error | None = None
        self.waits = 0

    def connect(self) -> Callable[..., sqlite3.Connection]:
        """Return what stands in for `sqlite3.connect`."""
        return partial(sqlite3.connect, factory=partial(_Connection, self))


class _Connection(sqlite3.Connection):
    def __init__(self, disk: Disk, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (sqlite3's own)
        super().__init__(*arguments, **options)
        self._disk = disk
        self._durable = True
        self._before = 0

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401
        if sql.startswith("BEGIN") and self._disk.failure is not None:
            raise self._disk.failure
        if sql.startswith("BEGIN"):
            self._before = self.total_changes
        if sql == "COMMIT" and self._durable and self.total_changes > self._before:
            self._disk.waits += 1
        cursor = super().execute(sql, parameters)
        if sql.startswith("PRAGMA synchronous = "):
            self._durable = super().execute("PRAGMA synchronous").fetchone()[0] == _FULL
        return cursor

"""A connection to trading.db that fails on demand."""

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


class Disk:
    """Where the file lies: while `failure` is set every transaction fails with it, and readings go on."""

    def __init__(self) -> None:
        self.failure: sqlite3.Error | None = None

    def connect(self) -> Callable[..., sqlite3.Connection]:
        """Return what stands in for `sqlite3.connect`."""
        return partial(sqlite3.connect, factory=partial(_Connection, self))


class _Connection(sqlite3.Connection):
    def __init__(self, disk: Disk, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (sqlite3's own)
        super().__init__(*arguments, **options)
        self._disk = disk

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401
        if sql.startswith("BEGIN") and self._disk.failure is not None:
            raise self._disk.failure
        return super().execute(sql, parameters)

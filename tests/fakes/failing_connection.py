"""A connection to trading.db that fails on demand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

BUSY = sqlite3.OperationalError("database is locked")
FULL = sqlite3.OperationalError("database or disk is full")
READ_ONLY = sqlite3.OperationalError("attempt to write a readonly database")
CORRUPT = sqlite3.DatabaseError("database disk image is malformed")


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

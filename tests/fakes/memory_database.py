"""A trading.db that is nowhere on disk."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from pathlib import Path

from trading.store.database import Database
from trading.store.migrations import SCHEMA


class MemoryDatabase(Database):
    """The tables without the file: no lock, no commit that lasts."""

    def __init__(self) -> None:
        self.path = Path(":memory:")
        self._guard = threading.RLock()
        self._lock = None
        self._on_commit = None
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        weakref.finalize(self, self._connection.close)
        self._connection.executescript(SCHEMA.read_text(encoding="utf-8"))

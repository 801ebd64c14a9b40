"""What a person has to know: alerts that are so now, and those that were."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from trading.model.alert import Alert
from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import time_or_none


class AlertReader:
    """Questions about alerts."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read through an open transaction."""
        self._transaction = transaction

    def present(self) -> tuple[Alert, ...]:
        """Return what is so now, oldest first."""
        rows = self._transaction.rows("SELECT * FROM alert WHERE over_at IS NULL ORDER BY id")
        return tuple(alert_of(row) for row in rows)

    def all(self, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[Alert, ...]:
        """Return what is so and what was, newest first."""
        rows = self._transaction.rows("SELECT * FROM alert ORDER BY id DESC LIMIT ? OFFSET ?", limit, offset)
        return tuple(alert_of(row) for row in rows)


def alert_of(row: sqlite3.Row) -> Alert:
    """Return a row of the table `alert`."""
    return Alert(
        code=row["code"],
        subject=row["subject"],
        text=row["text"],
        since=datetime.fromisoformat(row["since"]),
        told_at=time_or_none(row["told_at"]),
        over_at=time_or_none(row["over_at"]),
        times=row["times"],
    )

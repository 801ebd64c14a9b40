"""Readings that speak for something that can't be seen, kept so that a restart doesn't begin to count anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from trading.ports import Sighting
from trading.store.database import Database
from trading.store.units import utc_text


class SqliteEvidence:
    """`trading.ports.Evidence` over trading.db."""

    def __init__(self, database: Database) -> None:
        """Write into `database`, which stays the caller's to close."""
        self._database = database

    def record(self, subject: str, evidence: str, now: datetime) -> None:
        """Keep one reading's evidence about a subject."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO proof (subject, evidence, at) VALUES (?, ?, ?)", (subject, evidence, utc_text(now))
            )

    def of(self, subject: str) -> tuple[Sighting, ...]:
        """Return the evidence about a subject, oldest first."""
        rows = self._database.query("SELECT evidence, at FROM proof WHERE subject = ? ORDER BY id", (subject,))
        return tuple(Sighting(row["evidence"], datetime.fromisoformat(row["at"])) for row in rows)

    def subjects(self) -> frozenset[str]:
        """Return what there is evidence about."""
        return frozenset(str(row["subject"]) for row in self._database.query("SELECT DISTINCT subject FROM proof"))

    def forget(self, subjects: Collection[str]) -> None:
        """Drop the evidence about subjects: it is proven, or the contrary has been seen."""
        if not subjects:
            return
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM proof WHERE subject = ?", ((subject,) for subject in subjects))

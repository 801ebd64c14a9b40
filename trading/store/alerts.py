"""Alerts with a memory: each is told once while it lasts, over restarts too, and says on the pages since when.

What comes and goes is one alert: an order list that lacks other rows each time would tell a person hundreds of times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime

from trading.errors import InvariantBroken
from trading.model.alert import GOES_ON_WITHIN, Alert
from trading.ports import Notifier
from trading.store.database import Database
from trading.store.readers.alerts import alert_of
from trading.store.units import utc_text


class SqliteAlerts:
    """`trading.ports.Alerts` over trading.db. Where that can't be written, a person is told all the same."""

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        unstored: Callable[[str, str], object] = lambda _code, _text: None,
    ) -> None:
        """Keep alerts in `database`, which stays the caller's to close, and tell people through `notifier`.

        `unstored` is given what can't be kept, so that whoever tells people by what is kept does not miss it.
        """
        self._database = database
        self._notifier = notifier
        self._unstored = unstored

    def present(self, code: str, subject: str, text: str, now: datetime, *, again_after_s: float | None = None) -> None:
        """Tell that something is so, once while it lasts, or again each time that `again_after_s` have passed."""
        try:
            self._present(code, subject, text, now, again_after_s)
        except InvariantBroken:
            self._notifier.alert(code, text)
            self._unstored(code, text)

    def over(self, code: str, keep_subjects: Collection[str], now: datetime) -> None:
        """End the alerts of a code but those of `keep_subjects`; what comes back a while later is told anew."""
        try:
            rows = self._database.query("SELECT id, subject FROM alert WHERE code = ? AND over_at IS NULL", (code,))
            gone = [(utc_text(now), row["id"]) for row in rows if row["subject"] not in keep_subjects]
            if not gone:
                return
            with self._database.transaction() as connection:
                connection.executemany("UPDATE alert SET over_at = ? WHERE id = ?", gone)
        except InvariantBroken:
            # The next turn ends them.
            return

    def _present(self, code: str, subject: str, text: str, now: datetime, again_after_s: float | None) -> None:
        rows = self._database.query(
            "SELECT * FROM alert WHERE code = ? AND subject = ? AND over_at IS NULL", (code, subject)
        )
        known = alert_of(rows[0]) if rows else self._gone_on(code, subject, text, now)
        if known is None or known.text != text:
            with self._database.transaction() as connection:
                _write(connection, code, subject, text, utc_text(now), known=known is not None)
        if known is None or known.told_at is None or _due(known.told_at, now, again_after_s):
            # Rather told twice, after a crash between the two, than not at all.
            self._notifier.alert(code, text)
            with self._database.transaction() as connection:
                connection.execute(
                    "UPDATE alert SET told_at = ?, times = times + 1 WHERE code = ? AND subject = ?"
                    " AND over_at IS NULL",
                    (utc_text(now), code, subject),
                )

    def _gone_on(self, code: str, subject: str, text: str, now: datetime) -> Alert | None:
        """Let the alert with these words go on that was over a moment ago; return it, None where there is none."""
        rows = self._database.query(
            "SELECT * FROM alert WHERE code = ? AND subject = ? AND text = ? AND over_at >= ? ORDER BY id DESC LIMIT 1",
            (code, subject, text, utc_text(now - GOES_ON_WITHIN)),
        )
        if not rows:
            return None
        with self._database.transaction() as connection:
            connection.execute("UPDATE alert SET over_at = NULL WHERE id = ?", (rows[0]["id"],))
        return alert_of(rows[0])


def _write(connection: sqlite3.Connection, code: str, subject: str, text: str, at: str, *, known: bool) -> None:
    """Store an alert, or the words that it has now."""
    if known:
        connection.execute(
            "UPDATE alert SET text = ? WHERE code = ? AND subject = ? AND over_at IS NULL", (text, code, subject)
        )
    else:
        connection.execute(
            "INSERT INTO alert (code, subject, text, since) VALUES (?, ?, ?, ?)", (code, subject, text, at)
        )


def _due(told_at: datetime, now: datetime, again_after_s: float | None) -> bool:
    return again_after_s is not None and (now - told_at).total_seconds() >= again_after_s

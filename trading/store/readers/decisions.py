"""Decisions with their verdicts, and what our own limits refused."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from trading.model.decision import Decision, Denied
from trading.model.status import StatusKey
from trading.store.decision_text import decode_decision
from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """A decision, when it was taken, and how many symbols it judged."""

    decision: Decision
    at: datetime
    judged: int


_DECISION = """
SELECT *, (SELECT count(*) FROM verdict WHERE verdict.session = decision.session) AS judged
FROM decision WHERE ?1 IS NULL OR session = ?1 ORDER BY session DESC LIMIT 1
"""


class DecisionReader:
    """Reads decisions."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read in `transaction`."""
        self._transaction = transaction

    def sessions(self, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[date, ...]:
        """Return the sessions that were decided, newest first."""
        rows = self._transaction.rows(
            "SELECT session FROM decision ORDER BY session DESC LIMIT ? OFFSET ?", limit, offset
        )
        return tuple(date.fromisoformat(row["session"]) for row in rows)

    def of(self, session: date | None = None) -> DecisionEntry | None:
        """Return the decision of one session, or the newest, with all its verdicts."""
        return self._entry(
            "SELECT body FROM verdict WHERE session = ? ORDER BY rank",
            session=None if session is None else session.isoformat(),
        )

    def newest_on(self, symbol: str) -> DecisionEntry | None:
        """Return the newest decision with the verdict on one symbol alone, where there is one."""
        return self._entry("SELECT body FROM verdict WHERE session = ? AND symbol = ?", symbol)

    def newest_outcome(self) -> DecisionEntry | None:
        """Return the newest decision without its verdicts."""
        return self._entry(None)

    def denials_of(
        self, symbol: str, *, limit: int = WITHOUT_LIMIT, offset: int = 0
    ) -> tuple[tuple[date, Denied], ...]:
        """Return when and why a limit of ours refused a symbol, oldest first."""
        rows = self._transaction.rows(
            "SELECT * FROM denial WHERE symbol = ? ORDER BY session, id LIMIT ? OFFSET ?", symbol, limit, offset
        )
        return tuple((date.fromisoformat(row["session"]), _denied(row)) for row in rows)

    def waiting(self) -> tuple[Denied, ...]:
        """Return what orders wait for, by symbol, as of the last turn."""
        rows = self._transaction.rows("SELECT value FROM fact WHERE key = ?", StatusKey.WAITING)
        try:
            return msgspec.json.decode(rows[0]["value"], type=tuple[Denied, ...]) if rows else ()
        except msgspec.MsgspecError:
            return ()

    def denial_counts(self) -> dict[str, int]:
        """Return how often each limit refused something, by its code."""
        rows = self._transaction.rows("SELECT code, count(*) AS times FROM denial GROUP BY code ORDER BY code")
        return {row["code"]: row["times"] for row in rows}

    def _entry(self, verdicts_sql: str | None, *values: object, session: str | None = None) -> DecisionEntry | None:
        rows = self._transaction.rows(_DECISION, session)
        if not rows:
            return None
        row = rows[0]
        verdicts = () if verdicts_sql is None else self._transaction.rows(verdicts_sql, row["session"], *values)
        decision = decode_decision(row["body"], (verdict["body"] for verdict in verdicts))
        return DecisionEntry(decision, datetime.fromisoformat(row["at"]), row["judged"])


def _denied(row: sqlite3.Row) -> Denied:
    return Denied(row["symbol"], row["code"], row["value"], row["limit_value"], row["detail"])

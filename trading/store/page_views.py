"""What only the dashboard asks of trading.db, on top of `views`: earlier decisions, bars, fills, an order's story."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

from trading.model.decision import Decision, Denied
from trading.store.records import decode_decision
from trading.store.units import from_units
from trading.store.views import Views


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """A decision and when it was taken."""

    decision: Decision
    at: datetime


@dataclass(frozen=True, slots=True)
class FillLine:
    """One execution of ours that counts."""

    symbol: str
    side: str
    role: str
    quantity: int
    price: float
    session: date
    at: datetime


@dataclass(frozen=True, slots=True)
class BarLine:
    """One daily bar."""

    session: date
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One edge that an order took."""

    role: str
    state: str
    detail: str
    at: datetime


class PageViews(Views):
    """The dashboard's questions; like its base it is empty before there is a file."""

    def decision_sessions(self) -> tuple[date, ...]:
        """Return the sessions that were decided, newest first."""
        rows = self._rows("SELECT session FROM decision ORDER BY session DESC")
        return tuple(date.fromisoformat(row["session"]) for row in rows)

    def decision(self, session: date | None = None) -> DecisionEntry | None:
        """Return the decision of one session with all its verdicts, or the newest."""
        wanted = None if session is None else session.isoformat()
        rows = self._rows(
            "SELECT * FROM decision WHERE ?1 IS NULL OR session = ?1 ORDER BY session DESC LIMIT 1", wanted
        )
        if not rows:
            return None
        verdicts = self._rows("SELECT body FROM verdict WHERE session = ? ORDER BY rank", rows[0]["session"])
        decision = decode_decision(rows[0]["body"], (row["body"] for row in verdicts))
        return DecisionEntry(decision, datetime.fromisoformat(rows[0]["at"]))

    def denials_of(self, symbol: str) -> tuple[tuple[date, Denied], ...]:
        """Return when and why a limit of ours refused a symbol, oldest first."""
        rows = self._rows("SELECT * FROM denial WHERE symbol = ? ORDER BY session, id", symbol)
        return tuple((date.fromisoformat(row["session"]), _denied(row)) for row in rows)

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols with bars, A-Z."""
        return tuple(row["symbol"] for row in self._rows("SELECT DISTINCT symbol FROM bar ORDER BY symbol"))

    def bars_of(self, symbol: str) -> tuple[BarLine, ...]:
        """Return the bars kept for a symbol, oldest first."""
        rows = self._rows("SELECT * FROM bar WHERE symbol = ? ORDER BY session", symbol)
        return tuple(
            BarLine(
                session=date.fromisoformat(row["session"]),
                open=row["open"],
                high=row["high"],
                low=row["low"],
                close=row["close"],
                volume=row["volume"],
            )
            for row in rows
        )

    def fills_of(self, symbol: str) -> tuple[FillLine, ...]:
        """Return the executions of a symbol, newest first; one that the broker corrected later is left out."""
        rows = self._rows(
            "SELECT execution.*, intent.role FROM execution JOIN intent USING (coid)"
            " WHERE execution.symbol = ? AND corrected_by IS NULL ORDER BY execution.at DESC, execution_id",
            symbol,
        )
        return tuple(
            FillLine(
                symbol=row["symbol"],
                side=row["side"],
                role=row["role"],
                quantity=row["quantity"],
                price=from_units(row["price"]),
                session=date.fromisoformat(row["session"]),
                at=datetime.fromisoformat(row["at"]),
            )
            for row in rows
        )

    def story_of(self, symbol: str, limit: int = 30) -> tuple[StoryLine, ...]:
        """Return what happened to the orders of a symbol, newest first."""
        rows = self._rows(
            "SELECT intent.role, intent_log.* FROM intent_log JOIN intent USING (coid)"
            " WHERE intent.symbol = ? ORDER BY intent_log.id DESC LIMIT ?",
            symbol,
            limit,
        )
        return tuple(
            StoryLine(row["role"], row["state"], row["detail"], datetime.fromisoformat(row["at"])) for row in rows
        )


def _denied(row: sqlite3.Row) -> Denied:
    return Denied(row["symbol"], row["code"], row["value"], row["limit_value"], row["detail"])

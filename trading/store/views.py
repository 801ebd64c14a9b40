"""Typed questions to trading.db for people: read-only, while the trader writes, and before there is a file at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

from trading.errors import DataError
from trading.model.decision import Decision, SymbolVerdict
from trading.model.mode import FlattenGoal, Halt, ModeState
from trading.store import modes
from trading.store.database import BUSY_TIMEOUT_MS
from trading.store.halts import HALTING, NEWEST_GOAL, STANDING, goal_of, halt_of
from trading.store.records import decode_decision
from trading.store.units import from_units, from_units_or_none


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Equity and cash in USD at the close of a session; `drawdown` is a fraction of the peak."""

    session: date
    equity: float
    cash: float
    positions: int
    drawdown: float


@dataclass(frozen=True, slots=True)
class PositionLine:
    """An own position; `covered` are the shares that its stop would sell, `last_close` is the newest bar's."""

    conid: int
    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    stop_price: float
    target_price: float
    covered: int
    last_close: float | None


@dataclass(frozen=True, slots=True)
class IntentLine:
    """An order of ours, with where it stands and since when."""

    coid: str
    role: str
    symbol: str
    side: str
    order_type: str
    quantity: int
    filled: int
    limit_price: float | None
    stop_price: float | None
    session: date
    state: str
    detail: str
    order_id: int | None
    frozen: bool
    changed: datetime


@dataclass(frozen=True, slots=True)
class TradeLine:
    """A closed trade, as in trades.csv."""

    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    exit_session: date
    exit_price: float
    exit_reason: str
    commission: float
    pnl: float


@dataclass(frozen=True, slots=True)
class CycleLine:
    """One cycle of the loop: its counts and durations by name, and its error."""

    at: datetime
    summary: Mapping[str, object]
    error: str | None


class Views:
    """Questions to one database; each opens it anew, so threads share the object and a replaced file is no surprise."""

    def __init__(self, path: Path) -> None:
        """Look at `path`, which need not be there yet: then every answer is empty."""
        self._path = path

    def facts(self) -> dict[str, str]:
        """Return the small facts: session state, account, kind of gateway and so on."""
        return {row["key"]: row["value"] for row in self._rows("SELECT key, value FROM fact")}

    def mode(self) -> ModeState | None:
        """Return the mode with its reason, None before the trading process has ever run."""
        if not self._path.exists():
            return None
        halts = tuple(halt_of(row) for row in self._rows(HALTING))
        return modes.mode_of(self._rows(modes.LAST_ENTRIES), halts)

    def standing_halts(self) -> tuple[Halt, ...]:
        """Return the halts that halt or whose facts hold on, oldest first."""
        return tuple(halt_of(row) for row in self._rows(STANDING))

    def flatten_goal(self) -> FlattenGoal | None:
        """Return the newest flatten, which may be over; None before the first."""
        rows = self._rows(NEWEST_GOAL)
        return goal_of(rows[0]) if rows else None

    def equity(self, limit: int = -1) -> tuple[EquityPoint, ...]:
        """Return the last points of the equity curve, oldest first; all of them without a limit."""
        rows = self._rows("SELECT * FROM (SELECT * FROM equity ORDER BY session DESC LIMIT ?) ORDER BY session", limit)
        return tuple(
            EquityPoint(
                session=date.fromisoformat(row["session"]),
                equity=from_units(row["equity"]),
                cash=from_units(row["cash"]),
                positions=row["positions"],
                drawdown=row["drawdown"],
            )
            for row in rows
        )

    def positions(self) -> tuple[PositionLine, ...]:
        """Return own positions by symbol, each with how many of its shares a working stop covers."""
        rows = self._rows(
            "SELECT position.*,"
            " (SELECT coalesce(sum(quantity - filled), 0) FROM intent WHERE intent.conid = position.conid"
            "  AND role = 'stop' AND state = 'WORKING') AS covered,"
            " (SELECT close FROM bar WHERE bar.symbol = position.symbol ORDER BY session DESC LIMIT 1) AS last_close"
            " FROM position ORDER BY symbol"
        )
        return tuple(
            PositionLine(
                conid=row["conid"],
                symbol=row["symbol"],
                quantity=row["quantity"],
                entry_session=date.fromisoformat(row["entry_session"]),
                entry_price=from_units(row["entry_price"]),
                stop_price=from_units(row["stop_price"]),
                target_price=from_units(row["target_price"]),
                covered=min(row["covered"], row["quantity"]),
                last_close=row["last_close"],
            )
            for row in rows
        )

    def open_orders(self) -> tuple[IntentLine, ...]:
        """Return orders of ours that are planned, on their way, not proven or working, oldest first."""
        rows = self._rows(
            "SELECT * FROM intent WHERE state IN"
            " ('PLANNED', 'SENDING', 'QUESTIONED', 'REPLYING', 'UNKNOWN', 'WORKING') ORDER BY seq"
        )
        return tuple(_intent(row) for row in rows)

    def trades(self, *, limit: int = -1, offset: int = 0) -> tuple[TradeLine, ...]:
        """Return a page of closed trades, newest first."""
        rows = self._rows("SELECT * FROM trade ORDER BY exit_session DESC, symbol LIMIT ? OFFSET ?", limit, offset)
        return tuple(
            TradeLine(
                symbol=row["symbol"],
                quantity=row["quantity"],
                entry_session=date.fromisoformat(row["entry_session"]),
                entry_price=from_units(row["entry_price"]),
                exit_session=date.fromisoformat(row["exit_session"]),
                exit_price=from_units(row["exit_price"]),
                exit_reason=row["exit_reason"],
                commission=from_units(row["commission"]),
                pnl=from_units(row["pnl"]),
            )
            for row in rows
        )

    def last_decision(self) -> Decision | None:
        """Return the newest decision with all its verdicts."""
        rows = self._rows("SELECT session, body FROM decision ORDER BY session DESC LIMIT 1")
        if not rows:
            return None
        verdicts = self._rows("SELECT body FROM verdict WHERE session = ? ORDER BY rank", rows[0]["session"])
        return decode_decision(rows[0]["body"], (row["body"] for row in verdicts))

    def verdicts_of(self, symbol: str, limit: int = 60) -> tuple[tuple[date, SymbolVerdict], ...]:
        """Return what the last decisions found for one symbol, newest first."""
        rows = self._rows(
            "SELECT session, body FROM verdict WHERE symbol = ? ORDER BY session DESC LIMIT ?", symbol, limit
        )
        return tuple(
            (date.fromisoformat(row["session"]), msgspec.json.decode(row["body"], type=SymbolVerdict)) for row in rows
        )

    def cycles(self, limit: int = 50) -> tuple[CycleLine, ...]:
        """Return the newest cycles, newest first."""
        rows = self._rows("SELECT * FROM cycle ORDER BY id DESC LIMIT ?", limit)
        return tuple(CycleLine(_time(row["at"]), msgspec.json.decode(row["summary"]), row["error"]) for row in rows)

    def denial_counts(self) -> dict[str, int]:
        """Return how often each limit refused something, by its code."""
        rows = self._rows("SELECT code, count(*) AS times FROM denial GROUP BY code ORDER BY code")
        return {row["code"]: row["times"] for row in rows}

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return rows; none while there is no file.

        Raises: DataError, the file is there and can't be read.
        """
        if not self._path.exists():
            return []
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
                connection.row_factory = sqlite3.Row
                rows: list[sqlite3.Row] = connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise DataError(str(self._path), f"can't be read ({error})") from error
        return rows


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _intent(row: sqlite3.Row) -> IntentLine:
    return IntentLine(
        coid=row["coid"],
        role=row["role"],
        symbol=row["symbol"],
        side=row["side"],
        order_type=row["order_type"],
        quantity=row["quantity"],
        filled=row["filled"],
        limit_price=from_units_or_none(row["limit_price"]),
        stop_price=from_units_or_none(row["stop_price"]),
        session=date.fromisoformat(row["session"]),
        state=row["state"],
        detail=row["detail"],
        order_id=row["order_id"],
        frozen=row["frozen_at"] is not None,
        changed=_time(row["changed"]),
    )

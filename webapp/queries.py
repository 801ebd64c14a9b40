"""What the pages read from `trading.db`: typed rows, read-only, one connection a request."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType

from trading.model.decision import Decision, Denied
from trading.model.mode import ModeState
from trading.store import modes
from trading.store.records import decode_decision

_MONEY_SCALE = 10_000
_BUSY_TIMEOUT_S = 2.0
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Equity at the close of a session; `drawdown` is a fraction of the peak."""

    session: date
    equity: float
    cash: float
    positions: int
    drawdown: float


@dataclass(frozen=True, slots=True)
class PositionRow:
    """An own position; `protected` counts the shares that a working stop covers."""

    symbol: str
    conid: int
    quantity: int
    entry_session: date
    entry_price: float
    stop_price: float
    target_price: float
    protected: int
    last_price: float | None
    last_session: date | None
    exit_pending: bool


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order that is, or may be, on the broker's book."""

    coid: str
    parent_coid: str | None
    role: str
    symbol: str
    side: str
    order_type: str
    tif: str
    quantity: int
    filled: int
    limit_price: float | None
    stop_price: float | None
    session: date
    state: str
    detail: str
    changed: datetime


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A closed trade."""

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
class TradeTotals:
    """Sums over all closed trades."""

    count: int
    won: int
    pnl: float
    commission: float


@dataclass(frozen=True, slots=True)
class FillRow:
    """One execution of ours."""

    symbol: str
    side: str
    quantity: int
    price: float
    session: date
    at: datetime
    role: str


@dataclass(frozen=True, slots=True)
class BarRow:
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

    symbol: str
    role: str
    state: str
    detail: str
    at: datetime


class Reader:
    """An open, read-only view of the trading database; use it with `with`."""

    def __init__(self, path: Path) -> None:
        """Open the database.

        Raises: sqlite3.OperationalError, there is none (see `open_reader`).
        """
        uri = f"{path.absolute().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA query_only = 1")

    def __enter__(self) -> Reader:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def facts(self) -> Mapping[str, str]:
        """Return the small facts that the trading process keeps."""
        return {row["key"]: row["value"] for row in self._all("SELECT key, value FROM fact")}

    def mode(self) -> ModeState:
        """Return the strictest of the three persisted facts."""
        rows = {row["fact"]: row for row in self._all(modes.LAST_ENTRIES)}
        return modes.mode_of(rows, _NEVER)

    def equity(self) -> tuple[EquityPoint, ...]:
        """Return the whole equity curve, oldest first."""
        rows = self._all("SELECT * FROM equity ORDER BY session")
        return tuple(
            EquityPoint(_day(r["session"]), _money(r["equity"]), _money(r["cash"]), r["positions"], r["drawdown"])
            for r in rows
        )

    def positions(self) -> tuple[PositionRow, ...]:
        """Return own positions by symbol."""
        rows = self._all(
            """
            SELECT p.*,
                (SELECT total(i.quantity - i.filled) FROM intent i
                  WHERE i.conid = p.conid AND i.role = 'stop' AND i.state = 'WORKING') AS protected,
                EXISTS (SELECT 1 FROM intent i WHERE i.conid = p.conid AND i.role = 'exit'
                  AND i.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED', 'DECLINED', 'LOST', 'DENIED'))
                  AS exit_pending,
                (SELECT b.close FROM bar b WHERE b.symbol = p.symbol ORDER BY b.session DESC LIMIT 1) AS last_price,
                (SELECT max(b.session) FROM bar b WHERE b.symbol = p.symbol) AS last_session
            FROM position p ORDER BY p.symbol
            """
        )
        return tuple(
            PositionRow(
                symbol=r["symbol"],
                conid=r["conid"],
                quantity=r["quantity"],
                entry_session=_day(r["entry_session"]),
                entry_price=_money(r["entry_price"]),
                stop_price=_money(r["stop_price"]),
                target_price=_money(r["target_price"]),
                protected=int(r["protected"]),
                last_price=r["last_price"],
                last_session=None if r["last_session"] is None else _day(r["last_session"]),
                exit_pending=bool(r["exit_pending"]),
            )
            for r in rows
        )

    def live_orders(self) -> tuple[OrderRow, ...]:
        """Return orders that wait, work, or whose outcome is not proven: entries and exits first, then children."""
        rows = self._all(
            """
            SELECT * FROM intent
            WHERE state IN ('PLANNED', 'SENDING', 'QUESTIONED', 'REPLYING', 'UNKNOWN', 'WORKING')
            ORDER BY role IN ('stop', 'target'), symbol, role
            """
        )
        return tuple(_order(row) for row in rows)

    def trades(self, *, symbol: str | None = None, limit: int = -1) -> tuple[TradeRow, ...]:
        """Return closed trades, newest first."""
        rows = self._all(
            "SELECT * FROM trade WHERE ?1 IS NULL OR symbol = ?1 ORDER BY exit_session DESC, symbol LIMIT ?2",
            symbol,
            limit,
        )
        return tuple(
            TradeRow(
                symbol=r["symbol"],
                quantity=r["quantity"],
                entry_session=_day(r["entry_session"]),
                entry_price=_money(r["entry_price"]),
                exit_session=_day(r["exit_session"]),
                exit_price=_money(r["exit_price"]),
                exit_reason=r["exit_reason"],
                commission=_money(r["commission"]),
                pnl=_money(r["pnl"]),
            )
            for r in rows
        )

    def trade_totals(self) -> TradeTotals:
        """Return the sums over all closed trades."""
        (row,) = self._all(
            "SELECT count(*) AS n, total(pnl > 0) AS won, total(pnl) AS pnl, total(commission) AS commission FROM trade"
        )
        return TradeTotals(row["n"], int(row["won"]), _money(row["pnl"]), _money(row["commission"]))

    def decision_sessions(self) -> tuple[date, ...]:
        """Return the sessions that were decided, newest first."""
        return tuple(_day(row["session"]) for row in self._all("SELECT session FROM decision ORDER BY session DESC"))

    def decision(self, session: date | None = None) -> tuple[Decision, datetime] | None:
        """Return a decision and when it was taken: the newest, or that of one session."""
        wanted = None if session is None else session.isoformat()
        rows = self._all(
            "SELECT * FROM decision WHERE ?1 IS NULL OR session = ?1 ORDER BY session DESC LIMIT 1", wanted
        )
        if not rows:
            return None
        verdicts = self._all("SELECT body FROM verdict WHERE session = ? ORDER BY rank", rows[0]["session"])
        return decode_decision(rows[0]["body"], (row["body"] for row in verdicts)), _time(rows[0]["at"])

    def denials(self, symbol: str) -> tuple[tuple[date, Denied], ...]:
        """Return when and why a limit of ours refused a symbol, oldest first."""
        rows = self._all("SELECT * FROM denial WHERE symbol = ? ORDER BY session, id", symbol)
        return tuple((_day(r["session"]), Denied(symbol, r["code"], r["value"], r["limit_value"])) for r in rows)

    def bars(self, symbol: str) -> tuple[BarRow, ...]:
        """Return the bars kept for a symbol, oldest first."""
        rows = self._all("SELECT * FROM bar WHERE symbol = ? ORDER BY session", symbol)
        return tuple(BarRow(_day(r["session"]), r["open"], r["high"], r["low"], r["close"], r["volume"]) for r in rows)

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols with bars, A-Z."""
        return tuple(row["symbol"] for row in self._all("SELECT DISTINCT symbol FROM bar ORDER BY symbol"))

    def fills(self, *, symbol: str | None = None, limit: int = -1) -> tuple[FillRow, ...]:
        """Return executions, newest first."""
        rows = self._all(
            """
            SELECT e.*, i.role FROM execution e JOIN intent i USING (coid)
            WHERE ?1 IS NULL OR e.symbol = ?1 ORDER BY e.at DESC, e.execution_id LIMIT ?2
            """,
            symbol,
            limit,
        )
        return tuple(
            FillRow(
                symbol=r["symbol"],
                side=r["side"],
                quantity=r["quantity"],
                price=_money(r["price"]),
                session=_day(r["session"]),
                at=_time(r["at"]),
                role=r["role"],
            )
            for r in rows
        )

    def story(self, symbol: str, limit: int) -> tuple[StoryLine, ...]:
        """Return what happened to the orders of a symbol, newest first."""
        rows = self._all(
            """
            SELECT i.symbol, i.role, l.state, l.detail, l.at FROM intent_log l JOIN intent i USING (coid)
            WHERE i.symbol = ? ORDER BY l.id DESC LIMIT ?
            """,
            symbol,
            limit,
        )
        return tuple(StoryLine(r["symbol"], r["role"], r["state"], r["detail"], _time(r["at"])) for r in rows)

    def last_error(self) -> tuple[str, datetime] | None:
        """Return the error of the newest cycle, None when that one went well."""
        rows = self._all("SELECT error, at FROM cycle ORDER BY id DESC LIMIT 1")
        if not rows or rows[0]["error"] is None:
            return None
        return rows[0]["error"], _time(rows[0]["at"])

    def _all(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with closing(self._connection.execute(statement, values)) as cursor:
            return cursor.fetchall()


def open_reader(path: Path) -> Reader | None:
    """Return a reader, or None while the trading process has not made its database yet."""
    if not path.is_file():
        return None
    reader = Reader(path)
    with closing(reader._connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'cycle'")) as cursor:
        complete = cursor.fetchone()[0] == 1
    if complete:
        return reader
    reader._connection.close()
    return None


def _money(stored: float) -> float:
    return stored / _MONEY_SCALE


def _money_or_none(stored: int | None) -> float | None:
    return None if stored is None else _money(stored)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _order(row: sqlite3.Row) -> OrderRow:
    return OrderRow(
        coid=row["coid"],
        parent_coid=row["parent_coid"],
        role=row["role"],
        symbol=row["symbol"],
        side=row["side"],
        order_type=row["order_type"],
        tif=row["tif"],
        quantity=row["quantity"],
        filled=row["filled"],
        limit_price=_money_or_none(row["limit_price"]),
        stop_price=_money_or_none(row["stop_price"]),
        session=_day(row["session"]),
        state=row["state"],
        detail=row["detail"],
        changed=_time(row["changed"]),
    )

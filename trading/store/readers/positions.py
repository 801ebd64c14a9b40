"""Own positions now, and those that were closed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date

from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import from_units


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
class TradeLine:
    """A closed trade, as in trades.csv; `doubt` says why its result counts nowhere, empty for one that does."""

    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    exit_session: date
    exit_price: float
    exit_reason: str
    commission: float
    pnl: float
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class TradeTotals:
    """Sums over closed trades; `doubted` are left out of them, because an execution of theirs makes no sense."""

    count: int
    won: int
    pnl: float
    commission: float
    doubted: int = 0


_POSITIONS = """
SELECT position.*,
    (SELECT coalesce(sum(quantity - filled), 0) FROM intent
     WHERE intent.conid = position.conid AND role = 'stop' AND state = 'WORKING') AS covered,
    (SELECT close FROM bar WHERE bar.symbol = position.symbol ORDER BY session DESC LIMIT 1) AS last_close
FROM position WHERE ?1 IS NULL OR symbol = ?1 ORDER BY symbol LIMIT ?2 OFFSET ?3
"""
_TRADES = """
SELECT * FROM trade WHERE ?1 IS NULL OR symbol = ?1 ORDER BY exit_session DESC, symbol LIMIT ?2 OFFSET ?3
"""
_TOTALS = """
SELECT count(*) FILTER (WHERE doubt = '') AS count, coalesce(sum(pnl > 0) FILTER (WHERE doubt = ''), 0) AS won,
    coalesce(sum(pnl) FILTER (WHERE doubt = ''), 0) AS pnl,
    coalesce(sum(commission) FILTER (WHERE doubt = ''), 0) AS commission, coalesce(sum(doubt <> ''), 0) AS doubted
FROM trade WHERE ?1 IS NULL OR symbol = ?1
"""


class PositionReader:
    """Reads positions and trades; with a `symbol` those of that one alone."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read in `transaction`."""
        self._transaction = transaction

    def open(
        self, symbol: str | None = None, *, limit: int = WITHOUT_LIMIT, offset: int = 0
    ) -> tuple[PositionLine, ...]:
        """Return own positions by symbol, each with how many of its shares a working stop covers."""
        return tuple(_position(row) for row in self._transaction.rows(_POSITIONS, symbol, limit, offset))

    def trades(
        self, symbol: str | None = None, *, limit: int = WITHOUT_LIMIT, offset: int = 0
    ) -> tuple[TradeLine, ...]:
        """Return closed trades, newest first."""
        return tuple(_trade(row) for row in self._transaction.rows(_TRADES, symbol, limit, offset))

    def trade_totals(self, symbol: str | None = None) -> TradeTotals:
        """Return the sums over all closed trades."""
        rows = self._transaction.rows(_TOTALS, symbol)
        if not rows:
            return TradeTotals(0, 0, 0.0, 0.0)
        row = rows[0]
        pnl, commission = from_units(row["pnl"]), from_units(row["commission"])
        return TradeTotals(row["count"], row["won"], pnl, commission, row["doubted"])


def _position(row: sqlite3.Row) -> PositionLine:
    return PositionLine(
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


def _trade(row: sqlite3.Row) -> TradeLine:
    return TradeLine(
        symbol=row["symbol"],
        quantity=row["quantity"],
        entry_session=date.fromisoformat(row["entry_session"]),
        entry_price=from_units(row["entry_price"]),
        exit_session=date.fromisoformat(row["exit_session"]),
        exit_price=from_units(row["exit_price"]),
        exit_reason=row["exit_reason"],
        commission=from_units(row["commission"]),
        pnl=from_units(row["pnl"]),
        doubt=row["doubt"],
    )

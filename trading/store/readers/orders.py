"""Orders of ours: those that may still do something, what became of a symbol's, and their fills."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import from_units, from_units_or_none


@dataclass(frozen=True, slots=True)
class OrderLine:
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
class StoryLine:
    """One edge that an order took."""

    role: str
    state: str
    detail: str
    at: datetime


class OrderReader:
    """Reads orders."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read in `transaction`."""
        self._transaction = transaction

    def open(self, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[OrderLine, ...]:
        """Return orders of ours that are planned, on their way, not proven or working, oldest first."""
        rows = self._transaction.rows(
            "SELECT * FROM intent WHERE state IN"
            " ('PLANNED', 'SENDING', 'QUESTIONED', 'REPLYING', 'UNKNOWN', 'WORKING') ORDER BY seq LIMIT ? OFFSET ?",
            limit,
            offset,
        )
        return tuple(_order(row) for row in rows)

    def named(self, coids: Iterable[str]) -> tuple[OrderLine, ...]:
        """Return orders of ours by name, oldest first, whatever became of them."""
        rows = self._transaction.rows(
            "SELECT * FROM intent WHERE coid IN (SELECT value FROM json_each(?)) ORDER BY seq",
            json.dumps(sorted(coids)),
        )
        return tuple(_order(row) for row in rows)

    def story_of(self, symbol: str, *, limit: int = 30, offset: int = 0) -> tuple[StoryLine, ...]:
        """Return what happened to the orders of a symbol, newest first."""
        rows = self._transaction.rows(
            "SELECT intent.role, intent_log.* FROM intent_log JOIN intent USING (coid)"
            " WHERE intent.symbol = ? ORDER BY intent_log.id DESC LIMIT ? OFFSET ?",
            symbol,
            limit,
            offset,
        )
        return tuple(
            StoryLine(row["role"], row["state"], row["detail"], datetime.fromisoformat(row["at"])) for row in rows
        )

    def fills_of(self, symbol: str, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[FillLine, ...]:
        """Return the executions of a symbol, newest first; one that the broker corrected later is left out."""
        rows = self._transaction.rows(
            "SELECT execution.*, intent.role FROM execution JOIN intent USING (coid)"
            " WHERE execution.symbol = ? AND corrected_by IS NULL"
            " ORDER BY execution.at DESC, execution_id LIMIT ? OFFSET ?",
            symbol,
            limit,
            offset,
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


def _order(row: sqlite3.Row) -> OrderLine:
    return OrderLine(
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
        changed=datetime.fromisoformat(row["changed"]),
    )

"""The bars and lines that charts are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction


@dataclass(frozen=True, slots=True)
class BarLine:
    """One daily bar."""

    session: date
    open: float
    high: float
    low: float
    close: float
    volume: float


class ChartReader:
    """Reads what a symbol's chart shows beside its orders."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read in `transaction`."""
        self._transaction = transaction

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols with bars, A-Z."""
        rows = self._transaction.rows("SELECT DISTINCT symbol FROM bar ORDER BY symbol")
        return tuple(row["symbol"] for row in rows)

    def bars_of(self, symbol: str, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[BarLine, ...]:
        """Return the last bars kept for a symbol, oldest first; `offset` leaves out the newest."""
        rows = self._transaction.rows(
            "SELECT * FROM (SELECT * FROM bar WHERE symbol = ? ORDER BY session DESC LIMIT ? OFFSET ?)"
            " ORDER BY session",
            symbol,
            limit,
            offset,
        )
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

    def values_of(self, symbol: str) -> Mapping[str, Sequence[tuple[date, float]]]:
        """Return the values of a symbol's lines by column, oldest first; a bar without one is left out."""
        rows = self._transaction.rows("SELECT * FROM chart_values WHERE symbol = ? ORDER BY session", symbol)
        found: dict[str, list[tuple[date, float]]] = {}
        for row in rows:
            session = date.fromisoformat(row["session"])
            for name, value in msgspec.json.decode(row["body"], type=dict[str, float]).items():
                found.setdefault(name, []).append((session, value))
        return found

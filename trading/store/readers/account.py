"""The account as a whole: equity over time, the mode, and what the trading process says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from trading.model.mode import ModeState
from trading.store import modes
from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import from_units

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Equity and cash in USD at the close of a session; `drawdown` is a fraction of the peak."""

    session: date
    equity: float
    cash: float
    positions: int
    drawdown: float


class AccountReader:
    """Reads the account."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read in `transaction`."""
        self._transaction = transaction

    def facts(self) -> dict[str, str]:
        """Return the small facts: session state, account, kind of gateway and so on."""
        return {row["key"]: row["value"] for row in self._transaction.rows("SELECT key, value FROM fact")}

    def mode(self) -> ModeState | None:
        """Return the mode with its reason, None before the trading process has ever run."""
        if not self._transaction.started:
            return None
        rows = self._transaction.rows(modes.LAST_ENTRIES)
        return modes.mode_of({row["fact"]: row for row in rows}, _NEVER)

    def equity(self, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[EquityPoint, ...]:
        """Return the last points of the equity curve, oldest first; `offset` leaves out the newest."""
        rows = self._transaction.rows(
            "SELECT * FROM (SELECT * FROM equity ORDER BY session DESC LIMIT ? OFFSET ?) ORDER BY session",
            limit,
            offset,
        )
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

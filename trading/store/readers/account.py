"""The account as a whole: equity over time, mode and halts, and what the trading process says of itself."""

from __future__ import annotations

from datetime import date

from trading.model.account import EquityPoint
from trading.model.mode import FlattenGoal, Halt, ModeState
from trading.store import modes
from trading.store.halts import HALTING, NEWEST_GOAL, STANDING, goal_of, halt_of
from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import from_units


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
        halts = tuple(halt_of(row) for row in self._transaction.rows(HALTING))
        return modes.mode_of(self._transaction.rows(modes.LAST_ENTRIES), halts)

    def standing_halts(self) -> tuple[Halt, ...]:
        """Return the halts that halt or whose facts hold on, oldest first."""
        return tuple(halt_of(row) for row in self._transaction.rows(STANDING))

    def flatten_goal(self) -> FlattenGoal | None:
        """Return the newest flatten, which may be over; None before the first."""
        rows = self._transaction.rows(NEWEST_GOAL)
        return goal_of(rows[0]) if rows else None

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

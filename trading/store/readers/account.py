"""The account as a whole: equity over time, mode and halts, and what the trading process says of itself."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from trading.errors import InvariantBroken
from trading.model.account import EquityPoint
from trading.model.balances import Flow, FlowState
from trading.model.mode import FlattenGoal, Halt, ModeState
from trading.store import modes
from trading.store.balances import flow_of
from trading.store.halts import HALTING, NEWEST_GOAL, STANDING, goal_of, halt_of
from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import from_units

# What came or went is in the equity of the first decision after it.
_EQUITY = f"""
WITH point AS (
    SELECT equity.*, at, lag(at) OVER (ORDER BY session) AS since FROM equity LEFT JOIN decision USING (session)
)
SELECT *, (
    SELECT coalesce(sum(amount), 0) FROM flow
    WHERE flow.at > point.since AND flow.at <= point.at AND state <> '{FlowState.REFUSED}'
) AS paid
FROM (SELECT * FROM point ORDER BY session DESC LIMIT ? OFFSET ?) AS point ORDER BY session
"""  # noqa: S608 - a constant
_FLOWS = f"SELECT * FROM flow WHERE state <> '{FlowState.REFUSED}' AND at >= ? ORDER BY number"  # noqa: S608 - a constant


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
        rows = self._transaction.rows(_EQUITY, limit, offset)
        return tuple(
            EquityPoint(
                session=date.fromisoformat(row["session"]),
                equity=from_units(row["equity"]),
                cash=from_units(row["cash"]),
                positions=row["positions"],
                drawdown=row["drawdown"],
                paid=from_units(row["paid"]),
            )
            for row in rows
        )

    def flows(self, *, since: date = date.min) -> tuple[Flow, ...]:
        """Return the money that came and went from a day on, oldest first, but for what a person said was none.

        One that can't be read is left out: an alert of the trading process names it.
        """
        found = []
        for row in self._transaction.rows(_FLOWS, since.isoformat()):
            with suppress(InvariantBroken):
                found.append(flow_of(row))
        return tuple(found)

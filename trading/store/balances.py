"""Money that came and went, and what is remembered of the balances."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import msgspec

from trading.errors import InvariantBroken
from trading.model.balances import BalanceMemory, Booked, Decided, Flow, FlowState, flow_factor, without
from trading.model.decision import RiskState
from trading.model.execution_id import fill_key
from trading.store import modes
from trading.store.database import PUT_FACT, Database
from trading.store.units import UNITS_PER_DOLLAR, from_units, to_units, utc_text

BALANCES_FACT = "balances"
# Executions are listed, and corrected, for a week; what made no sense by then stays as it is.
_CORRECTED_WITHIN = timedelta(days=7)
# More than the list reaches back, whatever the clocks say.
_LISTED_WITHIN = timedelta(days=9)
_OWN_CASH = """
SELECT total(CASE side WHEN 'BUY' THEN -quantity * price ELSE quantity * price END) AS traded,
       total(commission) AS commission,
       coalesce(max(CASE WHEN doubt <> '' THEN at END), '') AS doubted
FROM execution WHERE corrected_by IS NULL
"""
_RECENT = "SELECT execution_id FROM execution WHERE at >= ?"
_LATER = f"SELECT * FROM flow WHERE number > ? AND state <> '{FlowState.REFUSED}' ORDER BY number"  # noqa: S608 - constant
_DECIDED = """
SELECT decision.at, equity.equity FROM decision JOIN equity USING (session) WHERE decision.at >= ? ORDER BY decision.at
"""
UNCONFIRMED = f"SELECT * FROM flow WHERE state = '{FlowState.UNCONFIRMED}' ORDER BY number"  # noqa: S608 - a constant


class SqliteBalances:
    """`trading.ports.BalanceBook` over trading.db."""

    def __init__(self, database: Database) -> None:
        """Write into `database`, which stays the caller's to close."""
        self._database = database

    def booked(self, now: datetime) -> Booked:
        """Return what own executions did to the cash, each fill by its newest version."""
        own = self._database.query(_OWN_CASH)[0]
        sure = own["doubted"] < utc_text(now - _CORRECTED_WITHIN)
        recent = self._database.query(_RECENT, (utc_text(now - _LISTED_WITHIN),))
        fills = frozenset(fill_key(row["execution_id"]) for row in recent)
        return Booked((own["traded"] - own["commission"]) / UNITS_PER_DOLLAR, sure, fills)

    def memory(self) -> BalanceMemory:
        """Return what is remembered of the balances; nothing before the first reading.

        Raises: InvariantBroken, it can't be read.
        """
        text = self._database.fact(BALANCES_FACT)
        if text is None:
            return BalanceMemory()
        try:
            return msgspec.json.decode(text, type=BalanceMemory)
        except msgspec.MsgspecError as error:
            raise InvariantBroken("corrupt", f"the kept balances can't be read: {error}") from error

    def remember(self, memory: BalanceMemory) -> None:
        """Keep what to hold the next reading against; the same again writes nothing."""
        if memory != self.memory():
            with self._database.transaction(durable=False) as connection:
                _keep(connection, memory)

    def record_flow(self, memory: BalanceMemory, amount: float, before: float, now: datetime) -> None:
        """Keep that money came or went, and move the equity's peak and the prior close's equity with it, in one step.

        `before` is the equity before it; `memory` what the next reading is held against, with the equity after it.
        """
        reading = memory.agreed
        if reading is None:
            raise InvariantBroken("money", "money can't come or go before there is a reading")
        at = utc_text(now)
        with self._database.transaction() as connection:
            risk = modes.risk_in(connection)
            factor = flow_factor(amount, before, reading.equity)
            connection.execute(
                "INSERT INTO flow (at, amount, equity, state, factor, peak, prior) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    at,
                    to_units(amount),
                    to_units(reading.equity),
                    FlowState.UNCONFIRMED,
                    factor,
                    risk.peak,
                    risk.prior_equity,
                ),
            )
            _keep(connection, memory)
            reason = f"{amount:+,.2f} USD came or went"
            modes.save_risk(connection, risk.scaled(factor), reason=reason, actor="system", at=at)

    def unconfirmed(self) -> tuple[Flow, ...]:
        """Return what came or went and nobody has said anything about, oldest first."""
        return tuple(flow_of(row) for row in self._database.query(UNCONFIRMED))

    def settle(self, number: int, state: FlowState, *, actor: str, now: datetime) -> Flow | None:
        """Record what a person says of an unconfirmed flow and return it as it was, None where there is none.

        One that was none is taken back from the peak and the prior close's equity.
        """
        at = utc_text(now)
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM flow WHERE number = ? AND state = ?", (number, FlowState.UNCONFIRMED)
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE flow SET state = ?, changed = ?, actor = ? WHERE number = ?", (state, at, actor, number)
            )
            flow = flow_of(row)
            if state is FlowState.REFUSED:
                _take_back(connection, flow, actor=actor, at=at)
        return flow


def flow_of(row: sqlite3.Row) -> Flow:
    """Return a row of the table `flow`.

    Raises: InvariantBroken, it can't be read.
    """
    try:
        at = datetime.fromisoformat(row["at"])
    except ValueError as error:
        raise InvariantBroken("corrupt", f"the kept flow {row['number']} can't be read: {error}") from error
    return Flow(
        number=row["number"],
        at=at,
        amount=from_units(row["amount"]),
        equity=from_units(row["equity"]),
        state=FlowState(row["state"]),
        factor=row["factor"],
        peak=row["peak"],
        prior=row["prior"],
    )


def _take_back(connection: sqlite3.Connection, flow: Flow, *, actor: str, at: str) -> None:
    """Let peak and prior equity, and what later flows found of them, be as they would be without `flow`."""
    later = [flow_of(row) for row in connection.execute(_LATER, (flow.number,))]
    decided = [
        Decided(datetime.fromisoformat(row["at"]), from_units(row["equity"]))
        for row in connection.execute(_DECIDED, (utc_text(flow.at),))
    ]
    for index, each in enumerate(later):
        known = [decision for decision in decided if decision.at < each.at]
        found = without(RiskState(each.peak, each.prior), flow, later[:index], known)
        connection.execute(
            "UPDATE flow SET peak = ?, prior = ? WHERE number = ?", (found.peak, found.prior_equity, each.number)
        )
    risk = without(modes.risk_in(connection), flow, later, decided)
    modes.save_risk(connection, risk, reason=f"flow {flow.number} was none", actor=actor, at=at)


def _keep(connection: sqlite3.Connection, memory: BalanceMemory) -> None:
    connection.execute(PUT_FACT, (BALANCES_FACT, msgspec.json.encode(memory).decode()))

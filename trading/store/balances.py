"""Money that came and went, what is remembered of the balances, and what trades of others did to the cash."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from trading.errors import InvariantBroken
from trading.model.balances import BalanceMemory, Booked, Flow, FlowState
from trading.model.execution_id import fill_of, version_of
from trading.model.order import Execution, Side
from trading.store import modes
from trading.store.database import Database
from trading.store.units import from_units, to_units, utc_text

BALANCES_FACT = "balances"
# Executions are listed, and corrected, for a week; what made no sense by then stays as it is.
_CORRECTED_WITHIN = timedelta(days=7)
_OWN_CASH = """
SELECT coalesce(sum(CASE side WHEN 'BUY' THEN -quantity * price ELSE quantity * price END), 0) AS traded,
       coalesce(sum(commission), 0) AS commission,
       coalesce(max(CASE WHEN doubt <> '' THEN at END), '') AS doubted
FROM execution WHERE corrected_by IS NULL
"""
_OWN_SHARES = """
SELECT conid, sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) AS shares
FROM execution WHERE corrected_by IS NULL GROUP BY conid
"""
_OTHERS = "SELECT * FROM trade_of_others ORDER BY execution_id"
_NOTE = """
INSERT INTO trade_of_others (execution_id, conid, shares, cash, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (execution_id) DO UPDATE SET shares = excluded.shares, cash = excluded.cash
"""
UNCONFIRMED = f"SELECT * FROM flow WHERE state = '{FlowState.UNCONFIRMED}' ORDER BY number"  # noqa: S608 - a constant


class SqliteBalances:
    """`trading.ports.BalanceBook` over trading.db."""

    def __init__(self, database: Database) -> None:
        """Write into `database`, which stays the caller's to close."""
        self._database = database

    def note_trades(self, listed: Iterable[Execution]) -> None:
        """Keep what listed executions did to cash and shares, but those that the journal has; the same writes nothing.

        One that turns out to be ours later counts as ours alone.
        """
        own = {row["execution_id"] for row in self._database.query("SELECT execution_id FROM execution")}
        known = {row["execution_id"]: (row["shares"], row["cash"]) for row in self._database.query(_OTHERS)}
        rows = [
            (each.execution_id, each.conid, *_effect(each), utc_text(each.time))
            for each in listed
            if each.execution_id not in own and known.get(each.execution_id) != _effect(each)
        ]
        if rows:
            with self._database.transaction(durable=False) as connection:
                connection.executemany(_NOTE, rows)

    def booked(self, now: datetime) -> Booked:
        """Return what all known executions did to cash and shares, each fill by its newest version."""
        own = self._database.query(_OWN_CASH)[0]
        cash = own["traded"] - own["commission"]
        shares: defaultdict[int, float] = defaultdict(float)
        for row in self._database.query(_OWN_SHARES):
            shares[row["conid"]] += row["shares"]
        recent = utc_text(now - _CORRECTED_WITHIN)
        sure = own["doubted"] < recent
        for row in self._others():
            cash += row["cash"] or 0
            shares[row["conid"]] += row["shares"]
            sure = sure and (row["cash"] is not None or row["at"] < recent)
        return Booked(from_units(cash), dict(shares), sure)

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

    def record_flow(self, memory: BalanceMemory, amount: float, equity: float, now: datetime) -> None:
        """Keep that money came or went, and move the equity's peak and the prior close's equity with it, in one step.

        `equity` is that after it; `memory` what the next reading is held against.
        """
        at = utc_text(now)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO flow (at, amount, equity, state) VALUES (?, ?, ?, ?)",
                (at, to_units(amount), to_units(equity), FlowState.UNCONFIRMED),
            )
            _keep(connection, memory)
            risk = modes.risk_in(connection).with_flow(amount, equity)
            modes.save_risk(connection, risk, reason=f"{amount:+,.2f} USD came or went", actor="system", at=at)

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
                risk = modes.risk_in(connection).with_flow(-flow.amount, flow.equity - flow.amount)
                modes.save_risk(connection, risk, reason=f"flow {number} was none", actor=actor, at=at)
        return flow

    def _others(self) -> list[sqlite3.Row]:
        """Return the newest version of each fill of others."""
        own = {
            fill_of(row["execution_id"]) or row["execution_id"]
            for row in self._database.query("SELECT execution_id FROM execution")
        }
        newest: dict[str, sqlite3.Row] = {}
        for row in self._database.query(_OTHERS):
            fill = fill_of(row["execution_id"]) or row["execution_id"]
            other = newest.get(fill)
            if fill not in own and (
                other is None or version_of(other["execution_id"]) <= version_of(row["execution_id"])
            ):
                newest[fill] = row
        return list(newest.values())


def flow_of(row: sqlite3.Row) -> Flow:
    """Return a row of the table `flow`."""
    return Flow(
        number=row["number"],
        at=datetime.fromisoformat(row["at"]),
        amount=from_units(row["amount"]),
        equity=from_units(row["equity"]),
        state=FlowState(row["state"]),
    )


def _effect(execution: Execution) -> tuple[float, int | None]:
    """Return the shares that an execution brought and its cash, None for the cash where its price is not told."""
    bought = execution.side is Side.BUY
    shares = execution.quantity if bought else -execution.quantity
    if execution.price <= 0.0 and execution.quantity:
        return shares, None
    return shares, to_units(-shares * execution.price - (execution.commission or 0.0))


def _keep(connection: sqlite3.Connection, memory: BalanceMemory) -> None:
    connection.execute(
        "INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (BALANCES_FACT, msgspec.json.encode(memory).decode()),
    )

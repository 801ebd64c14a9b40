"""What holds the system back: halts by their cause, limits that latched, the goal of a flatten, and a daily loss."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from trading.errors import InvariantBroken
from trading.model.alarm import AlarmCode
from trading.model.exchange_time import exchange_date
from trading.model.mode import OPERATOR, Acknowledgement, FlattenGoal, Halt
from trading.model.order import MAYBE_LIVE, Role
from trading.store import modes
from trading.store.database import Database
from trading.store.units import utc_text

HALTING = "SELECT * FROM halt WHERE acknowledged_at IS NULL ORDER BY id"
STANDING = "SELECT * FROM halt WHERE acknowledged_at IS NULL OR over_at IS NULL ORDER BY id"
# What a person asked for is done once, whatever became of it; anything else may come back.
_SAME = f"""
SELECT id, acknowledged_at, over_at FROM halt
WHERE cause = ? AND facts = ? AND (cause = '{OPERATOR}' OR over_at IS NULL OR acknowledged_at IS NULL)
"""  # noqa: S608 - a constant
_NEWEST = "SELECT coalesce(max(id), 0) AS newest FROM halt"
_GOAL = "SELECT * FROM goal WHERE over_at IS NULL ORDER BY id DESC LIMIT 1"
NEWEST_GOAL = "SELECT * FROM goal ORDER BY id DESC LIMIT 1"
_LIVE_ENTRIES = "SELECT symbol FROM intent WHERE role = ? AND state IN (SELECT value FROM json_each(?)) ORDER BY seq"
# A halt that could not be stored yet has a number that no row has.
_NOT_STORED = 0

_TAKEN_BACK = "taken back by a resume"


class SqliteHalts:
    """`trading.ports.Halts` over trading.db; threads may share it.

    A halt that can't be stored is in force all the same, as long as this process lives.
    """

    def __init__(self, database: Database, changed: Callable[[], None] = lambda: None) -> None:
        """Write into `database`, which stays the caller's to close; call `changed` when the mode may have changed."""
        self._database = database
        self._changed = changed
        self._held: dict[tuple[str, str], Halt] = {}

    def raise_halt(self, cause: str, facts: str, *, reason: str, actor: str, now: datetime) -> bool:
        """Halt for `cause`; return False where the same cause with the same facts stands, acknowledged or not.

        Raises: InvariantBroken("storage"), it is in force but not stored: raise it again.
        """
        # Raised anew in each turn while it lasts, which must cost no write.
        halt = Halt(_NOT_STORED, cause, facts, reason, actor, now)
        with self._in_force(halt):
            found = self._database.query(_SAME, (cause, facts))
            if not found or (found[0]["over_at"] is not None and cause != OPERATOR):
                with self._database.transaction() as connection:
                    _raise(connection, self._held.get((cause, facts), halt))
        return not found

    def halt_over(self, cause: str, keep: Collection[str], now: datetime) -> None:
        """End the halts of a cause whose facts are not in `keep` any more; the same facts later halt anew.

        One that nobody has acknowledged halts on until somebody does.
        """
        rows = self._database.query("SELECT id, facts FROM halt WHERE cause = ? AND over_at IS NULL", (cause,))
        gone = [(utc_text(now), row["id"]) for row in rows if row["facts"] not in keep]
        if not gone:
            return
        with self._database.transaction() as connection:
            connection.executemany("UPDATE halt SET over_at = ? WHERE id = ? AND over_at IS NULL", gone)

    def acknowledge_halts(
        self, *, seen: int, actor: str, now: datetime, reason: str = "acknowledged"
    ) -> Acknowledgement:
        """Acknowledge the halts up to number `seen`, and take back a flatten that was asked for before it.

        A halt that could not be stored before is stored now: nobody can have seen it.
        """
        at = utc_text(now)
        held = dict(self._held)
        with self._database.transaction() as connection:
            seen = min(seen, connection.execute(_NEWEST).fetchone()["newest"])
            for halt in held.values():
                _raise(connection, halt)
            halting = _halts(connection.execute(HALTING))
            goal = connection.execute(_GOAL).fetchone()
            done = tuple(halt for halt in halting if halt.halt_id <= seen)
            connection.execute(
                "UPDATE halt SET acknowledged_at = ?, acknowledged_by = ? WHERE acknowledged_at IS NULL AND id <= ?",
                (at, actor, seen),
            )
            connection.execute(
                "UPDATE halt SET over_at = ? WHERE over_at IS NULL AND acknowledged_at IS NOT NULL AND cause = ?",
                (at, OPERATOR),
            )
            taken_back = goal is not None and goal["halt_id"] <= seen
            if taken_back:
                connection.execute(
                    "UPDATE goal SET over_at = ?, outcome = ? WHERE id = ?", (at, _TAKEN_BACK, goal["id"])
                )
            if done and len(done) == len(halting):
                modes.log_change(connection, modes.HALT, modes.NO, reason=reason, actor=actor, at=at)
        for key in held:
            self._held.pop(key, None)
        self._changed()
        return Acknowledgement(
            acknowledged=done,
            still_there=tuple(halt for halt in self.standing() if halt.acknowledged),
            newer=tuple(halt for halt in halting if halt.halt_id > seen),
            taken_back=goal_of(goal) if taken_back else None,
        )

    def acknowledge_halt(self, cause: str, facts: str, *, actor: str, now: datetime) -> bool:
        """Acknowledge one halt alone; return False where it does not halt."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE halt SET acknowledged_at = ?, acknowledged_by = ?"
                " WHERE acknowledged_at IS NULL AND cause = ? AND facts = ?",
                (utc_text(now), actor, cause, facts),
            ).rowcount
            if changed and connection.execute(HALTING).fetchone() is None:
                reason = f"the {cause} {facts} was acknowledged"
                modes.log_change(connection, modes.HALT, modes.NO, reason=reason, actor=actor, at=utc_text(now))
        self._changed()
        return changed > 0

    def standing(self) -> tuple[Halt, ...]:
        """Return the halts that halt or whose facts hold on, oldest first."""
        return (*_halts(self._database.query(STANDING)), *self._held.values())

    def halting(self) -> tuple[Halt, ...]:
        """Return the halts that nobody has acknowledged, oldest first: with any the mode is HALTED."""
        return (*_halts(self._database.query(HALTING)), *self._held.values())

    def latch(self, code: str, reason: str, now: datetime) -> None:
        """Hold entries back until a person has looked, and say so again where `code` has latched already."""
        with self._database.transaction() as connection:
            latch_in(connection, code, reason, now)
        self._changed()

    def set_daily_loss(self, reason: str | None, now: datetime) -> None:
        """Persist why the equity lost too much since the close before, None where it did not; the same is no news."""
        if bool(reason) is (modes.loss_in(self._database.query(modes.LAST_ENTRIES)) is not None):
            return
        with self._database.transaction() as connection:
            modes.save_daily_loss(connection, reason, at=utc_text(now))
        self._changed()

    def newest(self) -> int:
        """Return the number of the newest halt that is stored, whatever became of it; 0 without any."""
        return int(self._database.query(_NEWEST)[0]["newest"])

    def live_entries(self) -> tuple[str, ...]:
        """Return the symbols of own entries that are or may be live, oldest first: what a halt cancels."""
        rows = self._database.query(_LIVE_ENTRIES, (Role.ENTRY, json.dumps(sorted(MAYBE_LIVE))))
        return tuple(row["symbol"] for row in rows)

    def flatten_goal(self) -> FlattenGoal | None:
        """Return the flatten that stands."""
        rows = self._database.query(_GOAL)
        return goal_of(rows[0]) if rows else None

    def set_flatten(self, facts: str, *, reason: str, actor: str, now: datetime) -> None:
        """Halt as a person asked with `facts`, and want all own shares sold, in one step; once for each `facts`.

        Raises: InvariantBroken("storage"), the halt is in force but neither is stored.
        """
        halt = Halt(_NOT_STORED, OPERATOR, facts, reason, actor, now)
        with self._in_force(halt), self._database.transaction() as connection:
            halt_id, acknowledged = _raise(connection, self._held.get((OPERATOR, facts), halt))
            standing = "UPDATE goal SET halt_id = max(halt_id, ?) WHERE over_at IS NULL"
            if not acknowledged and connection.execute(standing, (halt_id,)).rowcount == 0:
                connection.execute(
                    "INSERT INTO goal (kind, reason, actor, since, halt_id) VALUES ('flatten', ?, ?, ?, ?)",
                    (reason, actor, utc_text(now), halt_id),
                )

    def set_flatten_progress(self, text: str, now: datetime) -> None:
        """Say what the flatten that stands has under way and what it waits for; the same again writes nothing."""
        goal = self.flatten_goal()
        if goal is None or goal.waits_for == text:
            return
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE goal SET waits_for = ?, changed = ? WHERE id = ?", (text, utc_text(now), goal.goal_id)
            )

    def end_flatten(self, outcome: str, now: datetime) -> None:
        """End the flatten that stands; the halt that came with it stays for a person to acknowledge."""
        if self.flatten_goal() is None:
            return
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE goal SET over_at = ?, outcome = ? WHERE over_at IS NULL", (utc_text(now), outcome)
            )

    @contextmanager
    def _in_force(self, halt: Halt) -> Iterator[None]:
        """Keep a halt in memory that the block can't store, until it can."""
        key = halt.cause, halt.facts
        try:
            yield
        except InvariantBroken:
            self._held.setdefault(key, halt)
            raise
        else:
            self._held.pop(key, None)
        finally:
            self._changed()


def latch_in(connection: sqlite3.Connection, code: str, reason: str, now: datetime) -> None:
    """Latch `code` in a transaction; halt where what the risk rules remember can't be read, and so can't be changed."""
    try:
        risk = modes.risk_in(connection)
    except InvariantBroken as problem:
        said = f"{reason} ({problem.detail})"
        _raise(connection, Halt(_NOT_STORED, AlarmCode.INVARIANT, reason, said, "system", now))
        return
    risk = replace(risk, latches={code: exchange_date(now), **risk.latches})
    modes.save_risk(connection, risk, reason=reason, actor="system", at=utc_text(now), again=True)


def halt_of(row: sqlite3.Row) -> Halt:
    """Return a row of the table `halt`."""
    return Halt(
        halt_id=row["id"],
        cause=row["cause"],
        facts=row["facts"],
        reason=row["reason"],
        actor=row["actor"],
        since=datetime.fromisoformat(row["since"]),
        acknowledged=row["acknowledged_at"] is not None,
        over=row["over_at"] is not None,
    )


def goal_of(row: sqlite3.Row) -> FlattenGoal:
    """Return a row of the table `goal`."""
    return FlattenGoal(
        goal_id=row["id"],
        reason=row["reason"],
        actor=row["actor"],
        since=datetime.fromisoformat(row["since"]),
        waits_for=row["waits_for"],
        over=row["over_at"] is not None,
        outcome=row["outcome"],
    )


def _halts(rows: Sequence[sqlite3.Row] | sqlite3.Cursor) -> tuple[Halt, ...]:
    return tuple(halt_of(row) for row in rows)


def _raise(connection: sqlite3.Connection, halt: Halt) -> tuple[int, bool]:
    """Store a halt unless it stands; return its number and whether somebody has acknowledged it.

    One that went and came back before anybody acknowledged it is the same.
    """
    same = (halt.cause, halt.facts)
    found = connection.execute(_SAME, same).fetchone()
    if found is not None:
        if halt.cause != OPERATOR:
            connection.execute("UPDATE halt SET over_at = NULL WHERE id = ?", (found["id"],))
        return int(found["id"]), found["acknowledged_at"] is not None
    at = utc_text(halt.since)
    cursor = connection.execute(
        "INSERT INTO halt (cause, facts, reason, actor, since) VALUES (?, ?, ?, ?, ?)",
        (*same, halt.reason, halt.actor, at),
    )
    modes.log_change(connection, modes.HALT, modes.YES, reason=halt.reason, actor=halt.actor, at=at)
    return int(cursor.lastrowid or 0), False

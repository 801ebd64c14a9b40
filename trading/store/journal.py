"""The journal: what was intended and what became of it, each step committed before the next one is taken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from trading.errors import InvariantBroken
from trading.model.decision import Denied
from trading.model.execution_id import fill_of
from trading.model.intent_state import DECLARED_ABSENT
from trading.model.order import MAYBE_LIVE, Execution, IntentState, OrderIntent, Role
from trading.model.record import IntentRecord, JournalView, OwnPosition, Split, ratios_of
from trading.ports import AdjustmentKind, Adopted, Counted
from trading.store.database import Database, random_text
from trading.store.fills import ALL_SPLITS, adjust_position, count_fill
from trading.store.halts import latch_in
from trading.store.order_rows import (
    command_record,
    insert_intent,
    intent_record,
    log_step,
    move,
    own_position,
    require,
)
from trading.store.units import utc_text

MAX_COID_LENGTH = 32
# Base-36 digits of the running number, and random ones of 5 bits each, in an order's name.
_SEQUENCE_LENGTH = 4
_RANDOM_LENGTH = 6
_DAY_LENGTH = len("2014-03-03")
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"
# States from which knowing the order id is a step to WORKING; from those where we took it for absent it comes back.
_OPEN = frozenset({IntentState.SENDING, IntentState.REPLYING, IntentState.UNKNOWN})
# `?1` are the states that may be live and PLANNED, `?2` since when ended ones are of interest.
_RECENT = """
SELECT * FROM intent WHERE state IN (SELECT value FROM json_each(?1)) OR ended_at >= ?2
    OR conid IN (SELECT conid FROM position) ORDER BY seq
"""
_COMMANDS = """
SELECT * FROM command WHERE sent_at >= ?2 OR (kind <> 'submit' AND coids IN
    (SELECT coid FROM intent WHERE state IN (SELECT value FROM json_each(?1)))) ORDER BY number
"""


class SqliteJournal:
    """`trading.ports.Journal` over trading.db."""

    def __init__(self, database: Database, on_latch: Callable[[], object] = lambda: None) -> None:
        """Write into `database`, which stays the caller's to close; `on_latch` is called when a limit has latched."""
        self._database = database
        self._on_latch = on_latch
        # Rows by number with what was made of them: nearly all are over and stay as they are, and a turn asks often.
        self._made: dict[int, tuple[tuple[object, ...], IntentRecord]] = {}
        self._view: tuple[tuple[int, str], JournalView] | None = None

    def next_coid(self) -> str:
        """Return `<prefix>-<instance>-<number>-<random>`: the number is spent even if nobody uses the name."""
        with self._database.transaction() as connection:
            number = int(_fact(connection, "coid_seq")) + 1
            connection.execute("UPDATE fact SET value = ? WHERE key = 'coid_seq'", (str(number),))
            prefix, instance = _fact(connection, "prefix"), _fact(connection, "instance")
        coid = f"{prefix}-{instance}-{_base_36(number)}-{random_text(self._database.chance, _RANDOM_LENGTH)}"
        if len(coid) > MAX_COID_LENGTH:
            raise InvariantBroken("I2", f"the order name {coid} is longer than {MAX_COID_LENGTH} characters")
        return coid

    def plan(self, intents: Sequence[OrderIntent], *, adopted: Adopted | None = None) -> None:
        """W1: store the intents as PLANNED, all or none; those that a person `adopted` as WORKING.

        What is adopted may be PLANNED already.

        Raises: InvariantBroken, a name was used before, or an entry comes without its stop and target (R13); an order
        that may be live has an adopted id.
        """
        children = {(intent.parent_coid, intent.role) for intent in intents}
        for intent in intents:
            if intent.role is Role.ENTRY and not {(intent.coid, Role.STOP), (intent.coid, Role.TARGET)} <= children:
                raise InvariantBroken("no_stop", f"the entry {intent.coid} has no stop and target with it")
        with self._database.transaction() as connection:
            for intent in intents:
                if adopted is None or not _is_planned(connection, intent.coid):
                    insert_intent(connection, intent)
            if adopted is not None:
                _adopt(connection, intents, adopted)

    def record_denial(self, decided: date, denied: Denied, coids: Sequence[str], now: datetime) -> None:
        """Keep one row of what was refused, and close its PLANNED intents, of which the first was; they may be none."""
        at, code = utc_text(now), denied.code
        with self._database.transaction() as connection:
            for number, coid in enumerate(coids):
                detail = code if number else f"{code}: {denied.in_numbers}"
                move(connection, require(connection, coid), IntentState.DENIED, detail, at)
            connection.execute(
                "INSERT INTO denial (stage, session, symbol, code, value, limit_value, detail, at)"
                " VALUES ('order', ?, ?, ?, ?, ?, ?, ?)",
                (decided.isoformat(), denied.symbol, code, denied.value, denied.limit, denied.detail, at),
            )

    def transition(self, coid: str | Sequence[str], state: IntentState, detail: str, now: datetime) -> None:
        """Move one intent, or several together, along an allowed edge.

        Raises: InvariantBroken, the edge is not in the state machine; none of them has moved.
        """
        with self._database.transaction() as connection:
            for each in (coid,) if isinstance(coid, str) else coid:
                move(connection, require(connection, each), state, detail, utc_text(now))

    def bind(self, coid: str, order_id: int, epoch: int, now: datetime, *, provisional: bool = False) -> None:
        """Attach the broker's order id; an intent whose outcome was open becomes WORKING.

        An id that belonged to an order that is over, or has vanished, may be given again: the one that vanished loses
        it. `provisional`: found by likeness alone; a certain binding takes the mark off. The log says which it was.

        Raises: InvariantBroken (I2), another order that may be live has this id, or this one has another id for
        certain.
        """
        with self._database.transaction() as connection:
            _bind(connection, coid, order_id, epoch, utc_text(now), provisional=provisional)

    def mark_seen(self, coids: Iterable[str], epoch: int) -> None:
        """Remember that a reading of this session epoch showed the orders as these intents'."""
        with self._database.transaction() as connection:
            connection.executemany("UPDATE intent SET seen_epoch = ? WHERE coid = ?", ((epoch, coid) for coid in coids))

    def freeze(self, coid: str, now: datetime) -> None:
        """Mark an order that could not be resolved in time; any further step of it takes the mark off."""
        with self._database.transaction() as connection:
            row = require(connection, coid)
            if row["state"] not in MAYBE_LIVE:
                raise InvariantBroken("I20", f"{coid} is {row['state']}: only an order that may be live can be frozen")
            at = utc_text(now)
            connection.execute(
                "UPDATE intent SET frozen_at = coalesce(frozen_at, ?), changed = ? WHERE coid = ?", (at, at, coid)
            )

    def record_fill(self, coid: str, execution: Execution, now: datetime) -> Counted:
        """Count a fill once, with all that follows from it for own shares, trades and entries, in one transaction.

        Raises: InvariantBroken (I6), it is not this intent's, and nothing was recorded.
        """
        with self._database.transaction() as connection:
            counted = count_fill(connection, require(connection, coid), execution, now)
            if counted.oversold:
                what = f"execution {execution.execution_id} sold {counted.oversold} more than we had"
                latch_in(connection, "oversold", f"{execution.symbol}: {what}", now)
        if counted.oversold:
            self._on_latch()
        return counted

    def adjust(
        self, conid: int, quantity: int, kind: AdjustmentKind, reason: str, now: datetime, *, ratio: float = 1.0
    ) -> None:
        """Change own shares by something that was no execution; `ratio` of a split also divides its prices.

        Shares that splits left of a position that had been sold make it anew; `ratio` is then that of all of them.

        Raises: InvariantBroken, there is no own position, or it would become negative.
        """
        with self._database.transaction() as connection:
            adjust_position(connection, conid, quantity, kind, reason, now, ratio=ratio)

    def set_plan(self, conid: int, stop_price: float, target_price: float, now: datetime) -> None:
        """Take over the stop and target that a person gave to a position at the broker."""
        with self._database.transaction() as connection:
            adjust_position(
                connection,
                conid,
                0,
                AdjustmentKind.CORRECTION,
                f"stop {stop_price:g} and target {target_price:g} were set by hand",
                now,
                plan=(stop_price, target_price),
            )

    def fill_owners(self, execution_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the coid of each execution that was counted already, under this id or another version of it."""
        wanted = json.dumps([[each, fill_of(each)] for each in execution_ids])
        rows = self._database.query(
            "SELECT wanted.value ->> 0 AS id, min(execution.coid) AS coid FROM json_each(?) AS wanted JOIN execution"
            " ON execution.execution_id = wanted.value ->> 0 OR (wanted.value ->> 1 <> ''"
            " AND substr(execution.execution_id, 1, length(wanted.value ->> 1)) = wanted.value ->> 1)"
            " GROUP BY 1",
            (wanted,),
        )
        return {str(row["id"]): str(row["coid"]) for row in rows}

    def view(self, since: datetime) -> JournalView:
        """Return what a turn needs: what may be live or is planned, what we own, and what ended at `since` or later."""
        states = _json(MAYBE_LIVE | {IntentState.PLANNED})
        day = utc_text(since)[:_DAY_LENGTH]
        # Nothing was written since: a turn asks often, and mostly for the same.
        key = (self._database.changes, day)
        if self._view is None or self._view[0] != key:
            splits = self._splits()
            traded = self._database.query("SELECT DISTINCT conid FROM intent WHERE sent_at IS NOT NULL")
            view = JournalView(
                records=tuple(self._record(row) for row in self._database.query(_RECENT, (states, day))),
                positions=self._positions(ratios_of(splits)),
                commands=tuple(command_record(row) for row in self._database.query(_COMMANDS, (states, day))),
                traded=frozenset(int(row["conid"]) for row in traded),
                splits=splits,
            )
            self._view = (key, view)
        return self._view[1]

    def intents(self, *, states: frozenset[IntentState] | None = None) -> tuple[IntentRecord, ...]:
        """Return intents, oldest first, of the given states or all."""
        wanted = _json(frozenset(IntentState) if states is None else states)
        rows = self._database.query(
            "SELECT * FROM intent WHERE state IN (SELECT value FROM json_each(?)) ORDER BY seq", (wanted,)
        )
        return tuple(self._record(row) for row in rows)

    def intent(self, coid: str) -> IntentRecord | None:
        """Return one intent."""
        rows = self._database.query("SELECT * FROM intent WHERE coid = ?", (coid,))
        return self._record(rows[0]) if rows else None

    def own_positions(self) -> tuple[OwnPosition, ...]:
        """Return own positions with shares, by symbol."""
        return self._positions(ratios_of(self._splits()))

    def _positions(self, ratios: Mapping[str, float]) -> tuple[OwnPosition, ...]:
        rows = self._database.query("SELECT * FROM position ORDER BY symbol, conid")
        return tuple(own_position(row, ratios.get(row["entry_coid"], 1.0)) for row in rows)

    def _splits(self) -> tuple[Split, ...]:
        return tuple(
            Split(row["entry_coid"], float(row["ratio"]), datetime.fromisoformat(row["at"]))
            for row in self._database.query(ALL_SPLITS)
        )

    def _record(self, row: sqlite3.Row) -> IntentRecord:
        content = tuple(row)
        made = self._made.get(row["seq"])
        if made is None or made[0] != content:
            made = content, intent_record(row)
            self._made[row["seq"]] = made
        return made[1]


def _is_planned(connection: sqlite3.Connection, coid: str) -> bool:
    sql = "SELECT 1 FROM intent WHERE coid = ? AND state = ?"
    return connection.execute(sql, (coid, IntentState.PLANNED)).fetchone() is not None


def _adopt(connection: sqlite3.Connection, intents: Sequence[OrderIntent], adopted: Adopted) -> None:
    at = utc_text(adopted.at)
    for intent, order_id in zip(intents, adopted.order_ids, strict=True):
        move(connection, require(connection, intent.coid), IntentState.SENDING, adopted.detail, at)
        # By then none of them had filled: what comes of it is of after it.
        connection.execute("UPDATE intent SET sent_at = ? WHERE coid = ?", (at, intent.coid))
        _bind(connection, intent.coid, order_id, adopted.epoch, at)


def _bind(
    connection: sqlite3.Connection, coid: str, order_id: int, epoch: int, at: str, *, provisional: bool = False
) -> None:
    row = require(connection, coid)
    others = connection.execute(
        "SELECT coid, state FROM intent WHERE order_id = ? AND coid <> ? AND provisional = 0"
        " AND state IN (SELECT value FROM json_each(?))",
        (order_id, coid, _json(MAYBE_LIVE)),
    ).fetchall()
    taken = any(other["state"] != IntentState.UNKNOWN for other in others)
    certain = row["order_id"] is not None and not row["provisional"] and row["state"] in MAYBE_LIVE
    if taken or (certain and row["order_id"] != order_id):
        raise InvariantBroken("I2", f"order {order_id} can't be bound to {coid}: one of them is bound already")
    for other in () if provisional else others:
        connection.execute("UPDATE intent SET order_id = NULL, changed = ? WHERE coid = ?", (at, other["coid"]))
    detail = f"order {order_id}, by likeness alone" if provisional else f"order {order_id}"
    if row["state"] in _OPEN or (row["state"] in DECLARED_ABSENT and not provisional):
        move(connection, row, IntentState.WORKING, detail, at)
    elif row["state"] == IntentState.WORKING and row["provisional"] and not provisional:
        log_step(connection, coid, IntentState.WORKING, detail, at)
    connection.execute(
        "UPDATE intent SET order_id = ?, seen_epoch = ?, provisional = ?, changed = ?,"
        " frozen_at = CASE WHEN ? THEN frozen_at END WHERE coid = ?",
        (order_id, epoch, provisional, at, provisional, coid),
    )


def _json(states: frozenset[IntentState]) -> str:
    return json.dumps(sorted(states))


def _fact(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise InvariantBroken("corrupt", f"the fact {key} is missing")
    return str(row["value"])


def _base_36(number: int) -> str:
    """Return a positive number in base 36, at least `_SEQUENCE_LENGTH` digits."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_BASE_36))
        digits = _BASE_36[digit] + digits
    return digits.rjust(_SEQUENCE_LENGTH, "0")

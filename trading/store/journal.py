"""The journal: what was intended, sent, answered and filled, each step committed before the next one is taken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime

from trading.errors import InvariantBroken
from trading.execution.failpoints import failpoint
from trading.execution.order_state import check_edge
from trading.model.order import Execution, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.model.outcome import Answer
from trading.model.request import PreparedRequest, RequestKind
from trading.ports import IntentRecord, OwnPosition
from trading.store.database import Database, random_text
from trading.store.fills import count_fill
from trading.store.units import from_units, from_units_or_none, to_units_or_none, utc_text

MAX_COID_LENGTH = 32
# Base-36 digits of the running number, and random ones of 5 bits each, in an order's name.
_SEQUENCE_LENGTH = 4
_RANDOM_LENGTH = 6
# As much of an answer as is kept.
MAX_BODY = 64 * 1024
# The class of an answer that says: no byte of the request left this machine.
NOT_SENT = "NOT_SENT"
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class SqliteJournal:
    """`trading.ports.Journal` over trading.db."""

    def __init__(self, database: Database) -> None:
        """Write into `database`, which stays the caller's to close."""
        self._database = database
        # Rows by number with what was made of them: nearly all are over and stay as they are, and a cycle asks often.
        self._made: dict[int, tuple[tuple[object, ...], IntentRecord]] = {}

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

    def plan(self, intents: Sequence[OrderIntent]) -> None:
        """W1: store the intents as PLANNED, all or none.

        Raises: InvariantBroken, a name was used before, or an entry comes without its stop and target (R13).
        """
        children = {(intent.parent_coid, intent.role) for intent in intents}
        for intent in intents:
            if intent.role is Role.ENTRY and not {(intent.coid, Role.STOP), (intent.coid, Role.TARGET)} <= children:
                raise InvariantBroken("no_stop", f"the entry {intent.coid} has no stop and target with it")
        with self._database.transaction() as connection:
            for intent in intents:
                _insert_intent(connection, intent)

    def deny(self, coid: str, code: str, detail: str, now: datetime | None = None) -> None:
        """Close a PLANNED intent that a check refused; without `now` the time is that of the intent."""
        with self._database.transaction() as connection:
            row = _require(connection, coid)
            at = str(row["created"]) if now is None else utc_text(now)
            _move(connection, row, IntentState.DENIED, f"{code}: {detail}", at)
            connection.execute(
                "INSERT INTO denial (stage, session, symbol, code, detail, at) VALUES ('order', ?, ?, ?, ?, ?)",
                (row["decided"], row["symbol"], code, detail, at),
            )

    def about(
        self,
        coids: Sequence[str],
        request: PreparedRequest,
        state: IntentState | None,
        epoch: int,
        now: datetime,
    ) -> int:
        """W2: record the request before it leaves, move the intents to `state`, and return the wire row's number."""
        at = utc_text(now)
        with self._database.transaction() as connection:
            for coid in coids:
                row = _require(connection, coid)
                if state is not None:
                    _move(connection, row, state, request.kind, at)
                if request.kind in {RequestKind.SUBMIT, RequestKind.REPLY}:
                    connection.execute("UPDATE intent SET sent_at = ?, epoch = ? WHERE coid = ?", (at, epoch, coid))
                if request.kind is RequestKind.CANCEL:
                    connection.execute("UPDATE intent SET cancel_asked = 1, changed = ? WHERE coid = ?", (at, coid))
            cursor = connection.execute(
                "INSERT INTO wire (phase, coids, act, verb, path, body_sha256, epoch, at)"
                " VALUES ('ABOUT', ?, ?, ?, ?, ?, ?, ?)",
                (",".join(coids), request.kind, request.verb, request.path, request.body_sha256, epoch, at),
            )
            return int(cursor.lastrowid or 0)

    def answered(self, wire_id: int, outcome_class: str, answer: Answer | None, now: datetime) -> None:
        """W3: record what came back; a cancel of which nothing left may be asked for again.

        Raises: InvariantBroken, there is no such ABOUT row, or it has its answer.
        """
        at = utc_text(now)
        with self._database.transaction() as connection:
            about = connection.execute("SELECT * FROM wire WHERE id = ? AND phase = 'ABOUT'", (wire_id,)).fetchone()
            done = connection.execute("SELECT 1 FROM wire WHERE about_id = ?", (wire_id,)).fetchone()
            if about is None or done is not None:
                raise InvariantBroken("I1", f"an answer for the wire row {wire_id}, which waits for none")
            connection.execute(
                "INSERT INTO wire"
                " (about_id, phase, coids, act, verb, path, body_sha256, class, status, body, epoch, at)"
                " SELECT id, 'ANSWER', coids, act, verb, path, body_sha256, ?, ?, ?, epoch, ? FROM wire WHERE id = ?",
                (
                    outcome_class,
                    None if answer is None else answer.status,
                    None if answer is None else answer.body[:MAX_BODY],
                    at,
                    wire_id,
                ),
            )
            if about["act"] == RequestKind.CANCEL and outcome_class == NOT_SENT:
                for coid in str(about["coids"]).split(","):
                    connection.execute("UPDATE intent SET cancel_asked = 0, changed = ? WHERE coid = ?", (at, coid))

    def transition(self, coid: str, state: IntentState, detail: str, now: datetime) -> None:
        """Move one intent along an allowed edge.

        Raises: InvariantBroken, the edge is not in the state machine.
        """
        with self._database.transaction() as connection:
            _move(connection, _require(connection, coid), state, detail, utc_text(now))

    def bind(self, coid: str, order_id: int, now: datetime) -> None:
        """Attach the broker's order id; an intent whose outcome was open becomes WORKING.

        Raises: InvariantBroken (I2), it has another order id, or the id is another intent's.
        """
        at = utc_text(now)
        with self._database.transaction() as connection:
            row = _require(connection, coid)
            other = connection.execute(
                "SELECT coid FROM intent WHERE order_id = ? AND coid <> ?", (order_id, coid)
            ).fetchone()
            if other is not None or row["order_id"] not in {None, order_id}:
                raise InvariantBroken("I2", f"order {order_id} can't be bound to {coid}: one of them is bound already")
            connection.execute("UPDATE intent SET order_id = ?, changed = ? WHERE coid = ?", (order_id, at, coid))
            if row["state"] in _OPEN:
                _move(connection, row, IntentState.WORKING, f"order {order_id}", at)

    def question(self, coid: str, reply_id: str, message_ids: Sequence[str], now: datetime) -> None:
        """Store an open question; the intent becomes QUESTIONED."""
        at = utc_text(now)
        with self._database.transaction() as connection:
            ids = ",".join(message_ids)
            _move(connection, _require(connection, coid), IntentState.QUESTIONED, ids, at)
            connection.execute("UPDATE intent SET reply_id = ?, message_ids = ? WHERE coid = ?", (reply_id, ids, coid))

    def freeze(self, coid: str, now: datetime) -> None:
        """Mark an UNKNOWN that could not be resolved in time; any way out of UNKNOWN takes the mark off."""
        with self._database.transaction() as connection:
            row = _require(connection, coid)
            if row["state"] != IntentState.UNKNOWN:
                raise InvariantBroken("I20", f"{coid} is {row['state']}: only an UNKNOWN can be frozen")
            at = utc_text(now)
            connection.execute(
                "UPDATE intent SET frozen_at = coalesce(frozen_at, ?), changed = ? WHERE coid = ?", (at, at, coid)
            )

    def execute(self, coid: str, execution: Execution, now: datetime) -> bool:
        """Count a fill once, with all that follows from it for own shares and trades, in one transaction.

        Raises: InvariantBroken (I10), after it was recorded: it sold more than we had, and the system has to halt;
        InvariantBroken (I6), it is not this intent's, and nothing was recorded.
        """
        with self._database.transaction() as connection:
            counted = count_fill(connection, _require(connection, coid), execution, now)
            failpoint("K14")
        if counted.oversold:
            raise InvariantBroken(
                "I10",
                f"{execution.symbol}: execution {execution.execution_id} sold {counted.oversold} more than we had",
            )
        return counted.new

    def adjust(self, conid: int, quantity: int, reason: str, now: datetime, *, ratio: float = 1.0) -> None:
        """Change own shares by something that was no execution; `ratio` of a split also divides its prices.

        Raises: InvariantBroken, there is no own position, or it would become negative.
        """
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM position WHERE conid = ?", (conid,)).fetchone()
            if row is None or row["quantity"] + quantity < 0:
                raise InvariantBroken("I8", f"own shares of conid {conid} can't be changed by {quantity}")
            connection.execute(
                "INSERT INTO adjustment (conid, quantity, ratio, entry_coid, reason, at) VALUES (?, ?, ?, ?, ?, ?)",
                (conid, quantity, ratio, row["entry_coid"], reason, utc_text(now)),
            )
            failpoint("K30")
            if row["quantity"] + quantity == 0:
                connection.execute("DELETE FROM position WHERE conid = ?", (conid,))
                return
            connection.execute(
                "UPDATE position SET quantity = ?, entry_price = ?, stop_price = ?, target_price = ? WHERE conid = ?",
                (
                    row["quantity"] + quantity,
                    round(row["entry_price"] / ratio),
                    round(row["stop_price"] / ratio),
                    round(row["target_price"] / ratio),
                    conid,
                ),
            )

    def vote(self, coid: str, evidence: str, now: datetime) -> int:
        """Record a read that did not find an UNKNOWN and return how many there are since it became one."""
        with self._database.transaction() as connection:
            _require(connection, coid)
            connection.execute(
                "INSERT INTO proof (coid, evidence, at) VALUES (?, ?, ?)", (coid, evidence, utc_text(now))
            )
            row = connection.execute(
                "SELECT count(*) AS votes FROM proof WHERE coid = :coid AND at >= coalesce("
                "(SELECT max(at) FROM intent_log WHERE coid = :coid AND state = 'UNKNOWN'), '')",
                {"coid": coid},
            ).fetchone()
            return int(row["votes"])

    def intents(self, *, states: frozenset[IntentState] | None = None) -> tuple[IntentRecord, ...]:
        """Return intents, oldest first, of the given states or all."""
        wanted = json.dumps(sorted(IntentState if states is None else states))
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
        rows = self._database.query("SELECT * FROM position ORDER BY symbol, conid")
        return tuple(
            OwnPosition(
                conid=row["conid"],
                symbol=row["symbol"],
                quantity=row["quantity"],
                entry_session=date.fromisoformat(row["entry_session"]),
                entry_price=from_units(row["entry_price"]),
                stop_price=from_units(row["stop_price"]),
                target_price=from_units(row["target_price"]),
                entry_coid=row["entry_coid"],
            )
            for row in rows
        )

    def _record(self, row: sqlite3.Row) -> IntentRecord:
        content = tuple(row)
        made = self._made.get(row["seq"])
        if made is None or made[0] != content:
            made = content, _record(row)
            self._made[row["seq"]] = made
        return made[1]


# States from which knowing the order id is a step to WORKING; from a terminal one it is not.
_OPEN = frozenset({IntentState.SENDING, IntentState.REPLYING, IntentState.UNKNOWN})


def _fact(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise InvariantBroken("storage", f"the fact {key} is missing")
    return str(row["value"])


def _base_36(number: int) -> str:
    """Return a positive number in base 36, at least `_SEQUENCE_LENGTH` digits."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_BASE_36))
        digits = _BASE_36[digit] + digits
    return digits.rjust(_SEQUENCE_LENGTH, "0")


def _require(connection: sqlite3.Connection, coid: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM intent WHERE coid = ?", (coid,)).fetchone()
    if row is None:
        raise InvariantBroken("I6", f"no intent is called {coid}")
    return row


def _insert_intent(connection: sqlite3.Connection, intent: OrderIntent) -> None:
    at = utc_text(intent.created)
    known = connection.execute("SELECT 1 FROM intent WHERE coid = ?", (intent.coid,)).fetchone()
    if known is not None:
        raise InvariantBroken("I2", f"the order name {intent.coid} was used before")
    connection.execute(
        "INSERT INTO intent (coid, parent_coid, role, conid, symbol, side, order_type, tif, quantity, limit_price,"
        " stop_price, decided, session, reason, created, state, changed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'PLANNED', ?)",
        (
            intent.coid,
            intent.parent_coid,
            intent.role,
            intent.conid,
            intent.symbol,
            intent.side,
            intent.order_type,
            intent.tif,
            intent.quantity,
            to_units_or_none(intent.limit_price),
            to_units_or_none(intent.stop_price),
            intent.decided.isoformat(),
            intent.session.isoformat(),
            intent.reason,
            at,
            at,
        ),
    )
    _log(connection, intent.coid, IntentState.PLANNED, intent.reason, at)


def _move(connection: sqlite3.Connection, row: sqlite3.Row, state: IntentState, detail: str, at: str) -> None:
    """Take one edge, with its line in the log; the mark of a frozen UNKNOWN goes with that state."""
    check_edge(IntentState(row["state"]), state)
    connection.execute(
        "UPDATE intent SET state = ?, detail = ?, changed = ?, frozen_at = NULL WHERE coid = ?",
        (state, detail, at, row["coid"]),
    )
    _log(connection, row["coid"], state, detail, at)


def _log(connection: sqlite3.Connection, coid: str, state: IntentState, detail: str, at: str) -> None:
    connection.execute(
        "INSERT INTO intent_log (coid, state, detail, at) VALUES (?, ?, ?, ?)", (coid, state, detail, at)
    )


def _record(row: sqlite3.Row) -> IntentRecord:
    filled = int(row["filled"])
    return IntentRecord(
        intent=OrderIntent(
            coid=row["coid"],
            parent_coid=row["parent_coid"],
            role=Role(row["role"]),
            conid=row["conid"],
            symbol=row["symbol"],
            side=Side(row["side"]),
            order_type=OrderType(row["order_type"]),
            tif=Tif(row["tif"]),
            quantity=row["quantity"],
            limit_price=from_units_or_none(row["limit_price"]),
            stop_price=from_units_or_none(row["stop_price"]),
            decided=date.fromisoformat(row["decided"]),
            session=date.fromisoformat(row["session"]),
            reason=row["reason"],
            created=datetime.fromisoformat(row["created"]),
        ),
        state=IntentState(row["state"]),
        order_id=row["order_id"],
        filled=filled,
        average_price=from_units(row["filled_value"]) / filled if filled else None,
        cancel_asked=bool(row["cancel_asked"]),
        reply_id=row["reply_id"],
        epoch=row["epoch"],
        sent_at=None if row["sent_at"] is None else datetime.fromisoformat(row["sent_at"]),
        frozen=row["frozen_at"] is not None,
        detail=row["detail"],
    )

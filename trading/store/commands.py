"""What was asked of the broker and what it answered: a command and its wire rows, written around each request."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from trading.errors import InvariantBroken
from trading.model.command import CommandDraft, CommandState
from trading.model.order import IntentState, Role
from trading.model.order_step import OrderStep
from trading.model.outcome import Answer
from trading.model.request import PreparedRequest, RequestKind
from trading.ports import OpenRequest
from trading.store.database import Database
from trading.store.order_rows import move, require
from trading.store.units import to_units_or_none, utc_text

# As much of an answer as is kept.
MAX_BODY = 64 * 1024


class SqliteCommandLog:
    """`trading.ports.CommandLog` over trading.db."""

    def __init__(self, database: Database) -> None:
        """Write into `database`, which stays the caller's to close."""
        self._database = database

    def record_request(self, draft: CommandDraft, request: PreparedRequest, epoch: int, now: datetime) -> OpenRequest:
        """W2: record a command and its request before it leaves; the intents of a submission become SENDING."""
        at = utc_text(now)
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO command (kind, coids, step, order_id, quantity, limit_price, stop_price, state, epoch,"
                " sent_at, changed) VALUES (?, ?, ?, ?, ?, ?, ?, 'SENT', ?, ?, ?)",
                (
                    draft.kind,
                    ",".join(draft.coids),
                    draft.step,
                    draft.order_id,
                    draft.quantity,
                    to_units_or_none(draft.limit_price),
                    to_units_or_none(draft.stop_price),
                    epoch,
                    at,
                    at,
                ),
            )
            command = int(cursor.lastrowid or 0)
            if draft.kind is RequestKind.SUBMIT:
                _send(connection, draft.coids, IntentState.SENDING, epoch, at)
            return OpenRequest(command, _about(connection, command, draft.coids, request, epoch, at))

    def record_reply(
        self,
        command: int,
        coids: Sequence[str],
        request: PreparedRequest,
        epoch: int,
        now: datetime,
        *,
        moves: bool,
    ) -> OpenRequest:
        """W2 of the answer to a question; with `moves` the intents become REPLYING (a modification moves none)."""
        at = utc_text(now)
        with self._database.transaction() as connection:
            if moves:
                _send(connection, coids, IntentState.REPLYING, epoch, at)
                connection.executemany("UPDATE intent SET reply_id = NULL WHERE coid = ?", ((coid,) for coid in coids))
            return OpenRequest(command, _about(connection, command, coids, request, epoch, at))

    def record_question(self, coids: Sequence[str], reply_id: str, message_ids: Sequence[str], now: datetime) -> None:
        """Store an open question; the intents become QUESTIONED."""
        at = utc_text(now)
        ids = ",".join(message_ids)
        with self._database.transaction() as connection:
            for coid in coids:
                move(connection, require(connection, coid), IntentState.QUESTIONED, ids, at)
                connection.execute(
                    "UPDATE intent SET reply_id = ?, message_ids = ? WHERE coid = ?", (reply_id, ids, coid)
                )

    def record_response(
        self,
        opened: OpenRequest,
        outcome_class: str,
        answer: Answer | None,
        state: CommandState,
        now: datetime,
        *,
        refused_legs: int = 0,
        detail: str = "",
    ) -> None:
        """W3: record what came back, and what it says of the command.

        Raises: InvariantBroken, there is no such ABOUT row, or it has its answer.
        """
        at = utc_text(now)
        with self._database.transaction() as connection:
            about = connection.execute(
                "SELECT 1 FROM wire WHERE id = ? AND phase = 'ABOUT' AND NOT EXISTS"
                " (SELECT 1 FROM wire AS answer WHERE answer.about_id = wire.id)",
                (opened.wire,),
            ).fetchone()
            if about is None:
                raise InvariantBroken("I1", f"an answer for the wire row {opened.wire}, which waits for none")
            connection.execute(
                "INSERT INTO wire"
                " (about_id, command, phase, coids, act, verb, path, body_sha256, class, status, body, epoch, at)"
                " SELECT id, command, 'ANSWER', coids, act, verb, path, body_sha256, ?, ?, ?, epoch, ? FROM wire"
                " WHERE id = ?",
                (
                    outcome_class,
                    None if answer is None else answer.status,
                    None if answer is None else answer.body[:MAX_BODY],
                    at,
                    opened.wire,
                ),
            )
            connection.execute(
                "UPDATE command SET state = ?, refused_legs = ?, detail = ?, changed = ? WHERE number = ?",
                (state, refused_legs, detail, at, opened.command),
            )

    def settle(self, numbers: Iterable[int], state: CommandState, detail: str, now: datetime) -> None:
        """Say what became of commands: confirmed by a reading, refused because nothing came of it, or lapsed."""
        at = utc_text(now)
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE command SET state = ?, detail = ?, changed = ? WHERE number = ?",
                ((state, detail, at, number) for number in numbers),
            )

    def steps_after(self, number: int) -> tuple[OrderStep, ...]:
        """Return the steps that orders took after step `number`, oldest first; a thousand at most."""
        rows = self._database.query(
            "SELECT intent_log.id, coid, symbol, role, intent_log.state, intent_log.detail, filled FROM intent_log"
            " JOIN intent USING (coid) WHERE intent_log.id > ? ORDER BY intent_log.id LIMIT 1000",
            (number,),
        )
        return tuple(
            OrderStep(
                number=row["id"],
                coid=row["coid"],
                symbol=row["symbol"],
                role=Role(row["role"]),
                state=IntentState(row["state"]),
                detail=row["detail"],
                filled=row["filled"],
            )
            for row in rows
        )


def _send(connection: sqlite3.Connection, coids: Sequence[str], state: IntentState, epoch: int, at: str) -> None:
    for coid in coids:
        move(connection, require(connection, coid), state, "", at)
        connection.execute("UPDATE intent SET sent_at = ?, epoch = ? WHERE coid = ?", (at, epoch, coid))


def _about(
    connection: sqlite3.Connection, command: int, coids: Sequence[str], request: PreparedRequest, epoch: int, at: str
) -> int:
    cursor = connection.execute(
        "INSERT INTO wire (command, phase, coids, act, verb, path, body_sha256, epoch, at)"
        " VALUES (?, 'ABOUT', ?, ?, ?, ?, ?, ?, ?)",
        (command, ",".join(coids), request.kind, request.verb, request.path, request.body_sha256, epoch, at),
    )
    return int(cursor.lastrowid or 0)

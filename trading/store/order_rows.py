"""Rows of `intent`, `command` and `position` as values, and the steps of an intent that every writer takes."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from trading.errors import InvariantBroken
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.intent_state import check_edge
from trading.model.order import TERMINAL, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.model.record import IntentRecord, OwnPosition
from trading.model.request import RequestKind
from trading.store.units import from_units, from_units_or_none, time_or_none, to_units_or_none, utc_text


def require(connection: sqlite3.Connection, coid: str) -> sqlite3.Row:
    """Return an intent's row.

    Raises: InvariantBroken (I6), there is none of that name.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM intent WHERE coid = ?", (coid,)).fetchone()
    if row is None:
        raise InvariantBroken("I6", f"no intent is called {coid}")
    return row


def insert_intent(connection: sqlite3.Connection, intent: OrderIntent) -> None:
    """Store an intent as PLANNED.

    Raises: InvariantBroken (I2), its name was used before.
    """
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
    log_step(connection, intent.coid, IntentState.PLANNED, intent.reason, at)


def move(connection: sqlite3.Connection, row: sqlite3.Row, state: IntentState, detail: str, at: str) -> None:
    """Take one edge, with its line in the log; what was asked about an order that is over is confirmed by that.

    Raises: InvariantBroken (I17), there is no such edge.
    """
    check_edge(IntentState(row["state"]), state)
    over = state in TERMINAL
    connection.execute(
        "UPDATE intent SET state = ?, detail = ?, changed = ?, frozen_at = NULL, unknown_at = ?, ended_at = ?,"
        " order_id = CASE WHEN ?6 AND provisional THEN NULL ELSE order_id END,"
        " provisional = CASE WHEN ?6 THEN 0 ELSE provisional END WHERE coid = ?7",
        (
            state,
            detail,
            at,
            at if state is IntentState.UNKNOWN else None,
            (row["ended_at"] or at) if over else None,
            state is IntentState.UNKNOWN,
            row["coid"],
        ),
    )
    if over:
        connection.execute(
            "UPDATE command SET state = 'CONFIRMED', changed = ? WHERE coids = ? AND kind <> 'submit'"
            " AND state IN ('SENT', 'ACKED', 'REFUSED', 'UNKNOWN')",
            (at, row["coid"]),
        )
    log_step(connection, row["coid"], state, detail, at)


def log_step(connection: sqlite3.Connection, coid: str, state: IntentState, detail: str, at: str) -> None:
    """Write a line of an intent's log: an edge, or what is known for certain by now of the state that it has."""
    connection.execute(
        "INSERT INTO intent_log (coid, state, detail, at) VALUES (?, ?, ?, ?)", (coid, state, detail, at)
    )


def intent_record(row: sqlite3.Row) -> IntentRecord:
    """Return a row of `intent`."""
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
        provisional=bool(row["provisional"]),
        seen_epoch=row["seen_epoch"],
        filled=filled,
        average_price=from_units(row["filled_value"]) / filled if filled else None,
        reply_id=row["reply_id"],
        epoch=row["epoch"],
        sent_at=time_or_none(row["sent_at"]),
        unknown_since=time_or_none(row["unknown_at"]),
        frozen=row["frozen_at"] is not None,
        ended_at=time_or_none(row["ended_at"]),
        detail=row["detail"],
    )


def command_record(row: sqlite3.Row) -> CommandRecord:
    """Return a row of `command`."""
    return CommandRecord(
        number=row["number"],
        draft=CommandDraft(
            kind=RequestKind(row["kind"]),
            coids=tuple(str(row["coids"]).split(",")),
            step=Step(row["step"]),
            order_id=row["order_id"],
            quantity=row["quantity"],
            limit_price=from_units_or_none(row["limit_price"]),
            stop_price=from_units_or_none(row["stop_price"]),
        ),
        state=CommandState(row["state"]),
        epoch=row["epoch"],
        sent_at=datetime.fromisoformat(row["sent_at"]),
        refused_legs=row["refused_legs"],
        detail=row["detail"],
    )


def own_position(row: sqlite3.Row, split_ratio: float = 1.0) -> OwnPosition:
    """Return a row of `position`, of whose shares each one that was bought became `split_ratio`."""
    return OwnPosition(
        conid=row["conid"],
        symbol=row["symbol"],
        quantity=row["quantity"],
        entry_session=date.fromisoformat(row["entry_session"]),
        entry_price=from_units(row["entry_price"]),
        stop_price=from_units(row["stop_price"]),
        target_price=from_units(row["target_price"]),
        entry_coid=row["entry_coid"],
        split_ratio=split_ratio,
    )

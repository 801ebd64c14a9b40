"""What a fill does to own shares and to the closed trade, all in the journal's one transaction."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from trading.errors import InvariantBroken
from trading.model.order import Execution, Role, Side
from trading.store.trades import refresh_trade
from trading.store.units import exchange_date, to_units, to_units_or_none, utc_text

# The broker's ids: four dotted parts, of which the last counts the corrections of one fill.
_CORRECTABLE = re.compile(r"(?P<fill>[^.]+\.[^.]+\.\d{2})\.(?P<version>\d{2})")


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of an execution: whether it was new, and how many shares it sold beyond those we had."""

    new: bool
    oversold: int = 0


def count_fill(connection: sqlite3.Connection, intent: sqlite3.Row, execution: Execution, now: datetime) -> Counted:
    """Count one execution of `intent` (a row of that table), once: shares, value, own position, closed trade.

    Raises: InvariantBroken (I6), it is not this intent's.
    """
    _check_owner(intent, execution)
    known = connection.execute("SELECT * FROM execution WHERE execution_id = ?", (execution.execution_id,)).fetchone()
    if known is not None:
        _fill_in_commission(connection, known, execution)
        return Counted(new=False)
    earlier = _other_version(connection, execution.execution_id)
    if earlier is not None and earlier["execution_id"] > execution.execution_id:
        return Counted(new=False)
    _insert(connection, intent, execution)
    if earlier is not None:
        _supersede(connection, earlier, execution, now)
    _recount(connection, intent["coid"], now)
    before = 0 if earlier is None else int(earlier["quantity"])
    return Counted(new=True, oversold=_move_position(connection, intent, execution, before, now))


def _check_owner(intent: sqlite3.Row, execution: Execution) -> None:
    if execution.conid != intent["conid"] or execution.side != intent["side"]:
        raise InvariantBroken(
            "I6",
            f"execution {execution.execution_id} ({execution.side} {execution.conid}) is not of {intent['coid']}",
        )
    if execution.quantity <= 0 or execution.quantity != int(execution.quantity):
        raise InvariantBroken("I6", f"execution {execution.execution_id} is of {execution.quantity} shares")


def _fill_in_commission(connection: sqlite3.Connection, known: sqlite3.Row, execution: Execution) -> None:
    if known["commission"] is not None or execution.commission is None:
        return
    connection.execute(
        "UPDATE execution SET commission = ? WHERE execution_id = ?",
        (to_units(execution.commission), execution.execution_id),
    )
    refresh_trade(connection, known["entry_coid"])


def _other_version(connection: sqlite3.Connection, execution_id: str) -> sqlite3.Row | None:
    """Return the counted version of the same fill under another number, if there is one."""
    found = _CORRECTABLE.fullmatch(execution_id)
    if found is None:
        return None
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM execution WHERE substr(execution_id, 1, ?) = ? AND corrected_by IS NULL",
        (len(found["fill"]) + 1, found["fill"] + "."),
    ).fetchone()
    return row


def _insert(connection: sqlite3.Connection, intent: sqlite3.Row, execution: Execution) -> None:
    entry = intent["role"] == Role.ENTRY
    session = intent["session"] if entry else exchange_date(execution.time).isoformat()
    connection.execute(
        "INSERT INTO execution (execution_id, coid, conid, symbol, side, quantity, price, commission, session, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            execution.execution_id,
            intent["coid"],
            execution.conid,
            intent["symbol"],
            execution.side,
            int(execution.quantity),
            to_units(execution.price),
            to_units_or_none(execution.commission),
            session,
            utc_text(execution.time),
        ),
    )


def _supersede(connection: sqlite3.Connection, earlier: sqlite3.Row, execution: Execution, now: datetime) -> None:
    """Let the broker's correction count in place of the version before; a row of its own says that it happened."""
    connection.execute(
        "UPDATE execution SET corrected_by = ? WHERE execution_id = ?",
        (execution.execution_id, earlier["execution_id"]),
    )
    connection.execute(
        "INSERT INTO adjustment (conid, quantity, entry_coid, reason, at) VALUES (?, 0, ?, ?, ?)",
        (
            execution.conid,
            earlier["entry_coid"],
            f"execution {earlier['execution_id']} corrected: {earlier['quantity']} -> {int(execution.quantity)} shares",
            utc_text(now),
        ),
    )


def _recount(connection: sqlite3.Connection, coid: str, now: datetime) -> None:
    """Set the intent's filled shares and their value to the sums over its executions."""
    connection.execute(
        "UPDATE intent SET (filled, filled_value) ="
        " (SELECT coalesce(sum(quantity), 0), coalesce(sum(quantity * price), 0)"
        " FROM execution WHERE coid = intent.coid AND corrected_by IS NULL), changed = ? WHERE coid = ?",
        (utc_text(now), coid),
    )


def _move_position(
    connection: sqlite3.Connection, intent: sqlite3.Row, execution: Execution, before: int, now: datetime
) -> int:
    """Apply a fill, of which `before` shares were counted already, to the own position; return the shares oversold."""
    sign = 1 if execution.side is Side.BUY else -1
    change = sign * (int(execution.quantity) - before)
    position = connection.execute("SELECT * FROM position WHERE conid = ?", (execution.conid,)).fetchone()
    entry_coid = _entry_of(connection, intent, position, execution)
    connection.execute(
        "UPDATE execution SET entry_coid = ? WHERE execution_id = ?", (entry_coid, execution.execution_id)
    )
    held = 0 if position is None else int(position["quantity"])
    left = held + change
    if position is None and left > 0:
        _open_position(connection, entry_coid, execution, left)
    elif left > 0:
        connection.execute("UPDATE position SET quantity = ? WHERE conid = ?", (left, execution.conid))
    else:
        connection.execute("DELETE FROM position WHERE conid = ?", (execution.conid,))
    if left > 0:
        _average(connection, execution.conid, entry_coid)
    if left < 0:
        _note_oversold(connection, execution, entry_coid, -left, now)
    refresh_trade(connection, entry_coid)
    return max(-left, 0)


def _entry_of(
    connection: sqlite3.Connection, intent: sqlite3.Row, position: sqlite3.Row | None, execution: Execution
) -> str | None:
    """Return the entry whose position the fill changes: the open one, else the intent's own, else the last sold."""
    if position is not None:
        return str(position["entry_coid"])
    if intent["role"] == Role.ENTRY:
        return str(intent["coid"])
    if intent["parent_coid"] is not None:
        return str(intent["parent_coid"])
    last = connection.execute(
        "SELECT entry_coid FROM execution WHERE conid = ? AND entry_coid IS NOT NULL ORDER BY at DESC LIMIT 1",
        (execution.conid,),
    ).fetchone()
    return None if last is None else str(last["entry_coid"])


def _open_position(connection: sqlite3.Connection, entry_coid: str | None, execution: Execution, quantity: int) -> None:
    """Make the position of an entry, with the stop and target that were planned with it."""
    entry = connection.execute("SELECT session, symbol FROM intent WHERE coid = ?", (entry_coid,)).fetchone()
    plan = connection.execute(
        "SELECT max(CASE role WHEN 'stop' THEN stop_price END) AS stop,"
        " max(CASE role WHEN 'target' THEN limit_price END) AS target FROM intent WHERE parent_coid = ?",
        (entry_coid,),
    ).fetchone()
    if entry is None or plan["stop"] is None or plan["target"] is None:
        raise InvariantBroken("I9", f"execution {execution.execution_id}: no entry with a stop and a target is known")
    connection.execute(
        "INSERT INTO position"
        " (conid, symbol, quantity, entry_session, entry_price, stop_price, target_price, entry_coid)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            execution.conid,
            entry["symbol"],
            quantity,
            entry["session"],
            to_units(execution.price),
            plan["stop"],
            plan["target"],
            entry_coid,
        ),
    )


def _average(connection: sqlite3.Connection, conid: int, entry_coid: str | None) -> None:
    """Set the position's entry price to the average over the fills that bought it."""
    bought = connection.execute(
        "SELECT sum(quantity) AS shares, sum(quantity * price) AS value FROM execution"
        " WHERE entry_coid = ? AND side = 'BUY' AND corrected_by IS NULL",
        (entry_coid,),
    ).fetchone()
    connection.execute(
        "UPDATE position SET entry_price = ? WHERE conid = ?", (round(bought["value"] / bought["shares"]), conid)
    )


def _note_oversold(
    connection: sqlite3.Connection, execution: Execution, entry_coid: str | None, shares: int, now: datetime
) -> None:
    """Keep executions plus adjustments equal to the own position, which never is below zero in the file."""
    connection.execute(
        "INSERT INTO adjustment (conid, quantity, entry_coid, reason, at) VALUES (?, ?, ?, ?, ?)",
        (
            execution.conid,
            shares,
            entry_coid,
            f"oversold: execution {execution.execution_id} sold {shares} more than we had",
            utc_text(now),
        ),
    )

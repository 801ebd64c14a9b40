"""What a fill, or a change without one, does to own shares and to the closed trade, all in one transaction."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from math import prod

from trading.errors import InvariantBroken
from trading.model.exchange_time import exchange_date
from trading.model.execution_id import fill_of, version_of
from trading.model.order import Execution, Role, Side
from trading.ports import AdjustmentKind, Counted
from trading.store.doubts import doubt_about
from trading.store.order_rows import require
from trading.store.trades import refresh_trade
from trading.store.units import to_units, to_units_or_none, utc_text

_SPLITS = "SELECT ratio FROM adjustment WHERE kind = 'split' AND entry_coid IS ?"
ALL_SPLITS = "SELECT entry_coid, ratio, at FROM adjustment WHERE kind = 'split' AND entry_coid IS NOT NULL ORDER BY id"
"""the splits of what any entry bought"""


def count_fill(connection: sqlite3.Connection, intent: sqlite3.Row, execution: Execution, now: datetime) -> Counted:
    """Count one execution of `intent` (a row of that table), once: shares, value, own position, closed trade.

    One that makes no sense is counted as it is, and the result of its trade put aside (`doubts`).

    A later version of one that was counted (quantity 0 where it was taken back) counts in its place. Shares sold
    beyond those we had are an adjustment, which a purchase that is told of later takes back.

    Raises: InvariantBroken (I6), it is not this intent's.
    """
    _check_owner(intent, execution)
    known = connection.execute("SELECT * FROM execution WHERE execution_id = ?", (execution.execution_id,)).fetchone()
    if known is not None and not _changed(known, execution):
        _fill_in_commission(connection, known, execution)
        return Counted(new=False)
    earlier = known if known is not None else _other_version(connection, execution.execution_id)
    if (
        known is None
        and earlier is not None
        and version_of(earlier["execution_id"]) > version_of(execution.execution_id)
    ):
        return Counted(new=False)
    if known is not None:
        connection.execute(
            "UPDATE execution SET quantity = ?, price = ? WHERE execution_id = ?",
            (int(execution.quantity), to_units(execution.price), execution.execution_id),
        )
    else:
        _insert(connection, intent, execution)
    if earlier is not None:
        _note_correction(connection, earlier, execution, now)
    _recount(connection, intent["coid"], now)
    doubt = _note_doubt(connection, intent, execution)
    before = 0 if earlier is None else int(earlier["quantity"])
    entry_coid = None if earlier is None else earlier["entry_coid"]
    oversold = _move_position(connection, intent, execution, before, entry_coid, now)
    return Counted(
        new=earlier is None and execution.quantity > 0,
        corrected=earlier is not None,
        taken_back=execution.quantity < before,
        oversold=oversold,
        doubt=doubt,
    )


def adjust_position(
    connection: sqlite3.Connection,
    conid: int,
    quantity: int,
    kind: AdjustmentKind,
    reason: str,
    now: datetime,
    *,
    ratio: float = 1.0,
    plan: tuple[float, float] | None = None,
) -> None:
    """Change own shares by something that was no execution.

    Shares that a split left of a position that had been sold make it anew, and so do those of which the broker took
    back that they were; `ratio` of a split is then that of all its splits.

    Raises: InvariantBroken, there is no own position, or it would become negative.
    """
    row = connection.execute("SELECT * FROM position WHERE conid = ?", (conid,)).fetchone()
    if row is None and kind in {AdjustmentKind.SPLIT, AdjustmentKind.MANUAL} and quantity > 0:
        _reopen_position(connection, kind, conid, quantity, reason, now, ratio)
        return
    if row is None or row["quantity"] + quantity < 0:
        raise InvariantBroken("I8", f"own shares of conid {conid} can't be changed by {quantity}")
    _note(connection, kind, conid, quantity, row["entry_coid"], reason, now, ratio=ratio)
    if row["quantity"] + quantity == 0:
        connection.execute("DELETE FROM position WHERE conid = ?", (conid,))
        return
    stop, target = (to_units(price) for price in plan) if plan is not None else (row["stop_price"], row["target_price"])
    connection.execute(
        "UPDATE position SET quantity = ?, entry_price = ?, stop_price = ?, target_price = ? WHERE conid = ?",
        (
            row["quantity"] + quantity,
            round(row["entry_price"] / ratio),
            round(stop / ratio),
            round(target / ratio),
            conid,
        ),
    )


def _check_owner(intent: sqlite3.Row, execution: Execution) -> None:
    possible = execution.quantity >= 0 and execution.quantity == int(execution.quantity) and execution.price >= 0
    if execution.conid != intent["conid"] or execution.side != intent["side"] or not possible:
        what = f"{execution.side} {execution.quantity:g} of {execution.conid} at {execution.price:g}"
        raise InvariantBroken("I6", f"execution {execution.execution_id} ({what}) is not of {intent['coid']}")


def _changed(known: sqlite3.Row, execution: Execution) -> bool:
    """Return whether an execution that was counted under the same id now has another quantity or price.

    A price that can't be read now changes none that could be.
    """
    if known["corrected_by"] is not None:
        return False
    same_price = to_units(execution.price) == known["price"] or not execution.price > 0.0
    return int(execution.quantity) != known["quantity"] or not same_price


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
    start = fill_of(execution_id)
    if not start:
        return None
    rows = connection.execute(
        "SELECT * FROM execution WHERE substr(execution_id, 1, ?) = ? AND corrected_by IS NULL", (len(start), start)
    ).fetchall()
    return next((row for row in rows if str(row["execution_id"])[len(start) :].isdecimal()), None)


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


def _note_correction(connection: sqlite3.Connection, earlier: sqlite3.Row, execution: Execution, now: datetime) -> None:
    """Let the broker's correction count in place of the version before; a row of its own says that it happened."""
    if earlier["execution_id"] != execution.execution_id:
        connection.execute(
            "UPDATE execution SET corrected_by = ? WHERE execution_id = ?",
            (execution.execution_id, earlier["execution_id"]),
        )
    change = f"{earlier['quantity']} -> {int(execution.quantity)} shares"
    if int(execution.quantity) == earlier["quantity"]:
        change = f"price {earlier['price'] / 10_000:g} -> {execution.price:g}"
    text = f"execution {earlier['execution_id']} corrected: {change}"
    _note(connection, AdjustmentKind.CORRECTION, execution.conid, 0, earlier["entry_coid"], text, now)


def _recount(connection: sqlite3.Connection, coid: str, now: datetime) -> None:
    """Set the intent's filled shares and their value to the sums over its executions."""
    connection.execute(
        "UPDATE intent SET (filled, filled_value) ="
        " (SELECT coalesce(sum(quantity), 0), coalesce(sum(quantity * price), 0)"
        " FROM execution WHERE coid = intent.coid AND corrected_by IS NULL), changed = ? WHERE coid = ?",
        (utc_text(now), coid),
    )


def _note_doubt(connection: sqlite3.Connection, intent: sqlite3.Row, execution: Execution) -> str:
    """Keep why an execution's price can't be trusted, and return it; a correction may clear it."""
    filled = connection.execute("SELECT filled FROM intent WHERE coid = ?", (intent["coid"],)).fetchone()["filled"]
    position = connection.execute("SELECT * FROM position WHERE conid = ?", (execution.conid,)).fetchone()
    doubt = doubt_about(intent, int(filled), execution, position)
    connection.execute("UPDATE execution SET doubt = ? WHERE execution_id = ?", (doubt, execution.execution_id))
    return doubt


def _move_position(
    connection: sqlite3.Connection,
    intent: sqlite3.Row,
    execution: Execution,
    before: int,
    counted_for: str | None,
    now: datetime,
) -> int:
    """Apply a fill, of which `before` shares were counted already, to the own position; return the shares oversold."""
    sign = 1 if execution.side is Side.BUY else -1
    change = sign * (int(execution.quantity) - before)
    position = connection.execute("SELECT * FROM position WHERE conid = ?", (execution.conid,)).fetchone()
    entry_coid = counted_for or _entry_of(connection, intent, position, execution)
    connection.execute(
        "UPDATE execution SET entry_coid = ? WHERE execution_id = ?", (entry_coid, execution.execution_id)
    )
    held = 0 if position is None else int(position["quantity"])
    left = held + change + _explained(connection, execution, entry_coid, held, change, now)
    if position is None and left > 0:
        _open_position(connection, entry_coid, execution.conid, left, to_units(execution.price))
    elif left > 0:
        connection.execute("UPDATE position SET quantity = ? WHERE conid = ?", (left, execution.conid))
    else:
        connection.execute("DELETE FROM position WHERE conid = ?", (execution.conid,))
    if left > 0:
        _average(connection, execution.conid)
    if left < 0:
        text = f"oversold: execution {execution.execution_id} sold {-left} more than we had"
        _note(connection, AdjustmentKind.OVERSOLD, execution.conid, -left, entry_coid, text, now)
    refresh_trade(connection, entry_coid)
    return max(-left, 0)


def _explained(
    connection: sqlite3.Connection, execution: Execution, entry_coid: str | None, held: int, change: int, now: datetime
) -> int:
    """Return the shares of earlier adjustments that this fill explains, with the row that takes them back.

    A purchase told of late explains what was oversold. A sale told of late explains what was taken for sold by hand:
    when it was made before that, or sells shares that were written off; else they are others.
    """
    kind = AdjustmentKind.OVERSOLD if change > 0 else AdjustmentKind.MANUAL
    row = connection.execute(
        "SELECT coalesce(sum(quantity), 0) AS open, coalesce(-sum(min(quantity, 0)) FILTER (WHERE at > ?), 0) AS later"
        " FROM adjustment WHERE conid = ? AND kind = ? AND entry_coid IS ?",
        (utc_text(execution.time), execution.conid, kind, entry_coid),
    ).fetchone()
    if change > 0:
        taken_back = -min(max(int(row["open"]), 0), change)
    else:
        told_late = min(int(row["later"]), -change)
        taken_back = min(max(-int(row["open"]), 0), max(told_late, -change - held))
    if taken_back == 0:
        return 0
    text = f"explained by execution {execution.execution_id}"
    _note(connection, kind, execution.conid, taken_back, entry_coid, text, now)
    return taken_back


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
    return _last_entry(connection, execution.conid)


def _last_entry(connection: sqlite3.Connection, conid: int) -> str | None:
    last = connection.execute(
        "SELECT entry_coid FROM execution WHERE conid = ? AND entry_coid IS NOT NULL ORDER BY at DESC LIMIT 1", (conid,)
    ).fetchone()
    return None if last is None else str(last["entry_coid"])


def _open_position(
    connection: sqlite3.Connection, entry_coid: str | None, conid: int, quantity: int, price: int, ratio: float = 1.0
) -> None:
    """Make the position of an entry, with the stop and target that were planned with it, divided by its splits."""
    plan = connection.execute(
        "SELECT max(CASE role WHEN 'stop' THEN stop_price END) AS stop,"
        " max(CASE role WHEN 'target' THEN limit_price END) AS target FROM intent WHERE parent_coid = ?",
        (entry_coid,),
    ).fetchone()
    if entry_coid is None or plan["stop"] is None or plan["target"] is None:
        raise InvariantBroken("I9", f"conid {conid}: no entry with a stop and a target is known")
    entry = require(connection, entry_coid)
    connection.execute(
        "INSERT INTO position"
        " (conid, symbol, quantity, entry_session, entry_price, stop_price, target_price, entry_coid)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            conid,
            entry["symbol"],
            quantity,
            entry["session"],
            price,
            round(plan["stop"] / ratio),
            round(plan["target"] / ratio),
            entry_coid,
        ),
    )


def _reopen_position(
    connection: sqlite3.Connection,
    kind: AdjustmentKind,
    conid: int,
    quantity: int,
    reason: str,
    now: datetime,
    ratio: float,
) -> None:
    """Make the position that was sold last anew; of its splits, which come to `ratio`, some may be known already."""
    entry_coid = _last_entry(connection, conid)
    known = _split_ratio(connection, entry_coid)
    ratio = ratio if kind is AdjustmentKind.SPLIT else known
    _note(connection, kind, conid, quantity, entry_coid, reason, now, ratio=ratio / known)
    _open_position(connection, entry_coid, conid, quantity, 0, ratio)
    _average(connection, conid)
    refresh_trade(connection, entry_coid)


def _split_ratio(connection: sqlite3.Connection, entry_coid: str | None) -> float:
    """Return how many shares of today each one became that an entry bought."""
    return prod(float(row["ratio"]) for row in connection.execute(_SPLITS, (entry_coid,)))


def _average(connection: sqlite3.Connection, conid: int) -> None:
    """Set the position's entry price to the average over the fills that bought it, in today's shares after splits.

    In place of a price that can't be trusted stands the limit.
    """
    bought = connection.execute(
        "SELECT sum(execution.quantity) AS shares, sum(execution.quantity * CASE"
        " WHEN doubt <> '' AND (price = 0 OR price > limit_price) THEN limit_price ELSE price END) AS value"
        " FROM execution JOIN intent USING (coid)"
        " WHERE entry_coid = (SELECT entry_coid FROM position WHERE conid = ?) AND execution.side = 'BUY'"
        " AND corrected_by IS NULL",
        (conid,),
    ).fetchone()
    if not bought["shares"]:
        return
    position = connection.execute("SELECT entry_coid FROM position WHERE conid = ?", (conid,)).fetchone()
    ratio = _split_ratio(connection, position["entry_coid"])
    price = round(bought["value"] / (bought["shares"] * ratio))
    connection.execute("UPDATE position SET entry_price = ? WHERE conid = ?", (price, conid))


def _note(
    connection: sqlite3.Connection,
    kind: AdjustmentKind,
    conid: int,
    quantity: int,
    entry_coid: str | None,
    reason: str,
    now: datetime,
    *,
    ratio: float = 1.0,
) -> None:
    """Keep executions plus adjustments equal to the own position, which never is below zero in the file."""
    connection.execute(
        "INSERT INTO adjustment (kind, conid, quantity, ratio, entry_coid, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, conid, quantity, ratio, entry_coid, reason, utc_text(now)),
    )

"""Closed trades, as trades.csv has them: made from a position's executions once it is flat, and kept true to them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from trading.model.decision import ExitReason
from trading.model.order import TERMINAL, Role
from trading.store.units import cents

_FLAT = """
SELECT intent.coid FROM intent
WHERE intent.role = 'entry' AND intent.filled > 0
  AND (intent.filled >= intent.quantity OR intent.state IN (SELECT value FROM json_each(?)))
  AND NOT EXISTS (SELECT 1 FROM position WHERE position.entry_coid = intent.coid)
  AND NOT EXISTS (SELECT 1 FROM trade WHERE trade.entry_coid = intent.coid)
  AND EXISTS (SELECT 1 FROM execution
              WHERE execution.entry_coid = intent.coid AND execution.side = 'SELL' AND execution.quantity > 0
                AND corrected_by IS NULL)
ORDER BY intent.seq
"""

# `removed` are shares that went without an execution of ours (sold by hand): what they cost is no part of the trade.
_SUMS = """
SELECT sum(CASE side WHEN 'BUY' THEN (quantity * price + 50) / 100 * 100 END) AS cost,
       sum(CASE side WHEN 'BUY' THEN quantity * price END) AS bought_value,
       sum(CASE side WHEN 'BUY' THEN quantity END) AS bought,
       sum(CASE side WHEN 'SELL' THEN (quantity * price + 50) / 100 * 100 END) AS proceeds,
       sum(CASE side WHEN 'SELL' THEN quantity * price END) AS sold_value,
       sum(CASE side WHEN 'SELL' THEN quantity END) AS sold,
       coalesce(sum(commission), 0) AS commission,
       min(CASE side WHEN 'BUY' THEN session END) AS entry_session,
       (SELECT coalesce(-sum(quantity), 0) FROM adjustment
        WHERE adjustment.entry_coid = :entry AND kind = 'manual') AS removed,
       (SELECT coalesce(sum(quantity), 0) FROM adjustment
        WHERE adjustment.entry_coid = :entry AND kind = 'oversold') AS oversold,
       max(doubt) AS doubt
FROM execution WHERE entry_coid = :entry AND corrected_by IS NULL
"""

_LAST_SALE = """
SELECT execution.session, intent.role, intent.reason FROM execution JOIN intent USING (coid)
WHERE execution.entry_coid = ? AND execution.side = 'SELL' AND execution.quantity > 0 AND corrected_by IS NULL
ORDER BY execution.at DESC, execution.rowid DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class _Trade:
    """A row of the table `trade`; money in units."""

    entry_coid: str
    symbol: str
    quantity: int
    entry_session: str
    entry_price: int
    exit_session: str
    exit_price: int
    exit_reason: str
    commission: int
    pnl: int
    doubt: str


def insert_closed(connection: sqlite3.Connection) -> int:
    """Write the trade of each position that became flat and has none yet; return how many."""
    entries = [str(row["coid"]) for row in connection.execute(_FLAT, (json.dumps(sorted(TERMINAL)),))]
    for entry_coid in entries:
        trade = _trade(connection, entry_coid)
        connection.execute(
            "INSERT INTO trade (entry_coid, symbol, quantity, entry_session, entry_price, exit_session, exit_price,"
            " exit_reason, commission, pnl, doubt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                trade.entry_coid,
                trade.symbol,
                trade.quantity,
                trade.entry_session,
                trade.entry_price,
                trade.exit_session,
                trade.exit_price,
                trade.exit_reason,
                trade.commission,
                trade.pnl,
                trade.doubt,
            ),
        )
    return len(entries)


def refresh_trade(connection: sqlite3.Connection, entry_coid: str | None) -> None:
    """Bring an existing trade up to date after a late fill or commission.

    One whose position is open again goes, and so does one of which the broker took all sales back.
    """
    connection.execute(
        "DELETE FROM trade WHERE entry_coid = :entry AND EXISTS"
        " (SELECT 1 FROM position WHERE position.entry_coid = :entry)",
        {"entry": entry_coid},
    )
    due = connection.execute(
        "SELECT 1 FROM trade WHERE entry_coid = :entry"
        " AND NOT EXISTS (SELECT 1 FROM position WHERE position.entry_coid = :entry)",
        {"entry": entry_coid},
    ).fetchone()
    if entry_coid is None or due is None:
        return
    if not connection.execute(_SUMS, {"entry": entry_coid}).fetchone()["sold"]:
        connection.execute("DELETE FROM trade WHERE entry_coid = ?", (entry_coid,))
        return
    trade = _trade(connection, entry_coid)
    connection.execute(
        "UPDATE trade SET quantity = ?, entry_price = ?, exit_session = ?, exit_price = ?, exit_reason = ?,"
        " commission = ?, pnl = ?, doubt = ? WHERE entry_coid = ?",
        (
            trade.quantity,
            trade.entry_price,
            trade.exit_session,
            trade.exit_price,
            trade.exit_reason,
            trade.commission,
            trade.pnl,
            trade.doubt,
            entry_coid,
        ),
    )


def _trade(connection: sqlite3.Connection, entry_coid: str) -> _Trade:
    """Compute the trade of a flat position: pnl = proceeds - cost - commission, each in cents."""
    sums = connection.execute(_SUMS, {"entry": entry_coid}).fetchone()
    sale = connection.execute(_LAST_SALE, (entry_coid,)).fetchone()
    entry = connection.execute("SELECT symbol FROM intent WHERE coid = ?", (entry_coid,)).fetchone()
    sold, removed = int(sums["sold"]), int(sums["removed"])
    # Without shares that left by hand this is the whole cost, to the cent.
    cost = int(sums["cost"]) if removed == 0 else cents(round(sums["cost"] * sold / (sold + removed)))
    value = int(sums["bought_value"]) if removed == 0 else round(sums["bought_value"] * sold / (sold + removed))
    commission = int(sums["commission"])
    oversold = f"{sums['oversold']} more shares were sold than there were" if sums["oversold"] else ""
    return _Trade(
        entry_coid=entry_coid,
        symbol=str(entry["symbol"]),
        quantity=sold,
        entry_session=str(sums["entry_session"]),
        entry_price=round(value / sold),
        exit_session=str(sale["session"]),
        exit_price=round(sums["sold_value"] / sold),
        exit_reason=_exit_reason(str(sale["role"]), str(sale["reason"])),
        commission=commission,
        pnl=int(sums["proceeds"]) - cost - commission,
        doubt=str(sums["doubt"]) or oversold,
    )


def _exit_reason(role: str, reason: str) -> str:
    """Return the reason that trades.csv shows: bracket children name themselves, an exit carries its decision's."""
    if role == Role.STOP:
        return ExitReason.STOP
    if role == Role.TARGET:
        return ExitReason.TARGET
    return reason

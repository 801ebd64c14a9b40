"""What the system may do, as it follows from halts, reconciliation, risk latches and daily loss, with its history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from trading.errors import InvariantBroken
from trading.model.decision import RiskState
from trading.model.mode import Halt, Latched, Mode, ModeState
from trading.store.database import PUT_FACT

HALT = "halt"
REDUCING = "reducing"
RECONCILED = "reconciled"
# Whether the equity lost too much since the close before; it is no latch, and ends by itself.
DAILY_LOSS = "daily_loss"
RISK_FACT = "risk"
# Values of halt, reconciled and daily_loss; reducing holds the latched codes, comma separated, empty for none.
YES = "1"
NO = "0"

LAST_ENTRIES = "SELECT * FROM mode_log WHERE id IN (SELECT max(id) FROM mode_log GROUP BY fact)"


def mode_of(entries: Iterable[sqlite3.Row], halts: Sequence[Halt]) -> ModeState:
    """Return the strictest mode of the newest entry of each fact, and of the `halts` that nobody has acknowledged."""
    rows = {row["fact"]: row for row in entries}
    reconciled, reducing, lost = rows.get(RECONCILED), rows.get(REDUCING), loss_in(rows.values())
    latched = _latched(reducing)
    if halts:
        first = halts[0]
        more = f" (and {len(halts) - 1} more)" if len(halts) > 1 else ""
        return ModeState(Mode.HALTED, first.reason + more, first.actor, first.since, tuple(halts), latched)
    if reconciled is None:
        return ModeState(Mode.RECONCILING, "not yet compared with the broker", "system", None, latched=latched)
    if reconciled["value"] != YES:
        return _state(Mode.RECONCILING, reconciled, latched)
    if reducing is not None and reducing["value"]:
        return _state(Mode.REDUCING, reducing, latched)
    if lost is not None:
        return _state(Mode.REDUCING, lost, None)
    newest = max((row for row in rows.values()), key=lambda row: int(row["id"]))
    return _state(Mode.ACTIVE, newest, None)


def loss_in(entries: Iterable[sqlite3.Row]) -> sqlite3.Row | None:
    """Return the newest entry of the daily loss among those of all facts, None where too much is not lost."""
    return next((row for row in entries if row["fact"] == DAILY_LOSS and row["value"] == YES), None)


def log_change(connection: sqlite3.Connection, fact: str, value: str, *, reason: str, actor: str, at: str) -> None:
    """Append a row when the fact changes; the same value again is no news."""
    last = _newest(connection, fact)
    if last is None or last["value"] != value:
        _log(connection, fact, value, reason=reason, actor=actor, at=at)


def save_risk(
    connection: sqlite3.Connection, risk: RiskState, *, reason: str, actor: str, at: str, again: bool = False
) -> None:
    """Keep the risk rules' memory, and log a change of the latched codes; `again`: one of them latched once more.

    What latches beside others is named with them, so that a person who resumes has seen why each did.
    """
    connection.execute(PUT_FACT, (RISK_FACT, msgspec.json.encode(risk).decode()))
    codes, last = ",".join(sorted(risk.latches)), _newest(connection, REDUCING)
    before, known = ("", "") if last is None else (last["value"], last["reason"])
    if codes == before and not (again and f"; {reason}; " not in f"; {known}; "):
        return
    said = f"{known}; {reason}" if codes and before else reason
    _log(connection, REDUCING, codes, reason=said, actor=actor, at=at)


def save_daily_loss(connection: sqlite3.Connection, lost: str | None, *, at: str) -> None:
    """Log why too much was lost since the close before, or that it is not any more."""
    value, reason = (YES, lost) if lost else (NO, "the equity is within its daily loss again")
    log_change(connection, DAILY_LOSS, value, reason=reason, actor="risk", at=at)


def risk_in(connection: sqlite3.Connection) -> RiskState:
    """Return the memory as a transaction finds it.

    Raises: InvariantBroken, it can't be read.
    """
    row = connection.execute("SELECT value FROM fact WHERE key = ?", (RISK_FACT,)).fetchone()
    return risk_from(None if row is None else str(row["value"]))


def risk_from(text: str | None) -> RiskState:
    """Return the memory as it was kept; that of a first start where nothing was.

    Raises: InvariantBroken, the text is not one: without the peak and the latches nothing may be bought.
    """
    if text is None:
        return RiskState()
    try:
        return msgspec.json.decode(text, type=RiskState)
    except msgspec.MsgspecError as error:
        raise InvariantBroken("corrupt", f"the kept risk state can't be read: {error}") from error


def _newest(connection: sqlite3.Connection, fact: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM mode_log WHERE fact = ? ORDER BY id DESC LIMIT 1", (fact,)
    ).fetchone()
    return row


def _log(connection: sqlite3.Connection, fact: str, value: str, *, reason: str, actor: str, at: str) -> None:
    connection.execute(
        "INSERT INTO mode_log (fact, value, reason, actor, at) VALUES (?, ?, ?, ?, ?)",
        (fact, value, reason, actor, at),
    )


def _state(mode: Mode, row: sqlite3.Row, latched: Latched | None) -> ModeState:
    return ModeState(mode, row["reason"], row["actor"], datetime.fromisoformat(row["at"]), latched=latched)


def _latched(row: sqlite3.Row | None) -> Latched | None:
    if row is None or not row["value"]:
        return None
    return Latched(row["id"], tuple(row["value"].split(",")), row["reason"], datetime.fromisoformat(row["at"]))

"""Whether what was stored last still holds now: the mode, and what the last turn read of the broker."""

from __future__ import annotations

from dataclasses import replace

from trading.model.mode import Mode, ModeState
from trading.model.status import GOOD_SESSIONS
from trading.monitoring.health import OVERDUE_S, Facts
from trading.monitoring.sign_of_life import Beat


def reads_the_broker(facts: Facts) -> bool:
    """Return whether a trading process that lives reads the account again and again; else that reading is old."""
    beat = facts.beat
    if beat is None or facts.session not in GOOD_SESSIONS or facts.hangs or facts.partly_hangs or facts.trouble:
        return False
    return beat.overdue_s <= OVERDUE_S and not beat.unproven and not beat.unstored


def mode_now(stored: ModeState | None, beat: Beat | None) -> ModeState | None:
    """Return the mode that is in force: a process that can't write its database can't store that it reconciles."""
    if stored is None or beat is None or not beat.unstored or stored.mode is Mode.HALTED:
        return stored
    return replace(stored, mode=Mode.RECONCILING, reason=beat.unstored, actor="system", since=None)


def beside_no_database(beat: Beat | None) -> Beat | None:
    """Return the sign of life that is to be judged where nobody finds the database.

    One that a process made, or had at its first cycle, was taken away, which that process notices when it next writes.
    """
    if beat is None or beat.unproven or beat.ended_at or beat.unstored:
        return beat
    return replace(beat, unstored="storage: trading.db is not there though the trading process runs: put it back")

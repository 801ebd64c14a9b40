"""Entries that the broker refused one after the other: something is wrong with the account, or with what is sent."""

from __future__ import annotations

from datetime import datetime

from trading.model.order import IntentState, Role
from trading.model.record import JournalView
from trading.ports import Evidence

REJECTS_IN_A_ROW = 3
_SUBJECT = "rejects"
# The broker has said nothing of these: they never were there, or nobody knows yet.
_NO_VERDICT = frozenset(
    {
        IntentState.PLANNED,
        IntentState.DENIED,
        IntentState.SENDING,
        IntentState.REPLYING,
        IntentState.UNKNOWN,
        IntentState.DECLINED,
        IntentState.LOST,
    }
)


def rejected_in_a_row(journal: JournalView, latched: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the newest entries that were all refused, newest first, but those `latched` for already."""
    entries = [r for r in journal.records if r.intent.role is Role.ENTRY and r.state not in _NO_VERDICT]
    found: list[str] = []
    for record in reversed(entries):
        if record.state is not IntentState.REJECTED or record.coid in latched:
            break
        found.append(record.coid)
    return tuple(found)


def latched_for(evidence: Evidence) -> frozenset[str]:
    """Return the refused entries that were latched for already."""
    return frozenset(sighting.evidence for sighting in evidence.of(_SUBJECT))


def note_latched(evidence: Evidence, rejected: tuple[str, ...], now: datetime) -> None:
    """Keep that these were latched for: once a person lets it go on, they count no more."""
    evidence.forget([_SUBJECT])
    evidence.record(_SUBJECT, rejected[0], now)

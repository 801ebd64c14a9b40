"""Entries that the broker refused one after the other: something is wrong with the account, or with what is sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from trading.model.intent_state import NEVER_LEFT
from trading.model.order import UNPROVEN, IntentState, Role
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind
from trading.ports import Evidence

REJECTS_IN_A_ROW = 3
# Sent in the hour before the open, an order may be refused at the open.
_SOON = timedelta(minutes=75)
_SUBJECT = "rejects"
# The broker has said nothing of these: they never were there, or nobody knows yet.
_NO_VERDICT = NEVER_LEFT | UNPROVEN | {IntentState.DECLINED, IntentState.LOST}


def rejected_in_a_row(journal: JournalView, latched: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the newest entries that were all refused, newest first, but those `latched` for already."""
    entries = [r for r in journal.records if r.intent.role is Role.ENTRY and r.state not in _NO_VERDICT]
    found: list[IntentRecord] = []
    for record in reversed(entries):
        if not _was_refused(record, journal) or record.coid in latched:
            break
        found.append(record)
    # One symbol's trouble stays that symbol's.
    several = len({record.intent.conid for record in found}) > 1
    return tuple(record.coid for record in found) if several else ()


def _was_refused(record: IntentRecord, journal: JournalView) -> bool:
    """Return whether the broker refused an order soon after it was sent: one that ends later had been taken."""
    if record.state is not IntentState.REJECTED or record.filled or record.sent_at is None or record.ended_at is None:
        return False
    return not journal.left_of(record.coid, RequestKind.CANCEL) and record.ended_at - record.sent_at <= _SOON


def latched_for(evidence: Evidence) -> frozenset[str]:
    """Return the newest of the refused entries that were latched for already."""
    return frozenset(sighting.evidence for sighting in evidence.of(_SUBJECT))


def note_latched(evidence: Evidence, rejected: tuple[str, ...], now: datetime) -> None:
    """Keep that these were latched for: once a person lets it go on, they count no more."""
    evidence.forget([_SUBJECT])
    evidence.record(_SUBJECT, rejected[0], now)

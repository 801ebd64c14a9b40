"""Whose executions are another's: what a list of their day showed is kept for as long as it may matter.

So are executions that were taken for sales by hand: a fill of ours that comes later and looks the same is another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trading.execution.kept import kept_under
from trading.execution.snapshot import BrokerSnapshot
from trading.model.order import Execution, IntentState, Role, Side
from trading.model.record import JournalView
from trading.ports import Evidence

_THEIRS = "theirs:"
_SPENT = "spent:"


def theirs(evidence: Evidence) -> frozenset[str]:
    """Return the ids of executions that a list of their day showed to be of another's order."""
    return kept_under(evidence, _THEIRS)


def note_theirs(
    evidence: Evidence, foreign: Iterable[Execution], journal: JournalView, snapshot: BrokerSnapshot
) -> None:
    """Keep whose they are while a leg of ours may be taken for their order once that is in no list any more."""
    conids = _unseen_legs(journal)
    known = theirs(evidence)
    if known and not conids:
        evidence.forget({f"{_THEIRS}{each}" for each in known})
    for each in foreign:
        if each.conid in conids and each.execution_id not in known and _is_anothers(each, journal, snapshot):
            evidence.record(f"{_THEIRS}{each.execution_id}", "of another's order", snapshot.began)


def spent(evidence: Evidence) -> frozenset[str]:
    """Return the ids of executions that were taken for sales of own shares by hand."""
    return kept_under(evidence, _SPENT)


def note_spent(evidence: Evidence, foreign: Iterable[Execution], conid: int, now: datetime) -> None:
    """Keep that the sales of others in a contract have explained that own shares are gone."""
    known = spent(evidence)
    for each in foreign:
        if each.conid == conid and each.side is Side.SELL and each.execution_id not in known:
            evidence.record(f"{_SPENT}{each.execution_id}", "a sale by hand", now)


def drop_spent(evidence: Evidence, before: datetime) -> None:
    """Forget those that were kept before a time: they are listed no more."""
    subjects = [f"{_SPENT}{each}" for each in spent(evidence)]
    evidence.forget([subject for subject in subjects if evidence.of(subject)[-1].at < before])


def certain(
    foreign: Iterable[Execution], known: frozenset[str], journal: JournalView, snapshot: BrokerSnapshot
) -> tuple[Execution, ...]:
    """Return the executions that no order of ours can have made; `known` are those of `theirs`."""
    return tuple(e for e in foreign if e.execution_id in known or _is_anothers(e, journal, snapshot))


def _is_anothers(execution: Execution, journal: JournalView, snapshot: BrokerSnapshot) -> bool:
    """Return whether its order is listed, and is none that we know."""
    ours = {record.order_id for record in journal.of(execution.conid)}
    return execution.order_id in snapshot.sights and execution.order_id not in ours


def _unseen_legs(journal: JournalView) -> frozenset[int]:
    """Return the contracts in which a stop or target of ours is not proven and was never bound."""
    return frozenset(
        record.intent.conid
        for record in journal.maybe_live
        if record.order_id is None
        and record.state is IntentState.UNKNOWN
        and record.intent.role in {Role.STOP, Role.TARGET}
    )

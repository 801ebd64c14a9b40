"""An outage of gateway or broker, over all the states that a session goes through in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trading.model.status import SessionState

_OUTAGES = frozenset({SessionState.GATEWAY_DOWN, SessionState.STALE, SessionState.REFUSED})
# While these last nobody can tell whether an outage is over.
_HIDING = frozenset({SessionState.RESET, SessionState.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Outage:
    """Gateway or broker have not answered, or refused this system, since a moment; `state` says which it was last."""

    state: SessionState
    since: datetime


def outage_after(before: Outage | None, state: SessionState, now: datetime) -> Outage | None:
    """Return the outage after a look that found `state`, None: there is none.

    It goes on through a nightly reset and a penalty, where none begins, and ends with any other answer.
    """
    if state in _OUTAGES:
        return Outage(state, now if before is None else before.since)
    return before if state in _HIDING else None

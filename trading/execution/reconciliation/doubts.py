"""Own shares that a reading did not show: nothing sells them before later readings show them again, for a while.

An old list that comes after a new one looks like shares that are back. What is proven of them is `own_shares`' to say;
this keeps what the last readings showed for as long as they differ from it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from trading.execution.reading.evidence import kept_under
from trading.ports import Evidence, Sighting

# A stop and target may rest for shares that were shown again for as long as they had been missing: in two readings
# so far apart at least, and for so long at most. They are bare meanwhile, and the software guard watches them.
APART = timedelta(seconds=5)
LONGEST = timedelta(seconds=30)
_SHOWN = "shown:"
# A list that shows them in turns and not is looked at for so many turns; what is older than its span is dropped then.
_MOST_KEPT = 50


def shown_of(conid: int) -> str:
    """Return the name under which it is kept what readings showed of own shares in a contract."""
    return f"{_SHOWN}{conid}"


def fewest(sightings: Sequence[Sighting], quantity: int, at: datetime, span: timedelta) -> int | None:
    """Return the shares of `quantity` that all readings of the last `span` before `at` showed, and the one before.

    A list may be old: what it shows stands when as many were shown that much earlier. None where none lacked any.
    """
    lacking = max((_lacking(sighting, quantity) for sighting in _within(sightings, at, span)), default=0)
    return max(quantity - lacking, 0) if lacking else None


def span_for_stops(sightings: Sequence[Sighting], quantity: int) -> timedelta:
    """Return how long readings must have shown `quantity` shares before a stop may rest for them."""
    missing = [later.at - each.at for each, later in pairwise(sightings) if _lacking(each, quantity)]
    return min(max((APART, *missing)), LONGEST)


def missing_since(sightings: Sequence[Sighting], quantity: int) -> datetime | None:
    """Return when readings first showed fewer than `quantity` shares, None where none lately did."""
    return next((sighting.at for sighting in sightings if _lacking(sighting, quantity)), None)


def note_shown(evidence: Evidence, conid: int, held: int, quantity: int, at: datetime, span: timedelta) -> bool:
    """Keep that a reading shows `held` of `quantity` own shares; return whether there are too few, or lately were.

    Only what differs from the reading before is written: it may be so for days.
    """
    subject, before = shown_of(conid), evidence.of(shown_of(conid))
    if held >= quantity and not before:
        return False
    counted = _within(before, at, span)
    if held >= quantity and not any(_lacking(sighting, quantity) for sighting in counted):
        evidence.forget([subject])
        return False
    if len(before) > _MOST_KEPT:
        evidence.forget([subject])
        for sighting in counted:
            evidence.record(subject, sighting.evidence, sighting.at)
    if not before or _lacking(before[-1], quantity) != max(quantity - held, 0):
        evidence.record(subject, f"{held} of {quantity}", at)
    return True


def _lacking(sighting: Sighting, quantity: int) -> int:
    """Return how many of `quantity` shares a reading did not show that were ours by then.

    Older notes tell only how many were shown.
    """
    held, _, owned = sighting.evidence.partition(" of ")
    return max(min(int(owned or quantity), quantity) - int(held), 0)


def forget_others(evidence: Evidence, conids: Collection[int]) -> None:
    """Forget what was shown of shares that are not ours any more, or were put right."""
    others = kept_under(evidence, _SHOWN) - {str(conid) for conid in conids}
    evidence.forget({f"{_SHOWN}{conid}" for conid in others})


def _within(sightings: Sequence[Sighting], at: datetime, span: timedelta) -> tuple[Sighting, ...]:
    old = [sighting for sighting in sightings if at - sighting.at >= span]
    return (*old[-1:], *sightings[len(old) :])

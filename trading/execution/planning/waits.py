"""What holds an entry back while it waits, kept so that its refusal at the end of the window names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import msgspec

from trading.model.decision import Denied
from trading.ports import Sighting

_WAIT, _REFUSED = "wait:", "refused:"

Sightings = Mapping[str, Sequence[Sighting]]


def wait_of(decided: date, symbol: str) -> str:
    """Return what the evidence about the waiting of a decision's entry is kept under."""
    return f"{_WAIT}{decided}:{symbol}"


def refusal_of(decided: date, symbol: str) -> str:
    """Return what is kept once it is on record why a decision's entry did not leave of which no order was made."""
    return f"{_REFUSED}{decided}:{symbol}"


def began(denied: Denied, decided: date, sightings: Sightings) -> bool:
    """Return whether an entry did not wait for this before: another limit, or another part of it, held it back."""
    last = last_wait(denied.symbol, decided, sightings)
    return last is None or (last.code, last.detail) != (denied.code, denied.detail)


def last_wait(symbol: str, decided: date, sightings: Sightings) -> Denied | None:
    """Return what an entry waited for last, with value and limit as they were when that began."""
    kept = sightings.get(wait_of(decided, symbol), ())
    return _read(kept[-1].evidence) if kept else None


def written(denied: Denied) -> str:
    """Return what an entry waits for as evidence."""
    return msgspec.json.encode(denied).decode()


def refusal(late: Denied, decided: date, sightings: Sightings) -> Denied:
    """Return why an entry is refused that is too late: what it waited for last, `late` where it had not to wait."""
    last = last_wait(late.symbol, decided, sightings)
    return late if last is None else replace(last, detail=f"{last.text}, until its window was over")


def over(decided: date | None, sightings: Sightings) -> frozenset[str]:
    """Return the evidence about entries of other decisions, which is of no use any more."""
    kept = tuple(f"{kind}{decided}:" for kind in (_WAIT, _REFUSED))
    return frozenset(s for s in sightings if s.startswith((_WAIT, _REFUSED)) and not s.startswith(kept))


def _read(text: str) -> Denied | None:
    try:
        return msgspec.json.decode(text, type=Denied)
    except msgspec.MsgspecError:
        return None

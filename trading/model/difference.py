"""Where own records and what the broker shows differ, and what a person can decide about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_TEXT = re.compile(r"(?P<remedy>[a-z-]+) (?P<subject>[A-Za-z0-9._-]{1,40})(?:=(?P<order_id>[0-9]{1,18}))?")


class DifferenceKind(StrEnum):
    """What differs."""

    SHARES_MISSING = "shares missing"
    SHARES_FOREIGN = "foreign shares"
    SHORT = "short"
    UNPROVEN = "unproven order"
    PROVISIONAL = "provisional order"
    ORPHAN = "orphan"
    FOREIGN_ORDER = "foreign order"
    UNREADABLE = "unreadable"
    STOP = "stop"
    FLOW = "money"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: what was found, what the system does about it, and what a person can do, empty for nothing.

    `subject` is what a command names: an order of ours by its name, shares by their symbol.
    """

    kind: DifferenceKind
    subject: str
    symbol: str
    found: str
    system: str
    person: str = ""


class Remedy(StrEnum):
    """What a person can decide about a difference."""

    CLAIM = "claim"
    """the order of ours is that one of the broker's"""
    ABSENT = "absent"
    """the order of ours is not there, and never was"""
    ACCEPT_SHARES = "accept-shares"
    """own shares are what the broker shows, where that can't be a split"""
    SOLD = "sold"
    """own shares are what the broker shows: the rest was sold, though it looks like a split"""
    ADOPT = "adopt"
    """an orphan is ours from now on"""
    IGNORE = "ignore"
    """an orphan is not ours: it halts no more"""
    FLOW = "flow"
    """the money that is shown did come or go"""
    NO_FLOW = "no-flow"
    """no money came or went: it was a gain or a loss, such as a dividend"""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided about `subject`; a claim names the broker's order."""

    remedy: Remedy
    subject: str
    order_id: int | None = None

    @property
    def text(self) -> str:
        """Return it as the argument of a request."""
        return f"{self.remedy} {self.subject}" + ("" if self.order_id is None else f"={self.order_id}")


def resolution_of(text: str) -> Resolution | None:
    """Return what an argument says, None where it says nothing that could be done."""
    found = _TEXT.fullmatch(text)
    if found is None or found["remedy"] not in frozenset(Remedy):
        return None
    remedy, order_id = Remedy(found["remedy"]), None if found["order_id"] is None else int(found["order_id"])
    if (remedy is Remedy.CLAIM) != (order_id is not None):
        return None
    return Resolution(remedy, found["subject"], order_id)

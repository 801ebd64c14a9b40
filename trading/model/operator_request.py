"""What a person asks of the trading process, and how far that has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.model.mode import Seen

# How an answer begins that says no.
REFUSED = "refused"
# What is said where nobody can know what became of orders at the broker.
NOT_CONFIRMED = "not confirmed at the broker: use TWS or the phone"


class OperatorVerb(StrEnum):
    """What a person can ask of the trading process."""

    HALT = "halt"
    RESUME = "resume"
    FLATTEN = "flatten"
    RECONCILE = "reconcile"
    """decide about one difference with the broker (`trading.model.difference`)"""


@dataclass(frozen=True, slots=True)
class OperatorRequest:
    """One request, as it was stored: `number` is None for the file HALT, `kind` is None where it makes no sense.

    `age_s` is how long ago it was made, None where that can't be told: before the machine was started, or unreadable.
    `seen` is what the person was shown. `taken_up` says that somebody began with it.
    """

    number: int | None
    kind: OperatorVerb | None
    argument: str
    actor: str
    made: datetime | None
    age_s: float | None
    seen: Seen
    taken_up: bool

    @property
    def facts(self) -> str:
        """Return what tells this request from any other, so that a halt that is taken up twice is one halt."""
        source = "file HALT" if self.number is None else f"request {self.number}"
        return source if self.made is None else f"{source} of {self.made.isoformat()}"


@dataclass(frozen=True, slots=True)
class RequestProgress:
    """How far a request has come: `age_s` since it was made, the trading process began with it, its answer."""

    age_s: float | None
    taken_up: bool
    answer: str | None

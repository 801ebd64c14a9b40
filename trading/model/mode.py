"""What the system may do now, what holds it back, and what a person asked for that takes more than one turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# The cause of a halt that a person asked for. It has no facts that could last: once it is acknowledged it is over.
OPERATOR = "operator"


class Mode(StrEnum):
    """What may be done, strictest first."""

    HALTED = "HALTED"
    RECONCILING = "RECONCILING"
    REDUCING = "REDUCING"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Halt:
    """One cause of a halt. It halts until a person acknowledges it, whether its facts still hold or are over.

    `facts` say what was seen, so that the same again is the same halt; `halt_id` grows with time.
    """

    halt_id: int
    cause: str
    facts: str
    reason: str
    actor: str
    since: datetime
    acknowledged: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Latched:
    """The risk limits, by code, that latched and that nobody has cleared. `number` grows whenever that changes."""

    number: int
    codes: tuple[str, ...]
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person who resumes was shown: the number of the newest halt and of the latched limits, 0 for none."""

    halt: int = 0
    latched: int = 0


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class ModeState:
    """The mode with who or what set it, why and since when; `since` is None before anything was recorded.

    `halts` are those that nobody has acknowledged. These and `latched` hold entries back, whatever the mode that is
    shown is.
    """

    mode: Mode
    reason: str
    actor: str
    since: datetime | None
    halts: tuple[Halt, ...] = ()
    latched: Latched | None = None

    @property
    def seen(self) -> Seen:
        """Return what a resume names: it acknowledges this halt and all before it, and clears no newer latch."""
        newest = max((halt.halt_id for halt in self.halts), default=0)
        return Seen(newest, 0 if self.latched is None else self.latched.number)


@dataclass(frozen=True, slots=True)
class FlattenGoal:
    """Own shares are to be sold until none is left. `waits_for` says what is under way or in the way.

    It stands until it is reached or taken back, which `outcome` tells; while it stands the mode is HALTED.
    """

    goal_id: int
    reason: str
    actor: str
    since: datetime
    waits_for: str
    over: bool = False
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an acknowledgement did.

    `still_there` are acknowledged halts whose facts hold on: they don't halt again while they stay the same. `newer`
    are halts that the person had not seen, which halt on. `taken_back` is a flatten that ended with it.
    """

    acknowledged: tuple[Halt, ...]
    still_there: tuple[Halt, ...]
    newer: tuple[Halt, ...]
    taken_back: FlattenGoal | None

"""What the system may do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """The strictest of the three persisted facts, strictest first."""

    HALTED = "HALTED"
    RECONCILING = "RECONCILING"
    REDUCING = "REDUCING"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class ModeState:
    """The mode with who or what set it, why and since when."""

    mode: Mode
    reason: str
    actor: str
    since: datetime


class ControlKind(StrEnum):
    """What a person can ask of the trading process."""

    HALT = "halt"
    RESUME = "resume"
    FLATTEN = "flatten"


@dataclass(frozen=True, slots=True)
class Control:
    """One request by a person, taken up by the trading process within a second."""

    control_id: int
    kind: ControlKind
    argument: str
    actor: str
    created: datetime

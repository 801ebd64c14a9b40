"""What was asked of the broker: each submission, cancel and modification is a command with a state of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.model.request import RequestKind


class Step(StrEnum):
    """What a command is a step of. When that can't go on, the command lapses and nothing more is asked."""

    ENTRY = "entry"
    EXIT = "exit"
    PROTECTION = "protection"
    HALT = "halt"
    SESSION_OVER = "session_over"
    CHILD_REFUSED = "child_refused"
    CHILD_HELD = "child_held"
    REPLACE = "replace"
    EXCESS = "excess"
    RESIZE = "resize"


class CommandState(StrEnum):
    """How far a command has come. An answer only means that it was asked: what a reading shows confirms it."""

    SENT = "SENT"
    ACKED = "ACKED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    NOT_SENT = "NOT_SENT"
    CONFIRMED = "CONFIRMED"
    LAPSED = "LAPSED"


# Nothing further is expected of these.
SETTLED = frozenset({CommandState.CONFIRMED, CommandState.LAPSED, CommandState.NOT_SENT})


@dataclass(frozen=True, slots=True)
class CommandDraft:
    """A command that is about to be sent; a modification carries the quantity and prices that it asks for."""

    kind: RequestKind
    coids: tuple[str, ...]
    step: Step
    order_id: int | None = None
    quantity: int | None = None
    limit_price: float | None = None
    stop_price: float | None = None


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command as the journal has it. `refused_legs` counts the orders of a group that the answer refused."""

    number: int
    draft: CommandDraft
    state: CommandState
    epoch: int
    sent_at: datetime
    refused_legs: int = 0
    detail: str = ""

    @property
    def kind(self) -> RequestKind:
        """Return what was asked."""
        return self.draft.kind

    @property
    def coids(self) -> tuple[str, ...]:
        """Return the orders it is about."""
        return self.draft.coids

    @property
    def step(self) -> Step:
        """Return what it is a step of."""
        return self.draft.step

    @property
    def left(self) -> bool:
        """Return whether it may have reached the broker."""
        return self.state is not CommandState.NOT_SENT

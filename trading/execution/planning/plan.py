"""What a plan consists of: commands in the order in which they are carried out, and what it says to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from trading.execution.look_again import LooksAgain
from trading.model.alarm import Alarm, AlarmCode
from trading.model.command import Step
from trading.model.decision import Denied
from trading.model.order import OrderIntent
from trading.model.record import IntentRecord

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask for the cancel of a bound order."""

    record: IntentRecord
    step: Step


@dataclass(frozen=True, slots=True)
class Modify:
    """Ask for another quantity and price of a working stop or target."""

    record: IntentRecord
    quantity: int
    price: float
    step: Step


@dataclass(frozen=True, slots=True)
class Prepare:
    """Plan a group without sending it: its cover is cancelled first."""

    drafts: tuple[OrderIntent, ...]


@dataclass(frozen=True, slots=True)
class Submit:
    """Send a group in one POST: drafts are planned first, what is PLANNED already is sent as it is.

    `guarded`: the software guard's sale, which stands for a stop that can't rest.
    """

    group: tuple[OrderIntent, ...]
    step: Step
    guarded: bool = False

    @property
    def planned(self) -> bool:
        """Return whether it is in the journal already."""
        return bool(self.group[0].coid)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Close a group with the reason why it isn't sent; drafts are planned first, so that the refusal is on record."""

    group: tuple[OrderIntent, ...]
    denied: Denied


@dataclass(frozen=True, slots=True)
class Forgo:
    """Put on record why an entry of a decision does not leave of which no order was ever made."""

    decided: date
    denied: Denied


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over the stop and target that a person gave to a position at the broker."""

    conid: int
    stop_price: float
    target_price: float


PlannedCommand = Cancel | Modify | Prepare | Submit | Refuse | Forgo | Adopt


@dataclass(slots=True)
class Plan(LooksAgain):
    """What has to be done now. Built by the planners one after another, so that later ones see what earlier ones do.

    `leaving` are contracts whose exit has the say over their stops; `notes` is evidence to be kept, `over` evidence
    that is of no use any more; `waiting` says by symbol what an order waits for; `held` are entries that begin to wait,
    each with the session that was decided on;
    `asked` are the orders that cancels and modifications are wanted for now, each with the step.
    """

    commands: list[PlannedCommand] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    waiting: dict[str, Denied] = field(default_factory=dict)
    held: list[tuple[date, Denied]] = field(default_factory=list)
    leaving: set[int] = field(default_factory=set)
    asked: set[tuple[str, Step]] = field(default_factory=set)

    def alarm(self, code: AlarmCode, subject: str, text: str) -> None:
        """Say something that a person has to know."""
        self.alarms.append(Alarm(code, subject, text))

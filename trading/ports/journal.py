"""What the cycle needs of the journal: orders, own shares, what was asked, and what speaks for what can't be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from trading.model.command import CommandDraft, CommandState
from trading.model.decision import Denied
from trading.model.order import Execution, IntentState, OrderIntent
from trading.model.order_step import OrderStep
from trading.model.outcome import Answer
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.model.request import PreparedRequest


class AdjustmentKind(StrEnum):
    """Why own shares changed without an execution of ours."""

    MANUAL = "manual"
    SPLIT = "split"
    CORRECTION = "correction"
    OVERSOLD = "oversold"


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of an execution: new, a correction of one that was counted, or neither; and shares oversold by it.

    `taken_back`: the correction leaves fewer shares than were counted. `doubt` is why the result of its trade can't be
    trusted, empty for nothing.
    """

    new: bool
    corrected: bool = False
    taken_back: bool = False
    oversold: int = 0
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The numbers of a command and of its row of the wire that waits for the answer."""

    command: int
    wire: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """One reading's evidence about something, and when it was."""

    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Adopted:
    """Live orders that a person takes for those of intents: the broker's ids, in the intents' order, and who did it."""

    order_ids: Sequence[int]
    detail: str
    epoch: int
    at: datetime


class Journal(Protocol):
    """The write-ahead record of orders and own shares. Every method is one committed transaction when it returns."""

    def next_coid(self) -> str:
        """Return a cOID that was never used and never will be again."""
        ...

    def plan(self, intents: Sequence[OrderIntent], *, adopted: Adopted | None = None) -> None:
        """W1: store the intents as PLANNED; those that a person `adopted` as WORKING, also where they are PLANNED.

        Raises: InvariantBroken, nothing was written: a name was used before, or an order that may be live has an id.
        """
        ...

    def record_denial(self, decided: date, denied: Denied, coids: Sequence[str], now: datetime) -> None:
        """Keep what was refused, and close its PLANNED group, of which the first was; no names where none was made."""
        ...

    def transition(self, coid: str | Sequence[str], state: IntentState, detail: str, now: datetime) -> None:
        """Move one intent, or several together, along an allowed edge.

        Raises: InvariantBroken, the edge is not in the state machine.
        """
        ...

    def bind(self, coid: str, order_id: int, epoch: int, now: datetime, *, provisional: bool = False) -> None:
        """Attach the broker's order id; the intent becomes WORKING where its outcome was open.

        Raises: InvariantBroken, another order that may be live has the id.
        """
        ...

    def mark_seen(self, coids: Iterable[str], epoch: int) -> None:
        """Remember that a reading of this session epoch showed the orders as these intents'."""
        ...

    def freeze(self, coid: str, now: datetime) -> None:
        """Mark an order that could not be resolved in time; its conid stays blocked."""
        ...

    def record_fill(self, coid: str, execution: Execution, now: datetime) -> Counted:
        """Count a fill once: execution row, intent's filled quantity, own position and trade in one transaction.

        A later version of a counted fill takes its place, also one of no shares; a commission that was missing is
        filled in.
        """
        ...

    def adjust(
        self, conid: int, quantity: int, kind: AdjustmentKind, reason: str, now: datetime, *, ratio: float = 1.0
    ) -> None:
        """Change own shares by something that was no execution of ours (sold by hand, split).

        `ratio` is new shares for each old one of a split; the position's prices are divided by it. Shares that splits
        left of a position that had been sold make it anew; `ratio` is then that of all splits since it was bought.
        """
        ...

    def set_plan(self, conid: int, stop_price: float, target_price: float, now: datetime) -> None:
        """Take over the stop and target that a person gave to a position at the broker."""
        ...

    def fill_owners(self, execution_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the coid of each execution that was counted already, under this id or an earlier version of it."""
        ...

    def view(self, since: datetime) -> JournalView:
        """Return what a turn needs: what may be live or is planned, what we own, and what ended at `since` or later."""
        ...

    def intents(self, *, states: frozenset[IntentState] | None = None) -> tuple[IntentRecord, ...]:
        """Return intents, oldest first, of the given states or all."""
        ...

    def intent(self, coid: str) -> IntentRecord | None:
        """Return one intent."""
        ...

    def own_positions(self) -> tuple[OwnPosition, ...]:
        """Return own positions with shares, by symbol."""
        ...


class CommandLog(Protocol):
    """What was asked of the broker, written before it leaves and after it is answered; each call is one transaction."""

    def record_request(self, draft: CommandDraft, request: PreparedRequest, epoch: int, now: datetime) -> OpenRequest:
        """W2: record a command and its request (verb, path, digest); the intents of a submission become SENDING."""
        ...

    def record_reply(
        self,
        command: int,
        coids: Sequence[str],
        request: PreparedRequest,
        epoch: int,
        now: datetime,
        *,
        moves: bool,
    ) -> OpenRequest:
        """W2 of the answer to a question; with `moves` the intents become REPLYING (a modification moves none)."""
        ...

    def record_question(self, coids: Sequence[str], reply_id: str, message_ids: Sequence[str], now: datetime) -> None:
        """Store an open question; the intents become QUESTIONED."""
        ...

    def record_response(
        self,
        opened: OpenRequest,
        outcome_class: str,
        answer: Answer | None,
        state: CommandState,
        now: datetime,
        *,
        refused_legs: int = 0,
        detail: str = "",
    ) -> None:
        """W3: record what came back, and what it says of the command."""
        ...

    def settle(self, numbers: Iterable[int], state: CommandState, detail: str, now: datetime) -> None:
        """Say what became of commands: confirmed by a reading, refused because nothing came of it, or lapsed."""
        ...

    def steps_after(self, number: int) -> tuple[OrderStep, ...]:
        """Return the steps that orders took after step `number`, oldest first; a thousand at most."""
        ...


class Evidence(Protocol):
    """Readings that speak for something that can't be seen, kept over restarts."""

    def record(self, subject: str, evidence: str, now: datetime) -> None:
        """Keep one reading's evidence about a subject."""
        ...

    def of(self, subject: str) -> tuple[Sighting, ...]:
        """Return the evidence about a subject, oldest first."""
        ...

    def subjects(self) -> frozenset[str]:
        """Return what there is evidence about."""
        ...

    def forget(self, subjects: Collection[str]) -> None:
        """Drop the evidence about subjects: it is proven, or the contrary has been seen."""
        ...

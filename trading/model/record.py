"""What the journal knows: each order of ours as it stands now, own shares, and what was asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from math import prod

from trading.model.command import CommandRecord
from trading.model.order import MAYBE_LIVE, UNPROVEN, IntentState, OrderIntent, Role, Side
from trading.model.request import RequestKind


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """One intent with everything the journal knows of it now; `filled` and `average_price` come from executions.

    `provisional`: the order id was found by likeness alone, so the order counts as live and is never cancelled.
    `reply_id` is that of a question which nobody has answered.
    `seen_epoch` is the session epoch in which the broker last showed the order id with this contract, side and size;
    ids may be given again, so an older one names nothing by itself.
    """

    intent: OrderIntent
    state: IntentState
    order_id: int | None = None
    provisional: bool = False
    seen_epoch: int = 0
    filled: int = 0
    average_price: float | None = None
    reply_id: str | None = None
    epoch: int = 0
    sent_at: datetime | None = None
    unknown_since: datetime | None = None
    frozen: bool = False
    ended_at: datetime | None = None
    detail: str = ""

    @property
    def coid(self) -> str:
        """Return the intent's name."""
        return self.intent.coid

    @property
    def left(self) -> int:
        """Return the shares that were not executed."""
        return self.intent.quantity - self.filled

    @property
    def maybe_live(self) -> bool:
        """Return whether the order may be on the broker's book."""
        return self.state in MAYBE_LIVE

    @property
    def unproven(self) -> bool:
        """Return whether nobody knows yet what became of it."""
        return self.state in UNPROVEN or (self.state is IntentState.WORKING and self.provisional)


@dataclass(frozen=True, slots=True)
class OwnPosition:
    """Own shares by executions and adjustments, with the plan they came from; in the journal `quantity` > 0.

    `split_ratio`: how many shares of today each one became that was bought, by the splits that were taken in.
    """

    conid: int
    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    stop_price: float
    target_price: float
    entry_coid: str
    split_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Split:
    """A split that was taken in at a time: each share that the entry bought became `ratio` shares."""

    entry_coid: str
    ratio: float
    at: datetime


@dataclass(frozen=True)
class JournalView:
    """The journal at one moment, as far as a turn needs it.

    `records` are the intents that may be live or are still to be sent, those of contracts that we own, and those of
    the last days, oldest first; `commands` the cancels and modifications of intents that may be live, oldest first;
    `traded` every contract that we ever had an order in; `splits` those that were taken in, oldest first, also of
    shares that were sold since.
    """

    records: tuple[IntentRecord, ...]
    positions: tuple[OwnPosition, ...]
    commands: tuple[CommandRecord, ...] = ()
    traded: frozenset[int] = frozenset()
    splits: tuple[Split, ...] = ()

    @cached_property
    def split_ratios(self) -> Mapping[str, float]:
        """Return by entry how many shares of today each one became that it bought."""
        return ratios_of(self.splits)

    def split_since(self, intent: OrderIntent) -> float:
        """Return how many shares of today each one became since an order was planned, by the splits of its contract."""
        known = self.by_coid
        entries = {split.entry_coid for split in self.splits if split.entry_coid in known}
        ours = {coid for coid in entries if known[coid].intent.conid == intent.conid}
        return prod(split.ratio for split in self.splits if split.entry_coid in ours and split.at > intent.created)

    @cached_property
    def by_coid(self) -> dict[str, IntentRecord]:
        """Return the records by name."""
        return {record.coid: record for record in self.records}

    @cached_property
    def maybe_live(self) -> tuple[IntentRecord, ...]:
        """Return the records of orders that may be on the broker's book."""
        return tuple(record for record in self.records if record.maybe_live)

    @cached_property
    def planned(self) -> tuple[IntentRecord, ...]:
        """Return what was planned and has not left; bracket children are not listed apart from their entry."""
        return tuple(
            record
            for record in self.records
            if record.state is IntentState.PLANNED and record.intent.parent_coid is None
        )

    @cached_property
    def bound_ids(self) -> frozenset[int]:
        """Return the broker's ids of orders that may be live and are ours for certain."""
        return frozenset(r.order_id for r in self.maybe_live if r.order_id is not None and not r.provisional)

    def of(self, conid: int) -> tuple[IntentRecord, ...]:
        """Return the records of one contract."""
        return tuple(record for record in self.records if record.intent.conid == conid)

    def sells(self, conid: int) -> tuple[IntentRecord, ...]:
        """Return the sells of one contract that may be live."""
        return tuple(r for r in self.maybe_live if r.intent.conid == conid and r.intent.side is Side.SELL)

    def entries(self, conid: int) -> tuple[IntentRecord, ...]:
        """Return the entries of one contract that may be live."""
        return tuple(r for r in self.maybe_live if r.intent.conid == conid and r.intent.role is Role.ENTRY)

    def children(self, coid: str) -> tuple[IntentRecord, ...]:
        """Return the stop and the target of an entry."""
        return tuple(record for record in self.records if record.intent.parent_coid == coid)

    def position(self, conid: int) -> OwnPosition | None:
        """Return the own position in a contract."""
        return next((position for position in self.positions if position.conid == conid), None)

    def owned(self, conid: int) -> int:
        """Return the own shares of a contract."""
        position = self.position(conid)
        return 0 if position is None else position.quantity

    def commands_of(self, coid: str) -> tuple[CommandRecord, ...]:
        """Return what was asked about one order, oldest first."""
        return tuple(command for command in self.commands if coid in command.coids)

    def left_of(self, coid: str, kind: RequestKind) -> tuple[CommandRecord, ...]:
        """Return the requests of one kind about one order that have left this machine, oldest first."""
        return tuple(command for command in self.commands_of(coid) if command.kind is kind and command.left)


def group_of(parent: IntentRecord, records: Iterable[IntentRecord]) -> tuple[OrderIntent, ...]:
    """Return what goes out in one POST: the order, and its bracket children."""
    return (parent.intent, *(each.intent for each in records if each.intent.parent_coid == parent.coid))


def ratios_of(splits: Iterable[Split]) -> Mapping[str, float]:
    """Return the ratio that all splits of each entry come to."""
    ratios: dict[str, float] = {}
    for split in splits:
        ratios[split.entry_coid] = ratios.get(split.entry_coid, 1.0) * split.ratio
    return ratios

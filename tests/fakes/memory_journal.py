"""The journal in memory: the same promises as the SQLite one but durability, written as differently as can be.

Own shares are not kept but replayed from the events, so that the two check each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from trading.execution.order_state import check_edge

from trading.errors import InvariantBroken
from trading.model.order import Execution, IntentState, OrderIntent, Role, Side
from trading.model.outcome import Answer
from trading.model.request import PreparedRequest, RequestKind
from trading.ports import IntentRecord, OwnPosition

_OPEN = {IntentState.SENDING, IntentState.REPLYING, IntentState.UNKNOWN}


@dataclass
class Fill:
    """A counted execution and the entry whose position it changed."""

    coid: str
    execution: Execution
    session: date
    entry_coid: str | None = None


@dataclass
class Adjustment:
    conid: int
    quantity: int
    ratio: float
    reason: str
    entry_coid: str | None = None


@dataclass
class WireRow:
    coids: tuple[str, ...]
    request: PreparedRequest
    epoch: int
    outcome_class: str | None = None
    answer: Answer | None = None


@dataclass
class Book:
    """Own shares by conid after a replay of all events."""

    positions: dict[int, OwnPosition] = field(default_factory=dict)
    oversold: int = 0


class MemoryJournal:
    def __init__(self) -> None:
        self.records: dict[str, IntentRecord] = {}
        self.events: list[Fill | Adjustment] = []
        self.wire: list[WireRow] = []
        self.log: list[tuple[str, IntentState, str]] = []
        self.denials: list[tuple[str, str]] = []
        self._number = 0
        self._votes: dict[str, int] = {}

    def next_coid(self) -> str:
        self._number += 1
        return f"TS-test-{self._number:04d}-random"

    def plan(self, intents: Sequence[OrderIntent]) -> None:
        children = {(intent.parent_coid, intent.role) for intent in intents}
        for intent in intents:
            if intent.role is Role.ENTRY and not {(intent.coid, Role.STOP), (intent.coid, Role.TARGET)} <= children:
                raise InvariantBroken("no_stop", intent.coid)
            if intent.coid in self.records:
                raise InvariantBroken("I2", intent.coid)
        for intent in intents:
            self.records[intent.coid] = IntentRecord(
                intent, IntentState.PLANNED, None, 0, None, False, None, 0, None, False, ""
            )

    def deny(self, coid: str, code: str, detail: str, now: datetime | None = None) -> None:
        self._move(coid, IntentState.DENIED, f"{code}: {detail}")
        self.denials.append((coid, code))

    def about(
        self,
        coids: Sequence[str],
        request: PreparedRequest,
        state: IntentState | None,
        epoch: int,
        now: datetime,
    ) -> int:
        for coid in coids:
            self._require(coid)
            if state is not None:
                check_edge(self.records[coid].state, state)
        for coid in coids:
            if state is not None:
                self._move(coid, state, request.kind)
            if request.kind in {RequestKind.SUBMIT, RequestKind.REPLY}:
                self._set(coid, sent_at=now, epoch=epoch)
            if request.kind is RequestKind.CANCEL:
                self._set(coid, cancel_asked=True)
        self.wire.append(WireRow(tuple(coids), request, epoch))
        return len(self.wire)

    def answered(self, wire_id: int, outcome_class: str, answer: Answer | None, now: datetime) -> None:
        if not 1 <= wire_id <= len(self.wire) or self.wire[wire_id - 1].outcome_class is not None:
            raise InvariantBroken("I1", str(wire_id))
        row = self.wire[wire_id - 1]
        row.outcome_class, row.answer = outcome_class, answer
        if row.request.kind is RequestKind.CANCEL and outcome_class == "NOT_SENT":
            for coid in row.coids:
                self._set(coid, cancel_asked=False)

    def transition(self, coid: str, state: IntentState, detail: str, now: datetime) -> None:
        self._move(coid, state, detail)

    def bind(self, coid: str, order_id: int, now: datetime) -> None:
        record = self._require(coid)
        bound = {other.order_id: name for name, other in self.records.items() if other.order_id is not None}
        if bound.get(order_id, coid) != coid or record.order_id not in {None, order_id}:
            raise InvariantBroken("I2", f"{order_id} {coid}")
        self._set(coid, order_id=order_id)
        if record.state in _OPEN:
            self._move(coid, IntentState.WORKING, f"order {order_id}")

    def question(self, coid: str, reply_id: str, message_ids: Sequence[str], now: datetime) -> None:
        self._move(coid, IntentState.QUESTIONED, ",".join(message_ids))
        self._set(coid, reply_id=reply_id)

    def freeze(self, coid: str, now: datetime) -> None:
        if self._require(coid).state is not IntentState.UNKNOWN:
            raise InvariantBroken("I20", coid)
        self._set(coid, frozen=True)

    def execute(self, coid: str, execution: Execution, now: datetime) -> bool:
        intent = self._require(coid).intent
        if (execution.conid, execution.side) != (intent.conid, intent.side) or execution.quantity % 1:
            raise InvariantBroken("I6", execution.execution_id)
        for event in self.fills():
            if event.execution.execution_id == execution.execution_id:
                if event.execution.commission is None:
                    event.execution = replace(event.execution, commission=execution.commission)
                return False
        before = self._replay().oversold
        local = execution.time.astimezone(ZoneInfo("America/New_York")).date()
        fill = Fill(coid, execution, intent.session if intent.role is Role.ENTRY else local)
        earlier = self._other_version(execution.execution_id)
        if earlier is None:
            self.events.append(fill)
        elif earlier.execution.execution_id > execution.execution_id:
            return False
        else:
            self.events[self.events.index(earlier)] = fill
        own = [event.execution for event in self.fills() if event.coid == coid]
        filled = sum(int(item.quantity) for item in own)
        self._set(coid, filled=filled, average_price=sum(item.quantity * item.price for item in own) / filled)
        if self._replay().oversold > before:
            raise InvariantBroken("I10", execution.execution_id)
        return True

    def adjust(self, conid: int, quantity: int, reason: str, now: datetime, *, ratio: float = 1.0) -> None:
        position = self._replay().positions.get(conid)
        if position is None or position.quantity + quantity < 0:
            raise InvariantBroken("I8", str(conid))
        self.events.append(Adjustment(conid, quantity, ratio, reason, position.entry_coid))

    def vote(self, coid: str, evidence: str, now: datetime) -> int:
        self._require(coid)
        self._votes[coid] = self._votes.get(coid, 0) + 1
        return self._votes[coid]

    def intents(self, *, states: frozenset[IntentState] | None = None) -> tuple[IntentRecord, ...]:
        return tuple(record for record in self.records.values() if states is None or record.state in states)

    def intent(self, coid: str) -> IntentRecord | None:
        return self.records.get(coid)

    def own_positions(self) -> tuple[OwnPosition, ...]:
        return tuple(sorted(self._replay().positions.values(), key=lambda position: position.symbol))

    def fills(self) -> list[Fill]:
        return [event for event in self.events if isinstance(event, Fill)]

    def _require(self, coid: str) -> IntentRecord:
        if coid not in self.records:
            raise InvariantBroken("I6", coid)
        return self.records[coid]

    def _set(self, coid: str, **changes: object) -> None:
        self.records[coid] = replace(self.records[coid], **changes)  # type: ignore[arg-type]

    def _move(self, coid: str, state: IntentState, detail: str) -> None:
        check_edge(self._require(coid).state, state)
        if state is IntentState.UNKNOWN:
            self._votes[coid] = 0
        self._set(coid, state=state, detail=detail, frozen=False)
        self.log.append((coid, state, detail))

    def _other_version(self, execution_id: str) -> Fill | None:
        if not re.fullmatch(r"[^.]+\.[^.]+\.\d\d\.\d\d", execution_id):
            return None
        same = [event for event in self.fills() if event.execution.execution_id[:-2] == execution_id[:-2]]
        return same[0] if same else None

    def _replay(self) -> Book:
        book = Book()
        for event in self.events:
            if isinstance(event, Adjustment):
                self._replay_adjustment(book, event)
            else:
                self._replay_fill(book, event)
        return book

    def _replay_adjustment(self, book: Book, event: Adjustment) -> None:
        position = book.positions.get(event.conid)
        if position is None:
            return
        if position.quantity + event.quantity <= 0:
            del book.positions[event.conid]
            return
        book.positions[event.conid] = replace(
            position,
            quantity=position.quantity + event.quantity,
            entry_price=round(position.entry_price / event.ratio, 4),
            stop_price=round(position.stop_price / event.ratio, 4),
            target_price=round(position.target_price / event.ratio, 4),
        )

    def _replay_fill(self, book: Book, event: Fill) -> None:
        conid, shares = event.execution.conid, int(event.execution.quantity)
        position = book.positions.get(conid)
        if event.execution.side is Side.SELL:
            event.entry_coid = self.records[event.coid].intent.parent_coid if position is None else position.entry_coid
            held = 0 if position is None else position.quantity
            book.oversold += max(shares - held, 0)
            if position is not None and held > shares:
                book.positions[conid] = replace(position, quantity=held - shares)
            else:
                book.positions.pop(conid, None)
            return
        event.entry_coid = event.coid if position is None else position.entry_coid
        held = 0 if position is None else position.quantity
        book.positions[conid] = self._bought(event, held + shares)

    def _bought(self, event: Fill, quantity: int) -> OwnPosition:
        coid = event.entry_coid or event.coid
        intent = self.records[coid].intent
        plan = {r.intent.role: r.intent for r in self.records.values() if r.intent.parent_coid == coid}
        upto = self.fills()[: self.fills().index(event) + 1]
        buys = [e.execution for e in upto if e.execution.side is Side.BUY and e.entry_coid == coid]
        average = sum(item.quantity * item.price for item in buys) / sum(item.quantity for item in buys)
        stop, target = plan[Role.STOP].stop_price, plan[Role.TARGET].limit_price
        if stop is None or target is None:
            raise InvariantBroken("I9", coid)
        return OwnPosition(intent.conid, intent.symbol, quantity, intent.session, round(average, 4), stop, target, coid)

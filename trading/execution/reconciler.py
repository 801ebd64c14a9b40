"""Brings the journal in line with what the broker shows: bindings, fills, ends of orders, and what is not ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trading.errors import GatewayError, InvariantBroken
from trading.execution.attribution import is_orphan, named, owner_of, unbound
from trading.execution.book import BrokerBook, is_live
from trading.execution.desk import Desk
from trading.execution.failpoints import failpoint
from trading.execution.order_state import RESURRECTABLE
from trading.execution.resolution import Resolver
from trading.model.metric import Duration
from trading.model.order import MAYBE_LIVE, UNPROVEN, BrokerOrder, BrokerStatus, IntentState, Tif
from trading.ports import IntentRecord

EXECUTIONS_LATE_AFTER_S = 60.0
INACTIVE_AFTER_S = 30.0
_ENDED = {
    BrokerStatus.CANCELLED: IntentState.CANCELLED,
    BrokerStatus.FAILED: IntentState.REJECTED,
    BrokerStatus.INACTIVE: IntentState.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one reading changed. `unknown` are the intents that stay unproven after it."""

    bound: int
    fills: int
    unknown: tuple[IntentRecord, ...]

    @property
    def settled(self) -> bool:
        """Return whether every unproven order is frozen, its contract blocked, or there is none."""
        return all(record.frozen for record in self.unknown)


class Reconciler:
    """One for each process: it remembers which executions it has counted and since when something is odd."""

    def __init__(self, desk: Desk) -> None:
        """Start with nothing counted; the journal refuses to count an execution twice in any case."""
        self._desk = desk
        self._resolver = Resolver(desk)
        self._counted: set[tuple[str, bool]] = set()
        self._odd_since: dict[str, float] = {}

    def start(self) -> None:
        """After a restart nobody knows what became of a request that was under way."""
        now = self._desk.clock.now()
        for record in self._desk.journal.intents(states=UNPROVEN - {IntentState.UNKNOWN}):
            self._desk.journal.transition(
                record.intent.coid, IntentState.UNKNOWN, f"{record.state} when the process ended", now
            )

    def update(self, book: BrokerBook) -> Reconciled:
        """Take one reading into the journal.

        Raises: InvariantBroken, something that must never happen: the system halts.
        """
        bound = self._bind(book)
        fills = self._count(book)
        self._resurrect(book)
        self._end_orders(book)
        self._doubt_children(book)
        own = {position.conid: position.quantity for position in self._desk.journal.own_positions()}
        self._resolver.resolve(self._unknown(), book, own)
        self._orphans(book)
        self._shorts(book)
        return Reconciled(bound, fills, self._unproven())

    def next_look(self) -> datetime | None:
        """Return when the next reading can bring something new about unproven orders."""
        looks = [self._resolver.next_look(self._unknown())]
        if self._odd_since:
            looks.append(self._desk.clock.now() + timedelta(seconds=INACTIVE_AFTER_S))
        return min((look for look in looks if look is not None), default=None)

    def _bind(self, book: BrokerBook) -> int:
        records = self._desk.journal.intents(states=MAYBE_LIVE)
        if all(record.order_id is not None for record in records):
            return 0
        bindings = unbound(records, book.orders)
        for binding in bindings:
            self._desk.journal.bind(binding.coid, binding.order_id, self._now())
            failpoint("K28")
        return len(bindings)

    def _count(self, book: BrokerBook) -> int:
        """Count executions that are new, or whose commission is; one that is not ours is looked at anew each time."""
        fresh = [
            execution
            for execution in book.executions
            if (execution.execution_id, execution.commission is not None) not in self._counted
        ]
        if not fresh:
            return 0
        records = {record.intent.coid: record for record in self._desk.journal.intents()}
        by_order = {record.order_id: coid for coid, record in records.items() if record.order_id is not None}
        fills = 0
        for execution in fresh:
            coid = owner_of(execution, records, by_order, book)
            if coid is None:
                continue
            failpoint("K13")
            new = self._desk.journal.execute(coid, execution, self._now())
            failpoint("K15")
            self._counted.add((execution.execution_id, execution.commission is not None))
            if new:
                fills += 1
                self._note_fill(records[coid], execution.order_id)
                self._desk.log.info(
                    "fill",
                    coid=coid,
                    symbol=execution.symbol,
                    side=execution.side,
                    quantity=execution.quantity,
                    price=execution.price,
                )
                late_s = (self._now() - execution.time).total_seconds()
                self._desk.metrics.observe(Duration.FILL_LATENCY, max(late_s, 0.0))
        return fills

    def _note_fill(self, record: IntentRecord, order_id: int | None) -> None:
        """An execution proves that the order was there."""
        coid = record.intent.coid
        if record.state in RESURRECTABLE:
            self._resurrected(coid, "an execution of it came")
        elif record.state in UNPROVEN and order_id is not None and record.order_id is None:
            self._desk.journal.bind(coid, order_id, self._now())
        elif record.state is IntentState.UNKNOWN:
            self._desk.journal.transition(coid, IntentState.WORKING, "an execution of it came", self._now())

    def _resurrect(self, book: BrokerBook) -> None:
        """Find orders that were taken for absent and are there."""
        for order in book.orders:
            if order.order_ref is None or not is_live(order):
                continue
            record = self._desk.journal.intent(order.order_ref)
            if record is None or record.state not in RESURRECTABLE or not named(record.intent):
                continue
            if record.order_id is None:
                self._desk.journal.bind(record.intent.coid, order.order_id, self._now())
            self._resurrected(record.intent.coid, "it is in the order list")

    def _resurrected(self, coid: str, why: str) -> None:
        self._desk.journal.transition(coid, IntentState.WORKING, f"RESURRECTED: {why}", self._now())
        self._latch("resurrected", f"{coid} was taken for absent, but {why}")

    def _latch(self, code: str, text: str) -> None:
        """Keep new entries off until a person has looked."""
        now = self._now()
        risk = self._desk.store.risk_state()
        latches = {**risk.latches, code: self._desk.calendar.at_or_after(now.date()).day}
        self._desk.store.set_risk_state(replace(risk, latches=latches), reason=text, actor="system", now=now)
        self._desk.notifier.alert(code, text)

    def _end_orders(self, book: BrokerBook) -> None:
        orders = book.by_id()
        odd: dict[str, float] = {}
        for record in self._desk.journal.intents(states=frozenset({IntentState.WORKING})):
            if record.order_id is None:
                continue
            order = orders.get(record.order_id)
            since = self._odd_since.get(record.intent.coid, self._desk.clock.monotonic())
            settled = self._judge(record, order, self._desk.clock.monotonic() - since)
            if not settled:
                odd[record.intent.coid] = since
        self._odd_since = odd

    def _judge(self, record: IntentRecord, order: BrokerOrder | None, odd_s: float) -> bool:
        """Take over what the broker shows of one order; False while it can't be told yet."""
        if record.filled >= record.intent.quantity:
            self._end(record, IntentState.FILLED, "")
            return True
        if order is None:
            return self._missing(record, odd_s)
        if order.status in {BrokerStatus.INACTIVE, BrokerStatus.FAILED} and odd_s < INACTIVE_AFTER_S:
            return False
        if order.status is BrokerStatus.FILLED or order.status in _ENDED:
            if round(order.filled_quantity) != record.filled:
                return self._executions_late(record, order, odd_s)
            self._end(record, self._end_state(record, order), order.status)
        return True

    def _end_state(self, record: IntentRecord, order: BrokerOrder) -> IntentState:
        if order.status is BrokerStatus.FILLED:
            return IntentState.FILLED
        ended = _ENDED[order.status]
        if ended is IntentState.CANCELLED and record.intent.tif is Tif.DAY and not record.cancel_asked:
            session = self._desk.calendar.session(record.intent.session)
            if session is not None and self._now() >= session.close:
                return IntentState.EXPIRED
        return ended

    def _executions_late(self, record: IntentRecord, order: BrokerOrder, odd_s: float) -> bool:
        """The order ended with more filled than executions tell: wait, then say so and go on."""
        if odd_s < EXECUTIONS_LATE_AFTER_S:
            return False
        text = f"exec_gap: {order.filled_quantity:g} filled, executions say {record.filled}"
        self._end(record, self._end_state(record, order), text)
        self._latch("exec_gap", f"{record.intent.symbol}: {text}")
        return True

    def _missing(self, record: IntentRecord, odd_s: float) -> bool:
        """A bound order that is not in the list: ask for it by its id; where nobody knows it, it is unproven."""
        if record.order_id is None:
            return True
        try:
            order = self._desk.broker.order_status(record.order_id)
        except GatewayError:
            return False
        if order is not None:
            return self._judge(record, order, odd_s) if order.status in _ENDED or not is_live(order) else True
        if self._is_over(record):
            self._end(record, IntentState.EXPIRED, "its session is over, and it is in no list")
            return True
        if odd_s < 2.0 * self._desk.settings.execution.visibility_s:
            return False
        self._desk.journal.transition(
            record.intent.coid, IntentState.UNKNOWN, "vanished without a terminal status", self._now()
        )
        return True

    def _is_over(self, record: IntentRecord) -> bool:
        session = self._desk.calendar.session(record.intent.session)
        return (
            record.intent.tif is Tif.DAY
            and session is not None
            and self._now() >= session.close + timedelta(minutes=30)
        )

    def _end(self, record: IntentRecord, state: IntentState, detail: str) -> None:
        self._desk.journal.transition(record.intent.coid, state, detail, self._now())
        failpoint("K23")
        self._desk.log.info(
            "order ended",
            coid=record.intent.coid,
            symbol=record.intent.symbol,
            role=record.intent.role,
            state=state,
            filled=record.filled,
        )
        if state is IntentState.REJECTED:
            self._desk.notifier.alert(
                "rejected", f"{record.intent.symbol}: the {record.intent.role} was rejected after it was accepted"
            )

    def _doubt_children(self, book: BrokerBook) -> None:
        """A bracket child that is still not listed when it must be visible is unproven."""
        visible = timedelta(seconds=self._desk.settings.execution.visibility_s)
        for record in self._desk.journal.intents(states=frozenset({IntentState.SENDING, IntentState.REPLYING})):
            if record.sent_at is not None and book.began >= record.sent_at + visible:
                self._desk.journal.transition(
                    record.intent.coid, IntentState.UNKNOWN, "not listed after its group was accepted", self._now()
                )

    def _orphans(self, book: BrokerBook) -> None:
        """Halt on a live order with our prefix that the journal does not know."""
        prefix = self._desk.store.value("prefix")
        if prefix is None:
            return
        known: Mapping[str, IntentRecord] | None = None
        for order in book.orders:
            if order.order_ref is None or not order.order_ref.startswith(f"{prefix}-"):
                continue
            if self._desk.journal.intent(order.order_ref) is not None or not is_live(order):
                continue
            known = known or {record.intent.coid: record for record in self._desk.journal.intents()}
            if is_orphan(order, prefix, known):
                raise InvariantBroken(
                    "orphan", f"{order.symbol}: the order {order.order_ref} is of this system, but not in its journal"
                )

    def _shorts(self, book: BrokerBook) -> None:
        """Halt on a short position: this system never sells what it has not got, so something is wrong."""
        for position in book.positions:
            if position.quantity < 0:
                raise InvariantBroken("I10", f"{position.symbol}: the account is short {-position.quantity:g} shares")

    def _unknown(self) -> Sequence[IntentRecord]:
        return self._desk.journal.intents(states=frozenset({IntentState.UNKNOWN}))

    def _unproven(self) -> tuple[IntentRecord, ...]:
        return self._desk.journal.intents(states=UNPROVEN)

    def _now(self) -> datetime:
        return self._desk.clock.now()

"""Brings the journal in line with what the broker shows: bindings, fills, ends of orders, and own shares.

It runs after each reading and remembers nothing: since when something is odd, and what speaks for it, is in the
journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from trading.errors import CORRUPT, STORAGE, GatewayError, InvariantBroken
from trading.execution.context import TradingContext
from trading.execution.look_again import POLL_S, LooksAgain
from trading.execution.ownership.excess import excess_in
from trading.execution.ownership.execution_matching import is_correction, match_executions
from trading.execution.ownership.foreign import halt_causes
from trading.execution.ownership.likeness import is_same, is_still, may_be, named
from trading.execution.ownership.order_matching import Binding, bindings, is_anothers_id
from trading.execution.ownership.others import certain, drop_theirs, note_theirs, theirs
from trading.execution.reading.evidence import Since
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reading.told import Told, drop_told, is_ahead, keep_told, kept_told, told_by, told_of
from trading.execution.reconciliation import absence
from trading.execution.reconciliation.endings import INACTIVE_AFTER_S, Endings
from trading.execution.reconciliation.hand_sales import beside_own, drop_spent, spent
from trading.execution.reconciliation.rejects import REJECTS_IN_A_ROW, latched_for, note_latched, rejected_in_a_row
from trading.execution.reconciliation.share_check import check_shares
from trading.model.alarm import Alarm, AlarmCode, HaltCause
from trading.model.intent_state import DECLARED_ABSENT
from trading.model.metric import Duration
from trading.model.order import TERMINAL, UNPROVEN, Execution, IntentState
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind
from trading.ports import Counted

# Executions are told of for seven days.
REMEMBERED = timedelta(days=8)


@dataclass(slots=True)
class Reconciled(LooksAgain):
    """What one reading changed and found."""

    fills: int = 0
    foreign: tuple[Execution, ...] = ()
    alarms: list[Alarm] = field(default_factory=list)
    halts: tuple[HaltCause, ...] = ()


class Reconciler:
    """One for each process; `_counted` only spares the journal questions that it has answered."""

    def __init__(self, context: TradingContext) -> None:
        """Work on the context's journal."""
        self._context = context
        self._counted: dict[str, tuple[float, float, bool]] = {}

    def start(self) -> None:
        """After a restart nobody knows what became of a request that was under way."""
        now = self._context.clock.now()
        for record in self._context.journal.intents(states=UNPROVEN - {IntentState.UNKNOWN}):
            self._context.journal.transition(
                record.coid, IntentState.UNKNOWN, f"{record.state} when the process ended", now
            )

    def view(self, now: datetime) -> JournalView:
        """Return the journal as a turn looks at it."""
        return self._context.journal.view(now - REMEMBERED)

    def take_in(self, snapshot: BrokerSnapshot, skew_s: float | None) -> Reconciled:
        """Take one reading into the journal; what a list that failed would have told waits for the next one."""
        now = snapshot.began
        done = Reconciled()
        since = Since(self._context.evidence, now)
        if snapshot.orders.value is not None:
            self._step(done, lambda: self._bind(snapshot, now))
        if snapshot.executions.value is not None:
            self._step(done, lambda: self._count(snapshot, skew_s, done))
        if snapshot.orders.value is not None:
            self._step(done, lambda: self._resurrect(snapshot))
            self._step(done, lambda: self._end_orders(snapshot, skew_s, since, done))
            self._step(done, lambda: self._close_legs(snapshot, now, done))
        self._step(done, lambda: self._resolve(snapshot, done))
        self._step(done, lambda: self._check_shares(snapshot, done))
        self._step(done, lambda: self._check_rejects(now))
        if snapshot.orders.value is not None:
            since.close()
        if since.any:
            done.again(now + timedelta(seconds=INACTIVE_AFTER_S))
        context = self._context
        done.halts += halt_causes(snapshot, self.view(now), context.store.value("prefix") or "", context.journal.intent)
        return done

    @staticmethod
    def _step(done: Reconciled, step: Callable[[], object]) -> None:
        """Take one step; a broken invariant halts, and never keeps the others from being taken."""
        try:
            step()
        except InvariantBroken as error:
            done.halts += (cause_of(error),)

    # ---- which order is which

    def _bind(self, snapshot: BrokerSnapshot, now: datetime) -> None:
        journal = self.view(now)
        for binding in bindings(journal, snapshot):
            record = journal.by_coid[binding.coid]
            same = record.provisional and binding.provisional and record.order_id == binding.order_id
            if binding.provisional and not (same and record.frozen):
                name = self._name_of(binding, record, journal)
                if name is not None and name != record.coid:
                    continue
                binding = replace(binding, provisional=name is None)
            if same and binding.provisional:
                continue
            self._context.journal.bind(
                binding.coid, binding.order_id, snapshot.epoch, now, provisional=binding.provisional
            )
        # One leg of a bracket tells of the other.
        while seen := self._seen_in(snapshot, self.view(now)):
            self._context.journal.mark_seen(seen, snapshot.epoch)

    @staticmethod
    def _seen_in(snapshot: BrokerSnapshot, journal: JournalView) -> list[str]:
        """Return the orders that this session has not shown before, and a reading of it shows."""
        return [
            record.coid
            for record in journal.records
            if record.seen_epoch != snapshot.epoch
            and (sight := snapshot.sight_of(record.order_id)) is not None
            and is_still(record, sight.order, journal, snapshot.epoch)
        ]

    def _name_of(self, binding: Binding, record: IntentRecord, journal: JournalView) -> str | None:
        """Ask for an order that looks like ours by its id, and return the name on it, which the list may leave out."""
        if not named(record.intent):
            return None
        try:
            order = self._context.broker.order_status(binding.order_id)
        except GatewayError:
            return None
        if order is None or not is_same(record, replace(order, order_ref=None), journal):
            return None
        return order.order_ref

    # ---- what was executed

    def _count(
        self, snapshot: BrokerSnapshot, skew_s: float | None, done: Reconciled, told: Mapping[str, Told] | None = None
    ) -> None:
        """Count executions that are new or have changed; one that is not ours is looked at anew each time.

        So is a sale whose purchase is not listed yet. `told` is what orders say that the list lacks.
        """
        listed = snapshot.executions.value.executions if snapshot.executions.value is not None else ()
        # An id has the terms that it was shown with last: what was wrong may be right again.
        latest = {each.execution_id: each for each in listed}.values()
        fresh = [each for each in latest if self._counted.get(each.execution_id) != _terms(each)]
        if not fresh:
            return
        now = self._context.clock.now()
        corrections = [each.execution_id for each in latest if each.order_ref and is_correction(each)]
        owners = self._context.journal.fill_owners([*corrections, *(each.execution_id for each in fresh)])
        corrected = {owners[each] for each in corrections if each in owners}
        journal, evidence = self.view(now), self._context.evidence
        unowned = [each for each in fresh if each.execution_id not in owners]
        told = kept_told(evidence) | dict(told or {})
        known = theirs(evidence), told, spent(evidence), corrected
        matched = match_executions(unowned, journal, snapshot, skew_s, *known)
        done.foreign = matched.foreign
        note_theirs(evidence, matched.foreign, journal, snapshot)
        drop_spent(evidence, now - REMEMBERED)
        drop_theirs(evidence, now - REMEMBERED)
        for execution in (each for each in fresh if each.execution_id in owners):
            self._count_one(owners[execution.execution_id], execution, done)
        for coid, execution in matched.fills:
            if is_ahead(execution, self.view(now), told_of(journal, snapshot, told)):
                done.again(now + timedelta(seconds=POLL_S))
            else:
                absent = self._context.journal.intent(coid)
                if absent is not None and absent.state in DECLARED_ABSENT and execution.quantity > 0:
                    self._latch_resurrected(absent, "an execution of it came")
                    self._work_again(coid, "an execution of it came")
                self._count_one(coid, execution, done)
        drop_told(evidence, self.view(now))

    def _count_one(self, coid: str, execution: Execution, done: Reconciled) -> None:
        now = self._context.clock.now()
        symbol = execution.symbol
        try:
            counted = self._context.journal.record_fill(coid, execution, now)
        except InvariantBroken as error:
            # One execution that can't be counted never stops the others; the gap shows up at its order's end.
            done.alarms.append(Alarm(AlarmCode.EXECUTION, execution.execution_id, f"{symbol}: {error.detail}"))
            return
        self._counted[execution.execution_id] = _terms(execution)
        if counted.corrected:
            text = f"{symbol}: the broker corrected execution {execution.execution_id}"
            done.alarms.append(Alarm(AlarmCode.CORRECTION, execution.execution_id, text))
        if counted.doubt:
            text = (
                f"{symbol}: execution {execution.execution_id} makes no sense: {counted.doubt}; it counts in no result"
            )
            done.alarms.append(Alarm(AlarmCode.EXECUTION, execution.execution_id, text))
        record = self._context.journal.intent(coid)
        if record is not None and (counted.new or counted.corrected):
            self._after_fill(record, execution, counted)
        if counted.new:
            done.fills += 1
            what = {"side": execution.side, "quantity": execution.quantity, "price": execution.price}
            self._context.log.info("fill", coid=coid, symbol=symbol, **what)
            late_s = (now - execution.time).total_seconds()
            self._context.metrics.observe(Duration.FILL_LATENCY, max(late_s, 0.0))

    def _after_fill(self, record: IntentRecord, execution: Execution, counted: Counted) -> None:
        """An execution proves that the order was there; one that was taken back brings it to life again."""
        now = self._context.clock.now()
        journal = self._context.journal
        if record.state is IntentState.FILLED and record.left > 0 and counted.taken_back:
            journal.transition(record.coid, IntentState.WORKING, "RESURRECTED: an execution was taken back", now)
        elif (
            execution.order_id is not None
            and (
                (record.provisional and execution.order_ref == record.coid)
                or (record.state in UNPROVEN and record.order_id is None)
            )
            and not is_anothers_id(execution.order_id, record.coid, self.view(now).records)
        ):
            journal.bind(record.coid, execution.order_id, record.seen_epoch, now)
        elif record.state is IntentState.UNKNOWN:
            journal.transition(record.coid, IntentState.WORKING, "an execution of it came", now)

    # ---- orders that come back, and orders that end

    def _resurrect(self, snapshot: BrokerSnapshot) -> None:
        """Find live orders that were taken for absent or over."""
        journal = self.view(snapshot.began)
        by_id = {r.order_id: r for r in journal.records if r.order_id is not None and r.state in TERMINAL}
        # An id that came again is the newer order's.
        taken = journal.bound_ids
        for order_id, sight in snapshot.sights.items():
            if not sight.live or order_id in taken:
                continue
            record = self._context.journal.intent(sight.order.order_ref or "") or by_id.get(order_id)
            if record is None or record.state not in TERMINAL or record.state is IntentState.DENIED:
                continue
            journal = self.view(snapshot.began)
            own_name = named(record.intent) and sight.order.order_ref == record.coid
            if not (own_name or is_still(record, sight.order, journal, snapshot.epoch)):
                continue
            if round(sight.order.total_quantity) <= record.filled:
                continue
            self._latch_resurrected(record, "it is in the order list")
            if record.order_id != order_id or record.seen_epoch != snapshot.epoch:
                self._context.journal.bind(record.coid, order_id, snapshot.epoch, snapshot.began)
            self._work_again(record.coid, "it is in the order list")

    def _latch_resurrected(self, record: IntentRecord, why: str) -> None:
        text = f"{record.intent.symbol}: the {record.intent.role} {record.coid} was taken for {record.state}, but {why}"
        self._latch("resurrected", text)

    def _work_again(self, coid: str, why: str) -> None:
        journal = self._context.journal
        if (current := journal.intent(coid)) is not None and current.state is not IntentState.WORKING:
            journal.transition(coid, IntentState.WORKING, f"RESURRECTED: {why}", self._context.clock.now())

    def _end_orders(self, snapshot: BrokerSnapshot, skew_s: float | None, since: Since, done: Reconciled) -> None:
        context = self._context
        journal = self.view(context.clock.now())
        endings = Endings(snapshot, journal, since, context.broker, context.calendar, context.settings)
        for record in journal.maybe_live:
            self._end(record, endings, snapshot)
        if endings.alive:
            context.journal.mark_seen(endings.alive, snapshot.epoch)
        if not endings.told:
            return
        # Executions that carry neither id nor name may be theirs, and not a sale by hand.
        self._count(snapshot, skew_s, done, {coid: told_by(order) for coid, order in endings.told.items()})
        for coid in endings.told:
            counted = context.journal.intent(coid)
            if counted is not None and counted.left <= 0:
                self._end(counted, endings, snapshot)

    def _end(self, record: IntentRecord, endings: Endings, snapshot: BrokerSnapshot) -> None:
        context = self._context
        now = context.clock.now()
        ending = endings.of(record, now) if record.state is IntentState.WORKING else None
        if ending is None:
            return
        if ending.gap is not None:
            # Before its end, which is not judged again where the process ends here.
            keep_told(context.evidence, record.coid, ending.gap, snapshot)
            self._latch("exec_gap", f"{record.intent.symbol}: {ending.detail}")
        context.journal.transition(record.coid, ending.state, ending.detail, now)

    def _close_legs(self, snapshot: BrokerSnapshot, now: datetime, done: Reconciled) -> None:
        """Judge legs without an id: refused with the answer, over with their entry (so are vanished ones), unproven."""
        journal, told = self.view(now), kept_told(self._context.evidence)
        visible = timedelta(seconds=self._context.settings.execution.visibility_s)
        for record in journal.maybe_live:
            vanished = record.state is IntentState.UNKNOWN and record.order_id not in snapshot.sights
            if record.order_id is not None and not vanished:
                continue
            parent = journal.by_coid.get(record.intent.parent_coid or "")
            # Where its executions are missing it has bought what its row said, and its legs may live.
            gap = parent is not None and (parent.state is IntentState.FILLED or parent.coid in told)
            if parent is not None and parent.state in TERMINAL and not parent.filled and not gap:
                self._move_open(record, IntentState.CANCELLED, f"its entry ended {parent.state}", now)
            elif record.order_id is None and self._refused_leg(record, journal, snapshot):
                self._move_open(record, IntentState.REJECTED, "refused in the answer to its group", now)
            elif record.state in {IntentState.SENDING, IntentState.REPLYING} and record.sent_at is not None:
                if snapshot.began < record.sent_at + visible:
                    done.again(record.sent_at + visible)
                else:
                    self._context.journal.transition(record.coid, IntentState.UNKNOWN, "not listed with its group", now)

    def _move_open(self, record: IntentRecord, state: IntentState, text: str, now: datetime) -> None:
        """Take an order whose outcome was open over UNKNOWN to its end: reading proved it, no answer did."""
        if record.state is not IntentState.UNKNOWN:
            self._context.journal.transition(record.coid, IntentState.UNKNOWN, text, now)
        self._context.journal.transition(record.coid, state, text, now)

    def _refused_leg(self, record: IntentRecord, journal: JournalView, snapshot: BrokerSnapshot) -> bool:
        """Return whether the answer refused as many legs as are missing in a list that shows another one."""
        submits = [c for c in journal.commands_of(record.coid) if c.kind is RequestKind.SUBMIT]
        group = [journal.by_coid[coid] for coid in submits[-1].coids if coid in journal.by_coid] if submits else []
        listed = {leg.order_id for leg in group if leg.order_id in snapshot.sights}
        missing = [leg for leg in group if leg.order_id is None and leg.maybe_live]
        shown = any(
            may_be(record, sight, journal, snapshot.epoch) and sight.order.parent_id in {None, *listed}
            for sight in snapshot.sights.values()
        )
        return bool(listed) and 0 < len(missing) <= submits[-1].refused_legs and not shown

    # ---- what is not proven

    def _resolve(self, snapshot: BrokerSnapshot, done: Reconciled) -> None:
        context, now = self._context, self._context.clock.now()
        journal, gone = self.view(now), set[str]()
        traded = beside_own(context.evidence, certain(done.foreign, theirs(context.evidence), journal, snapshot))
        for record in journal.maybe_live:
            if record.coid in gone or (record.state is not IntentState.UNKNOWN and not record.provisional):
                continue
            votes = absence.votes_on(record, context.evidence.of(record.coid))
            if record.state is IntentState.UNKNOWN:
                excess = excess_in(record.intent.conid, context.evidence)
                others = absence.shares_of_others(record, excess, traded, now, context.settings)
                judgement = absence.judge(record, votes, snapshot, journal, context.calendar, context.settings, others)
                if judgement.vote is not None:
                    context.evidence.record(record.coid, judgement.vote, snapshot.began)
                if judgement.lost:
                    gone |= absence.declare_lost(context.journal, record, journal, "its absence is proven", now)
                    continue
            alarm = absence.freeze(context.journal, record, journal, now)
            if alarm is not None:
                done.alarms.append(alarm)
            look = absence.next_look(record, now, context.calendar, context.settings, votes)
            if look is not None:
                done.again(look)

    # ---- own shares

    def _check_shares(self, snapshot: BrokerSnapshot, done: Reconciled) -> None:
        now = self._context.clock.now()
        found = check_shares(self._context, snapshot, self.view(now), done.foreign, now)
        done.alarms += found.alarms
        if found.look_again is not None:
            done.again(found.look_again)

    def _check_rejects(self, now: datetime) -> None:
        evidence, journal = self._context.evidence, self.view(now)
        rejected = rejected_in_a_row(journal, latched_for(evidence))
        if len(rejected) < REJECTS_IN_A_ROW:
            return
        symbols = ", ".join(journal.by_coid[coid].intent.symbol for coid in reversed(rejected))
        self._latch("rejects", f"the broker refused {len(rejected)} entries in a row: {symbols}")
        note_latched(evidence, rejected, now)

    def _latch(self, code: str, text: str) -> None:
        """Keep new entries off until a person has looked.

        Before what it is for is kept: where the process ends in between, that is found and latched again.
        """
        self._context.store.halts.latch(code, text, self._context.clock.now())


def cause_of(error: InvariantBroken) -> HaltCause:
    """Return what halts because of a broken invariant.

    Raises: InvariantBroken, a file of ours can't be used: then nothing can be done at all.
    """
    if error.invariant in {STORAGE, CORRUPT}:
        raise error
    return HaltCause("invariant", str(error), str(error))


def _terms(execution: Execution) -> tuple[float, float, bool]:
    return execution.quantity, execution.price, execution.commission is not None

"""Which orders of ours have to be cancelled, derived anew each time, and when a cancel is asked for again."""

from __future__ import annotations

from datetime import datetime, timedelta

from trading.execution.ownership.likeness import is_same
from trading.execution.ownership.working_orders import waits_for_entry, working
from trading.execution.planning.plan import Cancel, Plan
from trading.execution.planning.state import TradingState
from trading.execution.reading.evidence import since_of
from trading.execution.reconciliation.absence import unproven_alarm
from trading.execution.reconciliation.endings import HELD
from trading.model.alarm import AlarmCode
from trading.model.command import SETTLED, CommandRecord, CommandState, Step
from trading.model.intent_state import DECLARED_ABSENT
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, OrderLife, Role, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.model.request import RequestKind

# After the first request, then every minute until the order is over.
AGAIN_S = (5.0, 15.0, 60.0)
ALARM_AT = 3
# Cancels may be acknowledged late while the market is closed; they are asked for again so long after the open.
AFTER_OPEN = timedelta(minutes=5)
HELD_FOR = timedelta(seconds=10)
"""a list may be a little older than the fills; after so long the rest of an entry whose stop may wait is cancelled"""
_ON_ITS_WAY = frozenset({BrokerStatus.PENDING_CANCEL, BrokerStatus.PRE_CANCELLED})


def plan_cancels(state: TradingState, plan: Plan) -> None:
    """Cancel entries after a halt or their session, what a refused child leaves, and sells with nothing behind."""
    for record in state.journal.maybe_live:
        if (held := _held_since(record, state)) is not None and state.now < held + HELD_FOR:
            plan.again(held + HELD_FOR)
        step = _reason(record, state)
        if step is Step.HALT and record.provisional:
            # It may buy on, and is only a person's to cancel.
            plan.alarms.append(unproven_alarm(record))
        if step is not None:
            ask_cancel(record, step, state, plan)
    for position in state.journal.positions:
        for role in (Role.STOP, Role.TARGET):
            for record in _too_many(position, role, state):
                if (record.coid, Step.EXCESS) not in plan.asked:
                    ask_cancel(record, Step.EXCESS, state, plan)


def ask_cancel(record: IntentRecord, step: Step, state: TradingState, plan: Plan) -> bool:
    """Ask for a cancel now where that is due and allowed; True when the order has yet to end.

    An order that is not bound for certain, or that no reading of this session shows as ours, is not cancelled: an id
    may have been given to somebody else's. One that the reading shows as over only waits for its executions.
    """
    plan.asked.add((record.coid, step))
    if record.state is not IntentState.WORKING or record.provisional or record.order_id is None:
        return record.maybe_live
    sight = state.snapshot.sights.get(record.order_id)
    if sight is None and record.seen_epoch != state.epoch:
        return True
    if sight is not None and (sight.life is OrderLife.OVER or not is_same(record, sight.order, state.journal)):
        return True
    asked = [
        command
        for command in state.journal.commands_of(record.coid)
        if command.kind is RequestKind.CANCEL and command.step is step and command.state not in SETTLED
    ]
    on_its_way = sight is not None and sight.order.status in _ON_ITS_WAY
    due = _due(asked, state, on_its_way=on_its_way)
    if len(asked) >= ALARM_AT:
        text = f"{record.intent.symbol}: the cancel of its {record.intent.role} was asked for {len(asked)} times"
        plan.alarm(AlarmCode.CANCEL, record.coid, f"{text} and is not confirmed")
    if state.now >= due:
        plan.commands.append(Cancel(record, step))
    else:
        plan.again(due)
    return True


def sells_in_order(conid: int, journal: JournalView) -> list[IntentRecord]:
    """Return the sells that may be live in the order in which they protect: oldest first.

    Last are the children of an entry that is still working, or ended without a fill, since they go with it.
    """
    entering = {r.coid for r in journal.of(conid) if r.intent.role is Role.ENTRY and (r.maybe_live or not r.filled)}
    return sorted(journal.sells(conid), key=lambda each: each.intent.parent_coid in entering)


def lapse(state: TradingState, plan: Plan) -> None:
    """Let cancels and modifications lapse whose step can't go on any more: nobody asks for them in this plan.

    A refused modification stays as it is: its order is replaced, not asked again.
    """
    for command in state.journal.commands:
        if command.kind is RequestKind.SUBMIT or command.state in SETTLED or command.number in plan.confirmed:
            continue
        if command.kind is RequestKind.MODIFY and command.state is CommandState.REFUSED:
            continue
        if (command.coids[0], command.step) not in plan.asked:
            plan.lapsed.append(command.number)


def _due(asked: list[CommandRecord], state: TradingState, *, on_its_way: bool) -> datetime:
    if not asked:
        return state.now
    pause = AGAIN_S[min(len(asked), len(AGAIN_S)) - 1]
    due = asked[-1].sent_at + timedelta(seconds=pause)
    if on_its_way:
        # What is not confirmed out of hours may be at the open, or shortly after it: this is no error.
        calendar = state.times.calendar
        session = state.times.open_session or calendar.next_after(calendar.newest_completed(state.now, 0.0).day)
        if asked[-1].sent_at < session.open:
            due = max(due, session.open + AFTER_OPEN)
    return due


def _reason(record: IntentRecord, state: TradingState) -> Step | None:
    """Return why an order has to go, None where it may stay."""
    intent = record.intent
    if intent.role is Role.ENTRY:
        return _reason_of_entry(record, state)
    if state.is_short(intent.conid) and not waits_for_entry(record, state.snapshot, state.journal):
        return Step.EXCESS
    if intent.role in {Role.STOP, Role.TARGET} and not _has_shares(record, state):
        return Step.EXCESS
    if intent.role is Role.EXIT and _sells_too_much(record, state):
        return Step.EXCESS
    return None


def _reason_of_entry(record: IntentRecord, state: TradingState) -> Step | None:
    if state.mode is Mode.HALTED or state.flatten:
        return Step.HALT
    session = state.times.calendar.session(record.intent.session)
    if session is None or session.close < state.now:
        return Step.SESSION_OVER
    stops = [child for child in state.journal.children(record.coid) if child.intent.role is Role.STOP]
    if any(stop.state in DECLARED_ABSENT for stop in stops):
        return Step.CHILD_REFUSED
    held = _held_since(record, state)
    if held is not None and state.now >= held + HELD_FOR:
        return Step.CHILD_HELD
    position = state.journal.position(record.intent.conid)
    if position is not None and position.entry_coid != record.coid:
        # Their sale was taken back after the entry was sent. Its children, which wait for its fill, don't cover them.
        return Step.EXCESS
    return None


def _held_since(entry: IntentRecord, state: TradingState) -> datetime | None:
    """Return since when the broker may hold the children of an entry back until all of it has filled, or None.

    What has filled by now is bare.
    """
    kept = state.sightings.get(since_of(HELD, entry.coid), ())
    return kept[0].at if kept else None


def _too_many(position: OwnPosition, role: Role, state: TradingState) -> list[IntentRecord]:
    """Return the newest stops or targets that would sell more than there is or may yet be bought; the oldest stays.

    There is a second one when a lost one is found after it was replaced. That a single one is too large is put right
    by changing it.
    """
    sights = {
        record.coid: sight
        for record in sells_in_order(position.conid, state.journal)
        if record.intent.role is role and (sight := working(record, state.snapshot, state.journal)) is not None
    }
    sells = sum(sight.order.remaining_quantity for sight in sights.values())
    shares = position.quantity + sum(max(record.left, 0) for record in state.journal.entries(position.conid))
    found: list[IntentRecord] = []
    for coid in list(sights)[:0:-1]:
        if sells <= shares:
            break
        found.append(state.journal.by_coid[coid])
        sells -= sights[coid].order.remaining_quantity
    return found


def _sells_too_much(record: IntentRecord, state: TradingState) -> bool:
    """Return whether an exit and those before it would sell more than is left of own shares.

    Somebody sold some since it was sent, or one is there again that was taken for absent.
    """
    sells = 0
    for each in state.journal.sells(record.intent.conid):
        sight = working(each, state.snapshot, state.journal) if each.intent.role is Role.EXIT else None
        # The row may be older than the executions, and the other way round.
        sells += 0 if sight is None else min(each.left, round(sight.order.remaining_quantity))
        if each.coid == record.coid:
            return sight is not None and sells > state.journal.owned(record.intent.conid)
    return False


def _has_shares(record: IntentRecord, state: TradingState) -> bool:
    """Return whether there are own shares, or may yet be, that a stop or target stands for."""
    conid = record.intent.conid
    if state.journal.position(conid) is not None:
        return True
    return any(
        each.intent.side is Side.BUY and (each.maybe_live or each.state is IntentState.PLANNED)
        for each in state.journal.of(conid)
    )

"""Own shares without a working stop: found in every turn, whatever was sent before, and covered again when it is right.

Need is the own position by executions, cover what live stops and market exits of ours can sell. While anything about a
sell of ours is not proven no second one is sent: two resting stops could fire together and leave us short. Then, and
after too many refusals, the software guard compares price and stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from trading.execution.look_again import POLL_S
from trading.execution.ownership.likeness import PRICE_TOLERANCE, is_settled
from trading.execution.ownership.working_orders import waits_for_entry, working
from trading.execution.planning.cancels import ask_cancel, sells_in_order
from trading.execution.planning.order_factory import PROTECTION, Purpose, protective_pair
from trading.execution.planning.plan import Plan, Refuse, Submit
from trading.execution.planning.prices import sale_price
from trading.execution.planning.resizing import Leg, plan_resize
from trading.execution.planning.state import TradingState
from trading.execution.reading.evidence import since_of
from trading.execution.reconciliation.endings import WARNED
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.decision import Denied
from trading.model.intent_state import NEVER_LEFT
from trading.model.order import TERMINAL, OrderIntent, OrderType, Role, Side
from trading.model.record import IntentRecord, OwnPosition

BARE = "bare:"
"""begins the names under which sightings of own shares without a stop are kept"""
# When pairs are sent, counted from the first one before a session's open and from the first one in it; then every five
# minutes, ten at most each time: what a broker refuses before the open uses up no try of the hours that matter.
PAIRS_AT_S = (0.0, 5.0, 15.0, 60.0)
PAIRS_EVERY_S = 300.0
MAX_PAIRS = 10
# Nobody knows whether an order works that the broker put a warning on. One that keeps it for so long is replaced.
WARNED_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Cover:
    """How one position is protected. `unproven`: what becomes of some sell of ours in it can't be told."""

    position: OwnPosition
    stop: Leg | None
    target: Leg | None
    leaving: int
    unproven: bool
    exiting: bool
    """An exit order is at the broker."""

    @property
    def uncovered(self) -> int:
        """Return the own shares that no live stop or market exit would sell."""
        covered = self.leaving + (0 if self.stop is None else self.stop.shares)
        return max(self.position.quantity - covered, 0)


def covers(state: TradingState) -> tuple[Cover, ...]:
    """Return the cover of each own position."""
    return tuple(cover_of(position, state) for position in state.journal.positions)


def bare_shares(cover: Cover, state: TradingState) -> int:
    """Return the shares of a position that people have to know to be without a stop.

    Outside regular hours nothing is told of shares that are on their way out, nor of a sell that is in doubt: both are
    settled before they matter.
    """
    if not state.times.liquid and (cover.exiting or cover.unproven):
        return 0
    return cover.uncovered


def cover_of(position: OwnPosition, state: TradingState) -> Cover:
    """Return how the own orders of a contract that may be live protect its position: its oldest stop and target do.

    Newer ones are more than there should be, and the children of an entry that is still working come last; they wait
    for its first fill.
    """
    stop: Leg | None = None
    target: Leg | None = None
    leaving, unproven, exiting = 0, False, False
    for record in sells_in_order(position.conid, state.journal):
        sight = working(record, state.snapshot, state.journal)
        exiting = exiting or record.intent.role is Role.EXIT
        if sight is None:
            unproven = True
        elif waits_for_entry(record, state.snapshot, state.journal):
            continue
        elif record.intent.role is Role.STOP:
            stop = stop or Leg(record, sight)
        elif record.intent.role is Role.TARGET:
            target = target or Leg(record, sight)
        elif record.intent.order_type is OrderType.MARKET:
            leaving += round(sight.order.remaining_quantity)
    return Cover(position, stop, target, leaving, unproven, exiting)


def plan_protection(state: TradingState, plan: Plan) -> None:
    """Put stop and target right for every position that no exit has the say over."""
    for cover in covers(state):
        _tell(cover, state, plan)
        if cover.position.conid not in plan.leaving and cover.stop is None and not cover.exiting:
            _tell_attempts(cover.position, state, plan)
        if cover.position.conid in plan.leaving or state.guard.observes or not state.snapshot.whole:
            continue
        conid = cover.position.conid
        if state.is_short(conid):
            continue
        if cover.unproven or cover.exiting or state.snapshot.unclear(conid):
            _give_up_warned(cover, state, plan)
            _cut(cover, state, plan)
            continue
        # What rests already stays while it is in doubt whether shares are gone; nothing is sold beyond what is shown.
        resting = 0 if cover.stop is None else cover.stop.shares
        need = min(cover.position.quantity, max(state.shares_for_stops(cover.position.conid), resting))
        if need <= 0:
            continue
        if cover.stop is None:
            _cover_bare(cover, need, state, plan)
        elif cover.target is None:
            _add_target(cover, cover.stop, need, state, plan)
        else:
            legs, pair_at = (cover.stop, cover.target), next_pair_at(cover.position.conid, state)
            plan_resize(cover.position, legs, need, state, plan, pair_at)
    _drop_planned(state, plan)


def _cut(cover: Cover, state: TradingState, plan: Plan) -> None:
    """Make what rests beside an order that isn't proven sell no more than there is: it may fill all the same."""
    own = cover.position.quantity
    legs = [leg for leg in (cover.stop, cover.target) if leg is not None and leg.shares > own]
    if legs and not cover.exiting and not state.snapshot.unclear(cover.position.conid):
        plan_resize(cover.position, legs, own, state, plan, None)


def attempts(conid: int, state: TradingState) -> tuple[IntentRecord, ...]:
    """Return the stops that were sent as part of a protective pair in the open session, or before the next one."""
    day, session = protected_session(state), state.times.open_session
    return tuple(
        record
        for record in state.journal.of(conid)
        if record.intent.role is Role.STOP
        and record.intent.reason == PROTECTION
        and record.intent.session == day
        and record.state not in NEVER_LEFT
        and (session is None or _sent_at(record) >= session.open)
    )


def _sent_at(record: IntentRecord) -> datetime:
    return record.sent_at or record.intent.created


def protected_session(state: TradingState) -> date:
    """Return the day of the open session, or of the next one."""
    times = state.times
    return (times.open_session or times.calendar.next_after(times.newest.day)).day


def pairs_left(conid: int, state: TradingState) -> int:
    """Return how many pairs may yet be sent in the open session, or before the next one."""
    return MAX_PAIRS - len(attempts(conid, state))


def next_pair_at(conid: int, state: TradingState) -> datetime | None:
    """Return when the next pair may be sent, None when there were enough of them."""
    sent = attempts(conid, state)
    if not sent:
        return state.now
    if len(sent) >= MAX_PAIRS:
        return None
    extra = max(len(sent) - len(PAIRS_AT_S) + 1, 0)
    offset = PAIRS_AT_S[min(len(sent), len(PAIRS_AT_S) - 1)] + extra * PAIRS_EVERY_S
    return _sent_at(sent[0]) + timedelta(seconds=offset)


def _cover_bare(cover: Cover, need: int, state: TradingState, plan: Plan) -> None:
    """Send a pair for shares without a stop, once the leg that is left is gone."""
    position = cover.position
    due = next_pair_at(position.conid, state)
    if due is None:
        return
    if state.now < due:
        plan.again(due)
        return
    if cover.target is not None:
        ask_cancel(cover.target.record, Step.REPLACE, state, plan)
        return
    if any(state.journal.entries(position.conid)):
        # Its bracket's own children may come yet; they are judged first.
        plan.again(state.now + timedelta(seconds=POLL_S))
        if not _children_over(position, state):
            return
    purpose = Purpose(state.times.newest.day, protected_session(state), state.now)
    drafts = protective_pair(position, need, purpose, state.contracts.get(position.symbol))
    found = {record.intent.role: record.intent for record in _planned(state) if _fits(record.intent, drafts)}
    group = tuple(found[draft.role] for draft in drafts) if len(found) == len(drafts) else drafts
    plan.commands.append(Submit(group, Step.PROTECTION))


def _give_up_warned(cover: Cover, state: TradingState, plan: Plan) -> None:
    """Cancel a stop or target that has stood there with a warning of the broker's for a while, and is not right.

    It stands for bare shares in regular hours, or would sell more than there are.
    """
    for record in state.journal.sells(cover.position.conid):
        warned = state.sightings.get(since_of(WARNED, record.coid), ())
        sight = state.snapshot.sight_of(record.order_id)
        shares = record.left if sight is None else sight.order.remaining_quantity
        wrong = (state.times.liquid and cover.uncovered > 0) or shares > cover.position.quantity
        is_leg = record.intent.role in {Role.STOP, Role.TARGET}
        if warned and is_leg and wrong and state.now - warned[0].at >= WARNED_FOR:
            ask_cancel(record, Step.REPLACE, state, plan)


def _planned(state: TradingState) -> tuple[IntentRecord, ...]:
    """Return the legs of pairs that were planned and did not leave."""
    return tuple(record for record in state.journal.planned if record.intent.reason == PROTECTION)


def _fits(planned: OrderIntent, drafts: Sequence[OrderIntent]) -> bool:
    return any(replace(planned, coid="", created=draft.created) == draft for draft in drafts)


def _drop_planned(state: TradingState, plan: Plan) -> None:
    """Close legs that were planned and that this plan does not send: the next pair is made for what is bare then."""
    sent = {intent.coid for command in plan.commands if isinstance(command, Submit) for intent in command.group}
    for record in _planned(state):
        if record.coid not in sent:
            denied = Denied(record.intent.symbol, "too_old", None, None, "it did not leave, and is not needed any more")
            plan.commands.append(Refuse((record.intent,), denied))


def _children_over(position: OwnPosition, state: TradingState) -> bool:
    """Return whether no stop of its live entry may come to work any more; those of another are for what that buys."""
    children = (
        child
        for entry in state.journal.entries(position.conid)
        for child in state.journal.children(entry.coid)
        if child.maybe_live
    )
    return all(
        child.intent.parent_coid != position.entry_coid and waits_for_entry(child, state.snapshot, state.journal)
        for child in children
    )


def _add_target(cover: Cover, stop: Leg, need: int, state: TradingState, plan: Plan) -> None:
    """Replace a stop without its target by a pair, outside regular hours: a good stop is not given up for a target."""
    entering = any(state.journal.entries(cover.position.conid))
    if stop.shares != need and not entering:
        plan_resize(cover.position, (stop,), need, state, plan, next_pair_at(cover.position.conid, state))
    elif not state.times.liquid and not entering and not attempts(cover.position.conid, state):
        ask_cancel(stop.record, Step.REPLACE, state, plan)


def _tell(cover: Cover, state: TradingState, plan: Plan) -> None:
    """Say that shares stand without a stop, and in regular hours look again soon: till then the guard does."""
    position = cover.position
    bare = 0 if not state.times.liquid and position.conid in plan.leaving else bare_shares(cover, state)
    if bare:
        text = f"{position.symbol}: {bare} own shares have no working stop"
        plan.alarm(AlarmCode.UNCOVERED, position.symbol, text)
    if not bare or not state.times.liquid:
        plan.over.add(f"{BARE}{position.conid}")
        return
    plan.again(state.now + timedelta(seconds=POLL_S))
    if f"{BARE}{position.conid}" not in state.sightings:
        plan.notes.append((f"{BARE}{position.conid}", "no working stop"))


def _tell_attempts(position: OwnPosition, state: TradingState, plan: Plan) -> None:
    """Say that a stop was put back again and again, also while it is not known what became of the newest one."""
    sent = attempts(position.conid, state)
    ended = [record for record in sent if record.state in TERMINAL]
    if len(sent) > 1 and ended:
        last = ended[-1]
        # Without their number, so that it stays one alert over the seconds in which each of them works.
        text = f"{position.symbol}: its stop was put back more than once"
        plan.alarm(AlarmCode.PROTECTION, position.symbol, f"{text}; the last one ended {last.state}: {last.detail}")


def price_through(position: OwnPosition, state: TradingState) -> str | None:
    """Return which level the price is beyond, "stop" or "target", None where it lies between them or is not known."""
    quote = sale_price(state.quotes.get(position.conid), state.now)
    price = quote.price if quote is not None and state.times.liquid else state.closes.get(position.symbol)
    if price is None or (state.times.liquid and quote is None):
        return None
    if price <= position.stop_price + PRICE_TOLERANCE:
        return "stop"
    return "target" if price >= position.target_price - PRICE_TOLERANCE else None


def sells_at_broker(conid: int, state: TradingState) -> bool:
    """Return whether the reading shows any sell in a contract that may be live, ours or not."""
    return any(
        sight.maybe_live
        and (sight.order.conid, sight.order.side) == (conid, Side.SELL)
        and not is_settled(sight, state.journal, state.snapshot.epoch)
        for sight in state.snapshot.sights.values()
    )

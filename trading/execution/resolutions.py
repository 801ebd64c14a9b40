"""Carries out what a person decided about a difference, where the newest reading and the journal allow it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from trading.execution.context import TradingContext
from trading.execution.ownership.foreign import is_orphan, name_of
from trading.execution.ownership.likeness import agrees, is_same, may_be
from trading.execution.ownership.share_trades import in_flight
from trading.execution.planning.protection import protected_session
from trading.execution.planning.state import TradingState
from trading.execution.reconciliation.absence import declare_lost
from trading.execution.reconciliation.hand_sales import note_spent
from trading.execution.reconciliation.own_splits import looks_split
from trading.execution.reconciliation.reconciler import REMEMBERED
from trading.model.balances import FlowState
from trading.model.difference import Remedy, Resolution, resolution_of
from trading.model.operator_request import REFUSED
from trading.model.order import BrokerOrder, Execution, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.model.record import IntentRecord
from trading.ports import AdjustmentKind, Adopted

ORPHAN = "orphan"
_NUMBER = re.compile("[0-9]{1,18}")


def carry_out(argument: str, actor: str, state: TradingState, context: TradingContext) -> str:
    """Do what the argument of a request says and return the answer; `state` holds a reading of now.

    Raises: InvariantBroken, nothing or not all of it could be written.
    """
    resolution = resolution_of(argument)
    if resolution is None:
        return _no("not understood, nothing was done")
    if not state.snapshot.whole:
        return _no(f"the broker's lists can't all be read now ({'; '.join(state.snapshot.failures)}); ask again")
    # What was sent since the reading is in the journal alone.
    return _carried_out(
        resolution, actor, replace(state, journal=context.journal.view(state.now - REMEMBERED)), context
    )


def _carried_out(resolution: Resolution, actor: str, state: TradingState, context: TradingContext) -> str:
    match resolution.remedy:
        case Remedy.CLAIM:
            return _claim(resolution, actor, state, context)
        case Remedy.ABSENT:
            return _absent(resolution.subject, actor, state, context)
        case Remedy.ACCEPT_SHARES | Remedy.SOLD:
            return _accept_shares(resolution, actor, state, context)
        case Remedy.ADOPT | Remedy.IGNORE:
            return _orphan(resolution, actor, state, context)
        case Remedy.FLOW | Remedy.NO_FLOW:
            return _flow(resolution, actor, context)


def _no(why: str) -> str:
    return f"{REFUSED}: {why}"


# ---- orders of ours


def _not_open(coid: str, record: IntentRecord | None) -> str:
    if record is None:
        return _no(f"no order of ours is called {coid}; `reconcile` shows the names")
    return _no(f"{coid} is {record.state}: there is nothing to decide about it")


def _is_open(record: IntentRecord | None) -> TypeGuard[IntentRecord]:
    return record is not None and (record.state is IntentState.UNKNOWN or record.provisional)


def _claim(resolution: Resolution, actor: str, state: TradingState, context: TradingContext) -> str:
    coid, order_id = resolution.subject, resolution.order_id or 0
    record, sight = context.journal.intent(coid), state.snapshot.sights.get(order_id)
    if not _is_open(record):
        return _not_open(coid, record)
    if sight is None:
        return _no(f"the broker's list has no order {order_id}")
    if not is_same(record, sight.order, state.journal):
        wanted = f"{record.intent.side} {record.intent.quantity} {record.intent.symbol}"
        shown = f"{sight.order.side} {sight.order.total_quantity:g} {sight.order.symbol}"
        name = f", called {sight.order.order_ref}" if sight.order.order_ref else ""
        return _no(f"order {order_id} ({shown}{name}) is not what {coid} asked for ({wanted})")
    owner = next((r for r in state.journal.maybe_live if r.order_id == order_id and not r.provisional), None)
    if owner is not None:
        return _no(f"order {order_id} is {owner.coid}")
    context.journal.bind(coid, order_id, state.snapshot.epoch, context.clock.now())
    return f"{coid} is order {order_id}, as {actor} says"


def _absent(coid: str, actor: str, state: TradingState, context: TradingContext) -> str:
    record = context.journal.intent(coid)
    if not _is_open(record):
        return _not_open(coid, record)
    for order_id, sight in sorted(state.snapshot.sights.items()):
        if record.order_id == order_id or may_be(record, sight, state.journal, state.snapshot.epoch):
            return _no(f"order {order_id} may be it: claim it, or cancel it at the broker first")
    if record.provisional:
        return _no(f"order {record.order_id}, which looked like it, has just gone; ask again in a minute")
    declare_lost(context.journal, record, state.journal, f"absent, as {actor} says", context.clock.now())
    return f"{coid} counts as absent; should it turn up after all, it is ours again and nothing more is bought"


# ---- shares


def _accept_shares(resolution: Resolution, actor: str, state: TradingState, context: TradingContext) -> str:
    symbol = resolution.subject
    position = next((each for each in state.journal.positions if each.symbol == symbol), None)
    if position is None:
        return _no(f"no own shares of {symbol} are known")
    held = state.snapshot.shares(position.conid)
    if state.snapshot.unsure(position.conid):
        return _no(f"a row that may be about {symbol} can't be read; look at the broker, then ask again")
    if resolution.remedy is not Remedy.SOLD and looks_split(position, state.snapshot):
        changed = f"the broker shows {held} shares of {symbol}, own are {position.quantity}: that could be a split"
        known = f"; if you know that they were sold, say --sold {symbol}" if held < position.quantity else ""
        return _no(f"{changed}, which is taken in by itself once the average price agrees{known}")
    if held >= position.quantity:
        return _no(f"the broker shows {held} shares of {symbol}, own are {position.quantity}: none is missing")
    if in_flight(position.conid, state.snapshot, state.journal):
        return _no(f"an order of ours in {symbol} is not settled: claim it or declare it absent first")
    gone = position.quantity - held
    note_spent(context.evidence, _of_others(state, context), position, gone, context.clock.now())
    text = f"{gone} of {position.quantity} own shares were sold by hand, as {actor} says"
    context.journal.adjust(position.conid, -gone, AdjustmentKind.MANUAL, text, context.clock.now())
    return f"own shares of {symbol} are {held}, they were {position.quantity}; the stop follows"


def _of_others(state: TradingState, context: TradingContext) -> list[Execution]:
    """Return the executions of the reading that no order of ours has made."""
    listed = state.snapshot.executions.value.executions if state.snapshot.executions.value is not None else ()
    ours = context.journal.fill_owners([each.execution_id for each in listed])
    return [each for each in listed if each.execution_id not in ours]


# ---- orphans


def _orphan(resolution: Resolution, actor: str, state: TradingState, context: TradingContext) -> str:
    """Leave an orphan alone or take it into the journal; either way it halts no more."""
    name, snapshot, now = resolution.subject, state.snapshot, context.clock.now()
    sights = [sight for sight in snapshot.sights.values() if sight.maybe_live]
    orders = [sight.order for sight in sights if name_of(sight.order, snapshot) == name]
    prefix, record = context.store.value("prefix") or "", context.journal.intent(name)
    if not any(is_orphan(order, prefix, record) for order in orders):
        return _no(f"{name} is no orphan that is live; `reconcile` shows the names")
    answer = f"{name} is left alone; it halts no more"
    if resolution.remedy is Remedy.ADOPT:
        roles = {_role(order): order for order in orders}
        # An entry before its children.
        adopted = {
            role: (_intent(role, order, name, actor, state), order.order_id)
            for role in Role
            if (order := roles.get(role)) is not None
        }
        problem = _not_adopted(roles, orders) or _not_as_planned(adopted, roles, context)
        if problem:
            return _no(f"{name} {problem}: cancel it at the broker, or ignore it")
        intents, order_ids = zip(*adopted.values(), strict=True)
        how = Adopted(order_ids, f"adopted by {actor}", state.snapshot.epoch, now)
        context.journal.plan(intents, adopted=how)
        answer = f"{name} is an order of this system from now on"
    context.store.halts.acknowledge_halt(ORPHAN, name, actor=actor, now=now)
    return answer


def _not_adopted(roles: Mapping[Role | None, BrokerOrder], orders: Sequence[BrokerOrder]) -> str:
    """Return why orders can't be taken into the journal, empty where they can."""
    if None in roles or len(roles) != len(orders) or (Role.ENTRY not in roles and len(roles) > 1):
        return "is nothing that this system sends"
    if Role.ENTRY in roles and not {Role.STOP, Role.TARGET} <= roles.keys():
        return "buys without a stop and a target"
    if any(order.filled_quantity for order in orders):
        return "has filled in part"
    return ""


def _not_as_planned(
    adopted: Mapping[Role, tuple[OrderIntent, int]], orders: Mapping[Role | None, BrokerOrder], context: TradingContext
) -> str:
    """Return why orders can't become those that the journal had planned under their names, empty where they can."""
    for role, (intent, _) in adopted.items():
        record = context.journal.intent(intent.coid)
        if record is None:
            continue
        if record.state is not IntentState.PLANNED:
            return f"was refused before it left ({record.detail})"
        if not agrees(record.intent, orders[role]):
            return "is not what was planned under its name"
    return ""


def _role(order: BrokerOrder) -> Role | None:
    """Return what an order would be of ours, None for one that this system never sends."""
    if order.side is Side.BUY:
        return Role.ENTRY if order.order_type is OrderType.LIMIT and order.limit_price is not None else None
    if order.order_type is OrderType.STOP and order.stop_price is not None:
        return Role.STOP
    if order.order_type is OrderType.LIMIT and order.limit_price is not None:
        return Role.TARGET if order.parent_id is not None else Role.EXIT
    return Role.EXIT if order.order_type is OrderType.MARKET else None


def _intent(role: Role, order: BrokerOrder, name: str, actor: str, state: TradingState) -> OrderIntent:
    child = order.parent_id is not None
    return OrderIntent(
        coid=f"{name}-{'S' if role is Role.STOP else 'T'}" if child else name,
        parent_coid=name if child else None,
        role=role,
        conid=order.conid,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type or OrderType.LIMIT,
        tif=order.tif or Tif.DAY,
        quantity=round(order.total_quantity),
        limit_price=order.limit_price if order.order_type is OrderType.LIMIT else None,
        stop_price=order.stop_price if order.order_type is OrderType.STOP else None,
        decided=state.times.newest.day,
        session=protected_session(state),
        reason=f"adopted by {actor}",
        created=state.now,
    )


# ---- money that came or went


def _flow(resolution: Resolution, actor: str, context: TradingContext) -> str:
    happened = resolution.remedy is Remedy.FLOW
    number = int(resolution.subject) if _NUMBER.fullmatch(resolution.subject) else 0
    state = FlowState.CONFIRMED if happened else FlowState.REFUSED
    flow = context.balances.settle(number, state, actor=actor, now=context.clock.now())
    if flow is None:
        return _no(f"no money that came or went waits under the number {resolution.subject}; `reconcile` shows them")
    if happened:
        return f"{flow.amount:+,.2f} USD came or went, as {actor} says"
    return f"{flow.amount:+,.2f} USD count as gain or loss, as {actor} says"

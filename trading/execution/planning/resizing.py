"""Stop and target of a position made equal to its shares and its plan by modification; else replaced by a new pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.execution.look_again import POLL_S
from trading.execution.ownership.likeness import PRICE_TOLERANCE, asked_for, is_split
from trading.execution.planning.cancels import ask_cancel
from trading.execution.planning.plan import Adopt, Modify, Plan
from trading.execution.planning.prices import on_increments
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import OrderSight
from trading.model.command import CommandRecord, CommandState, Step
from trading.model.order import OrderType, Role
from trading.model.record import IntentRecord, OwnPosition
from trading.model.request import RequestKind

# A modification that the reading does not show after so many tries counts as refused.
TRIES = 2
TRIES_APART = timedelta(seconds=15)
# No split changes a price by less than this factor.
_SMALLEST_SPLIT = 1.2
# A stop that lacks no more than this part of the shares, or a single one, stays in regular hours: while it is replaced
# nothing rests for any of them, and a broker that refused to change it may refuse the new one too.
SMALL_PART = 0.1


@dataclass(frozen=True, slots=True)
class Leg:
    """A stop or target that works, as the reading shows it."""

    record: IntentRecord
    sight: OrderSight

    @property
    def shares(self) -> int:
        """Return what it would still sell."""
        return round(self.sight.order.remaining_quantity)

    @property
    def price(self) -> float | None:
        """Return the price that it rests at."""
        order = self.sight.order
        return order.stop_price if self.record.intent.order_type is OrderType.STOP else order.limit_price


def plan_resize(
    position: OwnPosition,
    legs: Sequence[Leg],
    need: int,
    state: TradingState,
    plan: Plan,
    pair_at: datetime | None,
) -> None:
    """Bring the legs to `need` shares at the plan's prices; what a person set becomes the plan.

    Growing, the stop goes first; shrinking, the leg that is nearer to the market. While an entry still works the broker
    lets its children grow, so that they are only cut where they work for more than is filled; those that were changed
    before grow no more. `pair_at` is when a new pair may be sent, None for no more in this session. While the broker
    shows a leg as after a split that is not taken in yet both are left alone.
    """
    if any(_is_split_ahead(leg, state) for leg in legs):
        return
    entering = any(state.journal.entries(position.conid))
    wrong = [
        leg for leg in _ordered(position, legs, need, state) if _is_wrong(position, leg, need, state, entering=entering)
    ]
    # While the broker's shares differ from ours a split may be on its way, and prices that nobody chose.
    settled = state.snapshot.held(position.conid) == position.quantity
    by_hand = [leg for leg in legs if settled and _set_by_hand(leg, state)]
    if by_hand:
        plan.commands.append(_adopted(position, by_hand, state))
    _confirm(legs, state, plan)
    if not wrong:
        return
    if any(_is_refused(leg, state) for leg in wrong):
        if not entering and _may_be_given_up(position, wrong, need, state, plan, pair_at):
            for leg in legs:
                ask_cancel(leg.record, Step.REPLACE, state, plan)
        return
    for leg in wrong:
        plan.asked.add((leg.record.coid, Step.RESIZE))
        tried = [command for command in _tries(leg, state) if command.number not in plan.confirmed]
        if len(tried) >= TRIES and state.now - tried[-1].sent_at >= TRIES_APART:
            plan.refused.append(tried[-1].number)
            plan.again(state.now + timedelta(seconds=POLL_S))
            return
        if tried and state.now - tried[-1].sent_at < TRIES_APART:
            plan.again(tried[-1].sent_at + TRIES_APART)
            continue
        quantity, price = need + leg.record.filled, _planned_price(position, leg, state)
        plan.commands.append(Modify(leg.record, quantity, price, Step.RESIZE))
        plan.again(state.now + TRIES_APART)


def _may_be_given_up(
    position: OwnPosition,
    wrong: Sequence[Leg],
    need: int,
    state: TradingState,
    plan: Plan,
    pair_at: datetime | None,
) -> bool:
    """Return whether legs that can't be changed make way for a new pair.

    What would sell more than there is goes at once. Else a good stop stays in regular hours, whatever its target is,
    and the software guard watches the few shares that it may lack; and no stop goes before another one may be sent.
    """
    if any(leg.shares > need for leg in wrong):
        return True
    if state.times.liquid and all(
        leg.record.intent.role is not Role.STOP or _is_good(position, leg, need, state) for leg in wrong
    ):
        return False
    if pair_at is not None and pair_at > state.now:
        plan.again(pair_at)
    return pair_at is not None and pair_at <= state.now


def _is_good(position: OwnPosition, stop: Leg, need: int, state: TradingState) -> bool:
    """Return whether a stop rests at its price for all of the shares that are needed but a few."""
    missing = need - stop.shares
    return 0 <= missing <= max(1, need * SMALL_PART) and not _is_moved(position, stop, state)


def _ordered(position: OwnPosition, legs: Sequence[Leg], need: int, state: TradingState) -> Sequence[Leg]:
    shares = sum(leg.shares for leg in legs)
    stop_first = sorted(legs, key=lambda leg: leg.record.intent.role is not Role.STOP)
    if shares <= need * len(legs):
        return stop_first
    close = state.closes.get(position.symbol, position.entry_price)
    return sorted(legs, key=lambda leg: abs(_planned_price(position, leg, state) - close))


def _is_wrong(position: OwnPosition, leg: Leg, need: int, state: TradingState, *, entering: bool) -> bool:
    shares = leg.shares
    if entering and not state.journal.left_of(leg.record.coid, RequestKind.MODIFY):
        return shares > need
    return shares != need or _is_moved(position, leg, state)


def _is_moved(position: OwnPosition, leg: Leg, state: TradingState) -> bool:
    """Return whether a leg rests at another price than the plan's, which nobody set."""
    price = leg.price
    planned = _planned_price(position, leg, state)
    return price is not None and abs(price - planned) > _rounding(planned) and not _set_by_hand(leg, state)


def _planned_price(position: OwnPosition, leg: Leg, state: TradingState) -> float:
    """Return what a leg should rest at: the plan's price, or what a person gave it."""
    shown = leg.price
    if shown is not None and _set_by_hand(leg, state):
        return shown
    planned = _plan_of(position, leg)
    return on_increments(planned, state.contracts.get(position.symbol))


def _plan_of(position: OwnPosition, leg: Leg) -> float:
    return position.stop_price if leg.record.intent.role is Role.STOP else position.target_price


def _set_by_hand(leg: Leg, state: TradingState) -> bool:
    """Return whether a leg rests at a price that neither it was sent with nor we asked for since."""
    shown, intent = leg.price, leg.record.intent
    if shown is None:
        return False
    position = state.journal.position(intent.conid)
    ours = [each.stop_price or each.limit_price for each in asked_for(intent, state.journal)]
    if position is not None:
        ours.append(_plan_of(position, leg))
    return all(price is None or abs(price - shown) > _rounding(price) for price in ours)


def _is_split_ahead(leg: Leg, state: TradingState) -> bool:
    """Return whether a leg is what a split makes of what was asked for, and the position's plan is of before it.

    Nobody chose its price; and at the plan's it would sell at once what is worth a part of that by now.
    """
    if not _set_by_hand(leg, state) or _near_the_plan(leg, state):
        return False
    return any(is_split(each, leg.sight.order) for each in asked_for(leg.record.intent, state.journal))


def _near_the_plan(leg: Leg, state: TradingState) -> bool:
    """Return whether a leg's price is nearer to the plan's than any split would leave it."""
    position, shown = state.journal.position(leg.record.intent.conid), leg.price
    if position is None or shown is None:
        return False
    planned = _plan_of(position, leg)
    return planned > 0.0 and 1.0 / _SMALLEST_SPLIT < shown / planned < _SMALLEST_SPLIT


def _rounding(price: float) -> float:
    """Return how far apart two prices may be that are the same but for rounding to a cent."""
    return PRICE_TOLERANCE if price <= 0.0 else 0.01 + PRICE_TOLERANCE


def _adopted(position: OwnPosition, by_hand: Sequence[Leg], state: TradingState) -> Adopt:
    prices = {leg.record.intent.role: leg.price for leg in by_hand}
    return Adopt(
        position.conid,
        prices.get(Role.STOP) or position.stop_price,
        prices.get(Role.TARGET) or position.target_price,
    )


def _tries(leg: Leg, state: TradingState) -> list[CommandRecord]:
    """Return the modifications that are open: asked for and not shown yet."""
    open_states = {CommandState.SENT, CommandState.ACKED, CommandState.UNKNOWN}
    asked = state.journal.left_of(leg.record.coid, RequestKind.MODIFY)
    return [command for command in asked if command.state in open_states]


def _is_refused(leg: Leg, state: TradingState) -> bool:
    asked = state.journal.left_of(leg.record.coid, RequestKind.MODIFY)
    return any(command.state is CommandState.REFUSED for command in asked)


def _confirm(legs: Sequence[Leg], state: TradingState, plan: Plan) -> None:
    """Confirm modifications that the reading shows."""
    for leg in legs:
        order, price = leg.sight.order, leg.price
        for command in _tries(leg, state):
            wanted = command.draft.stop_price or command.draft.limit_price
            same_price = price is None or wanted is None or abs(wanted - price) <= PRICE_TOLERANCE
            if round(order.total_quantity) == command.draft.quantity and same_price:
                plan.confirmed.append(command.number)

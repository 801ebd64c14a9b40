"""The last look before an order leaves: whose account it is, the mode, and what it would do to own shares."""

from __future__ import annotations

from dataclasses import replace

from trading.execution.ownership.working_orders import waits_for_entry
from trading.execution.planning import checks
from trading.execution.planning.checks import sent_lately
from trading.execution.planning.entries import check_entry
from trading.execution.planning.exits import check_exit
from trading.execution.planning.plan import Modify, Submit
from trading.execution.planning.state import TradingState
from trading.model.command import Step
from trading.model.decision import Denied
from trading.model.order import OrderIntent, Role


def may_leave(command: Submit, state: TradingState) -> Denied | None:
    """Return why a group that is planned must not leave as things stand at this moment, None when it may.

    In observe mode, on another account than the configured one, and in a contract that is short nothing leaves, and
    nothing twice.
    """
    order = command.group[0]
    sent = checks.at_broker(order, state.snapshot)
    if sent is not None:
        return sent
    match command.step:
        case Step.ENTRY:
            return check_entry(command.group, state)
        case Step.EXIT:
            denied = check_exit(order, state, guarded=command.guarded)
            return denied or _beside_cover(order, state, guarded=command.guarded)
        case _:
            return check_protection(order, state)


def check_protection(order: OrderIntent, state: TradingState) -> Denied | None:
    """Return why a stop must not leave: more than one sale of the same shares could make us short.

    Its prices are rounded to the contract's increments where it is made (R04): the broker refuses, and an alert tells,
    what isn't, but no price of ours keeps shares from being covered.
    """
    return (
        checks.account(order.symbol, state.guard)
        or checks.rate_to_reduce(order.symbol, sent_lately(state, order.coid))
        or _short(order, state)
        or checks.known(order, state.journal.position(order.conid))
    )


def may_change(change: Modify, state: TradingState) -> Denied | None:
    """Return why a stop or target must not be changed as things stand at this moment, None when it may be.

    With another price, or for fewer shares, it sells nothing more than it does; for more it is as a new one.
    """
    record = change.record
    order = replace(record.intent, quantity=change.quantity - record.filled)
    sight = state.snapshot.sight_of(record.order_id)
    grows = sight is None or change.quantity > sight.order.total_quantity
    return (
        checks.account(order.symbol, state.guard)
        or checks.rate_to_reduce(order.symbol, sent_lately(state, order.coid))
        or (_short(order, state) if grows else None)
    )


def _short(order: OrderIntent, state: TradingState) -> Denied | None:
    """R18: beside the other sells of its kind and the exits; stop and target cancel each other."""
    partner = Role.STOP if order.role is Role.TARGET else Role.TARGET
    others = [
        record
        for record in state.journal.sells(order.conid)
        if record.coid != order.coid
        and record.intent.role is not partner
        and not waits_for_entry(record, state.snapshot, state.journal)
    ]
    own = state.shares_for_stops(order.conid)
    return checks.short(order, own, sum(record.left for record in others))


def _beside_cover(order: OrderIntent, state: TradingState, *, guarded: bool) -> Denied | None:
    """A sale leaves when its cover is over, whatever that may yet sell; the guard's beside one nobody can find."""
    cover = [
        record
        for record in state.journal.sells(order.conid)
        if record.coid != order.coid and record.intent.role is not Role.EXIT and not (guarded and record.unproven)
    ]
    return Denied(order.symbol, "short", order.quantity, 0, f"{cover[0].coid} may still sell") if cover else None

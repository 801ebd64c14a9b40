"""Order factory: from what was decided to intents, and from intents to what is sent.

A draft is an intent without a name; `with_names` gives it one when it is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from trading.execution.planning.prices import on_increments
from trading.model.contract import Contract
from trading.model.decision import Approved
from trading.model.order import OrderIntent, OrderTicket, OrderType, Role, Side, Tif
from trading.model.record import IntentRecord, OwnPosition

ENTRY_REASON = "entry"
PROTECTION = "protection"


@dataclass(frozen=True, slots=True)
class Purpose:
    """Which decision an order carries out: the session decided on, the one the order is for, and when it is made."""

    decided: date
    session: date
    created: datetime


def bracket(approved: Approved, conid: int, purpose: Purpose) -> tuple[OrderIntent, ...]:
    """Return an entry with its stop and its target: a DAY limit buy and two GTC sells that its fill sets to work."""
    entry = OrderIntent(
        coid="",
        parent_coid=None,
        role=Role.ENTRY,
        conid=conid,
        symbol=approved.symbol,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        tif=Tif.DAY,
        quantity=approved.quantity,
        limit_price=approved.limit_price,
        stop_price=None,
        decided=purpose.decided,
        session=purpose.session,
        reason=ENTRY_REASON,
        created=purpose.created,
    )
    return (
        entry,
        _protective(entry, Role.STOP, "", approved.stop_price),
        _protective(entry, Role.TARGET, "", approved.target_price),
    )


def protective_pair(
    position: OwnPosition, quantity: int, purpose: Purpose, contract: Contract | None
) -> tuple[OrderIntent, ...]:
    """Return a stop and a target for `quantity` shares of a position, from its entry plan; one cancels the other."""
    like = replace(exit_order(position, PROTECTION, purpose, None), quantity=quantity)
    return (
        _protective(like, Role.STOP, None, on_increments(position.stop_price, contract)),
        _protective(like, Role.TARGET, None, on_increments(position.target_price, contract)),
    )


def exit_order(position: OwnPosition, reason: str, purpose: Purpose, limit_price: float | None) -> OrderIntent:
    """Return the sale of a whole position: a market order for the open, or with a limit one into the session.

    Its time in force is DAY, not OPG: it takes part in the opening, and where a symbol opens late or not at the opening
    auction's price limits it still works, so own shares never stand without any sell order through a session.
    """
    return OrderIntent(
        coid="",
        parent_coid=None,
        role=Role.EXIT,
        conid=position.conid,
        symbol=position.symbol,
        side=Side.SELL,
        order_type=OrderType.MARKET if limit_price is None else OrderType.LIMIT,
        tif=Tif.DAY,
        quantity=position.quantity,
        limit_price=limit_price,
        stop_price=None,
        decided=purpose.decided,
        session=purpose.session,
        reason=reason,
        created=purpose.created,
    )


def tickets(group: Sequence[OrderIntent]) -> tuple[OrderTicket, ...]:
    """Return the orders of one POST: a bracket with its parent first, a protective pair, or one order."""
    pair = len(group) > 1 and all(intent.parent_coid is None for intent in group)
    return tuple(_ticket(intent, pair=pair) for intent in group)


def with_names(group: Sequence[OrderIntent], next_coid: Callable[[], str]) -> tuple[OrderIntent, ...]:
    """Return drafts with the names that the journal knows them by: children have their entry's with S or T."""
    entry = next((draft for draft in group if draft.role is Role.ENTRY), None)
    if entry is None:
        return tuple(replace(draft, coid=next_coid()) for draft in group)
    coid = next_coid()
    ends = {Role.STOP: "S", Role.TARGET: "T"}
    return tuple(
        replace(draft, coid=coid)
        if draft is entry
        else replace(draft, coid=f"{coid}-{ends[draft.role]}", parent_coid=coid)
        for draft in group
    )


def modified(record: IntentRecord, quantity: int, price: float) -> OrderTicket:
    """Return a stop or a target with another quantity and price, every other attribute as it was sent."""
    intent = record.intent
    stop = intent.order_type is OrderType.STOP
    pair = intent.parent_coid is None and intent.role in {Role.STOP, Role.TARGET}
    return replace(
        _ticket(intent, pair=pair),
        quantity=quantity,
        limit_price=None if stop else price,
        stop_price=price if stop else None,
    )


def _ticket(intent: OrderIntent, *, pair: bool) -> OrderTicket:
    return OrderTicket(
        conid=intent.conid,
        side=intent.side,
        order_type=intent.order_type,
        tif=intent.tif,
        quantity=intent.quantity,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        coid=intent.coid if intent.parent_coid is None else None,
        parent_coid=intent.parent_coid,
        single_group=pair,
    )


def _protective(like: OrderIntent, role: Role, parent_coid: str | None, price: float) -> OrderIntent:
    stop = role is Role.STOP
    return replace(
        like,
        coid="",
        parent_coid=parent_coid,
        role=role,
        side=Side.SELL,
        order_type=OrderType.STOP if stop else OrderType.LIMIT,
        tif=Tif.GTC,
        limit_price=None if stop else price,
        stop_price=price if stop else None,
    )

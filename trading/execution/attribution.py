"""Which of the broker's orders and executions are which of our intents; in doubt none, never a guess.

Bracket children carry no name of ours: they are found by their parent's order id, their type and their price, never by
their place in an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trading.execution.book import BrokerBook
from trading.model.order import BrokerOrder, BrokerStatus, Execution, OrderIntent, OrderType, Role, Side
from trading.ports import IntentRecord

PRICE_TOLERANCE = 5e-5
_COID_PARTS = 4


@dataclass(frozen=True, slots=True)
class Binding:
    """An intent and the order that is its."""

    coid: str
    order_id: int


def named(intent: OrderIntent) -> bool:
    """Return whether the broker knows the order by our name; a bracket child has none there."""
    return intent.parent_coid is None


def unbound(records: Iterable[IntentRecord], orders: Sequence[BrokerOrder]) -> tuple[Binding, ...]:
    """Return the bindings that follow from `orders` for the records that have no order id yet."""
    listed = list(records)
    found: dict[str, int] = {record.intent.coid: record.order_id for record in listed if record.order_id is not None}
    taken = set(found.values())
    new: list[Binding] = []
    for record in listed:
        if record.order_id is not None or not named(record.intent):
            continue
        match [order for order in orders if order.order_ref == record.intent.coid and _agrees(record.intent, order)]:
            case [order] if order.order_id not in taken:
                new.append(Binding(record.intent.coid, order.order_id))
                found[record.intent.coid] = order.order_id
                taken.add(order.order_id)
    for record in listed:
        parent = record.intent.parent_coid
        if record.order_id is not None or parent is None:
            continue
        order_id = _child(record.intent, found.get(parent), orders, taken)
        if order_id is not None:
            new.append(Binding(record.intent.coid, order_id))
            taken.add(order_id)
    return tuple(new)


def _child(intent: OrderIntent, parent_id: int | None, orders: Sequence[BrokerOrder], taken: set[int]) -> int | None:
    """Return the order of a bracket child or of a leg of a protective pair: one candidate, or none."""
    fitting = [
        order
        for order in orders
        if order.order_id not in taken and _agrees(intent, order) and order.order_ref in {None, intent.parent_coid}
    ]
    if parent_id is not None and any(order.parent_id == parent_id for order in fitting):
        fitting = [order for order in fitting if order.parent_id == parent_id]
    elif parent_id is not None:
        fitting = [order for order in fitting if order.parent_id is None]
    return fitting[0].order_id if len(fitting) == 1 else None


def _agrees(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the intent asked for."""
    return (
        order.conid == intent.conid
        and order.side is intent.side
        and order.order_type in {None, intent.order_type}
        and round(order.total_quantity) == intent.quantity
        and _same_price(intent.limit_price, order.limit_price, needed=intent.order_type is OrderType.LIMIT)
        and _same_price(intent.stop_price, order.stop_price, needed=intent.order_type is OrderType.STOP)
    )


def _same_price(wanted: float | None, shown: float | None, *, needed: bool) -> bool:
    if not needed:
        return True
    return wanted is not None and shown is not None and abs(wanted - shown) < PRICE_TOLERANCE


def owner_of(
    execution: Execution, records: Mapping[str, IntentRecord], by_order: Mapping[int, str], book: BrokerBook
) -> str | None:
    """Return the coid of the intent that an execution belongs to, None where it is not ours or can't be told.

    By order id, else by our name, else the one leg of ours in that contract whose order the broker shows as filled.
    """
    if execution.order_id is not None and execution.order_id in by_order:
        return _checked(records[by_order[execution.order_id]], execution)
    if execution.order_ref is not None and execution.order_ref in records:
        coid = _checked(records[execution.order_ref], execution)
        if coid is not None:
            return coid
    if execution.side is not Side.SELL or execution.order_id is not None:
        return None
    orders = book.by_id()
    legs = [
        record.intent.coid
        for record in records.values()
        if record.intent.conid == execution.conid
        and record.intent.role in {Role.STOP, Role.TARGET}
        and record.order_id is not None
        and record.order_id in orders
        and orders[record.order_id].status is BrokerStatus.FILLED
        and record.filled < record.intent.quantity
    ]
    return legs[0] if len(legs) == 1 else None


def _checked(record: IntentRecord, execution: Execution) -> str | None:
    same = record.intent.conid == execution.conid and record.intent.side is execution.side
    return record.intent.coid if same else None


def is_orphan(order: BrokerOrder, prefix: str, known: Mapping[str, IntentRecord]) -> bool:
    """Return whether an order carries a name of ours that the journal does not know: two bots, or an old backup."""
    name = order.order_ref
    if name is None or name in known:
        return False
    parts = name.split("-")
    return len(parts) == _COID_PARTS and parts[0] == prefix

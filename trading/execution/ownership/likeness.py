"""Likeness: whether one of the broker's orders can be what an intent asked for, is it still, or has ended as it.

The broker gives ids again, leaves names out, and changes size and price in a split, as a person may at any time.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from trading.execution.ownership.splits import shares_after, split_between, splits_between
from trading.execution.reading.snapshot import OrderSight
from trading.model.order import (
    LIFE,
    TERMINAL,
    BrokerOrder,
    BrokerStatus,
    IntentState,
    OrderIntent,
    OrderLife,
    OrderType,
    Role,
)
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind

PRICE_TOLERANCE = 5e-5
# A split leaves quantity times price as it was, but for fractions of shares and rounded prices.
_VALUE_TOLERANCE = 0.02


def named(intent: OrderIntent) -> bool:
    """Return whether the broker knows the order by our name; a bracket child has none there."""
    return intent.parent_coid is None


def agrees(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the intent asked for."""
    return (
        same_kind(intent, order)
        and order.tif in {None, intent.tif}
        and round(order.total_quantity) == intent.quantity
        and _same_price(intent.limit_price, order.limit_price, needed=intent.order_type is OrderType.LIMIT)
        and _same_price(intent.stop_price, order.stop_price, needed=intent.order_type is OrderType.STOP)
    )


def is_split(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the broker made of the intent's in a split."""
    return same_kind(intent, order) and _split(order, intent)


def could_be(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the intent asked for, or that after a split.

    A stop or target may work for a part of it by now.
    """
    return in_part(intent, order) or is_split(intent, order)


def in_part(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the intent asked for, or of a stop or target a part of that.

    So it is while its entry has filled in part, and where the other leg of its group has.
    """
    part = intent.role in {Role.STOP, Role.TARGET} and 0 < round(order.total_quantity) <= intent.quantity
    return agrees(intent, replace(order, total_quantity=intent.quantity) if part else order)


def may_be(record: IntentRecord, sight: OrderSight, journal: JournalView, epoch: int) -> bool:
    """Return whether an order that may be live could be an unproven one of ours, so that nothing proves it absent.

    It has its id or its name, whatever its size and price are by now; or it is nobody's for certain, and a child of its
    entry, or what was asked for as far as it can be read, or that after splits, or a child at its price that a person
    may have made larger.
    `epoch` is that of the reading.
    """
    intent, order = record.intent, sight.order
    if not sight.maybe_live or not same_kind(intent, order):
        return False
    if order.order_ref not in {None, record.coid, intent.parent_coid}:
        return False
    if order.order_id == record.order_id or order.order_ref == record.coid:
        return True
    if is_bound(order, journal) or is_settled(sight, journal, epoch):
        return False
    # Whatever its price is by now: a person may have changed it, and how long it is good for.
    if _is_child_of_its_entry(intent, order, journal):
        return True
    as_read = could_be(intent, replace(_at_price(intent, order), tif=None))
    return as_read or _split(order, intent, several=True) or is_enlarged(intent, order)


def _is_child_of_its_entry(intent: OrderIntent, order: BrokerOrder, journal: JournalView) -> bool:
    entry = journal.by_coid.get(intent.parent_coid or "")
    return entry is not None and order.parent_id is not None and order.parent_id == entry.order_id


def is_bound(order: BrokerOrder, journal: JournalView) -> bool:
    """Return whether an order is one of ours for certain; under the id of one that had vanished another may stand."""
    bound = (r for r in journal.maybe_live if r.order_id == order.order_id and not r.provisional)
    return any(r.state is not IntentState.UNKNOWN or is_same(r, order, journal) for r in bound)


def is_settled(sight: OrderSight, journal: JournalView, epoch: int) -> bool:
    """Return whether an order that is not sure is one of ours that has ended: it is Inactive, or nothing is left of it.

    Where its rows contradict each other nothing but the second is told of it: what has filled whole can't fill again.
    Not so where it was taken for lost.
    """
    order = sight.order
    if sight.life is not OrderLife.UNSURE or order.order_id in journal.bound_ids:
        return False
    return any(
        record.order_id == order.order_id
        and record.state in TERMINAL - {IntentState.LOST}
        and not record.provisional
        and (order.status is BrokerStatus.INACTIVE or round(order.total_quantity) <= record.filled)
        and is_still(record, order, journal, epoch)
        for record in journal.of(order.conid)
    )


def is_same(record: IntentRecord, order: BrokerOrder, journal: JournalView) -> bool:
    """Return whether the order under a record's id is still its, whatever was modified since or split.

    An id alone says nothing: the broker may give it again.
    """
    intent = record.intent
    if not same_kind(intent, order) or order.order_ref not in {None, intent.coid, intent.parent_coid}:
        return False
    if order.order_ref is not None or agrees(intent, order):
        return True
    return any(_like(order, each) for each in asked_for(intent, journal))


def is_still(record: IntentRecord, order: BrokerOrder, journal: JournalView, epoch: int) -> bool:
    """Return whether the order under a record's id is its in this session too.

    Once it was over its id may have been given to another one, as a live row shows at once and any row in a later
    session: then it has to name its entry as its parent, which this session has shown, itself or by its other child, or
    be just like it, in size and price, as it was asked for last or as a split left it.
    """
    if not is_same(record, order, journal):
        return False
    live = LIFE[order.status] is OrderLife.LIVE
    if record.state not in TERMINAL or (not live and record.seen_epoch == epoch):
        return True
    entry = journal.by_coid.get(record.intent.parent_coid or "")
    if _is_of_another_group(record.intent, entry, order):
        return False
    if entry is not None and order.parent_id == entry.order_id is not None:
        others = (each for each in journal.children(entry.coid) if each.coid != record.coid)
        if any(each.seen_epoch == epoch and not each.provisional for each in (entry, *others)):
            return True
    return any(agrees(each, order) or is_split(each, order) for each in asked_for(record.intent, journal))


def _is_of_another_group(intent: OrderIntent, entry: IntentRecord | None, order: BrokerOrder) -> bool:
    """Return whether an order is shown in a group that is not the intent's.

    That of a bracket has the id of its `entry`; what is no child of an entry has no parent.
    """
    if named(intent):
        return order.parent_id is not None
    if entry is None or order.parent_id is not None or order.oca_group is None:
        return False
    return order.oca_group != str(entry.order_id)


def asked_for(intent: OrderIntent, journal: JournalView) -> list[OrderIntent]:
    """Return what the order was asked to be, first and since, and what its entry's fills and splits made of that."""
    entry = journal.by_coid.get(intent.parent_coid or "")
    part = [replace(intent, quantity=entry.filled)] if entry is not None and entry.filled else []
    drafts = [command.draft for command in journal.left_of(intent.coid, RequestKind.MODIFY)]
    changed = [(each.quantity or 0, each.limit_price, each.stop_price) for each in drafts]
    since = [replace(intent, quantity=q, limit_price=limit, stop_price=stop) for q, limit, stop in changed]
    asked = [intent, *part, *since]
    ratio = journal.split_since(intent)
    return asked if ratio == 1.0 else asked + [_after(each, ratio) for each in asked]


def _after(intent: OrderIntent, ratio: float) -> OrderIntent:
    """Return what a split makes of an order where the broker keeps it."""
    limit, stop = (None if price is None else price / ratio for price in (intent.limit_price, intent.stop_price))
    return replace(intent, quantity=shares_after(intent.quantity, ratio), limit_price=limit, stop_price=stop)


def _like(order: BrokerOrder, intent: OrderIntent) -> bool:
    """Return whether size or price is as wanted, or both changed as in a split."""
    price, shown = _prices(order, intent)
    if round(order.total_quantity) == intent.quantity or price is None:
        return True
    if shown is None:
        return False
    if _at_its_price(intent, order) or _split(order, intent):
        return True
    # An order that is over and is worth as much may be an earlier one whose id was given again.
    if LIFE[order.status] is OrderLife.OVER:
        return False
    value = order.total_quantity * shown
    return abs(value / (intent.quantity * price) - 1.0) <= _VALUE_TOLERANCE or _split(order, intent, several=True)


def _split(order: BrokerOrder, intent: OrderIntent, *, several: bool = False) -> bool:
    """Return whether size and price changed together as in a split, or in `several` of them."""
    price, shown = _prices(order, intent)
    if price is None or shown is None:
        return False
    find = splits_between if several else split_between
    return find(intent.quantity, price, order.total_quantity, shown) is not None


def is_enlarged(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order may be a bracket's child that a person made larger: it is at that very price."""
    return not named(intent) and round(order.total_quantity) > intent.quantity and _at_its_price(intent, order)


def _at_its_price(intent: OrderIntent, order: BrokerOrder) -> bool:
    price, shown = _prices(order, intent)
    return price is not None and shown is not None and abs(shown - price) < PRICE_TOLERANCE


def _prices(order: BrokerOrder, intent: OrderIntent) -> tuple[float | None, float | None]:
    """Return the price that was wanted, and the order's of the same kind."""
    if intent.limit_price is not None:
        return intent.limit_price, order.limit_price
    return intent.stop_price, order.stop_price


def _at_price(intent: OrderIntent, order: BrokerOrder) -> BrokerOrder:
    """Return an order, at the price that was wanted where it shows none that a share can have."""
    price, shown = _prices(order, intent)
    if price is None or (shown is not None and 0.0 < shown < inf):
        return order
    return replace(order, limit_price=intent.limit_price, stop_price=intent.stop_price)


def same_kind(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is in the contract of the intent, on its side, and of its type where it shows one."""
    return order.conid == intent.conid and order.side is intent.side and order.order_type in {None, intent.order_type}


def _same_price(wanted: float | None, shown: float | None, *, needed: bool) -> bool:
    if not needed:
        return True
    return wanted is not None and shown is not None and abs(wanted - shown) < PRICE_TOLERANCE

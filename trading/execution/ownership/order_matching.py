"""Order matching: which of the broker's orders are which of our intents; in doubt provisionally, or not at all.

Bracket children carry no name of ours: they are found by their parent's order id, their type and their price, never by
their place in an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from trading.execution.ownership.splits import split_between, splits_between
from trading.execution.reading.snapshot import BrokerSnapshot, OrderSight
from trading.model.order import (
    LIFE,
    TERMINAL,
    BrokerOrder,
    BrokerStatus,
    IntentState,
    OrderIntent,
    OrderLife,
    OrderType,
)
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind

PRICE_TOLERANCE = 5e-5
# A split leaves quantity times price as it was, but for fractions of shares and rounded prices.
_VALUE_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Binding:
    """An intent and the order that is its; `provisional` where only its likeness says so."""

    coid: str
    order_id: int
    provisional: bool = False


def named(intent: OrderIntent) -> bool:
    """Return whether the broker knows the order by our name; a bracket child has none there."""
    return intent.parent_coid is None


def agrees(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the intent asked for."""
    return (
        _same_kind(intent, order)
        and round(order.total_quantity) == intent.quantity
        and _same_price(intent.limit_price, order.limit_price, needed=intent.order_type is OrderType.LIMIT)
        and _same_price(intent.stop_price, order.stop_price, needed=intent.order_type is OrderType.STOP)
    )


def is_split(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the broker made of the intent's in a split."""
    return _same_kind(intent, order) and _split(order, intent)


def could_be(intent: OrderIntent, order: BrokerOrder) -> bool:
    """Return whether an order is what the intent asked for, or that after a split.

    A bracket's child may work for a part of it by now.
    """
    return _in_part(intent, order) or is_split(intent, order)


def _in_part(intent: OrderIntent, order: BrokerOrder) -> bool:
    whole = order.total_quantity if named(intent) else intent.quantity
    return 0 < round(order.total_quantity) <= intent.quantity and agrees(intent, replace(order, total_quantity=whole))


def may_be(record: IntentRecord, sight: OrderSight, journal: JournalView, epoch: int) -> bool:
    """Return whether an order that may be live could be an unproven one of ours, so that nothing proves it absent.

    It has its id or its name, whatever its size and price are by now; or it is nobody's for certain, and what was asked
    for as far as it can be read, or that after splits, or a child at its price that a person may have made larger.
    `epoch` is that of the reading.
    """
    intent, order = record.intent, sight.order
    if not sight.maybe_live or not _same_kind(intent, order):
        return False
    if order.order_ref not in {None, record.coid, intent.parent_coid}:
        return False
    if order.order_id == record.order_id or order.order_ref == record.coid:
        return True
    as_read = could_be(intent, _at_price(intent, order))
    alike = as_read or _split(order, intent, several=True) or _enlarged(intent, order)
    return alike and not _is_bound(order, journal) and not is_settled(sight, journal, epoch)


def _is_bound(order: BrokerOrder, journal: JournalView) -> bool:
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
    if not _same_kind(intent, order) or order.order_ref not in {None, intent.coid, intent.parent_coid}:
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
    if entry is not None and order.parent_id == entry.order_id is not None:
        others = (each for each in journal.children(entry.coid) if each.coid != record.coid)
        if any(each.seen_epoch == epoch and not each.provisional for each in (entry, *others)):
            return True
    return any(agrees(each, order) or is_split(each, order) for each in asked_for(record.intent, journal))


def asked_for(intent: OrderIntent, journal: JournalView) -> list[OrderIntent]:
    """Return what the order was asked to be, first and since, and of a bracket's child what its entry makes of that."""
    entry = journal.by_coid.get(intent.parent_coid or "")
    part = [replace(intent, quantity=entry.filled)] if entry is not None and entry.filled else []
    drafts = [command.draft for command in journal.left_of(intent.coid, RequestKind.MODIFY)]
    changed = [(each.quantity or 0, each.limit_price, each.stop_price) for each in drafts]
    since = [replace(intent, quantity=q, limit_price=limit, stop_price=stop) for q, limit, stop in changed]
    return [intent, *part, *since]


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


def _enlarged(intent: OrderIntent, order: BrokerOrder) -> bool:
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


def bindings(journal: JournalView, snapshot: BrokerSnapshot) -> tuple[Binding, ...]:
    """Return the bindings that follow from a reading for the records that have no order id for certain.

    Among them is the order that had vanished from the list and is there again.
    """
    back = _back(journal, snapshot)
    open_records = [r for r in journal.maybe_live if r.order_id is None or r.provisional]
    if not open_records:
        return back
    known = {r.coid: r.order_id for r in journal.records if r.order_id is not None and not r.provisional}
    ids = _executed(snapshot) | known
    # What is over stays that of the record which ended with it; in another contract, or named, it has its id anew.
    ended = {(r.order_id, r.intent.conid) for r in journal.records if r.state in TERMINAL}
    names = {r.coid for r in open_records if named(r.intent)}
    free = {
        order_id: sight
        for order_id, sight in snapshot.sights.items()
        if not _is_bound(order := sight.order, journal)
        and not (sight.life is OrderLife.OVER and (order_id, order.conid) in ended and order.order_ref not in names)
        and not is_settled(sight, journal, snapshot.epoch)
    }
    found: dict[str, Binding] = {}

    def take(made: Iterable[Binding]) -> None:
        for binding in made:
            found[binding.coid] = binding
            if not binding.provisional:
                ids[binding.coid] = binding.order_id
            free.pop(binding.order_id, None)

    for record in open_records:
        take(_by_name(record.intent, free.values()))
    for record in open_records:
        if record.intent.parent_coid in ids:
            parent = journal.by_coid[record.intent.parent_coid]
            take(_child(record.intent, ids[parent.coid], _filled(parent, ids[parent.coid], snapshot), free.values()))
    for record in open_records:
        if named(record.intent) and record.coid not in ids and record.state is not IntentState.SENDING:
            take(_by_likeness(record, journal, free))
    return (*back, *found.values())


def _executed(snapshot: BrokerSnapshot) -> dict[str, int]:
    """Return the ids of orders by the names that executions show with them."""
    executions = snapshot.executions.value.executions if snapshot.executions.value is not None else ()
    return {e.order_ref: e.order_id for e in executions if e.order_ref is not None and e.order_id is not None}


def is_anothers_id(order_id: int, coid: str, records: Iterable[IntentRecord]) -> bool:
    """Return whether another order of ours that may be live has an id for certain, so that it can't be bound yet.

    Where the broker gives an id again that other one is over, which a reading has yet to show. One that has vanished
    loses its id.
    """
    return any(
        record.order_id == order_id
        and record.coid != coid
        and record.maybe_live
        and record.state is not IntentState.UNKNOWN
        and not record.provisional
        for record in records
    )


def _back(journal: JournalView, snapshot: BrokerSnapshot) -> tuple[Binding, ...]:
    """Return the bindings of orders of ours that had vanished, and are in the list again."""
    return tuple(
        Binding(record.coid, sight.order.order_id)
        for record in journal.maybe_live
        if record.state is IntentState.UNKNOWN
        and (sight := snapshot.sight_of(record.order_id)) is not None
        and is_same(record, sight.order, journal)
    )


def _by_name(intent: OrderIntent, sights: Iterable[OrderSight]) -> tuple[Binding, ...]:
    """Return the binding to the order that carries the intent's own name, where there is one."""
    if not named(intent):
        return ()
    found = {s.order.order_id for s in sights if s.order.order_ref == intent.coid and _same_kind(intent, s.order)}
    return (Binding(intent.coid, found.pop()),) if len(found) == 1 else ()


def _child(intent: OrderIntent, parent_id: int, filled: int, sights: Iterable[OrderSight]) -> tuple[Binding, ...]:
    """Return the binding of a bracket child whose parent is bound: to the one candidate, or none.

    A child may work for no more than is `filled` of its parent. One that names its parent may have another price and
    less shares by now, which a person gave it; size and price may both be those after a split. One that names no parent
    and has another price is bound provisionally, and so is one at its price with more shares.
    """
    unnamed = [
        s.order for s in sights if s.order.order_ref in {None, intent.parent_coid} and _same_kind(intent, s.order)
    ]
    named_parent = [order for order in unnamed if order.parent_id == parent_id]
    loose = [order for order in unnamed if order.parent_id is None]
    sizes = {intent.quantity, filled}
    for fitting in (
        [order for order in named_parent if 0 < round(order.total_quantity) <= intent.quantity],
        [order for order in loose if _in_part(intent, order) and round(order.total_quantity) in sizes],
        [order for order in named_parent if is_split(intent, order)],
        [order for order in loose if is_split(intent, order)],
    ):
        if fitting:
            return (Binding(intent.coid, fitting[0].order_id),) if len(fitting) == 1 else ()
    # Changed in either it may be ours as a person made it, or another's: nothing is proven against it, or with it.
    changed = [order for order in loose if round(order.total_quantity) == intent.quantity]
    changed += [order for order in loose if _in_part(intent, order) and round(order.total_quantity) < filled]
    changed += [order for order in (*named_parent, *loose) if _enlarged(intent, order)]
    return (Binding(intent.coid, changed[0].order_id, provisional=True),) if len(changed) == 1 else ()


def _filled(parent: IntentRecord, order_id: int, snapshot: BrokerSnapshot) -> int:
    """Return the shares of a bracket's entry that have filled, whether their executions were told of yet or not."""
    sight = snapshot.sight_of(order_id)
    return parent.filled if sight is None else max(parent.filled, round(sight.order.filled_quantity))


def _by_likeness(record: IntentRecord, journal: JournalView, free: Mapping[int, OrderSight]) -> tuple[Binding, ...]:
    """Return the bindings of an order without a name that looks like the intent, where there is just one.

    A bracket whose stop and target are listed too is bound for certain, and those with it, and so is a pair of which
    both legs are listed in one group. Any other is bound provisionally.
    """
    candidates = [
        s.order
        for s in free.values()
        if s.order.order_ref is None and s.order.parent_id is None and could_be(record.intent, s.order) and _counts(s)
    ]
    if len(candidates) != 1:
        return ()
    (order,) = candidates
    certain = [Binding(record.coid, order.order_id)]
    others = journal.children(record.coid) or twins(record, journal)
    for other in others:
        listed = [
            s.order.order_id
            for s in free.values()
            if s.order.order_id != order.order_id
            and (
                is_split(other.intent, s.order)
                or (
                    _in_part(other.intent, s.order)
                    and round(s.order.total_quantity) in {other.intent.quantity, round(order.filled_quantity)}
                )
            )
            and (s.order.parent_id in {None, order.order_id} or s.order.oca_group == order.oca_group)
        ]
        if len(listed) != 1:
            return (Binding(record.coid, order.order_id, provisional=True),)
        certain.append(Binding(other.coid, listed[0]))
    if not others:
        return (Binding(record.coid, order.order_id, provisional=True),)
    return tuple(certain)


def _counts(sight: OrderSight) -> bool:
    return sight.life is OrderLife.LIVE or sight.order.status is BrokerStatus.FILLED


def twins(record: IntentRecord, journal: JournalView) -> Sequence[IntentRecord]:
    """Return the other leg of a protective pair."""
    for command in journal.commands_of(record.coid):
        if command.kind is RequestKind.SUBMIT and len(command.coids) > 1:
            return [journal.by_coid[c] for c in command.coids if c != record.coid and c in journal.by_coid]
    return ()


def _same_kind(intent: OrderIntent, order: BrokerOrder) -> bool:
    return order.conid == intent.conid and order.side is intent.side and order.order_type in {None, intent.order_type}


def _same_price(wanted: float | None, shown: float | None, *, needed: bool) -> bool:
    if not needed:
        return True
    return wanted is not None and shown is not None and abs(wanted - shown) < PRICE_TOLERANCE

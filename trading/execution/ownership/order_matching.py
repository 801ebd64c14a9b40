"""Order matching: which of the broker's orders are which of our intents; in doubt provisionally, or not at all.

Bracket children carry no name of ours: they are found by their parent's order id, their type and their price, never by
their place in an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from trading.execution.ownership.likeness import (
    could_be,
    in_part,
    is_bound,
    is_enlarged,
    is_same,
    is_settled,
    is_split,
    is_still,
    named,
    same_kind,
)
from trading.execution.reading.snapshot import BrokerSnapshot, OrderSight
from trading.model.order import (
    TERMINAL,
    BrokerStatus,
    Execution,
    IntentState,
    OrderIntent,
    OrderLife,
)
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind


@dataclass(frozen=True, slots=True)
class Binding:
    """An intent and the order that is its; `provisional` where only its likeness says so."""

    coid: str
    order_id: int
    provisional: bool = False


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
    names = {r.coid for r in open_records if named(r.intent)}
    free = {
        order_id: sight
        for order_id, sight in snapshot.sights.items()
        if not is_bound(sight.order, journal)
        and (sight.order.order_ref in names or not _ended_as(sight, journal, snapshot.epoch))
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
        if record.coid not in found:
            take(_by_kin(record, journal, snapshot, ids, free.values()))
    free = {order_id: s for order_id, s in free.items() if not _had_its_id(s, journal, snapshot.epoch)}
    for record in open_records:
        if named(record.intent) and record.coid not in ids and record.state is not IntentState.SENDING:
            take(_by_likeness(record, journal, free))
    return (*back, *found.values())


def _ended_as(sight: OrderSight, journal: JournalView, epoch: int) -> bool:
    """Return whether an order that is over is still one of ours that ended under its id; else it has that anew."""
    order = sight.order
    return sight.life is OrderLife.OVER and any(
        record.order_id == order.order_id and record.state in TERMINAL and is_still(record, order, journal, epoch)
        for record in journal.of(order.conid)
    )


def _had_its_id(sight: OrderSight, journal: JournalView, epoch: int) -> bool:
    """Return whether one of ours ended under an order's id, so that likeness alone does not make it another one.

    What is over stays that one's in its contract. What lives and is like it, in the session that has shown its end, is
    in a list that is older than that, or came back.
    """
    order = sight.order
    ended = [r for r in journal.of(order.conid) if r.order_id == order.order_id and r.state in TERMINAL]
    if sight.life is OrderLife.OVER:
        return bool(ended)
    return any(r.state is not IntentState.LOST and r.seen_epoch == epoch and is_same(r, order, journal) for r in ended)


def _executions(snapshot: BrokerSnapshot) -> tuple[Execution, ...]:
    """Return the executions that the list shows, also those that were taken back; none where it can't be read."""
    return snapshot.executions.value.executions if snapshot.executions.value is not None else ()


def _executed(snapshot: BrokerSnapshot) -> dict[str, int]:
    """Return the ids of orders by the names that executions show with them."""
    executions = _executions(snapshot)
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
    found = {s.order.order_id for s in sights if s.order.order_ref == intent.coid and same_kind(intent, s.order)}
    return (Binding(intent.coid, found.pop()),) if len(found) == 1 else ()


def _by_kin(
    record: IntentRecord,
    journal: JournalView,
    snapshot: BrokerSnapshot,
    ids: Mapping[str, int],
    sights: Iterable[OrderSight],
) -> tuple[Binding, ...]:
    """Return the binding of an order by one that belongs to it: a pair's leg by the other one, a child by its entry.

    That of a child is by the id of its entry where `ids` has it.
    """
    intent = record.intent
    if named(intent):
        return _by_group(record, journal, snapshot, sights)
    entry = journal.by_coid.get(intent.parent_coid or "")
    if entry is None:
        return ()
    if entry.coid in ids:
        return _child(intent, ids[entry.coid], _filled(entry, ids[entry.coid], snapshot), sights)
    others = {*ids.values(), *snapshot.sights, *(record.order_id for record in journal.of(intent.conid))} - {None}
    bought = bool(entry.filled) or any(each.order_ref == entry.coid for each in _executions(snapshot))
    return _orphan(intent, entry, others, sights, bought=bought)


def _by_group(
    record: IntentRecord, journal: JournalView, snapshot: BrokerSnapshot, sights: Iterable[OrderSight]
) -> tuple[Binding, ...]:
    """Return the binding of a leg of a pair to the order without a name in the group of the other leg, if there is one.

    That one is in this session's list. What it has filled leaves so much less for the rest of the group.
    """
    twin = next(iter(twins(record, journal)), None)
    sight = None if twin is None or twin.provisional else snapshot.sight_of(twin.order_id)
    if twin is None or sight is None or sight.order.oca_group is None or twin.seen_epoch != snapshot.epoch:
        return ()
    found = [
        s.order.order_id
        for s in sights
        if s.order.order_id != twin.order_id
        and s.order.oca_group == sight.order.oca_group
        and s.order.order_ref is None
        and in_part(record.intent, s.order)
    ]
    return (Binding(record.coid, found[0]),) if len(found) == 1 else ()


def _child(intent: OrderIntent, parent_id: int, filled: int, sights: Iterable[OrderSight]) -> tuple[Binding, ...]:
    """Return the binding of a bracket child whose parent is bound: to the one candidate, or none.

    A child may work for no more than is `filled` of its parent. One that names its parent, or is in the group that is
    called after it, may have another price and less shares by now, which a person gave it; size and price may both be
    those after a split. One that names no parent and has another price is bound provisionally, and so is one at its
    price with more shares.
    """
    unnamed = [
        s.order for s in sights if s.order.order_ref in {None, intent.parent_coid} and same_kind(intent, s.order)
    ]
    named_parent = [
        order
        for order in unnamed
        if order.parent_id == parent_id or (order.parent_id is None and order.oca_group == str(parent_id))
    ]
    loose = [order for order in unnamed if order.parent_id is None and order not in named_parent]
    sizes = {intent.quantity, filled}
    for fitting in (
        [order for order in named_parent if 0 < round(order.total_quantity) <= intent.quantity],
        [order for order in loose if in_part(intent, order) and round(order.total_quantity) in sizes],
        [order for order in named_parent if is_split(intent, order)],
        [order for order in loose if is_split(intent, order)],
    ):
        if fitting:
            return (Binding(intent.coid, fitting[0].order_id),) if len(fitting) == 1 else ()
    # Changed in either it may be ours as a person made it, or another's: nothing is proven against it, or with it.
    changed = [order for order in loose if round(order.total_quantity) == intent.quantity]
    changed += [order for order in loose if in_part(intent, order) and round(order.total_quantity) < filled]
    changed += [order for order in (*named_parent, *loose) if is_enlarged(intent, order)]
    return (Binding(intent.coid, changed[0].order_id, provisional=True),) if len(changed) == 1 else ()


def _orphan(
    intent: OrderIntent, entry: IntentRecord, others: Set[int | None], sights: Iterable[OrderSight], *, bought: bool
) -> tuple[Binding, ...]:
    """Return the binding of a child whose entry has `bought` before any list showed it, so that nobody knows its id.

    It has the size and the price that were asked for, and names no parent, or one that is none of `others`. That its
    entry has bought nothing by now, since it was taken back, does not end it.
    """
    if not bought:
        return ()
    sizes = {intent.quantity, entry.filled}
    found = [
        s.order.order_id
        for s in sights
        if s.order.parent_id not in others
        and s.order.order_ref in {None, entry.coid}
        and in_part(intent, s.order)
        and round(s.order.total_quantity) in sizes
    ]
    return (Binding(intent.coid, found[0]),) if len(found) == 1 else ()


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
                    in_part(other.intent, s.order)
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

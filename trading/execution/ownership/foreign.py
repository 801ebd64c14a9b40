"""What is not ours, or may not be, by id or by name: contracts that must not be bought now, and what halts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from trading.execution.ownership.likeness import is_settled
from trading.execution.ownership.unreadable_rows import position_row, trade_row
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.alarm import HaltCause
from trading.model.intent_state import NEVER_LEFT
from trading.model.order import BROKER_IDLE, TERMINAL, BrokerOrder, IntentState, UnreadableRow
from trading.model.record import IntentRecord, JournalView


def told_apart(snapshot: BrokerSnapshot, journal: JournalView) -> BrokerSnapshot:
    """Return a reading in which rows that look like an order of ours and are none can be told from it.

    An unreadable one is none that names an id that none of ours has had, and a reference that is no name of ours; or no
    reference, and the list shows every order of ours that it may be; or the symbol of another contract. Left out is the
    row of an order that had ended, where another row shows by its name that the id was given to another one. The
    unreadable positions are told which of our contracts they may be about.
    """

    def told(rows: tuple[UnreadableRow, ...]) -> tuple[UnreadableRow, ...]:
        return tuple(_told(row, snapshot, journal) for row in rows)

    orders, executions, positions = snapshot.orders.value, snapshot.executions.value, snapshot.positions.value
    earlier = _earlier(orders.orders, journal) if orders is not None else ()
    if orders is not None and (orders.unreadable or earlier):
        left = tuple(row for row in orders.orders if row not in earlier)
        value = replace(orders, orders=left, unreadable=told(orders.unreadable))
        snapshot = replace(snapshot, orders=replace(snapshot.orders, value=value))
    if executions is not None and executions.unreadable:
        listed = replace(snapshot.executions, value=replace(executions, unreadable=told(executions.unreadable)))
        snapshot = replace(snapshot, executions=listed)
    if positions is not None and positions.unreadable:
        rows = tuple(position_row(row, snapshot, journal) for row in positions.unreadable)
        held = replace(snapshot.positions, value=replace(positions, unreadable=rows))
        snapshot = replace(snapshot, positions=held)
    return snapshot


def _earlier(rows: Sequence[BrokerOrder], journal: JournalView) -> tuple[BrokerOrder, ...]:
    """Return the rows of orders of ours that had ended, where a row of one that may be live has its id and name."""
    ended = {record.order_id for record in journal.records if record.state in TERMINAL}
    names = {record.coid for record in journal.maybe_live}
    named = {row.order_id: row.order_ref for row in rows if row.order_ref in names and row.order_id in ended}
    return tuple(
        row
        for row in rows
        if row.order_id in named and row.order_ref != named[row.order_id] and row.status in BROKER_IDLE
    )


def _told(row: UnreadableRow, snapshot: BrokerSnapshot, journal: JournalView) -> UnreadableRow:
    if _is_foreign(row, snapshot, journal):
        return replace(row, foreign=True)
    return row if row.order_ref is not None and is_name(row.order_ref) else trade_row(row, journal)


def _is_foreign(row: UnreadableRow, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    if row.order_id is None or any(row.order_id == record.order_id for record in journal.records):
        return False
    if row.order_ref is not None:
        return not is_name(row.order_ref)
    return all(
        snapshot.sight_of(record.order_id) is not None and not record.unproven
        for record in journal.maybe_live
        if row.conid in {None, record.intent.conid}
    )


def foreign_orders(snapshot: BrokerSnapshot, journal: JournalView) -> tuple[BrokerOrder, ...]:
    """Return the orders that may be live and are not of this system, by their ids.

    One of ours that has ended is none of them while its row is Inactive, nor is a child of ours that is not bound yet.
    """
    ours = {record.order_id for record in journal.maybe_live}
    return tuple(
        sight.order
        for order_id, sight in sorted(snapshot.sights.items())
        if sight.maybe_live
        and order_id not in ours
        and not has_left(journal.by_coid.get(name_of(sight.order, snapshot)))
        and not is_settled(sight, journal, snapshot.epoch)
    )


def name_of(order: BrokerOrder, snapshot: BrokerSnapshot) -> str:
    """Return the name that an order carries, or the order that it is a bracket child of; empty without one."""
    parent = snapshot.sight_of(order.parent_id)
    return order.order_ref or (parent.order.order_ref if parent is not None else None) or ""


def blocked_contracts(snapshot: BrokerSnapshot, journal: JournalView) -> dict[int, tuple[str, str]]:
    """Return the contracts that must not be bought now, each with the code and the text of its reason."""
    found: dict[int, tuple[str, str]] = {}
    own = {position.conid: position.quantity for position in journal.positions}
    # Where nothing is held the broker shows no row, so that own shares are looked at too.
    for conid in {*own, *snapshot.stocks}:
        held, ours = snapshot.held(conid), own.get(conid, 0)
        if held != ours:
            found[conid] = ("manual", f"the broker has {held:g} shares, own are {ours}")
    for order in foreign_orders(snapshot, journal):
        found[order.conid] = ("manual", "an order that is not of this system works there")
    for row in snapshot.unreadable:
        for conid in row.among or () if row.conid is None else (row.conid,):
            found[conid] = ("manual", "the broker shows something there that can't be read")
    for record in journal.maybe_live:
        if record.unproven:
            found[record.intent.conid] = ("restricted", f"what became of {record.coid} is not proven")
    return found


def halt_causes(
    snapshot: BrokerSnapshot, journal: JournalView, prefix: str, known: Callable[[str], IntentRecord | None]
) -> tuple[HaltCause, ...]:
    """Return what a person has to look at before anything is bought again.

    An orphan is an order with our prefix that never left by the journal; `known` looks a name up in all of it. A short
    position counts in a contract that we own or have traded: this system never sells what it has not got.
    """
    found: list[HaltCause] = []
    for sight in snapshot.sights.values():
        name = sight.order.order_ref or ""
        if not sight.maybe_live or not name.startswith(f"{prefix}-"):
            continue
        record = journal.by_coid.get(name) or known(name)
        if is_orphan(sight.order, prefix, record):
            text = f"{sight.order.symbol}: the order {name} is of this system, but not in its journal"
            if record is not None:
                text += f" as one that left: {record.state}, never sent"
            found.append(HaltCause("orphan", name, text))
    own = {position.conid for position in journal.positions} | journal.traded
    for conid, shares in sorted(snapshot.stocks.items()):
        if shares < 0 and conid in own:
            symbol = next((r.intent.symbol for r in journal.of(conid)), str(conid))
            text = f"{symbol}: the account is short {-shares:g} shares"
            found.append(HaltCause("short", f"{conid}:{shares:g}", text))
    return tuple(found)


def unsettled(journal: JournalView) -> tuple[IntentRecord, ...]:
    """Return the orders whose outcome is not proven and that are not frozen yet."""
    return tuple(
        record
        for record in journal.maybe_live
        if not record.frozen and (record.state is IntentState.UNKNOWN or record.provisional)
    )


_COID_PARTS = 4


def is_name(reference: str) -> bool:
    """Return whether an order's reference has the form of our names."""
    return len(reference.split("-")) == _COID_PARTS


def has_left(record: IntentRecord | None) -> bool:
    """Return whether the journal has an order as one that may be at the broker: one that it has sent, ever."""
    return record is not None and record.state not in NEVER_LEFT


def is_orphan(order: BrokerOrder, prefix: str, record: IntentRecord | None) -> bool:
    """Return whether an order carries a name of ours that never left by the journal: two bots, or an old backup.

    `record` is what the journal has of that name: nothing, or an order that was not sent yet, or refused before.
    """
    name = order.order_ref or ""
    return not has_left(record) and is_name(name) and name.startswith(f"{prefix}-")

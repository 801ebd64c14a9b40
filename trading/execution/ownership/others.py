"""Whose executions are another's: what a list of their day showed is kept for as long as it may matter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trading.execution.ownership.execution_bounds import may_have_made
from trading.execution.ownership.likeness import could_be, is_still
from trading.execution.reading.evidence import drop_under, kept_under
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reading.told import AVERAGE_TOLERANCE
from trading.model.execution_id import fill_key
from trading.model.order import BrokerOrder, Execution, IntentState, Role
from trading.model.record import IntentRecord, JournalView
from trading.ports import Evidence

_THEIRS = "theirs:"
_ALONE = frozenset({Role.ENTRY, Role.EXIT})


def theirs(evidence: Evidence) -> frozenset[str]:
    """Return the fills, by `fill_key`, that a list of their day showed to be of another's order."""
    return kept_under(evidence, _THEIRS)


def note_theirs(
    evidence: Evidence, foreign: Iterable[Execution], journal: JournalView, snapshot: BrokerSnapshot
) -> None:
    """Keep whose they are where, once their order is in no list any more, they may be taken for an order of ours.

    So it is with a leg of ours that nobody has seen, and where their order has an id that one of ours had before, or a
    name of ours beside one that has it too. Of those that look the same, nothing is kept where nothing but that says
    whose they are. Beside an order of ours that is not proven they say what its shares are not.
    """
    conids = {r.intent.conid for r in journal.maybe_live if r.state is IntentState.UNKNOWN}
    ids = {record.order_id for record in journal.records} - {None}
    known = theirs(evidence)
    told = [
        each for each in foreign if each.conid in conids or each.order_id in ids or each.order_ref in journal.by_coid
    ]
    for each in told:
        alike = each.order_id is None and sum(_look(each) == _look(other) for other in told) > 1
        if fill_key(each.execution_id) in known or alike or _may_be_unseen(each, journal, snapshot):
            continue
        if is_anothers(each, journal, snapshot):
            evidence.record(f"{_THEIRS}{fill_key(each.execution_id)}", "of another's order", snapshot.began)


def drop_theirs(evidence: Evidence, before: datetime) -> None:
    """Forget those that were kept before a time: they are listed no more."""
    drop_under(evidence, _THEIRS, before)


def certain(
    foreign: Iterable[Execution], known: frozenset[str], journal: JournalView, snapshot: BrokerSnapshot
) -> tuple[Execution, ...]:
    """Return the executions that no order of ours can have made; `known` are those of `theirs`.

    Likeness alone makes none certain here: an order of ours that is bound may still miss one that looks the same. Size
    and price do, where none of ours that may be live could have sold so many, or so.
    """
    return tuple(
        each
        for each in foreign
        if fill_key(each.execution_id) in known
        or (each.order_id is not None and is_anothers(each, journal, snapshot))
        or not any(may_have_made(record, each) for record in journal.of(each.conid))
    )


def is_anothers(execution: Execution, journal: JournalView, snapshot: BrokerSnapshot) -> bool:
    """Return whether its order is listed, and is none of ours, though one of ours may have had its id before.

    That of one which carries neither id nor name is an order that has filled just as many shares at its price, and
    doesn't look like a leg of ours that nobody has seen.
    """
    if execution.order_id is not None or execution.order_ref is not None:
        ours, others = _under_its_id(execution, journal, snapshot)
        return bool(others) and (not ours or _has_filled_alone(others, ours, execution))
    legs = [record.intent for record in unseen_legs(journal) if record.intent.conid == execution.conid]
    return any(
        _has_filled(row, execution)
        and not _is_ours(row, journal, snapshot.epoch)
        and not any(could_be(leg, row) for leg in legs)
        for row in snapshot.order_rows
    )


def is_of_a_namesake(execution: Execution, journal: JournalView, snapshot: BrokerSnapshot) -> bool:
    """Return whether the list shows an order of ours and another's under one id, and the other's has filled just so."""
    ours, others = _under_its_id(execution, journal, snapshot)
    return bool(ours) and _has_filled_alone(others, ours, execution)


def is_of_the_other_by_its_name(record: IntentRecord, execution: Execution, snapshot: BrokerSnapshot) -> bool:
    """Return whether the list shows another order under our name beside ours, and that one has filled just so."""
    rows = [row for row in snapshot.order_rows if row.order_ref == record.coid]
    ours = [row for row in rows if row.order_id == record.order_id]
    others = [row for row in rows if row.order_id != record.order_id]
    return bool(ours) and _has_filled_alone(others, ours, execution)


def _has_filled_alone(some: Iterable[BrokerOrder], others: Iterable[BrokerOrder], execution: Execution) -> bool:
    """Return whether one of some rows has filled just so, and none of the others."""
    return any(_has_filled(row, execution) for row in some) and not any(_has_filled(row, execution) for row in others)


def _under_its_id(
    execution: Execution, journal: JournalView, snapshot: BrokerSnapshot
) -> tuple[list[BrokerOrder], list[BrokerOrder]]:
    """Return the rows under an execution's order id that can be its order's: those of orders of ours, and others.

    One in another contract, or on the other side, has only the same id.
    """
    found: tuple[list[BrokerOrder], list[BrokerOrder]] = ([], [])
    for row in snapshot.order_rows:
        if (row.order_id, row.conid, row.side) == (execution.order_id, execution.conid, execution.side):
            found[0 if _is_ours(row, journal, snapshot.epoch) else 1].append(row)
    return found


def _is_ours(row: BrokerOrder, journal: JournalView, epoch: int) -> bool:
    return any(
        record.order_id == row.order_id and is_still(record, row, journal, epoch) for record in journal.of(row.conid)
    )


def _has_filled(order: BrokerOrder, execution: Execution) -> bool:
    """Return whether an order has filled just what was executed; a price that isn't told is none that differs."""
    if (order.conid, order.side) != (execution.conid, execution.side) or order.filled_quantity != execution.quantity:
        return False
    average = order.average_price
    return average is None or execution.price <= 0.0 or abs(average - execution.price) <= AVERAGE_TOLERANCE


def _look(execution: Execution) -> tuple[object, ...]:
    return execution.order_id, execution.conid, execution.side, execution.quantity, execution.price


def _may_be_unseen(execution: Execution, journal: JournalView, snapshot: BrokerSnapshot) -> bool:
    """Return whether its order looks like an entry or exit of ours that nobody has seen, whose name a list may hide."""
    unseen = [r for r in journal.of(execution.conid) if r.order_id is None and r.state is IntentState.UNKNOWN]
    rows = [row for row in snapshot.order_rows if row.order_id == execution.order_id]
    return any(r.intent.role in _ALONE and could_be(r.intent, row) for r in unseen for row in rows)


def unseen_legs(journal: JournalView) -> list[IntentRecord]:
    """Return the stops and targets of ours that are not proven and were never bound."""
    return [
        record
        for record in journal.maybe_live
        if record.order_id is None
        and record.state is IntentState.UNKNOWN
        and record.intent.role in {Role.STOP, Role.TARGET}
    ]


def vanished_legs(journal: JournalView, snapshot: BrokerSnapshot) -> list[IntentRecord]:
    """Return the stops and targets of ours that are not proven, and whose row a list of today shows no more."""
    return [
        record
        for record in journal.maybe_live
        if record.order_id is not None
        and record.order_id not in snapshot.sights
        and record.state is IntentState.UNKNOWN
        and record.intent.role in {Role.STOP, Role.TARGET}
    ]

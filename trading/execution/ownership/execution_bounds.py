"""Bounds: whether an order of ours can have made an execution, by when, how many and at what price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from trading.execution.ownership.likeness import PRICE_TOLERANCE, agrees
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reading.told import Told, told_by
from trading.model.exchange_time import exchange_date
from trading.model.intent_state import DECLARED_ABSENT
from trading.model.order import Execution, IntentState, OrderIntent, OrderType, Side, Tif
from trading.model.record import IntentRecord, JournalView

# How long after its end an execution of an order may still be made and told of.
_TOLD_LATE = timedelta(seconds=120)
_REST_TOLD_LATE = timedelta(minutes=10)
# How far above its stop price a sale of a stop may lie, as a fraction: the market turned around at once.
_ABOVE_STOP = 0.01


@dataclass(frozen=True, slots=True)
class Known:
    """What executions are judged by. `told` is what is said of orders of ours, by coid; `slack` is for the clocks.

    `theirs` are the fills of others' orders, `spent` those that were taken for sales by hand.
    """

    journal: JournalView
    snapshot: BrokerSnapshot
    told: Mapping[str, Told]
    slack: timedelta
    theirs: frozenset[str]
    spent: frozenset[str]


def told_apart(journal: JournalView, snapshot: BrokerSnapshot) -> dict[str, Told]:
    """Return what the list says of orders of ours that are shown under one id, by coid: each one's row is like it."""
    rows: Counter[int | None] = Counter(row.order_id for row in snapshot.order_rows)
    found = {}
    for record in journal.records:
        if record.seen_epoch != snapshot.epoch or not rows[record.order_id] > 1:
            continue
        shown = (row for row in snapshot.order_rows if row.order_id == record.order_id)
        its = [row for row in shown if agrees(record.intent, row)]
        if len(its) == 1:
            found[record.coid] = told_by(its[0])
    return found


def missing(record: IntentRecord, known: Known) -> int:
    """Return the shares that an order of ours has filled beyond what its executions tell.

    One that ended so is still waited for, on a later day too, when the list shows it no more. Of one that is bound by
    likeness alone that says nothing, unless it has sold all that it was for, and own shares are gone.
    """
    told = known.told.get(record.coid)
    if told is None or record.order_id is None:
        return 0
    owned = known.journal.owned(record.intent.conid)
    if record.provisional and not (0 < record.left <= min(told.filled, owned) and are_gone(record, known)):
        return 0
    return told.filled - record.filled


def are_gone(record: IntentRecord, known: Known) -> bool:
    """Return whether the shares that an order was to sell are there no more: another's order would have sold others."""
    if record.intent.side is Side.BUY or known.snapshot.positions.value is None:
        return False
    owned = known.journal.owned(record.intent.conid) or record.left
    return known.snapshot.held(record.intent.conid) == owned - record.left


def same_contract_and_side(record: IntentRecord, execution: Execution) -> bool:
    """Return whether it bought or sold the contract that the order was to buy or sell."""
    return record.intent.conid == execution.conid and record.intent.side is execution.side


def is_before(record: IntentRecord, execution: Execution, slack: timedelta) -> bool:
    """Return whether it was executed before the order was sent."""
    return record.sent_at is None or execution.time < record.sent_at - slack


def is_after_its_end(record: IntentRecord, execution: Execution) -> bool:
    """Return whether it was executed when the order had long ended, which was not only taken for absent.

    Then its id was given again, unless the list says that it filled by that much more.
    """
    ended = None if record.state in DECLARED_ABSENT else record.ended_at
    told_late = _TOLD_LATE if record.left <= 0 else _REST_TOLD_LATE
    return ended is not None and execution.time > ended + told_late


def allows(record: IntentRecord, execution: Execution, known: Known) -> bool:
    """Return whether the order can have made the execution: sent before it, for that many shares, at such a price.

    Size and limit are those that it was told to have last: a split or a person may have changed them. After its end
    nothing was executed, unless that was taken for its absence, or as many are told to have filled; an order for the
    day fills on no later one.
    """
    intent, told = record.intent, known.told.get(record.coid)
    left = record.left if told is None else told.total - record.filled
    # It may be told to have filled by more than it was for, or after its end.
    short = missing(record, known)
    if is_before(record, execution, known.slack) or execution.quantity > max(left, short):
        return False
    if _is_after_its_day(intent, execution):
        return False
    if short < execution.quantity and had_nothing_to_sell(record, known.journal):
        return False
    more = record.state in DECLARED_ABSENT or short >= execution.quantity
    ended = None if more else record.ended_at
    if ended is not None and execution.time > ended + known.slack:
        return False
    return _within(intent, intent.limit_price if told is None else told.limit_price, execution.price)


def may_have_made(record: IntentRecord, execution: Execution) -> bool:
    """Return whether id, size and price leave it open that an order made an execution, as it was asked for.

    One that is bound by its likeness may have another price by now, which a person gave it.
    """
    if not same_contract_and_side(record, execution) or _is_after_its_day(record.intent, execution):
        return False
    if record.order_id is not None and record.order_id == execution.order_id:
        return True
    priced = _within(record.intent, record.intent.limit_price, execution.price) and is_after_trigger(record, execution)
    return record.maybe_live and execution.quantity <= record.left and (record.provisional or priced)


def _is_after_its_day(intent: OrderIntent, execution: Execution) -> bool:
    """Return whether it was executed on a later day than an order for one day was for."""
    return intent.tif is Tif.DAY and exchange_date(execution.time) > intent.session


def _within(intent: OrderIntent, limit_price: float | None, price: float) -> bool:
    """Return whether a price is within a limit, where the order has one."""
    if intent.order_type is not OrderType.LIMIT or limit_price is None:
        return True
    if intent.side is Side.BUY:
        return price <= limit_price + PRICE_TOLERANCE
    return price >= limit_price - PRICE_TOLERANCE


def had_nothing_to_sell(record: IntentRecord, journal: JournalView) -> bool:
    """Return whether it is the stop or target of an entry that was rejected before it bought anything."""
    entry = journal.by_coid.get(record.intent.parent_coid or "")
    return entry is not None and entry.state is IntentState.REJECTED and entry.filled == 0


def is_after_trigger(record: IntentRecord, execution: Execution) -> bool:
    """Return whether a stop may have sold at that price: hardly above the one at which it becomes a market order."""
    stop_price = record.intent.stop_price
    return stop_price is None or execution.price <= stop_price * (1.0 + _ABOVE_STOP)

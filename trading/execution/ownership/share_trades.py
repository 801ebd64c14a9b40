"""What was traded of own shares since we have them, by others and by orders of ours, and what is on its way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor

from trading.execution.ownership.execution_matching import newest
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.exchange_time import exchange_date
from trading.model.order import UNPROVEN, Execution, OrderLife, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition

# The ratio of a split may come of two prices that were rounded.
_SHARE_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class SharesSeen:
    """What own shares are judged by: a reading, and the journal of then.

    `foreign` are the executions of others, `certain` those of them that no order of ours can have made, `untold` the
    contracts in which a sale of ours is said to have sold more than its executions tell.
    """

    snapshot: BrokerSnapshot
    journal: JournalView
    foreign: tuple[Execution, ...]
    certain: tuple[Execution, ...] = ()
    untold: frozenset[int] = frozenset()


def of_others(position: OwnPosition, foreign: Iterable[Execution]) -> list[Execution]:
    """Return what others traded in the contract since we have shares of it, oldest first.

    At equal times those at a higher price come first, as they do where a split lies between.
    """
    of_contract = newest(each for each in foreign if each.conid == position.conid)
    found = [each for each in of_contract if exchange_date(each.time) >= position.entry_session]
    return sorted(found, key=lambda each: (each.time, -each.price))


def net(executions: Sequence[Execution]) -> float:
    """Return the shares that executions came to, negative where more were sold than bought."""
    return sum(each.change for each in executions)


def average_after(shares: float, price: float, executions: Sequence[Execution]) -> float:
    """Return the average price of so many shares at a price after trades: buying blends it, selling leaves it."""
    for each in executions:
        bought = each.quantity if each.side is Side.BUY else 0.0
        if shares + bought > 0.0:
            price = (shares * price + bought * each.price) / (shares + bought)
        shares += net([each])
    return price


def average_before(shares: float, price: float, executions: Sequence[Execution]) -> float:
    """Return the average price that so many shares at a price had before trades (`average_after`)."""
    for each in reversed(executions):
        before = shares - net([each])
        if each.side is Side.BUY and before > 0.0:
            price = (shares * price - each.quantity * each.price) / before
        shares = before
    return price


def sold_by_others(position: OwnPosition, foreign: tuple[Execution, ...], journal: JournalView) -> float:
    """Return the shares that somebody else sold net since we have them, less those that were written off already."""
    return -net(of_others(position, foreign)) - written_off(position, journal)


def written_off(position: OwnPosition, journal: JournalView) -> int:
    """Return how many own shares were taken for sold by hand, in the shares of today."""
    entry = journal.by_coid.get(position.entry_coid)
    if entry is None:
        return 0
    bought = floor(entry.filled * position.split_ratio + _SHARE_TOLERANCE)
    return max(bought - sold_by_us(entry, journal) - position.quantity, 0)


def sold_by_us(entry: IntentRecord, journal: JournalView) -> int:
    """Return the shares that orders of ours have sold since an entry."""
    return sum(record.filled for record in own_sales(entry, journal))


def own_sales(entry: IntentRecord, journal: JournalView) -> list[IntentRecord]:
    """Return the orders of ours that have sold shares since an entry."""
    return [
        record
        for record in journal.of(entry.intent.conid)
        if record.intent.side is Side.SELL and record.filled > 0 and record.intent.created >= entry.intent.created
    ]


def in_flight(conid: int, snapshot: BrokerSnapshot, journal: JournalView, side: Side | None = None) -> bool:
    """Return whether an order of ours there is unproven, missing, or over or filled beyond what its executions tell.

    Of one `side` alone, where that is given: no sale makes shares more.
    """
    for record in journal.maybe_live:
        if record.intent.conid != conid or side not in {None, record.intent.side}:
            continue
        if record.state in UNPROVEN or record.provisional:
            return True
        sight = snapshot.sight_of(record.order_id)
        if sight is None or sight.life is OrderLife.OVER or round(sight.order.filled_quantity) != record.filled:
            return True
    return False


def may_be_own_sale(execution: Execution, snapshot: BrokerSnapshot, journal: JournalView, since: datetime) -> bool:
    """Return whether a sale after `since` may be of an order of ours whose row was read too early to show it as filled.

    It names no order, and one of ours that works there had as much left.
    """
    named = execution.order_id is not None or execution.order_ref is not None
    if execution.side is not Side.SELL or named or execution.time < since:
        return False
    for record in journal.maybe_live:
        sight = snapshot.sight_of(record.order_id)
        if record.intent.conid != execution.conid or record.intent.side is not Side.SELL or sight is None:
            continue
        if sight.maybe_live and sight.order.remaining_quantity >= execution.quantity:
            return True
    return False

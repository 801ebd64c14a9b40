"""Orders of ours that the broker shows at work, and legs that wait for their entry."""

from __future__ import annotations

from datetime import datetime

from trading.execution.ownership.likeness import is_same
from trading.execution.reading.snapshot import BrokerSnapshot, OrderSight
from trading.model.exchange_time import exchange_date
from trading.model.order import BROKER_IDLE, LIFE, OrderLife
from trading.model.record import IntentRecord, JournalView


def working(record: IntentRecord, snapshot: BrokerSnapshot, journal: JournalView) -> OrderSight | None:
    """Return how an order is shown that is ours for certain and can fill, None for any other."""
    sight = _own_sight(record, snapshot, journal)
    if sight is None or not sight.live or record.unproven or not is_same(record, sight.order, journal):
        return None
    return sight


def waits_for_entry(record: IntentRecord, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    """Return whether a leg can sell nothing yet: nothing of its entry has filled, and it is for what that will buy."""
    entry = journal.by_coid.get(record.intent.parent_coid or "")
    if entry is None or not entry.maybe_live or entry.filled:
        return False
    sight = snapshot.sight_of(entry.order_id)
    return sight is None or sight.order.filled_quantity == 0


def ended_under_its_id(record: IntentRecord, journal: JournalView) -> list[datetime]:
    """Return when other orders of ours ended under the id and in the contract of an order."""
    return [
        each.ended_at
        for each in journal.of(record.intent.conid)
        if each.coid != record.coid and each.order_id == record.order_id and each.ended_at is not None
    ]


def _own_sight(record: IntentRecord, snapshot: BrokerSnapshot, journal: JournalView) -> OrderSight | None:
    """Return what is shown under an order's id.

    Where the broker gave it again on one day the row that is over, or inactive, is that of the one which ended, though
    both may look the same.
    """
    sight = snapshot.sight_of(record.order_id)
    if sight is None or sight.life is not OrderLife.UNSURE:
        return sight
    today = exchange_date(snapshot.began)
    ended = [at for at in ended_under_its_id(record, journal) if exchange_date(at) == today]
    rows = [row for row in snapshot.order_rows if row.order_id == record.order_id]
    others = [row for row in rows if row.status not in BROKER_IDLE]
    alone = len(others) == 1 and len(rows) - 1 <= len(ended)
    return OrderSight(others[0], LIFE[others[0].status]) if alone else sight

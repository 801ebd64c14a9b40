"""Whether something of ours is on its way in a contract, so that its shares may be other than they are shown."""

from __future__ import annotations

from trading.execution.snapshot import BrokerSnapshot
from trading.model.order import UNPROVEN, OrderLife
from trading.model.record import JournalView


def in_flight(conid: int, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    """Return whether an order of ours there is unproven, or over or filled beyond what its executions tell."""
    for record in journal.maybe_live:
        if record.intent.conid != conid:
            continue
        if record.state in UNPROVEN or record.provisional:
            return True
        sight = snapshot.sight_of(record.order_id)
        if sight is not None and (sight.life is OrderLife.OVER or round(sight.order.filled_quantity) != record.filled):
            return True
    return False

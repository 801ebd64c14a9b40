"""Names on the broker's orders: which of them have the form of ours, and are orders of ours that nobody remembers."""

from __future__ import annotations

from trading.model.intent_state import NEVER_LEFT
from trading.model.order import BrokerOrder
from trading.model.record import IntentRecord

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

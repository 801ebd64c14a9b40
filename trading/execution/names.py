"""Names on the broker's orders: which of them have the form of ours, and are orders of ours that nobody remembers."""

from __future__ import annotations

from trading.model.order import BrokerOrder

_COID_PARTS = 4


def is_name(reference: str) -> bool:
    """Return whether an order's reference has the form of our names."""
    return len(reference.split("-")) == _COID_PARTS


def is_orphan(order: BrokerOrder, prefix: str, journal_has: bool) -> bool:  # noqa: FBT001 - a fact, not a switch
    """Return whether an order carries a name of ours that the journal does not know: two bots, or an old backup."""
    name = order.order_ref or ""
    return not journal_has and is_name(name) and name.startswith(f"{prefix}-")

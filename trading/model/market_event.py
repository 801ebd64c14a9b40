"""What the trading loop waits for."""

from __future__ import annotations

from enum import StrEnum


class MarketEvent(StrEnum):
    """What happens when the next turn is due; kept beside its time, for the pages."""

    ORDERS = "orders"
    OPEN = "open"
    CLOSE = "close"
    DECISION = "decision"
    LOOK = "look"

"""Orders as they were sent (`Ticket`) and as they live on the book (`Order`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Side(StrEnum):
    """Buy or sell."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """Return the other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Kind(StrEnum):
    """Order types that the exchange knows."""

    LMT = "LMT"
    MKT = "MKT"
    STP = "STP"
    STOP_LIMIT = "STOP_LIMIT"


class Tif(StrEnum):
    """How long an order lives."""

    DAY = "DAY"
    GTC = "GTC"
    OPG = "OPG"
    IOC = "IOC"


class State(StrEnum):
    """Where an order is in its life; what clients see is derived from it in `shown_status`."""

    SENT = "sent"
    """accepted, and not at work yet: the broker has still to acknowledge it"""
    HELD = "held"
    """waits for its parent's fill"""
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    INACTIVE = "inactive"
    """refused after acceptance, or deactivated"""


class By(StrEnum):
    """Who cancelled or changed an order."""

    CLIENT = "client"
    MANUAL = "manual"
    """a person, in another program"""
    BROKER = "broker"


LIVE = frozenset({State.SENT, State.HELD, State.WORKING})
"""states in which an order can still fill"""
STOPS = frozenset({Kind.STP, Kind.STOP_LIMIT})
"""types that wait for a trigger"""


class Ticket(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client asked for, validated; the truth log keeps it, so that a restart can place it anew."""

    order_id: int
    conid: int
    side: Side
    kind: Kind
    quantity: int
    tif: Tif
    limit: float | None = None
    stop: float | None = None
    coid: str | None = None
    parent_id: int | None = None
    oca_group: str | None = None
    outside_rth: bool = False
    managed_price: bool = False
    """whether the price management algorithm may move its price"""

    def within_limit(self, price: float) -> float:
        """Return a price, or the limit where that is better for its client."""
        if self.limit is None:
            return price
        return min(price, self.limit) if self.side is Side.BUY else max(price, self.limit)


@dataclass(slots=True)
class Order:
    """One order on the book. `due_*`: when, where and at what price it fills next in the open session, if at all.

    `due_touched` is the price of the path there, without slippage.
    """

    ticket: Ticket
    symbol: str
    column: int
    placed_us: int
    number: int
    state: State = State.WORKING
    quantity: int = 0
    filled: int = 0
    value: float = 0.0
    commission: float = 0.0
    triggered: bool = False
    acknowledged: bool = False
    cancelling: bool = False
    """its cancel has arrived and has still to take effect; until then it can fill"""
    warned: bool = False
    changed_us: int = 0
    reason: str | None = None
    told: tuple[str, int] | None = None
    """status and quantity as the truth log has them"""
    due_us: int | None = None
    due_position: float = 0.0
    due_price: float = 0.0
    due_touched: float = 0.0

    @property
    def order_id(self) -> int:
        """Return the broker's id."""
        return self.ticket.order_id

    @property
    def remaining(self) -> int:
        """Return the shares that are not filled."""
        return self.quantity - self.filled

    @property
    def average_price(self) -> float | None:
        """Return the mean fill price, None before the first fill."""
        return self.value / self.filled if self.filled else None

    @property
    def is_live(self) -> bool:
        """Return whether it can still fill."""
        return self.state in LIVE


_FINAL = {State.FILLED: "Filled", State.CANCELLED: "Cancelled", State.INACTIVE: "Inactive"}


def shown_status(order: Order, *, market_open: bool) -> str:
    """Return the status that clients see: what waits (for its parent, its trigger, the open) is PreSubmitted."""
    if not order.is_live:
        return _FINAL[order.state]
    if order.cancelling:
        return "PendingCancel"
    if order.warned:
        return "WarnState"
    if order.state is State.SENT and not order.acknowledged:
        return "PendingSubmit"
    waits = order.ticket.kind in STOPS and not order.triggered
    return "Submitted" if order.state is State.WORKING and market_open and not waits else "PreSubmitted"

"""What a session that was traded came to: the values of its summary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from trading.model.decision import Decision


@dataclass(frozen=True, slots=True)
class Dealt:
    """Shares of one symbol that one kind of order bought or sold in a session, at their average price."""

    symbol: str
    side: str
    role: str
    quantity: int
    price: float


@dataclass(frozen=True, slots=True)
class Held:
    """An own position, and how many of its shares a stop at the broker covers."""

    symbol: str
    quantity: int
    covered: int


@dataclass(frozen=True, slots=True)
class SessionResult:
    """All that is told of a session: `profit` is in USD and None without a session before it.

    `standing` counts the orders at the broker by role; `denials` the refusals of our own limits by code.
    """

    session: date
    decided_at: datetime
    equity: float
    profit: float | None
    drawdown: float
    dealt: tuple[Dealt, ...]
    held: tuple[Held, ...]
    standing: tuple[tuple[str, int], ...]
    denials: tuple[tuple[str, int], ...]
    decision: Decision

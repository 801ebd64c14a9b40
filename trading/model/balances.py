"""What is remembered of the account's balances, to tell money that came or went from gains and losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Balances:
    """One reading, USD: `unbooked` is the cash less what all known executions brought, `equity` the net liquidation.

    `shares` are the broker's by contract less those of all known executions, where any are left over.
    """

    at: datetime
    unbooked: float
    equity: float
    shares: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BalanceMemory:
    """The last reading that is relied on, and a later one that differs from it and that no second has confirmed."""

    agreed: Balances | None = None
    doubted: Balances | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What all known executions, own and others', did to cash (USD) and shares.

    `sure` is whether each of the last days makes sense.
    """

    cash: float = 0.0
    shares: Mapping[int, float] = field(default_factory=dict)
    sure: bool = True


class FlowState(StrEnum):
    """What a person said about money that came or went; nobody said anything at first."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """no money came or went: it was a trade, a dividend, a conversion"""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came (`amount` > 0, USD) or went, as two readings show; `equity` is that after it."""

    number: int
    at: datetime
    amount: float
    equity: float
    state: FlowState = FlowState.UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the account's figures can't be relied on now; what was measured and what is allowed, None where nothing was.

    `lasting`: no second reading is awaited that might settle it as a matter of course.
    """

    text: str
    value: float | None = None
    limit: float | None = None
    lasting: bool = False

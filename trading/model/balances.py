"""What is remembered of the account's balances, to tell money that came or went from gains and losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from trading.model.decision import RiskState

_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Balances:
    """One reading, USD: `unbooked` is the cash less what own executions brought, `equity` the net liquidation."""

    at: datetime
    unbooked: float
    equity: float


@dataclass(frozen=True, slots=True)
class BalanceMemory:
    """The last reading that is relied on, and a later one that differs from it and that no second has confirmed.

    `since` is when figures came into doubt, None where they are not: cash that a trade moved is no doubt. `recent` are
    readings before the last one, oldest first: equity may be shown to move minutes before the cash that came or went.
    `traded` is what cash moved by last while figures were in doubt, as equity showed it for a trade: it may follow yet.
    """

    agreed: Balances | None = None
    doubted: Balances | None = None
    since: datetime | None = None
    recent: tuple[Balances, ...] = ()
    traded: float = 0.0


@dataclass(frozen=True, slots=True)
class Booked:
    """What own executions did to the cash, USD; `sure` is whether each of the last days makes sense.

    `fills` are those of the last days, by `fill_key`.
    """

    cash: float = 0.0
    sure: bool = True
    fills: frozenset[str] = frozenset()


class FlowState(StrEnum):
    """What a person said about money that came or went; nobody said anything at first."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """no money came or went: it was a gain or a loss"""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came (`amount` > 0, USD) or went, as two readings show; `equity` is that after it.

    `factor` is what peak and prior equity were multiplied by; `peak` and `prior` are these before it.
    """

    number: int
    at: datetime
    amount: float
    equity: float
    state: FlowState = FlowState.UNCONFIRMED
    factor: float = 1.0
    peak: float | None = None
    prior: float | None = None

    @property
    def text(self) -> str:
        """Return what came or went in words."""
        what = "came into" if self.amount > 0.0 else "left"
        return f"{abs(self.amount):,.2f} USD {what} the account on {self.at:%Y-%m-%d}, by no trade of ours"


@dataclass(frozen=True, slots=True)
class Decided:
    """When a decision was taken, and the equity that it set the peak and the prior equity by."""

    at: datetime
    equity: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the account's figures can't be relied on now; what was measured and what is allowed, None where nothing was.

    `lasting`: no second reading is awaited that might settle it as a matter of course.
    """

    text: str
    value: float | None = None
    limit: float | None = None
    lasting: bool = False


def flow_factor(amount: float, before: float, after: float) -> float:
    """Return what an account worth `before`, and `after` once `amount` came or went, was multiplied by.

    What prices did between the two readings is measured by the larger account: a deposit into what was there before,
    a withdrawal from what is left after it.
    """
    factor = 1.0 + amount / before if amount > 0.0 and before > 0.0 else 1.0
    if amount < 0.0 and after > 0.0:
        factor = after / (after - amount)
    return factor if math.isfinite(factor) and factor > 0.0 else 1.0


def without(risk: RiskState, flow: Flow, later: Sequence[Flow], decided: Sequence[Decided]) -> RiskState:
    """Return the memory as it would be had `flow` not been taken.

    `later` are the flows after it that stand, `decided` the decisions since. What a decision, or a person, has set anew
    stays.
    """
    if not decided:
        return risk.scaled(1.0 / flow.factor)
    lost = risk.daily_loss
    if flow.prior is not None and len(decided) == 1:
        before = flow.prior * _grown(later, flow.at, decided[0].at)
        lost = 1.0 - decided[0].equity / before if before > 0.0 else None
    peak = risk.peak
    if flow.peak is not None and peak is not None:
        grown = flow.peak * _grown(later, flow.at)
        if peak >= grown * flow.factor * (1.0 - _EQUAL):
            peak = max(grown, *(each.equity * _grown(later, each.at) for each in decided))
    return replace(risk, peak=peak, daily_loss=lost)


def _grown(flows: Sequence[Flow], after: datetime, until: datetime | None = None) -> float:
    """Return by what flows of some time multiplied the account."""
    return math.prod(each.factor for each in flows if each.at > after and (until is None or each.at <= until))

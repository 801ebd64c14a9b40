"""A step that an order of ours took, as the journal recorded it: what log, counters and alerts are told of."""

from __future__ import annotations

from dataclasses import dataclass

from trading.model.order import IntentState, Role


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One edge of one intent; `number` grows with time, `filled` is what was executed of it by now."""

    number: int
    coid: str
    symbol: str
    role: Role
    state: IntentState
    detail: str
    filled: int

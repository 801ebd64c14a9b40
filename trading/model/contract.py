"""What is traded: a stock as the broker names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PriceIncrement:
    """Prices at or above `lower_edge` move in steps of `increment`, both in the contract's currency."""

    lower_edge: float
    increment: float


@dataclass(frozen=True, slots=True)
class ContractPin:
    """Which contract a symbol means, settled once: where it is listed and its currency were checked then."""

    symbol: str
    conid: int
    exchange: str
    currency: str


@dataclass(frozen=True, slots=True)
class Contract:
    """A US stock. `increments` is ordered by lower edge and never empty."""

    conid: int
    symbol: str
    exchange: str
    currency: str
    increments: tuple[PriceIncrement, ...]

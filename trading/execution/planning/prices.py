"""Prices: what a quote gives for a sale inside the session, on which grid, and the closes in the shares of today."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import prod

from trading.execution.ownership.likeness import PRICE_TOLERANCE
from trading.market.calendar import TradingCalendar
from trading.market.fills import round_down_to
from trading.model.account import Quote
from trading.model.contract import Contract, PriceIncrement
from trading.model.decision import Decision
from trading.model.record import JournalView, OwnPosition

# The first limit of a sale inside the session lies so far under the price, the next ones further.
COLLARS = (0.02, 0.05)
FRESH_S = 60.0
# A quote marked delayed is at most so old.
DELAYED_S = 1200.0
_REALTIME, _DELAYED = "R", "D"
_CENTS = (PriceIncrement(0.0, 0.01),)


@dataclass(frozen=True, slots=True)
class SalePrice:
    """What a sale would get now, USD; `delayed` where the quote is marked so."""

    price: float
    delayed: bool


def sale_price(quote: Quote | None, now: datetime, *, allow_delayed: bool = True) -> SalePrice | None:
    """Return what a sale would get by a quote, None where it says nothing usable.

    It is halted, frozen or without a bid; or does not say what it is or of when, is too old, or of a time to come.
    """
    if quote is None or quote.halted or (quote.bid is not None and quote.bid <= 0.0):
        return None
    price = quote.bid or (None if quote.last_is_prior_close else quote.last)
    if price is None or not 0.0 < price < math.inf:
        return None
    availability = (quote.availability or "")[:1]
    delayed = availability == _DELAYED
    if availability not in {_REALTIME, _DELAYED} or (delayed and not allow_delayed):
        return None
    if quote.updated_ms is None:
        return None
    age_s = now.timestamp() - quote.updated_ms / 1000.0
    usable = -FRESH_S <= age_s <= (DELAYED_S if delayed else FRESH_S)
    return SalePrice(price, delayed) if usable else None


def marketable(price: float, collar: float, contract: Contract | None) -> float:
    """Return a sell limit `collar` (a fraction) under `price`, on the contract's increments."""
    wanted = price * (1.0 - collar)
    return float(round_down_to(wanted, increment_at(wanted, increments_of(contract)) or _CENTS[0].increment))


def on_increments(price: float, contract: Contract | None) -> float:
    """Return the price that a contract can have next to `price`: a split leaves prices between two increments."""
    step = increment_at(price, increments_of(contract)) or _CENTS[0].increment
    return round(round(price / step) * step, 4)


def increments_of(contract: Contract | None) -> tuple[PriceIncrement, ...]:
    """Return the increments that a sale's prices lie on: cents where the contract's are not known.

    Its first one is that of all lower prices too: there is none at which own shares can't be sold.
    """
    if contract is None or not contract.increments:
        return _CENTS
    first, *others = contract.increments
    return replace(first, lower_edge=0.0), *others


def increment_at(price: float, increments: tuple[PriceIncrement, ...]) -> float | None:
    """Return the step of prices at `price`, None where the contract has none."""
    steps = [each.increment for each in increments if price >= each.lower_edge]
    return steps[-1] if steps and steps[-1] > 0.0 else None


def closes_now(decision: Decision | None, journal: JournalView, calendar: TradingCalendar) -> Mapping[str, float]:
    """Return the decision's closes; those of own shares that were split since its session closed are of today's shares.

    A split is taken in once the broker shows it, which may be days after it came.
    """
    if decision is None:
        return {}
    session = calendar.session(decision.session)
    found = dict(decision.closes)
    for position in journal.positions:
        close = found.get(position.symbol)
        ratios = [
            split.ratio
            for split in journal.splits
            if split.entry_coid == position.entry_coid and (session is None or split.at >= session.close)
        ]
        if close is not None and ratios:
            found[position.symbol] = _after(close, ratios, position)
    return found


def _after(close: float, ratios: list[float], position: OwnPosition) -> float:
    """Return a close after splits, the oldest of which it may be after already.

    It is after all those whose ratios would take it out of where the plan's prices have it: one beyond stop or target
    was sold by the decision.
    """
    possible = [close / prod(ratios[first:]) for first in range(len(ratios) + 1)]
    inside = (each for each in possible if _between(position, each))
    return next(inside, possible[0])


def _between(position: OwnPosition, close: float) -> bool:
    return position.stop_price + PRICE_TOLERANCE < close < position.target_price - PRICE_TOLERANCE

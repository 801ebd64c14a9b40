"""The closes that were decided on, in the shares of today: what stops and exits are compared with out of hours."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from trading.execution.matching import PRICE_TOLERANCE
from trading.market.calendar import TradingCalendar
from trading.model.decision import Decision
from trading.model.record import JournalView, OwnPosition


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

"""Splits: what becomes of a number of shares at a price when a stock is split, once or twice between two looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import floor, isclose, prod

# New shares for each old one; or the other way round, in a reverse split.
SPLITS = (1.5, 4 / 3, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0)
# So rare that only number and price together are a reason to think of them.
_RARE = (1.25, 6.0, 7.0, 12.0, 30.0, 40.0, 50.0)
# Prices are rounded to cents, and the broker's average price holds commissions.
_PRICE_TOLERANCE = 0.01
SHARE_TOLERANCE = 0.01
"""by how much a whole number of shares may be missed in the arithmetic"""


@dataclass(frozen=True, slots=True)
class Split:
    """New shares for each old one, step by step where it was split again before anybody looked."""

    steps: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Return what shares are multiplied by, and prices divided."""
        return prod(self.steps)

    @property
    def rounding(self) -> int:
        """Return by how many shares brokers may differ: fractions of a reverse split are paid out, or rounded up."""
        return 1 if self.ratio < 1.0 else 0

    def shares(self, before: int) -> int:
        """Return what so many shares became; each step drops its fraction."""
        for step in self.steps:
            before = floor(before * step + SHARE_TOLERANCE)
        return before


def _both_ways(splits: Iterable[float]) -> tuple[float, ...]:
    return tuple(ratio for split in splits for ratio in (split, 1.0 / split))


_ONCE = tuple(Split((ratio,)) for ratio in _both_ways((*SPLITS, *_RARE)))
_TWICE = tuple(Split(steps) for steps in product(_both_ways(SPLITS), repeat=2) if not isclose(prod(steps), 1.0))


def split_between(shares: int, price: float, shown: float, shown_price: float, *, twice: bool = True) -> Split | None:
    """Return the split that turns shares at a price into what is shown, None where none does.

    Number and price have to agree on it. Two splits are the answer only where no single one is, and `twice` asks for
    them.
    """
    if shown <= 0.0 or not (price > 0.0 and shown_price > 0.0):
        return None
    if isclose(price, shown_price, rel_tol=_PRICE_TOLERANCE):
        return None
    for splits in (_ONCE, _TWICE) if twice else (_ONCE,):
        fitting = [split for split in splits if _fits(split, shares, price, shown, shown_price)]
        if fitting:
            return min(fitting, key=lambda split: abs(price / shown_price / split.ratio - 1.0))
    return None


def _fits(split: Split, shares: int, price: float, shown: float, shown_price: float) -> bool:
    if abs(price / shown_price / split.ratio - 1.0) > _PRICE_TOLERANCE:
        return False
    wanted = split.shares(shares)
    return wanted > 0 and abs(shown - wanted) <= split.rounding

"""Splits: what becomes of shares at a price. Nobody pays: their number times their price stays as it was."""

from __future__ import annotations

from math import floor

# New shares for each old one; or the other way round, in a reverse split.
SPLITS = (1.5, 4 / 3, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0)
# So rare that only number and price together are a reason to think of them.
_RARE = (1.25, 6.0, 7.0, 12.0, 30.0, 40.0, 50.0)
_RATIOS = tuple(ratio for split in (*SPLITS, *_RARE) for ratio in (split, 1.0 / split))
# What several splits in a row come to may be any ratio, but none so near to 1.
_LEAST = 1.2
# Prices are rounded to cents, and the broker's average price holds commissions.
_PRICE_TOLERANCE = 0.01
TRADED_TOLERANCE = 1.3
"""by what factor shares may trade above or below what they were bought for a few days ago"""
SHARE_TOLERANCE = 0.01
"""by how much a whole number of shares may be missed in the arithmetic"""


def shares_after(shares: int, ratio: float) -> int:
    """Return the whole shares that so many became; a fraction is paid out."""
    return floor(shares * ratio + SHARE_TOLERANCE)


def same_price(price: float, shown: float) -> bool:
    """Return whether two prices differ by so little that a split shows equally well against either."""
    return abs(price - shown) <= _PRICE_TOLERANCE / 2.0 * price


def split_between(shares: int, price: float, shown: float, shown_price: float) -> float | None:
    """Return the ratio, of those that splits have, that turns shares at a price into what is shown; None without one.

    Number and price have to agree on it. Of a reverse split one share more or less is none too many: brokers pay the
    fraction out or round it up.
    """
    if shown < 0.0 or not (price > 0.0 and shown_price > 0.0):
        return None
    for ratio in _RATIOS:
        if abs(price / shown_price / ratio - 1.0) > _PRICE_TOLERANCE:
            continue
        wanted = shares_after(shares, ratio)
        either_way = 1 if ratio < 1.0 and wanted > 0 and shown > 0.0 else 0
        if abs(shown - wanted) <= either_way:
            return ratio
    return None


def splits_between(shares: int, price: float, shown: float, shown_price: float) -> float | None:
    """Return the ratio of one split, else that of all splits in a row, that explains what is shown; None without one.

    Several may have come before anybody looked, and each drops its fraction. More shares at the same cost come of
    nothing else. Fewer may have been sold: there only a ratio that splits have is believed.
    """
    once = split_between(shares, price, shown, shown_price)
    if once is not None or shown <= 0.0 or not (price > 0.0 and shown_price > 0.0):
        return once
    ratio = price / shown_price
    if ratio < _LEAST:
        return None
    dropped = shares * ratio - shown
    return ratio if -_PRICE_TOLERANCE * shown <= dropped <= 1.0 + ratio else None


def splits_of_sold(shares: int, price: float, sold: float, sold_price: float) -> float | None:
    """Return the ratio of the splits, of those that there are, after which so many were sold; None without one.

    The number has to fit but for fractions, and the price roughly: a split that moves it by less shows nothing.
    """
    if not (price > 0.0 and sold_price > 0.0):
        return None
    for ratio in _RATIOS:
        if max(ratio, 1.0 / ratio) <= TRADED_TOLERANCE:
            continue
        apart = price / sold_price / ratio
        fits = abs(sold - shares_after(shares, ratio)) <= 1.0
        if fits and sold > 0.0 and 1.0 / TRADED_TOLERANCE <= apart <= TRADED_TOLERANCE:
            return ratio
    return None

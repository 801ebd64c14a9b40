"""The arithmetic of prices, money and fills, each rule once: for the simulator, the backtest and order prices alike.

All are compiled scalar functions on IEEE doubles. A *position* on a bar's path is the number of the leg (0, 1 or 2)
plus the fraction of it that is done, so 0.0 is the open and 3.0 the close; -1.0 means never.
"""

from __future__ import annotations

import math

import numpy as np

from trading.market.compiled import compiled

# What a computed price may miss the tick below (or above) it by and still count as on it.
TICK_TOLERANCE = 1e-6
SAME_NUMBER = 1e-9
NO_EXIT, STOP_EXIT, TARGET_EXIT = 0, 1, 2
_LAST_LEG = 2


# np.floor stays a float in compiled code, so that NaN stays NaN; math.floor would turn it into a huge integer.
@compiled
def floor(number: float) -> float:
    """Return the highest whole number at or below `number`; NaN stays NaN."""
    whole: float = np.floor(number)
    return whole


@compiled
def tick_of(price: float) -> float:
    """Return the price increment of a US stock: 0.01 from 1.00 up, 0.0001 below."""
    return 0.01 if price >= 1.0 else 0.0001


@compiled
def on_grid(steps: float, increment: float) -> float:
    """Return the double nearest to the decimal `steps` x `increment`; `steps` is a whole number."""
    inverse = floor(1.0 / increment + 0.5)
    if inverse >= 1.0 and abs(inverse * increment - 1.0) < SAME_NUMBER:
        return steps / inverse
    return floor(steps * increment * 1e8 + 0.5) / 1e8


@compiled
def round_down_to(price: float, increment: float) -> float:
    """Return the highest multiple of `increment` at or below `price`; one missed by less than 1e-6 ticks counts."""
    return on_grid(floor(price / increment + TICK_TOLERANCE), increment)


@compiled
def round_up_to(price: float, increment: float) -> float:
    """Return the lowest multiple of `increment` at or above `price`; one exceeded by less than 1e-6 ticks counts."""
    return on_grid(-floor(-(price / increment - TICK_TOLERANCE)), increment)


@compiled
def round_down(price: float) -> float:
    """Return `price` rounded down to its own tick."""
    return round_down_to(price, tick_of(price))


@compiled
def round_up(price: float) -> float:
    """Return `price` rounded up to its own tick."""
    return round_up_to(price, tick_of(price))


@compiled
def cents(amount: float) -> float:
    """Return `amount` rounded half up to the cent."""
    return floor(100.0 * amount + 0.5 + 1e-6) / 100.0


@compiled
def commission(quantity: float, price: float) -> float:
    """Return the commission of one order in USD: 0.005 a share, at least 1.00, at most 1 % of the trade's value."""
    return cents(min(max(1.0, 0.005 * quantity), 0.01 * (quantity * price)))


@compiled
def less_slippage(price: float, slippage_bps: float) -> float:
    """Return what a market sell at `price` brings: less slippage, rounded down to the tick."""
    return round_down(price * (1.0 - slippage_bps / 10000.0))


@compiled
def path(open_: float, high: float, low: float, close: float) -> tuple[float, float, float, float]:
    """Return the four prices that the bar runs through, straight from each to the next.

    Open, low, high, close where the bar closed at or above its open, else open, high, low, close.
    """
    if close >= open_:
        return open_, low, high, close
    return open_, high, low, close


@compiled
def _corner(p0: float, p1: float, p2: float, p3: float, number: int) -> float:
    if number <= 0:
        return p0
    if number == 1:
        return p1
    return p2 if number == _LAST_LEG else p3


@compiled
def price_at(p0: float, p1: float, p2: float, p3: float, position: float) -> float:
    """Return the path's price at `position` (0 to 3)."""
    leg = min(int(position), _LAST_LEG)
    begin = _corner(p0, p1, p2, p3, leg)
    end = _corner(p0, p1, p2, p3, leg + 1)
    fraction = position - leg
    if fraction <= 0.0:
        return begin
    if fraction >= 1.0:
        return end
    return begin + (end - begin) * fraction


@compiled
def first_at_or_below(p0: float, p1: float, p2: float, p3: float, start: float, level: float) -> float:
    """Return the first position from `start` on at which the path is at or below `level`, or -1.0."""
    if price_at(p0, p1, p2, p3, start) <= level:
        return start
    for leg in range(min(int(start), _LAST_LEG), 3):
        end = _corner(p0, p1, p2, p3, leg + 1)
        if end <= level:
            begin = _corner(p0, p1, p2, p3, leg)
            # The path is above the level at max(leg, start), so this leg falls and crosses it after that.
            return max(start, leg + (begin - level) / (begin - end))
    return -1.0


@compiled
def first_at_or_above(p0: float, p1: float, p2: float, p3: float, start: float, level: float) -> float:
    """Return the first position from `start` on at which the path is at or above `level`, or -1.0."""
    return first_at_or_below(-p0, -p1, -p2, -p3, start, -level)


@compiled
def market_sell_fill(open_: float, volume: float, slippage_bps: float) -> float:
    """Return the price at which a market sell for the open fills, or -1.0 in a bar of volume 0 (it waits)."""
    return less_slippage(open_, slippage_bps) if volume > 0.0 else -1.0


@compiled
def entry_fill(open_: float, high: float, low: float, close: float, volume: float, limit: float) -> tuple[float, float]:
    """Return where and at what price a DAY limit buy fills in this bar; position -1.0 when it doesn't.

    At an open at or below the limit it gets the open, else the limit where the path reaches it.
    """
    if not volume > 0.0:
        return -1.0, 0.0
    if open_ <= limit:
        return 0.0, open_
    p0, p1, p2, p3 = path(open_, high, low, close)
    position = first_at_or_below(p0, p1, p2, p3, 0.0, limit)
    return position, limit


@compiled
def bracket_exit(  # noqa: PLR0913, PLR0917 - a bar, a bracket and where to begin are ten numbers
    open_: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    start: float,
    entry_price: float,
    stop: float,
    target: float,
    slippage_bps: float,
) -> tuple[int, float, float]:
    """Return which child of a bracket fills in this bar, where and at what price: (kind, position, price).

    `start` and `entry_price` are the entry's fill when it happened in this very bar, else 0.0 and NaN. Kind is NO_EXIT,
    STOP_EXIT or TARGET_EXIT; a stop's price is less slippage, a target's is not. In a bar of volume 0 nothing fills.
    """
    kind, position, price = NO_EXIT, -1.0, 0.0
    if volume > 0.0:
        p0, p1, p2, p3 = path(open_, high, low, close)
        # Bought at or below its stop, which only an open that gapped can do, it is sold again at that price.
        gapped = entry_price <= stop
        stopped = start if gapped else first_at_or_below(p0, p1, p2, p3, start, stop)
        reached = first_at_or_above(p0, p1, p2, p3, start, target)
        at_open = math.isnan(entry_price)
        if stopped >= 0.0 and (gapped or reached < 0.0 or stopped <= reached):
            level = entry_price if gapped else min(stop, open_) if at_open else stop
            kind, position, price = STOP_EXIT, stopped, less_slippage(level, slippage_bps)
        elif reached >= 0.0:
            kind, position, price = TARGET_EXIT, reached, max(target, open_) if at_open else target
    return kind, position, price

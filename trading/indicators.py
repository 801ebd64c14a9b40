"""Indicators over the bars of one symbol, oldest first, without gaps.

Every function returns a float64 array as long as its input: at *t* the value of the bars up to and including *t*, NaN
until its whole window exists. Windows are summed anew at each bar: a running sum would drift, and the value would
depend on where the data begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trading.market.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def rolling_max(values: Floats, period: int) -> Floats:
    """Return the highest of the last `period` values, the present one included."""
    size = len(values)
    result = np.full(size, np.nan)
    # Places of values that can still become the highest, falling in value; each enters and leaves once.
    queue = np.empty(size, dtype=np.int64)
    head, tail = 0, 0
    for t in range(size):
        while tail > head and values[queue[tail - 1]] <= values[t]:
            tail -= 1
        queue[tail] = t
        tail += 1
        if queue[head] <= t - period:
            head += 1
        if t >= period - 1:
            result[t] = values[queue[head]]
    return result


@compiled
def rolling_min(values: Floats, period: int) -> Floats:
    """Return the lowest of the last `period` values, the present one included."""
    return -rolling_max(-values, period)


@compiled
def rolling_mean(values: Floats, period: int) -> Floats:
    """Return the mean of the last `period` values, the present one included."""
    size = len(values)
    result = np.full(size, np.nan)
    for t in range(period - 1, size):
        total = 0.0
        for i in range(t - period + 1, t + 1):
            total += values[i]
        result[t] = total / period
    return result


@compiled
def lagged(values: Floats, bars: int) -> Floats:
    """Return the value `bars` bars ago."""
    size = len(values)
    result = np.full(size, np.nan)
    for t in range(bars, size):
        result[t] = values[t - bars]
    return result


@compiled
def change(values: Floats, bars: int) -> Floats:
    """Return value / value `bars` bars ago - 1."""
    size = len(values)
    result = np.full(size, np.nan)
    for t in range(bars, size):
        result[t] = values[t] / values[t - bars] - 1.0
    return result


@compiled
def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where `below` is 0 or either is NaN."""
    size = len(above)
    result = np.full(size, np.nan)
    for t in range(size):
        if below[t] != 0.0:
            result[t] = above[t] / below[t]
    return result


@compiled
def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """Return the true range, undefined on the first bar, which has no previous close."""
    size = len(close)
    result = np.full(size, np.nan)
    for t in range(1, size):
        before = close[t - 1]
        result[t] = max(high[t] - low[t], abs(high[t] - before), abs(low[t] - before))
    return result


@compiled
def wilder_atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Return Wilder's average true range: the mean of the first `period`, then ATR += (TR - ATR) / period."""
    ranges = true_range(high, low, close)
    size = len(ranges)
    result = np.full(size, np.nan)
    if size <= period:
        return result
    total = 0.0
    for t in range(1, period + 1):
        total += ranges[t]
    average = total / period
    result[period] = average
    for t in range(period + 1, size):
        average += (ranges[t] - average) / period
        result[t] = average
    return result


@compiled
def bars_since_breakout(close: Floats, channel_high: Floats, window: int) -> Floats:
    """Return the bars since close last exceeded the channel's high of the bar before; 0 on that bar itself.

    Infinite where that was more than `window` bars ago, or never in the data: that is an answer, no missing value.
    """
    size = len(close)
    result = np.full(size, np.inf)
    latest = -1
    for t in range(1, size):
        if close[t] > channel_high[t - 1]:
            latest = t
        if latest >= 0 and t - latest <= window:
            result[t] = t - latest
    return result

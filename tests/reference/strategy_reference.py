"""The signals and sizes of the strategy once more: plain, slow, and sharing no code with the system.

Written from the strategy document alone (its sections 1 to 4), a function for each sentence, with lists, dicts and
floats, so that a reader can hold it against the text. It is the second opinion: where the engine and this file differ,
one of them has misread the document.
"""

from __future__ import annotations

import csv
import gzip
import math
from dataclasses import dataclass, field
from pathlib import Path

DEFAULTS: dict[str, float] = {
    "channel_period": 252,
    "buy_zone": 0.75,
    "breakout_window": 60,
    "slope_period": 20,
    "atr_period": 14,
    "pullback_lookback": 20,
    "pullback_min": 1.0,
    "pullback_max": 4.0,
    "volume_period": 20,
    "min_dollar_volume": 5_000_000,
    "max_relative_volume": 3.0,
    "momentum_period": 126,
    "min_atr_pct": 0.5,
    "max_atr_pct": 6.0,
    "entry_atr": 0.25,
    "stop_atr": 2.5,
    "max_holding_bars": 20,
    "risk_per_trade": 0.01,
    "max_participation": 0.01,
    "max_exposure": 1.0,
    "slippage_bps": 5,
    "MIN_PRICE": 5.0,
    "PROFIT_THRESHOLD": 2.0,
    "ALLOCATION_PER_TRADE": 1000,
    "MAX_POSITION_SIZE": 0.1,
    "MAX_POSITIONS": 10,
    "MAX_DRAWDOWN": 0.2,
}


@dataclass
class Bars:
    """The bars of one symbol, oldest first; a session that it did not trade is not there."""

    dates: list[str] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    close: list[float] = field(default_factory=list)
    volume: list[float] = field(default_factory=list)


@dataclass
class Signal:
    """A buy signal with the prices of its orders."""

    symbol: str
    score: float
    limit: float
    stop: float
    target: float
    mean_volume: float


def read_bars(path: Path) -> dict[str, Bars]:
    """Return the bars of a CSV file, gzip or not, by symbol."""
    opener = gzip.open if path.suffix == ".gz" else open
    rows: dict[str, list[tuple[str, float, float, float, float, float]]] = {}
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            prices = (float(row["open"]), float(row["high"]), float(row["low"]), float(row["close"]))
            rows.setdefault(row["symbol"], []).append((row["date"], *prices, float(row["volume"])))
    return {symbol: bars_of(sorted(rows[symbol])) for symbol in sorted(rows)}


def bars_of(rows: list[tuple[str, float, float, float, float, float]]) -> Bars:
    """Return rows of date, open, high, low, close, volume as columns."""
    return Bars(*(list(column) for column in zip(*rows, strict=True)))


# Rounding.


def tick_of(value: float) -> tuple[float, int]:
    """Tick = 0.01 for a value of 1.00 or more, else 0.0001; and how many of them are in 1.

    A whole number divided by the second is the double nearest to that decimal.
    """
    return (0.01, 100) if value >= 1.0 else (0.0001, 10_000)


def down(value: float) -> float:
    """down(x) = floor(x / tick + 1e-6) × tick, then the double nearest to that decimal."""
    tick, ticks_in_one = tick_of(value)
    return math.floor(value / tick + 1e-6) / ticks_in_one


def up(value: float) -> float:
    """up(x) = ceil(x / tick − 1e-6) × tick, then the double nearest to that decimal."""
    tick, ticks_in_one = tick_of(value)
    return math.ceil(value / tick - 1e-6) / ticks_in_one


def cents(amount: float) -> float:
    """cents(x) = floor(100 × x + 0.5 + 1e-6) / 100."""
    return math.floor(100 * amount + 0.5 + 1e-6) / 100


def commission(quantity: int, price: float) -> float:
    """max(1.00, 0.005 × quantity), at most 1 % of the trade's (unrounded) value, rounded half up to the cent."""
    return cents(min(max(1.00, 0.005 * quantity), 0.01 * quantity * price))


# 1. Indicators. Each list has an item a bar; None is undefined.

Values = list[float | None]


def window_ending_at(column: list[float], bar: int, length: int) -> list[float] | None:
    """Return the last `length` values, `bar` included, or None until that many exist."""
    return column[bar - length + 1 : bar + 1] if bar - length + 1 >= 0 else None


def highest(column: list[float], length: int) -> Values:
    """Highest of the last `length` bars, the bar itself included."""
    windows = (window_ending_at(column, bar, length) for bar in range(len(column)))
    return [None if window is None else max(window) for window in windows]


def lowest(column: list[float], length: int) -> Values:
    """Lowest of the last `length` bars, the bar itself included."""
    windows = (window_ending_at(column, bar, length) for bar in range(len(column)))
    return [None if window is None else min(window) for window in windows]


def mean(column: list[float], length: int) -> Values:
    """Mean of the last `length` bars, the bar itself included."""
    windows = (window_ending_at(column, bar, length) for bar in range(len(column)))
    return [None if window is None else sum(window) / length for window in windows]


def channel_middle(high: Values, low: Values) -> Values:
    """M = (H + L) / 2."""
    pairs = zip(high, low, strict=True)
    return [None if top is None or bottom is None else (top + bottom) / 2 for top, bottom in pairs]


def bars_since_breakout(bars: Bars, channel_high: Values, breakout_window: int) -> list[int | None]:
    """Bars from the latest breakout (close[t] > H[t−1]) at or before each bar; None beyond the window, or none yet."""
    since: list[int | None] = []
    latest: int | None = None
    for bar, close in enumerate(bars.close):
        before = channel_high[bar - 1] if bar >= 1 else None
        if before is not None and close > before:
            latest = bar
        recent = latest is not None and bar - latest <= breakout_window
        since.append(bar - latest if latest is not None and recent else None)
    return since


def true_range(bars: Bars, bar: int) -> float:
    """max(high − low, abs(high − previous close), abs(low − previous close)); `bar` is not the first."""
    high, low, previous_close = bars.high[bar], bars.low[bar], bars.close[bar - 1]
    return max(high - low, abs(high - previous_close), abs(low - previous_close))


def average_true_range(bars: Bars, period: int) -> Values:
    """Wilder: mean of the first `period` true ranges, then ATR += (TR − ATR) / period."""
    atr: Values = [None] * len(bars.close)
    ranges = [true_range(bars, bar) for bar in range(1, len(bars.close))]
    if len(ranges) < period:
        return atr
    value = sum(ranges[:period]) / period
    atr[period] = value
    for bar in range(period + 1, len(bars.close)):
        value += (ranges[bar - 1] - value) / period
        atr[bar] = value
    return atr


def divided(numerator: float, denominator: float) -> float | None:
    """A value whose formula divides by zero is undefined."""
    return None if denominator == 0 else numerator / denominator


class Indicators:
    """All series of one symbol that need more than one bar, for one set of parameters."""

    def __init__(self, bars: Bars, parameters: dict[str, float]) -> None:
        """Compute them over all bars; the value at a bar uses that bar and earlier ones only."""
        channel_period = int(parameters["channel_period"])
        volume_period = int(parameters["volume_period"])
        dollars = [close * volume for close, volume in zip(bars.close, bars.volume, strict=True)]
        self.bars = bars
        self.channel_high = highest(bars.high, channel_period)
        self.channel_low = lowest(bars.low, channel_period)
        self.middle = channel_middle(self.channel_high, self.channel_low)
        self.since_breakout = bars_since_breakout(bars, self.channel_high, int(parameters["breakout_window"]))
        self.atr = average_true_range(bars, int(parameters["atr_period"]))
        self.recent_high = highest(bars.high, int(parameters["pullback_lookback"]))
        self.mean_dollars = mean(dollars, volume_period)
        self.mean_volume = mean(bars.volume, volume_period)

    def middle_before(self, bar: int, slope_period: int) -> float | None:
        """M[t − slope_period]."""
        return self.middle[bar - slope_period] if bar - slope_period >= 0 else None

    def relative_volume(self, bar: int) -> float | None:
        """volume[t] / mean volume of the `volume_period` bars before t (t excluded)."""
        before = self.mean_volume[bar - 1] if bar >= 1 else None
        return None if before is None else divided(self.bars.volume[bar], before)

    def momentum(self, bar: int, period: int) -> float | None:
        """close[t] / close[t − momentum_period] − 1."""
        if bar - period < 0:
            return None
        ratio = divided(self.bars.close[bar], self.bars.close[bar - period])
        return None if ratio is None else ratio - 1


# 2. Buy signal.


def buy_signal(symbol: str, series: Indicators, bar: int, parameters: dict[str, float]) -> Signal | None:
    """Return the signal at `bar` when all of the rules hold and every value is defined."""
    bars = series.bars
    close = bars.close[bar]
    high, low = series.channel_high[bar], series.channel_low[bar]
    middle = series.middle[bar]
    middle_before = series.middle_before(bar, int(parameters["slope_period"]))
    atr = series.atr[bar]
    recent_high = series.recent_high[bar]
    mean_dollars, mean_volume = series.mean_dollars[bar], series.mean_volume[bar]
    relative_volume = series.relative_volume(bar)
    momentum = series.momentum(bar, int(parameters["momentum_period"]))
    if high is None or low is None or middle is None or middle_before is None:
        return None
    if atr is None or recent_high is None or mean_dollars is None or mean_volume is None:
        return None
    if relative_volume is None or momentum is None or atr == 0 or close == 0:
        return None

    depth = (recent_high - close) / atr
    since = series.since_breakout[bar]
    trend = since is not None and close > middle > middle_before
    pullback = parameters["pullback_min"] <= depth <= parameters["pullback_max"]
    price = close >= parameters["MIN_PRICE"]
    volume = mean_dollars >= parameters["min_dollar_volume"] and relative_volume <= parameters["max_relative_volume"]
    volatility = parameters["min_atr_pct"] <= 100 * atr / close <= parameters["max_atr_pct"]
    gap = bars.open[bar] >= bars.low[bar - 1]
    if not (trend and pullback and price and volume and volatility and gap):
        return None

    limit = down(close - parameters["entry_atr"] * atr)
    stop = down(limit - parameters["stop_atr"] * atr)
    buy_zone_line = low + parameters["buy_zone"] * (high - low)
    target = up(max(buy_zone_line, limit) * (1 + parameters["PROFIT_THRESHOLD"] / 100))
    return Signal(symbol, momentum / (atr / close), limit, stop, target, mean_volume)


def bad_prices(signal: Signal) -> bool:
    """A signal with stop ≤ 0, stop ≥ entry limit or target ≤ entry limit is refused."""
    return signal.stop <= 0 or signal.stop >= signal.limit or signal.target <= signal.limit


# 3. Sell signal.


def sell_signal(series: Indicators, entry_bar: int, bar: int, parameters: dict[str, float]) -> str | None:
    """Return the first exit reason that holds for a position entered at `entry_bar`."""
    middle = series.middle[bar]
    if middle is not None and series.bars.close[bar] < middle:
        return "trend_broken"
    if bar - entry_bar >= parameters["max_holding_bars"]:
        return "time_stop"
    return None


# 4. Position size.


def position_size(signal: Signal, equity: float, parameters: dict[str, float]) -> int:
    """floor(min(allocation, risk, concentration, liquidity) + 1e-9)."""
    allocation = parameters["ALLOCATION_PER_TRADE"] / signal.limit
    if parameters["ALLOCATION_PER_TRADE"] == 0:
        allocation = math.inf
    risk = parameters["risk_per_trade"] * equity / (signal.limit - signal.stop)
    concentration = parameters["MAX_POSITION_SIZE"] * equity / signal.limit
    liquidity = parameters["max_participation"] * signal.mean_volume
    return math.floor(min(allocation, risk, concentration, liquidity) + 1e-9)

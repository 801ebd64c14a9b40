"""Buy a pullback inside an established uptrend, sell into the recovery; long only, daily bars.

The trend is a recent breakout of a year's price channel whose middle rises; the pullback is measured in ATRs from the
recent high. The entry is a limit below the close, with a stop and a target from the start.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading import rules
from trading.config import RuleSettings
from trading.indicators import (
    bars_since_breakout,
    change,
    lagged,
    ratio,
    rolling_max,
    rolling_mean,
    rolling_min,
    wilder_atr,
)
from trading.market.compiled import compiled
from trading.market.panel import Panel, SymbolBars
from trading.strategies.base import Strategy
from trading.strategies.parameters import (
    AtrPeriod,
    MaxAtrPct,
    MaxHoldingBars,
    MinAtrPct,
    MinDollarVolume,
    StopAtr,
    StrategyParameters,
    VolumePeriod,
    parameter,
)
from trading.strategies.signals import WARM_UP, Check, SignalPanel, over_symbols

Floats = NDArray[np.float64]

NAMES = (
    "channel_high",
    "channel_low",
    "channel_middle",
    "buy_zone",
    "middle_before",
    "bars_since_breakout",
    "atr",
    "recent_high",
    "pullback",
    "dollar_volume",
    "relative_volume",
    "momentum",
    "score",
    "atr_pct",
    "previous_low",
    "mean_volume",
)
# An ATR forgets its start at (1 - 1 / period) a bar; after this many periods nothing of it is left in a double.
_ATR_PERIODS_TO_FORGET = 54


class TrendMeanReversionParameters(StrategyParameters, frozen=True):
    """The parameters of the strategy, with the defaults of its rules."""

    channel_period: Annotated[int, parameter("window of the price channel", unit="bars", ge=2, le=2000)] = 252
    buy_zone: Annotated[
        float, parameter("height of the buy-zone line in the channel", unit="fraction of the channel", ge=0, le=1)
    ] = 0.75
    breakout_window: Annotated[
        int, parameter("most bars since the last breakout of the channel", unit="bars", ge=0, le=2000)
    ] = 60
    slope_period: Annotated[
        int, parameter("bars over which the channel's middle must have risen", unit="bars", ge=1, le=2000)
    ] = 20
    atr_period: AtrPeriod = 14
    pullback_lookback: Annotated[int, parameter("window of the recent high", unit="bars", ge=1, le=2000)] = 20
    pullback_min: Annotated[float, parameter("least depth of the pullback", unit="ATR", ge=0, le=100)] = 1.0
    pullback_max: Annotated[float, parameter("most depth of the pullback", unit="ATR", ge=0, le=100)] = 4.0
    volume_period: VolumePeriod = 20
    min_dollar_volume: MinDollarVolume = 5e6
    max_relative_volume: Annotated[
        float, parameter("most volume against the mean before", unit="multiple", ge=0, le=1e6)
    ] = 3.0
    momentum_period: Annotated[int, parameter("bars of the momentum that ranks", unit="bars", ge=1, le=2000)] = 126
    min_atr_pct: MinAtrPct = 0.5
    max_atr_pct: MaxAtrPct = 6.0
    entry_atr: Annotated[float, parameter("entry limit below the close", unit="ATR", ge=0, le=100)] = 0.25
    stop_atr: StopAtr = 2.5
    max_holding_bars: MaxHoldingBars = 20


class SignalRules(NamedTuple):
    """The parameters as compiled functions take them."""

    channel_period: int
    buy_zone: float
    breakout_window: int
    slope_period: int
    atr_period: int
    pullback_lookback: int
    pullback_min: float
    pullback_max: float
    volume_period: int
    min_dollar_volume: float
    max_relative_volume: float
    momentum_period: int
    min_atr_pct: float
    max_atr_pct: float
    min_price: float


class Measured(NamedTuple):
    """What the rules of a buy signal look at, of one symbol at one bar."""

    open: float
    close: float
    previous_low: float
    middle: float
    middle_before: float
    bars_since_breakout: float
    pullback: float
    dollar_volume: float
    relative_volume: float
    atr_pct: float


@compiled
def failed_checks(bar: Measured, limits: SignalRules) -> int:
    """Return a bit for each check of TrendMeanReversion.checks that fails; 0 is a buy signal. No value may be NaN."""
    held = (
        bar.bars_since_breakout <= limits.breakout_window,
        bar.close > bar.middle,
        bar.middle > bar.middle_before,
        bar.pullback >= limits.pullback_min,
        bar.pullback <= limits.pullback_max,
        bar.close >= limits.min_price,
        bar.dollar_volume >= limits.min_dollar_volume,
        bar.relative_volume <= limits.max_relative_volume,
        bar.atr_pct >= limits.min_atr_pct,
        bar.atr_pct <= limits.max_atr_pct,
        bar.open >= bar.previous_low,
    )
    failed = 0
    for number, holds in enumerate(held):
        if not holds:
            failed |= 1 << number
    return failed


@compiled
def measure(high: Floats, low: Floats, close: Floats, volume: Floats, limits: SignalRules) -> Floats:
    """Return the values of NAMES over the bars of one symbol, shape (names, bars)."""
    top = rolling_max(high, limits.channel_period)
    bottom = rolling_min(low, limits.channel_period)
    middle = (top + bottom) / 2.0
    atr = wilder_atr(high, low, close, limits.atr_period)
    recent_high = rolling_max(high, limits.pullback_lookback)
    mean_volume = rolling_mean(volume, limits.volume_period)
    momentum = change(close, limits.momentum_period)
    result = np.empty((16, len(close)))
    result[0] = top
    result[1] = bottom
    result[2] = middle
    result[3] = bottom + limits.buy_zone * (top - bottom)
    result[4] = lagged(middle, limits.slope_period)
    result[5] = bars_since_breakout(close, top, limits.breakout_window)
    result[6] = atr
    result[7] = recent_high
    result[8] = ratio(recent_high - close, atr)
    result[9] = rolling_mean(close * volume, limits.volume_period)
    result[10] = ratio(volume, lagged(mean_volume, 1))
    result[11] = momentum
    result[12] = ratio(momentum, atr / close)
    result[13] = 100.0 * atr / close
    result[14] = lagged(low, 1)
    result[15] = mean_volume
    return result


@compiled
def judge(open_: Floats, close: Floats, values: Floats, limits: SignalRules) -> NDArray[np.int32]:
    """Return failed_checks of each bar, WARM_UP where a value is undefined; `values` are those of `measure`."""
    size = len(close)
    failed = np.empty(size, dtype=np.int32)
    for t in range(size):
        defined = True
        for number in range(len(values)):
            if math.isnan(values[number, t]):
                defined = False
        if defined:
            bar = Measured(
                open_[t],
                close[t],
                values[14, t],
                values[2, t],
                values[4, t],
                values[5, t],
                values[8, t],
                values[9, t],
                values[10, t],
                values[13, t],
            )
            failed[t] = failed_checks(bar, limits)
        else:
            failed[t] = WARM_UP
    return failed


class TrendMeanReversion(Strategy):
    """The default strategy."""

    name: ClassVar[str] = "trend_mean_reversion"
    Parameters: ClassVar[type[StrategyParameters]] = TrendMeanReversionParameters

    def __init__(self, parameters: TrendMeanReversionParameters, rule_settings: RuleSettings) -> None:
        """Put the parameters into the forms that the compiled rules take."""
        self.parameters = parameters
        self.min_price = rule_settings.min_price
        self.limits = SignalRules(
            parameters.channel_period,
            float(parameters.buy_zone),
            parameters.breakout_window,
            parameters.slope_period,
            parameters.atr_period,
            parameters.pullback_lookback,
            float(parameters.pullback_min),
            float(parameters.pullback_max),
            parameters.volume_period,
            float(parameters.min_dollar_volume),
            float(parameters.max_relative_volume),
            parameters.momentum_period,
            float(parameters.min_atr_pct),
            float(parameters.max_atr_pct),
            float(rule_settings.min_price),
        )
        self.offsets = rules.BracketRules(
            float(parameters.entry_atr), float(parameters.stop_atr), float(rule_settings.profit_threshold)
        )

    @property
    def warm_up_bars(self) -> int:
        """Bars that must be known for every value to exist."""
        p = self.parameters
        channel = p.channel_period + max(p.breakout_window + 1, p.slope_period)
        return max(channel, *self.needs.values())

    @property
    def fetch_bars(self) -> int:
        """Bars after which the ATR is, to the bit, that of all data."""
        return max(self.warm_up_bars, _ATR_PERIODS_TO_FORGET * self.parameters.atr_period)

    @property
    def needs(self) -> dict[str, int]:
        """Bars that each value takes, in the order in which the first missing one is named."""
        p = self.parameters
        return {
            "channel_high": p.channel_period,
            "channel_low": p.channel_period,
            "channel_middle": p.channel_period,
            "buy_zone": p.channel_period,
            "middle_before": p.channel_period + p.slope_period,
            "atr": p.atr_period + 1,
            "recent_high": p.pullback_lookback,
            "pullback": max(p.atr_period + 1, p.pullback_lookback),
            "dollar_volume": p.volume_period,
            "relative_volume": p.volume_period + 1,
            "momentum": p.momentum_period + 1,
            "score": max(p.momentum_period, p.atr_period) + 1,
            "atr_pct": p.atr_period + 1,
            "previous_low": 2,
            "mean_volume": p.volume_period,
        }

    @property
    def checks(self) -> tuple[Check, ...]:
        """The comparisons of a buy signal, in the order of the bits of `failed_checks`."""
        p = self.parameters
        return (
            Check("trend", "bars_since_breakout", p.breakout_window, "<="),
            Check("trend", "close", "channel_middle", ">"),
            Check("trend", "channel_middle", "middle_before", ">"),
            Check("pullback", "pullback", p.pullback_min, ">="),
            Check("pullback", "pullback", p.pullback_max, "<="),
            Check("price", "close", self.min_price, ">="),
            Check("volume", "dollar_volume", p.min_dollar_volume, ">="),
            Check("volume", "relative_volume", p.max_relative_volume, "<="),
            Check("volatility", "atr_pct", p.min_atr_pct, ">="),
            Check("volatility", "atr_pct", p.max_atr_pct, "<="),
            Check("gap", "open", "previous_low", ">="),
        )

    def generate_signals(self, panel: Panel) -> SignalPanel:
        """Measure and judge all sessions of all symbols."""
        columns, failed, count = over_symbols(panel, NAMES, self._judge)
        return SignalPanel(
            panel=panel,
            columns={"open": panel.open, "close": panel.close, **columns},
            needs=self.needs,
            checks=self.checks,
            failed=failed,
            exit_level=columns["channel_middle"],
            target_base=columns["buy_zone"],
            bar_count=count,
            max_holding_bars=self.parameters.max_holding_bars,
        )

    def _judge(self, bars: SymbolBars) -> tuple[Floats, NDArray[np.int32]]:
        values = measure(bars.high, bars.low, bars.close, bars.volume, self.limits)
        return values, judge(bars.open, bars.close, values, self.limits)

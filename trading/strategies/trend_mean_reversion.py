"""Buy a pullback inside an established uptrend, sell into the recovery; long only, daily bars.

The trend is a recent breakout of a year's price channel whose middle rises; the pullback is measured in ATRs from the
recent high. The entry is a limit below the close, with a stop and a target from the start.
"""

from __future__ import annotations

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
from trading.model.strategy_words import ChartLine, Check, Look, Unit
from trading.strategies.base import Strategy
from trading.strategies.checks import least_dollar_volume, least_price, least_volatility, most_volatility
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
from trading.strategies.signals import SignalPanel, over_symbols

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


class Windows(NamedTuple):
    """The parameters that values are measured by, as a compiled function takes them."""

    channel_period: int
    buy_zone: float
    breakout_window: int
    slope_period: int
    atr_period: int
    pullback_lookback: int
    volume_period: int
    momentum_period: int


@compiled
def measure(high: Floats, low: Floats, close: Floats, volume: Floats, windows: Windows) -> Floats:
    """Return the values of NAMES over the bars of one symbol, shape (names, bars)."""
    top = rolling_max(high, windows.channel_period)
    bottom = rolling_min(low, windows.channel_period)
    middle = (top + bottom) / 2.0
    atr = wilder_atr(high, low, close, windows.atr_period)
    recent_high = rolling_max(high, windows.pullback_lookback)
    mean_volume = rolling_mean(volume, windows.volume_period)
    momentum = change(close, windows.momentum_period)
    result = np.empty((16, len(close)))
    result[0] = top
    result[1] = bottom
    result[2] = middle
    result[3] = bottom + windows.buy_zone * (top - bottom)
    result[4] = lagged(middle, windows.slope_period)
    result[5] = bars_since_breakout(close, top, windows.breakout_window)
    result[6] = atr
    result[7] = recent_high
    result[8] = ratio(recent_high - close, atr)
    result[9] = rolling_mean(close * volume, windows.volume_period)
    result[10] = ratio(volume, lagged(mean_volume, 1))
    result[11] = momentum
    result[12] = ratio(momentum, atr / close)
    result[13] = 100.0 * atr / close
    result[14] = lagged(low, 1)
    result[15] = mean_volume
    return result


class TrendMeanReversion(Strategy):
    """The default strategy."""

    name: ClassVar[str] = "trend_mean_reversion"
    Parameters: ClassVar[type[StrategyParameters]] = TrendMeanReversionParameters
    lines: ClassVar[tuple[ChartLine, ...]] = (
        ChartLine("channel_high", "channel", Look.EDGE, in_scale=True),
        ChartLine("channel_low", "channel", Look.EDGE),
        ChartLine("channel_middle", "middle", Look.MIDDLE),
        ChartLine("buy_zone", "buy zone", Look.LEVEL, in_scale=True),
    )
    exit_level_words: ClassVar[str] = "the channel's middle"

    def __init__(self, parameters: TrendMeanReversionParameters, rule_settings: RuleSettings) -> None:
        """Put the parameters into the forms that compiled functions take."""
        self.parameters = parameters
        self.min_price = rule_settings.min_price
        self.windows = Windows(
            parameters.channel_period,
            float(parameters.buy_zone),
            parameters.breakout_window,
            parameters.slope_period,
            parameters.atr_period,
            parameters.pullback_lookback,
            parameters.volume_period,
            parameters.momentum_period,
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
        """The comparisons of a buy signal, rule by rule."""
        p = self.parameters
        return (
            *_trend(p.breakout_window),
            *_pullback(p.pullback_min, p.pullback_max),
            least_price(self.min_price),
            least_dollar_volume(p.min_dollar_volume),
            Check(
                "volume",
                "relative_volume",
                p.max_relative_volume,
                "<=",
                title="Enough volume",
                passed="Volume was {value} times the usual, not more than {limit}.",
                failed="Volume was {value} times the usual, more than {limit}: something happened.",
            ),
            least_volatility(p.min_atr_pct),
            most_volatility(p.max_atr_pct),
            Check(
                "gap",
                "open",
                "previous_low",
                ">=",
                title="No gap down",
                passed="It opened at {value}, not below the low of the day before, {limit}.",
                failed="It opened at {value}, below the low of the day before, {limit}.",
            ),
        )

    def generate_signals(self, panel: Panel) -> SignalPanel:
        """Measure all sessions of all symbols."""
        columns, count = over_symbols(panel, NAMES, self._measure)
        return SignalPanel(
            panel=panel,
            columns={"open": panel.open, "close": panel.close, **columns},
            needs=self.needs,
            checks=self.checks,
            exit_level=columns["channel_middle"],
            target_base=columns["buy_zone"],
            bar_count=count,
            max_holding_bars=self.parameters.max_holding_bars,
        )

    def _measure(self, bars: SymbolBars) -> Floats:
        return measure(bars.high, bars.low, bars.close, bars.volume, self.windows)


def _trend(breakout_window: int) -> tuple[Check, ...]:
    return (
        Check(
            "trend",
            "bars_since_breakout",
            breakout_window,
            "<=",
            title="In an uptrend",
            passed="It broke out above its channel {value} bars ago; at most {limit} are allowed.",
            failed="The last breakout above the channel is {value} bars old; at most {limit} are allowed.",
            missing="It has not broken out above its channel lately.",
            unit=Unit.COUNT,
        ),
        Check(
            "trend",
            "close",
            "channel_middle",
            ">",
            title="In an uptrend",
            passed="The close, {value}, is above the channel's middle, {limit}.",
            failed="The close, {value}, is not above the channel's middle, {limit}.",
        ),
        Check(
            "trend",
            "channel_middle",
            "middle_before",
            ">",
            title="In an uptrend",
            passed="The channel's middle, {value}, rises: it was {limit}.",
            failed="The channel's middle, {value}, does not rise: it was {limit}.",
        ),
    )


def _pullback(least: float, most: float) -> tuple[Check, ...]:
    return (
        Check(
            "pullback",
            "pullback",
            least,
            ">=",
            title="Pulled back",
            passed="It is {value} ATR below its recent high; at least {limit} are asked.",
            failed="It is only {value} ATR below its recent high; at least {limit} are asked.",
        ),
        Check(
            "pullback",
            "pullback",
            most,
            "<=",
            title="Pulled back",
            passed="It is {value} ATR below its recent high; at most {limit} are allowed.",
            failed="It is {value} ATR below its recent high, more than {limit}: a fall, not a pullback.",
        ),
    )

"""Buy a close above the price channel of the last weeks, sell a close below a shorter one; long only, daily bars.

The plain channel breakout, in the same frame as the default strategy: a limit entry at the close, a stop in ATRs, a far
target. It is also the shortest example of what a strategy needs.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from trading import rules
from trading.config import RuleSettings
from trading.indicators import change, lagged, ratio, rolling_max, rolling_mean, rolling_min, wilder_atr
from trading.market.panel import Panel, SymbolBars
from trading.model.strategy_words import ChartLine, Check, Look
from trading.strategies.base import Strategy
from trading.strategies.checks import least_dollar_volume, least_price, most_volatility
from trading.strategies.parameters import (
    AtrPeriod,
    MaxAtrPct,
    MaxHoldingBars,
    MinDollarVolume,
    StopAtr,
    StrategyParameters,
    TargetAtr,
    VolumePeriod,
    parameter,
)
from trading.strategies.signals import SignalPanel, over_symbols

Floats = NDArray[np.float64]

NAMES = ("entry_high", "exit_low", "trend_mean", "atr", "dollar_volume", "atr_pct", "score", "mean_volume")


class DonchianBreakoutParameters(StrategyParameters, frozen=True):
    """The parameters of the strategy."""

    entry_period: Annotated[int, parameter("window of the channel that is broken", unit="bars", ge=2, le=2000)] = 55
    exit_period: Annotated[int, parameter("window of the channel that ends a position", unit="bars", ge=2, le=2000)] = (
        20
    )
    trend_period: Annotated[
        int, parameter("window of the mean that the close is above", unit="bars", ge=1, le=2000)
    ] = 200
    atr_period: AtrPeriod = 20
    volume_period: VolumePeriod = 20
    min_dollar_volume: MinDollarVolume = 5e6
    max_atr_pct: MaxAtrPct = 6.0
    stop_atr: StopAtr = 2.0
    target_atr: TargetAtr = 8.0
    max_holding_bars: MaxHoldingBars = 80


class DonchianBreakout(Strategy):
    """Channel breakout with a trend filter."""

    name: ClassVar[str] = "donchian_breakout"
    Parameters: ClassVar[type[StrategyParameters]] = DonchianBreakoutParameters
    lines: ClassVar[tuple[ChartLine, ...]] = (
        ChartLine("entry_high", "entry", Look.EDGE, in_scale=True),
        ChartLine("exit_low", "exit", Look.LEVEL),
        ChartLine("trend_mean", "mean", Look.MIDDLE),
    )
    exit_level_words: ClassVar[str] = "the low of the exit channel"

    def __init__(self, parameters: DonchianBreakoutParameters, rule_settings: RuleSettings) -> None:
        """Keep the parameters."""
        self.parameters = parameters
        self.min_price = rule_settings.min_price
        self.offsets = rules.BracketRules(0.0, float(parameters.stop_atr), 0.0)

    @property
    def needs(self) -> dict[str, int]:
        """Bars that each value takes."""
        p = self.parameters
        return {
            "entry_high": p.entry_period + 1,
            "exit_low": p.exit_period + 1,
            "trend_mean": p.trend_period,
            "atr": p.atr_period + 1,
            "dollar_volume": p.volume_period,
            "atr_pct": p.atr_period + 1,
            "score": max(p.entry_period, p.atr_period) + 1,
            "mean_volume": p.volume_period,
        }

    def generate_signals(self, panel: Panel) -> SignalPanel:
        """Measure all sessions of all symbols."""
        p = self.parameters
        columns, count = over_symbols(panel, NAMES, self._measure)
        return SignalPanel(
            panel=panel,
            columns={"close": panel.close, **columns},
            needs=self.needs,
            checks=(
                Check(
                    "breakout",
                    "close",
                    "entry_high",
                    ">",
                    title="Broke out",
                    passed="The close, {value}, broke out above the channel, {limit}.",
                    failed="The close, {value}, is not above the channel, {limit}.",
                ),
                Check(
                    "trend",
                    "close",
                    "trend_mean",
                    ">",
                    title="In an uptrend",
                    passed="The close, {value}, is above its mean, {limit}.",
                    failed="The close, {value}, is not above its mean, {limit}.",
                ),
                least_price(self.min_price),
                least_dollar_volume(p.min_dollar_volume),
                most_volatility(p.max_atr_pct),
            ),
            exit_level=columns["exit_low"],
            target_base=panel.close + p.target_atr * columns["atr"],
            bar_count=count,
            max_holding_bars=p.max_holding_bars,
        )

    def _measure(self, bars: SymbolBars) -> Floats:
        p = self.parameters
        atr = wilder_atr(bars.high, bars.low, bars.close, p.atr_period)
        return np.stack(
            [
                lagged(rolling_max(bars.high, p.entry_period), 1),
                lagged(rolling_min(bars.low, p.exit_period), 1),
                rolling_mean(bars.close, p.trend_period),
                atr,
                rolling_mean(bars.close * bars.volume, p.volume_period),
                100.0 * atr / bars.close,
                ratio(change(bars.close, p.entry_period), atr / bars.close),
                rolling_mean(bars.volume, p.volume_period),
            ]
        )

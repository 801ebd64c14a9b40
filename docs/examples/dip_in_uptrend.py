"""Buy the lowest close of two weeks while the close is above its long mean; sell when it falls below that mean."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from trading import rules
from trading.config import RuleSettings
from trading.indicators import change, lagged, ratio, rolling_mean, rolling_min, wilder_atr
from trading.market.panel import Panel, SymbolBars
from trading.model.strategy_words import ChartLine, Check, Look
from trading.strategies.base import Strategy
from trading.strategies.checks import least_price
from trading.strategies.parameters import MaxHoldingBars, StopAtr, StrategyParameters, TargetAtr, parameter
from trading.strategies.signals import SignalPanel, over_symbols

NAMES = ("trend_mean", "lowest_before", "atr", "score", "mean_volume")


class DipInUptrendParameters(StrategyParameters, frozen=True):
    """The parameters of the strategy."""

    trend_period: Annotated[int, parameter("window of the mean", unit="bars", ge=2, le=2000)] = 100
    dip_period: Annotated[int, parameter("window of the lowest close", unit="bars", ge=1, le=250)] = 10
    stop_atr: StopAtr = 2.0
    target_atr: TargetAtr = 3.0
    max_holding_bars: MaxHoldingBars = 15


class DipInUptrend(Strategy):
    """A dip in an uptrend."""

    name: ClassVar[str] = "dip_in_uptrend"
    Parameters: ClassVar[type[StrategyParameters]] = DipInUptrendParameters
    # Of the values below, those that a chart shows.
    lines: ClassVar[tuple[ChartLine, ...]] = (ChartLine("trend_mean", "mean", Look.MIDDLE),)

    def __init__(self, parameters: DipInUptrendParameters, rule_settings: RuleSettings) -> None:
        """Keep the parameters."""
        self.parameters = parameters
        self.min_price = rule_settings.min_price
        # Entry limit at the close itself, stop in ATRs below it, target at `target_base`.
        self.offsets = rules.BracketRules(0.0, float(parameters.stop_atr), 0.0)

    @property
    def needs(self) -> dict[str, int]:
        """Bars that each value takes."""
        p = self.parameters
        return {
            "trend_mean": p.trend_period,
            "lowest_before": p.dip_period + 1,
            "atr": 15,
            "score": max(p.trend_period, 14) + 1,
            "mean_volume": 20,
        }

    def generate_signals(self, panel: Panel) -> SignalPanel:
        """Measure all sessions of all symbols."""
        columns, count = over_symbols(panel, NAMES, self._measure)
        return SignalPanel(
            panel=panel,
            columns={"close": panel.close, **columns},
            needs=self.needs,
            checks=(  # all must hold for a buy signal; pages and `explain` say them with their values
                Check("trend", "close", "trend_mean", ">", failed="The close, {value}, is below its mean, {limit}."),
                Check("dip", "close", "lowest_before", "<="),
                least_price(self.min_price),
            ),
            exit_level=columns["trend_mean"],
            target_base=panel.close + self.parameters.target_atr * columns["atr"],
            bar_count=count,
            max_holding_bars=self.parameters.max_holding_bars,
        )

    def _measure(self, bars: SymbolBars) -> NDArray[np.float64]:
        p = self.parameters
        atr = wilder_atr(bars.high, bars.low, bars.close, 14)
        return np.stack(
            [
                rolling_mean(bars.close, p.trend_period),
                lagged(rolling_min(bars.close, p.dip_period), 1),
                atr,
                ratio(change(bars.close, p.trend_period), atr / bars.close),
                rolling_mean(bars.volume, 20),
            ]
        )

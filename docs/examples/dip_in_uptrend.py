"""Buy the lowest close of two weeks while the close is above its long mean; sell when it falls below that mean."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from trading import rules
from trading.config import RuleSettings
from trading.indicators import change, lagged, ratio, rolling_mean, rolling_min, wilder_atr
from trading.market.panel import Panel, SymbolBars
from trading.strategies.base import Strategy
from trading.strategies.parameters import MaxHoldingBars, StopAtr, StrategyParameters, TargetAtr, parameter
from trading.strategies.signals import Check, SignalPanel, failed_bits, over_symbols

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
        """Measure and judge all sessions of all symbols."""
        columns, failed, count = over_symbols(panel, NAMES, self._judge)
        return SignalPanel(
            panel=panel,
            columns={"close": panel.close, **columns},
            needs=self.needs,
            checks=(  # bit by bit what `_judge` compares; `explain` shows them with their values
                Check("trend", "close", "trend_mean", ">"),
                Check("dip", "close", "lowest_before", "<="),
                Check("price", "close", self.min_price, ">="),
            ),
            failed=failed,
            exit_level=columns["trend_mean"],
            target_base=panel.close + self.parameters.target_atr * columns["atr"],
            bar_count=count,
            max_holding_bars=self.parameters.max_holding_bars,
        )

    def _judge(self, bars: SymbolBars) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        p = self.parameters
        mean = rolling_mean(bars.close, p.trend_period)
        lowest = lagged(rolling_min(bars.close, p.dip_period), 1)
        atr = wilder_atr(bars.high, bars.low, bars.close, 14)
        score = ratio(change(bars.close, p.trend_period), atr / bars.close)
        values = np.stack([mean, lowest, atr, score, rolling_mean(bars.volume, 20)])
        holds = (bars.close > mean, bars.close <= lowest, bars.close >= self.min_price)
        return values, failed_bits(holds, values)

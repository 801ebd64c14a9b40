"""Small set-ups of the decision for tests: short windows, so that short series give signals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trading.config import Settings, with_overrides
from trading.decision import DecisionSystem, MarketView
from trading.market.panel import Panel
from trading.model.decision import Holding, RiskState
from trading.position_manager import account_equity
from trading.strategies.discovery import make_strategy

SHORT: Mapping[str, object] = {
    "channel_period": 20,
    "breakout_window": 15,
    "slope_period": 3,
    "atr_period": 5,
    "pullback_lookback": 6,
    "pullback_min": 0.3,
    "volume_period": 5,
    "momentum_period": 10,
    "min_dollar_volume": 1000.0,
    "max_holding_bars": 6,
}


def settings_of(*overrides: str, short: bool = True) -> Settings:
    """Return the default settings with NAME=VALUE over them, by default with short windows."""
    windows = [f"strategy.trend_mean_reversion.{name}={value}" for name, value in SHORT.items()] if short else []
    return with_overrides(Settings(state_dir=Path("nowhere")), [*windows, *overrides])


def system_of(*overrides: str, short: bool = True) -> DecisionSystem:
    """Return the stages under such settings."""
    settings = settings_of(*overrides, short=short)
    return DecisionSystem.build(settings, make_strategy(settings))


def view_of(
    panel: Panel,
    row: int,
    *,
    cash: float = 100_000.0,
    holdings: tuple[Holding, ...] = (),
    risk: RiskState | None = None,
    skipped: Mapping[str, str] | None = None,
) -> MarketView:
    """Return the view of an account after the close of `row`."""
    equity = account_equity(panel, row, cash, holdings)
    return MarketView(panel, row, cash, equity, holdings, risk or RiskState(), skipped or {})

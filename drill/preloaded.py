"""Loaded once, by the process that trading processes are forked from: what takes longest at a start is done here.

Every process then has the same calendar and the same machine code, and all else that a start does is done by itself.
"""

from __future__ import annotations

from datetime import date

from drill.world import CONFIG
from trading.backtest.engine import BacktestPlan, run_step
from trading.bootstrap import BUNDLED_BARS, trading_calendar
from trading.config import load_settings
from trading.decision import DecisionSystem
from trading.market.bar_files import load_bars
from trading.market.panel import Panel
from trading.strategies.discovery import make_strategy

_FIRST = date(2014, 1, 2)
_LAST = date(2014, 3, 3)


def _small() -> Panel:
    whole = load_bars(BUNDLED_BARS)
    return whole.select(whole.symbols[:2]).cut(_LAST)


def _load_machine_code() -> None:
    """Decide once, so that the compiled functions are loaded."""
    settings = load_settings({"GATEWAY": "simulated"}, CONFIG)
    system = DecisionSystem.build(settings, make_strategy(settings))
    run_step(_small(), system, BacktestPlan(10_000.0, settings.execution.slippage_bps, start=_FIRST))


CALENDAR = trading_calendar()
_load_machine_code()

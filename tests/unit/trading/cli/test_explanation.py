from __future__ import annotations

import operator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from trading.cli.explanation import explained, funnel
from trading.config import Settings, load_settings, with_overrides
from trading.decision import DecisionSystem, MarketView, decide
from trading.market.bar_files import load_bars
from trading.market.panel import Panel
from trading.model.decision import Approved, RiskState
from trading.strategies.discovery import make_strategy, strategy_names

ROOT = Path(__file__).resolve().parents[4]
RELATIONS = {">": operator.gt, ">=": operator.ge, "<=": operator.le}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return load_bars(ROOT / "data" / "us_daily.csv.gz")


def settings_of(*assignments: str) -> Settings:
    return with_overrides(load_settings({}, ROOT / "config.json"), assignments)


def system_of(settings: Settings) -> DecisionSystem:
    return DecisionSystem.build(settings, make_strategy(settings))


@pytest.mark.parametrize("strategy", strategy_names())
def test_every_check_says_the_relation_by_which_the_strategy_judged(panel: Panel, strategy: str) -> None:
    signals = system_of(settings_of(f"strategy.name={strategy}")).strategy.generate_signals(panel)
    judged = signals.failed >= 0

    assert judged.any()
    for number, check in enumerate(signals.checks):
        limit = signals.columns[check.limit] if isinstance(check.limit, str) else check.limit
        holds = RELATIONS[check.relation](signals.columns[check.measure], limit)
        assert np.array_equal(holds[judged], (signals.failed >> number & 1 == 0)[judged]), check


def test_funnel_ends_with_the_signals(panel: Panel) -> None:
    signals = system_of(settings_of()).strategy.generate_signals(panel)

    for row in range(0, len(panel.sessions), 50):
        steps = funnel(signals, row)
        left = [len(panel.symbols), *(step.left for step in steps)]
        assert left == sorted(left, reverse=True)
        assert steps[-1].left == len(signals.signal_columns(row))


def test_candidate_is_explained_with_the_order_that_was_decided(panel: Panel) -> None:
    settings = settings_of()
    system = system_of(settings)
    row = panel.row(date(2017, 5, 24))
    assert row is not None
    decision = decide(MarketView(panel, row, 1e5, 1e5, (), RiskState()), system)

    for entry in decision.entries:
        explanation = explained(entry.symbol, panel, decision, system, settings.sizing)

        assert explanation.signal
        assert explanation.verdict == entry
        assert explanation.quantity == entry.quantity
        assert explanation.prices is not None
        assert explanation.prices.limit == entry.limit_price
        smallest = min(size.shares for size in explanation.sizes if size.shares is not None)
        assert int(smallest) == entry.quantity
        assert isinstance(explanation.verdict, Approved)


def test_cap_that_is_off_has_no_size(panel: Panel) -> None:
    settings = settings_of("ALLOCATION_PER_TRADE=0")
    system = system_of(settings)
    decision = decide(MarketView(panel, len(panel.sessions) - 1, 1e5, 1e5, (), RiskState()), system)

    explanation = explained("AAPL", panel, decision, system, settings.sizing)

    assert {size.cap: size.shares is None for size in explanation.sizes} == {
        "allocation": True,
        "risk": False,
        "concentration": False,
        "liquidity": False,
    }
    assert explanation.verdict is None
    assert not explanation.signal

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_panel
from tests.fakes.stages import settings_of, system_of, view_of
from trading.config import RuleSettings
from trading.decision import decide
from trading.market.panel import build_panel
from trading.model.decision import ExitReason, Holding
from trading.strategies.base import US_LADDER
from trading.strategies.discovery import make_strategy
from trading.strategies.donchian_breakout import DonchianBreakout, DonchianBreakoutParameters

SHORT = ("strategy.name=donchian_breakout", "entry_period=8", "exit_period=4", "trend_period=12", "atr_period=5")
SMALL = DonchianBreakout(
    DonchianBreakoutParameters(
        entry_period=5, exit_period=3, trend_period=6, atr_period=3, volume_period=4, min_dollar_volume=1000.0
    ),
    RuleSettings(),
)
FLAT = [(50.0, 51.0, 49.0, 50.0, 1e5)] * 10


def test_close_above_the_channel_is_a_signal_and_on_it_is_none() -> None:
    for close, expected in ((51.0, ["breakout"]), (51.01, [])):
        signals = SMALL.generate_signals(build_panel({"A": bars_of([*FLAT, (50.0, 52.0, 50.0, close, 1e5)])}))
        assert [reason.code for reason in signals.reasons(10, 0)] == expected


def test_close_below_the_short_channel_is_a_sale_and_on_it_is_none() -> None:
    system = system_of(*SHORT, short=False)
    for close, expected in ((49.0, []), (48.99, [ExitReason.TREND_BROKEN])):
        panel = build_panel({"A": bars_of([*FLAT, (50.0, 50.0, 48.0, close, 1e5)])})
        holding = Holding("A", 10, panel.day(5), 50.0, 40.0, 60.0)
        decision = decide(view_of(panel, 10, holdings=(holding,)), system)
        assert [order.reason for order in decision.exits] == expected


def test_prices_are_in_atrs_around_the_close() -> None:
    panel = build_panel({"A": bars_of([*FLAT, (50.0, 52.0, 50.0, 52.0, 1e5)])})
    signals = SMALL.generate_signals(panel)
    prices = SMALL.order_prices(signals, 10, 0, US_LADDER)
    assert (prices.limit, prices.stop, prices.target) == (52.0, 48.0, 68.0)


def test_row_of_all_data_equals_last_row_of_the_data_cut_there() -> None:
    strategy = make_strategy(settings_of(*SHORT, short=False))
    for seed in range(5):
        panel = random_panel(seed)
        whole = strategy.generate_signals(panel)
        for row in range(0, len(panel.sessions), 7):
            cut = strategy.generate_signals(panel.cut(panel.day(row)))
            assert np.array_equal(whole.failed[row], cut.failed[-1])
            for name in whole.columns:
                assert np.array_equal(whole.columns[name][row], cut.columns[name][-1], equal_nan=True), name


@pytest.mark.parametrize(("name", "bars"), [("trend_period", 200), ("entry_period", 301)])
def test_bars_to_know_follow_the_longest_window(name: str, bars: int) -> None:
    value = bars - (name == "entry_period")
    parameters = DonchianBreakoutParameters(**{name: value})
    assert DonchianBreakout(parameters, RuleSettings()).warm_up_bars == bars

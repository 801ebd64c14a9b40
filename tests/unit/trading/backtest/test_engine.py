from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.reference.comparison import CONFIG, panel_of
from tests.reference.made_up_market import made_up_market
from trading.backtest.engine import BacktestPlan, Progress, decision_rows, run_step
from trading.backtest.result import BacktestResult
from trading.config import load_settings, with_overrides
from trading.decision import DecisionSystem
from trading.errors import DataError
from trading.market.bar_files import load_bars
from trading.market.panel import Panel
from trading.model.decision import Decision, ExitReason
from trading.strategies.discovery import make_strategy

BUNDLED = Path(__file__).resolve().parents[4] / "data" / "us_daily.csv.gz"
SHORT = (
    "channel_period=30",
    "breakout_window=25",
    "slope_period=5",
    "momentum_period=20",
    "volume_period=10",
    "pullback_lookback=8",
    "atr_period=7",
    "max_holding_bars=8",
    "min_dollar_volume=100000",
    "MIN_PRICE=0",
    "pullback_min=0.3",
)


def system_of(*assignments: str) -> DecisionSystem:
    settings = with_overrides(load_settings({}, CONFIG), assignments)
    return DecisionSystem.build(settings, make_strategy(settings))


@pytest.fixture(scope="module")
def market() -> Panel:
    return panel_of(made_up_market(5, 30, 260))


def run(panel: Panel, *assignments: str, start: date | None = None, end: date | None = None) -> BacktestResult:
    return run_step(panel, system_of(*SHORT, *assignments), BacktestPlan(50_000.0, 5.0, start, end))


def test_nothing_fills_on_the_first_day_and_every_session_has_one_point(market: Panel) -> None:
    start = market.day(100)

    result = run(market, "risk.profile=strategy", start=start)

    assert result.equity[0].session == start
    assert (result.equity[0].cash, result.equity[0].positions) == (50_000.0, 0)
    assert [point.session for point in result.equity] == market.sessions[100:].tolist()
    assert all(trade.entry_session > start for trade in result.trades)


def test_decision_of_the_last_day_is_placed_and_not_filled(market: Panel) -> None:
    decisions: list[Decision] = []
    plan = BacktestPlan(50_000.0, 5.0, end=market.day(180))

    result = run_step(market, system_of(*SHORT), plan, on_decision=decisions.append)

    assert result.equity[-1].session == market.day(180)
    assert result.orders_placed == sum(len(decision.entries) for decision in decisions)
    assert result.orders_filled == len(result.trades) + len(result.open_positions)
    assert all(trade.exit_session <= market.day(180) for trade in result.trades)


def test_bars_after_the_end_change_nothing(market: Panel) -> None:
    end = market.day(180)

    assert run(market, end=end) == run(market.cut(end), end=end)


def test_bars_before_the_start_feed_the_indicators(market: Panel) -> None:
    result = run(market, "risk.profile=strategy", start=market.day(60))

    # Its channel alone takes 30 bars: only those before the start can have fed it.
    assert result.trades[0].entry_session < market.day(80)


def test_same_input_gives_the_same_result(market: Panel) -> None:
    assert run(market) == run(market)


def test_cash_and_pnl_agree_at_the_end(market: Panel) -> None:
    result = run(market, "risk.profile=strategy")
    marked = sum(position.unrealised_pnl for position in result.open_positions)

    assert result.trades
    assert result.equity[-1].equity == pytest.approx(
        result.starting_cash + sum(trade.pnl for trade in result.trades) + marked, abs=1e-6
    )


def test_symbol_that_stops_trading_is_closed_as_delisted_after_ten_sessions() -> None:
    found = [
        (panel, trade)
        for seed in range(4)
        for panel in [panel_of(made_up_market(seed, 40, 260))]
        for trade in run(panel, "risk.profile=strategy").trades
        if trade.exit_reason is ExitReason.DELISTED
    ]

    assert found
    for panel, trade in found:
        column, row = panel.column(trade.symbol), panel.row(trade.exit_session)
        assert row is not None
        assert np.isnan(panel.close[row - 9 : row + 1, column]).all()
        assert trade.exit_price == panel.close[row - 10, column]


def test_stop_outs_pause_entries_in_the_standard_profile_only(market: Panel) -> None:
    pausing = ("risk.max_stop_outs=1", "risk.pause_sessions=5")

    assert run(market, *pausing).refusals["repeat"] > 0
    assert "repeat" not in run(market, *pausing, "risk.profile=strategy").refusals


def test_drawdown_latch_is_named_with_its_day_and_ends_entries(market: Panel) -> None:
    result = run(market, "MAX_DRAWDOWN=0.002", "risk.profile=strategy")

    assert result.halted_on is not None
    latched = next(point for point in result.equity if point.session == result.halted_on)
    assert latched.drawdown >= 0.002
    assert all(trade.entry_session <= result.halted_on for trade in result.trades)
    assert result.refusals["drawdown_halt"] > 0


def test_progress_counts_every_session(market: Panel) -> None:
    seen: list[Progress] = []

    run_step(market, system_of(), BacktestPlan(1000.0, 5.0, end=market.day(9)), on_progress=seen.append)

    assert seen == [Progress(number, 10) for number in range(1, 11)]


def test_days_without_any_bar_are_refused_with_what_the_data_has() -> None:
    panel = load_bars(BUNDLED)

    with pytest.raises(DataError, match="the data has 2013-02-08 to 2018-02-07"):
        decision_rows(panel, date(2019, 1, 1), None)


def test_start_and_end_on_days_without_a_session_bound_those_between() -> None:
    panel = load_bars(BUNDLED)

    rows = decision_rows(panel, date(2014, 1, 4), date(2014, 1, 11))

    assert [panel.day(row).isoformat() for row in rows] == [f"2014-01-{day:02d}" for day in (6, 7, 8, 9, 10)]


FULL = ("risk.profile=strategy", "ALLOCATION_PER_TRADE=0", "MAX_POSITION_SIZE=1", "MAX_POSITIONS=6")


def test_cash_account_buys_with_no_money_of_the_session_s_own_sales(market: Panel) -> None:
    free, cash = (run(market, *FULL, f"risk.account_rules={rules}") for rules in ("none", "cash"))
    assert cash.trades != free.trades
    sold: defaultdict[date, float] = defaultdict(float)
    for trade in cash.trades:
        sold[trade.exit_session] += trade.quantity * trade.exit_price - trade.commission
    bought: defaultdict[date, float] = defaultdict(float)
    for trade in cash.trades:
        bought[trade.entry_session] += trade.quantity * trade.entry_price
    for lot in cash.open_positions:
        bought[lot.entry_session] += lot.quantity * lot.entry_price
    for before, after in pairwise(cash.equity):
        assert bought[after.session] <= before.cash - sold[before.session] + 50.0


def test_small_margin_account_makes_at_most_three_day_trades_in_five_sessions(market: Panel) -> None:
    tight = (*FULL, "stop_atr=0.4", "PROFIT_THRESHOLD=0.2", "risk.pdt_equity=1e9")
    free, counted = (run(market, *tight, f"risk.account_rules={rules}") for rules in ("none", "pdt"))

    def most(result: BacktestResult) -> int:
        rows = [market.row(trade.exit_session) or 0 for trade in result.trades if trade.within_a_day]
        return max(sum(row <= other < row + 5 for other in rows) for row in rows)

    assert most(free) > 3
    assert most(counted) <= 3
    assert counted.refusals["day_trades"] > 0
    over = run(market, *tight, "risk.account_rules=pdt", f"risk.pdt_ends={market.day(0)}")
    assert over.trades == free.trades

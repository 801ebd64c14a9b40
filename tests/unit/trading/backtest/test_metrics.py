from __future__ import annotations

import math
import statistics
from datetime import date, timedelta

import numpy as np
import pytest

from trading.backtest import metrics
from trading.backtest.result import BacktestResult, ClosedTrade, OpenPosition
from trading.model.account import EquityPoint
from trading.model.decision import ExitReason

START = date(2020, 1, 1)


def points(*equity: float, cash: float = 0.0) -> tuple[EquityPoint, ...]:
    return tuple(
        EquityPoint(START + timedelta(days=number), cash, value, 1, 0.0) for number, value in enumerate(equity)
    )


def trade(pnl: float) -> ClosedTrade:
    return ClosedTrade("AAA", 10, START, 100.0, START, 110.0, ExitReason.TARGET, 2.0, pnl)


def result(
    equity: tuple[EquityPoint, ...], *trades: ClosedTrade, still_open: tuple[OpenPosition, ...] = ()
) -> BacktestResult:
    return BacktestResult("step", 100.0, trades, equity, still_open, 0, 0, {}, {})


def test_growth_of_a_tenth_over_exactly_a_year_is_a_tenth() -> None:
    year = (EquityPoint(START, 0.0, 100.0, 0, 0.0), EquityPoint(date(2024, 1, 1), 0.0, 100.0 * 1.1**4, 0, 0.0))

    assert metrics.cagr(year) == pytest.approx(0.1, abs=1e-12)


def test_growth_needs_more_than_one_day_and_a_rate_that_a_double_holds() -> None:
    assert metrics.cagr(points(100.0)) is None
    assert metrics.cagr(points(1.0, 1e9)) is None


def test_volatility_and_sharpe_follow_the_sample_deviation_of_daily_returns() -> None:
    returns = [0.01, -0.02, 0.03, 0.005]
    expected = statistics.stdev(returns) * math.sqrt(252)

    assert metrics.volatility(np.array(returns)) == pytest.approx(expected)
    assert metrics.sharpe(np.array(returns)) == pytest.approx(statistics.mean(returns) * 252 / expected)


def test_sortino_counts_only_losses_and_divides_by_all_sessions() -> None:
    returns = [0.01, -0.02, 0.03, -0.01]
    downside = math.sqrt((0.02**2 + 0.01**2) / 4)

    assert metrics.sortino(np.array(returns)) == pytest.approx(statistics.mean(returns) / downside * math.sqrt(252))


def test_ratios_without_a_spread_are_absent() -> None:
    flat = np.zeros(5)

    assert metrics.sharpe(flat) is None
    assert metrics.sortino(flat) is None
    assert metrics.volatility(np.zeros(1)) is None


def test_drawdown_lasts_from_its_peak_to_the_recovery() -> None:
    assert metrics.max_drawdown(np.array([100.0, 120.0, 90.0, 110.0, 120.0, 119.0])) == (0.25, 3)


def test_drawdown_that_never_recovers_lasts_to_the_end() -> None:
    deepest, length = metrics.max_drawdown(np.array([100.0, 80.0, 90.0, 70.0]))

    assert deepest == pytest.approx(0.3)
    assert length == 3


def test_rising_equity_has_no_drawdown_and_no_calmar() -> None:
    assert metrics.max_drawdown(np.array([1.0, 2.0, 3.0])) == (0.0, 0)
    assert metrics.calmar(0.1, 0.0) is None


def test_trade_figures_count_what_is_left_after_commissions() -> None:
    trades = [trade(30.0), trade(-10.0), trade(0.0), trade(-5.0)]

    assert metrics.win_rate(trades) == 0.25
    assert metrics.profit_factor(trades) == 2.0
    assert metrics.expectancy(trades) == 3.75


def test_no_trades_and_no_losses_give_no_figures() -> None:
    assert metrics.win_rate([]) is None
    assert metrics.expectancy([]) is None
    assert metrics.profit_factor([trade(1.0)]) is None


def test_exposure_is_the_mean_fraction_in_positions() -> None:
    half = (EquityPoint(START, 50.0, 100.0, 1, 0.0), EquityPoint(START, 100.0, 100.0, 0, 0.0))

    assert metrics.exposure(half) == 0.25


def test_turnover_is_the_lesser_of_purchases_and_sales_over_mean_equity_a_year() -> None:
    year = (EquityPoint(START, 0.0, 1000.0, 0, 0.0), EquityPoint(date(2021, 1, 1), 0.0, 3000.0, 0, 0.0))
    still_open = OpenPosition("BBB", 50, START, 100.0, 100.0, 0.0)

    measured = metrics.turnover(result(year, trade(1.0), still_open=(still_open,)))

    assert measured == pytest.approx(10 * 110.0 / 2000.0 * 365.25 / 366)


def test_all_figures_of_a_run_are_finite_or_absent() -> None:
    measured = metrics.measure(result(points(100.0, 101.0, 99.0, 103.0), trade(3.0)))

    assert measured.total_return == pytest.approx(0.03)
    assert measured.max_drawdown_sessions == 2
    assert measured.commissions == 2.0

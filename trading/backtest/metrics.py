"""Figures of a backtest, each with its formula; a figure that the data can't give is None, never 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.backtest.result import BacktestResult, ClosedTrade
from trading.model.account import EquityPoint

SESSIONS_A_YEAR = 252
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Performance:
    """Fractions are of 1 (0.05 is 5 %); `expectancy` and `commissions` are in USD, lengths in sessions."""

    total_return: float
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_sessions: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    exposure: float
    turnover: float | None
    commissions: float


def measure(result: BacktestResult) -> Performance:
    """Return all figures; `result` has at least one equity point."""
    equity = np.array([point.equity for point in result.equity])
    returns = daily_returns(equity)
    growth = cagr(result.equity)
    deepest, length = max_drawdown(equity)
    return Performance(
        total_return=float(equity[-1] / equity[0] - 1.0),
        cagr=growth,
        volatility=volatility(returns),
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        calmar=calmar(growth, deepest),
        max_drawdown=deepest,
        max_drawdown_sessions=length,
        win_rate=win_rate(result.trades),
        profit_factor=profit_factor(result.trades),
        expectancy=expectancy(result.trades),
        exposure=exposure(result.equity),
        turnover=turnover(result),
        commissions=math.fsum(trade.commission for trade in result.trades),
    )


def daily_returns(equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return equity[t] / equity[t−1] − 1 for every session after the first."""
    return equity[1:] / equity[:-1] - 1.0


def cagr(points: Sequence[EquityPoint]) -> float | None:
    """Return the compound annual growth rate, (last / first)^(1 / years) − 1, in years of 365.25 calendar days.

    Source: the geometric mean return of any textbook; GIPS annualises the same way.
    """
    years = (points[-1].session - points[0].session).days / DAYS_A_YEAR
    if years <= 0.0:
        return None
    ratio = points[-1].equity / points[0].equity
    try:
        return float(max(ratio, 0.0) ** (1.0 / years) - 1.0)
    except OverflowError:  # A doubling in a few days is no rate for a year.
        return None


def volatility(returns: NDArray[np.float64]) -> float | None:
    """Return the annualised sample standard deviation of daily returns, s × √252.

    Source: Hull, Options, Futures, and Other Derivatives, estimating volatility from historical data.
    """
    if returns.size < 2:  # noqa: PLR2004 - a sample deviation needs two values
        return None
    return float(np.std(returns, ddof=1) * math.sqrt(SESSIONS_A_YEAR))


def sharpe(returns: NDArray[np.float64]) -> float | None:
    """Return the annualised Sharpe ratio at a risk-free rate of 0, mean / s × √252.

    Source: W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21(1), 1994.
    """
    spread = volatility(returns)
    if not spread:
        return None
    return float(np.mean(returns) * SESSIONS_A_YEAR / spread)


def sortino(returns: NDArray[np.float64]) -> float | None:
    """Return the annualised Sortino ratio at a target of 0, mean / √(mean(min(r, 0)²)) × √252.

    Source: F. A. Sortino, L. N. Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3(3),
    1994.
    """
    if returns.size == 0:
        return None
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    if downside == 0.0:
        return None
    return float(np.mean(returns) / downside * math.sqrt(SESSIONS_A_YEAR))


def calmar(growth: float | None, deepest: float) -> float | None:
    """Return the Calmar ratio, CAGR / maximum drawdown, here over the whole period instead of 36 months.

    Source: T. W. Young, Calmar Ratio: A Smoother Tool, Futures, October 1991.
    """
    return None if growth is None or deepest == 0.0 else growth / deepest


def max_drawdown(equity: NDArray[np.float64]) -> tuple[float, int]:
    """Return the deepest fall from a peak, max(1 − equity / peak so far), and how many sessions it lasted.

    It lasts from the peak's session to the first one back at that peak, or to the end of the data.
    Source: M. Magdon-Ismail, A. Atiya, Maximum Drawdown, Risk 17(10), 2004.
    """
    peaks = np.maximum.accumulate(equity)
    falls = 1.0 - equity / peaks
    bottom = int(np.argmax(falls))
    if falls[bottom] <= 0.0:
        return 0.0, 0
    begin = int(np.flatnonzero(equity[: bottom + 1] == peaks[bottom])[-1])
    recovered = np.flatnonzero(equity[bottom:] >= peaks[bottom])
    end = bottom + int(recovered[0]) if recovered.size else equity.size - 1
    return float(falls[bottom]), end - begin


def win_rate(trades: Sequence[ClosedTrade]) -> float | None:
    """Return the fraction of trades with pnl > 0 after commissions.

    Source: R. Pardo, The Evaluation and Optimization of Trading Strategies, 2008.
    """
    return sum(trade.pnl > 0.0 for trade in trades) / len(trades) if trades else None


def profit_factor(trades: Sequence[ClosedTrade]) -> float | None:
    """Return the sum of winning pnl / the sum of losing pnl; None without a loss.

    Source: R. Pardo, The Evaluation and Optimization of Trading Strategies, 2008.
    """
    lost = math.fsum(-trade.pnl for trade in trades if trade.pnl < 0.0)
    return math.fsum(trade.pnl for trade in trades if trade.pnl > 0.0) / lost if lost else None


def expectancy(trades: Sequence[ClosedTrade]) -> float | None:
    """Return the mean pnl of a trade in USD after commissions.

    Source: V. K. Tharp, Trade Your Way to Financial Freedom, 1998, with dollars instead of multiples of the risk.
    """
    return math.fsum(trade.pnl for trade in trades) / len(trades) if trades else None


def exposure(points: Sequence[EquityPoint]) -> float:
    """Return the mean over sessions of the fraction of equity that is in positions, (equity − cash) / equity.

    Source: the usual meaning of gross exposure for a long-only account, averaged over time.
    """
    return float(np.mean([(point.equity - point.cash) / point.equity for point in points]))


def turnover(result: BacktestResult) -> float | None:
    """Return the lesser of purchases and sales / mean equity, a year.

    Source: US SEC, Form N-1A, Item 13, portfolio turnover rate, with the mean over sessions instead of months.
    """
    years = (result.equity[-1].session - result.equity[0].session).days / DAYS_A_YEAR
    if years <= 0.0:
        return None
    sold = math.fsum(trade.quantity * trade.exit_price for trade in result.trades)
    bought = math.fsum(trade.quantity * trade.entry_price for trade in result.trades) + math.fsum(
        position.quantity * position.entry_price for position in result.open_positions
    )
    mean_equity = float(np.mean([point.equity for point in result.equity]))
    return min(bought, sold) / mean_equity / years

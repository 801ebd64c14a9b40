"""Studies of a symbol's daily bars, which quotes show: average volume, volatility, a year's range, moving averages."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from simulator.market.replayed import ReplayedMarket

VOLUME_DAYS = 90
VOLATILITY_DAYS = 30
YEAR = timedelta(weeks=52)
TRADING_DAYS_A_YEAR = 252
AVERAGES = (20, 50, 100, 200)
_REACH = 5
"""bars of an exponential average beyond this many times its length weigh nothing that could be seen"""


@dataclass(frozen=True, slots=True)
class Study:
    """What completed sessions say; prices in USD, volatility as a fraction a year; None where bars are too few."""

    average_volume: float
    volatility: float | None
    returns: tuple[float, ...]
    """the log returns that `volatility` is of, oldest first"""
    year_high: float
    year_low: float
    averages: dict[int, float]
    """exponential moving averages of the close by length; those that are longer than the bars are left out"""

    def volatility_with(self, close: float, last: float) -> float | None:
        """Return the volatility with today's return, from `close` to `last`, in place of the oldest."""
        return _volatility((*self.returns[1:], log(last / close)))

    def average_with(self, length: int, last: float) -> float | None:
        """Return an exponential moving average with today's price as its newest."""
        before = self.averages.get(length)
        return None if before is None else before + (last - before) * 2.0 / (length + 1)


class DailyStudies:
    """Studies by symbol, each made when it is first asked for after a session."""

    def __init__(self, market: ReplayedMarket) -> None:
        """Keep the market."""
        self._market = market
        self._made: dict[int, tuple[int, float, Study]] = {}

    def before(self, column: int, day_index: int) -> Study | None:
        """Return the study of the sessions before the one with index `day_index`, None where there is no bar."""
        market = self._market
        rows = market.rows_of(column)
        count = bisect_right(rows, market.last_row_before(day_index))
        if not count:
            return None
        made, scale = self._made.get(column), market.scale(column)
        if made is None or made[:2] != (count, scale):
            made = (count, scale, self._shared(column, rows[:count], scale))
            self._made[column] = made
        return made[2]

    def _shared(self, column: int, rows: list[int], scale: float) -> Study:
        """Return a study of unsplit bars as another simulator on the same market has made it, or make it."""
        if scale != 1.0:
            return self._study(column, rows, scale)
        key = ("study", column, len(rows))
        study = self._market.made.get(key)
        if not isinstance(study, Study):
            study = self._market.made[key] = self._study(column, rows, scale)
        return study

    def _study(self, column: int, rows: list[int], scale: float) -> Study:
        panel = self._market.panel
        reach = rows[-_REACH * max(AVERAGES) :]
        closes: NDArray[np.float64] = panel.close[reach, column] / scale
        first = panel.sessions[rows[-1]].astype("datetime64[D]").item() - YEAR
        year = [row for row in rows[-TRADING_DAYS_A_YEAR - VOLUME_DAYS :] if panel.sessions[row].item() >= first]
        returns = tuple(float(value) for value in np.diff(np.log(closes[-VOLATILITY_DAYS - 1 :])))
        return Study(
            average_volume=float(panel.volume[rows[-VOLUME_DAYS:], column].mean()) * scale,
            volatility=_volatility(returns),
            returns=returns,
            year_high=float(panel.high[year, column].max()) / scale,
            year_low=float(panel.low[year, column].min()) / scale,
            averages={length: _average(closes, length) for length in AVERAGES if len(closes) >= length},
        )


def _volatility(returns: tuple[float, ...]) -> float | None:
    """Return the yearly standard deviation of daily log returns."""
    count = len(returns)
    if count < VOLATILITY_DAYS:
        return None
    mean = sum(returns) / count
    squares = sum((value - mean) ** 2 for value in returns)
    return sqrt(squares / (count - 1) * TRADING_DAYS_A_YEAR)


def _average(closes: NDArray[np.float64], length: int) -> float:
    """Return the exponential moving average at the last close; it starts at the first of the closes in reach."""
    near = closes[-_REACH * length :]
    keep = 1.0 - 2.0 / (length + 1)
    weights = keep ** np.arange(len(near) - 1, -1, -1) * (1.0 - keep)
    weights[0] /= 1.0 - keep
    return float(near @ weights)

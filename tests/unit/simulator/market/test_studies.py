from __future__ import annotations

from itertools import pairwise
from math import log, sqrt

import numpy as np
import pytest

from simulator.market.replayed import ReplayedMarket
from simulator.market.studies import DailyStudies, Study
from tests.unit.simulator.support import Row, panel_of

RISING: list[Row] = [(100.0 + day, 101.0 + day, 99.0 + day, 100.0 + day + day % 3, 1000.0 + day) for day in range(320)]


def market() -> ReplayedMarket:
    return ReplayedMarket(panel_of({"ABC": RISING, "NEW": RISING[:2]}))


def study(count: int, symbol: str = "ABC") -> Study:
    replayed = market()
    column = replayed.panel.symbols.index(symbol)
    index = next(number for number, day in enumerate(replayed.days) if day.row == count - 1) + 1
    found = DailyStudies(replayed).before(column, index)
    assert found is not None
    return found


def test_only_sessions_before_the_asked_one_count() -> None:
    studies = DailyStudies(market())
    assert studies.before(0, 0) is None
    first = studies.before(0, 1)
    assert first is not None
    assert (first.year_high, first.year_low, first.average_volume) == (101.0, 99.0, 1000.0)


def test_volume_is_averaged_over_ninety_sessions() -> None:
    assert study(100).average_volume == pytest.approx(np.mean([1000.0 + day for day in range(10, 100)]))


def test_range_is_that_of_fifty_two_weeks() -> None:
    found = study(320)
    assert found.year_high == 420.0
    assert found.year_low == pytest.approx(99.0 + 320 - 1 - 260, abs=8.0)


def test_moving_average_is_the_recursive_one() -> None:
    closes = [row[3] for row in RISING[:300]]
    wanted = closes[0]
    for close in closes[1:]:
        wanted += (close - wanted) * 2.0 / 51
    found = study(300)
    assert found.averages[50] == pytest.approx(wanted, rel=1e-4)
    assert found.average_with(50, 400.0) == pytest.approx(wanted + (400.0 - wanted) * 2.0 / 51, rel=1e-4)
    assert sorted(study(60).averages) == [20, 50]
    assert study(60).average_with(200, 400.0) is None


def test_volatility_is_of_thirty_returns_and_rolls_on() -> None:
    closes = [row[3] for row in RISING[:31]]
    returns = [log(later / earlier) for earlier, later in pairwise(closes)]
    found = study(31)
    assert found.volatility == pytest.approx(np.std(returns, ddof=1) * sqrt(252))
    rolled = [*returns[1:], log(140.0 / closes[-1])]
    assert found.volatility_with(closes[-1], 140.0) == pytest.approx(np.std(rolled, ddof=1) * sqrt(252))
    assert study(30).volatility is None


def test_split_scales_what_came_before() -> None:
    replayed = market().fresh()
    studies = DailyStudies(replayed)
    whole = studies.before(0, 100)
    replayed.split(0, 2.0)
    half = studies.before(0, 100)
    assert whole is not None
    assert half is not None
    assert half.year_high == whole.year_high / 2.0
    assert half.average_volume == whole.average_volume * 2.0
    assert half.volatility == pytest.approx(whole.volatility)

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from trading import indicators

Floats = NDArray[np.float64]
SERIES = st.lists(st.floats(1, 1000).map(lambda value: round(value, 2)), min_size=0, max_size=60).map(
    lambda values: np.array(values, dtype=np.float64)
)
NAN = np.nan


def plain(values: Floats, period: int, of: Callable[[Floats], float]) -> Floats:
    """Return `of` each whole window, NaN before the first."""
    return np.array(
        [NAN if t + 1 < period else of(values[t + 1 - period : t + 1]) for t in range(len(values))], dtype=np.float64
    )


@given(SERIES, st.integers(1, 30))
def test_rolling_extremes_are_those_of_each_whole_window(values: Floats, period: int) -> None:
    highest, lowest = plain(values, period, np.max), plain(values, period, np.min)
    assert np.array_equal(indicators.rolling_max(values, period), highest, equal_nan=True)
    assert np.array_equal(indicators.rolling_min(values, period), lowest, equal_nan=True)


@given(SERIES, st.integers(1, 30))
def test_rolling_mean_is_that_of_each_whole_window(values: Floats, period: int) -> None:
    assert np.allclose(
        indicators.rolling_mean(values, period), plain(values, period, np.mean), rtol=1e-12, equal_nan=True
    )


@given(SERIES, st.integers(1, 20), st.integers(0, 40))
def test_value_does_not_depend_on_where_the_data_begins(values: Floats, period: int, dropped: int) -> None:
    later = values[dropped:]
    whole = indicators.rolling_mean(values, period)[dropped:]
    known = ~np.isnan(indicators.rolling_mean(later, period))
    assert np.array_equal(indicators.rolling_mean(later, period)[known], whole[known])


def test_lag_and_change_look_the_given_bars_back() -> None:
    values = np.array([1.0, 2.0, 4.0, 3.0])
    assert np.array_equal(indicators.lagged(values, 2), [NAN, NAN, 1.0, 2.0], equal_nan=True)
    assert np.array_equal(indicators.change(values, 2), [NAN, NAN, 3.0, 0.5], equal_nan=True)
    assert np.isnan(indicators.lagged(values, 9)).all()


def test_ratio_is_undefined_where_it_would_divide_by_zero() -> None:
    above, below = np.array([1.0, 1.0, NAN, 0.0]), np.array([2.0, 0.0, 1.0, 0.0])
    assert np.array_equal(indicators.ratio(above, below), [0.5, NAN, NAN, NAN], equal_nan=True)


def test_true_range_counts_gaps_and_needs_a_previous_close() -> None:
    high, low, close = (
        np.array([10.0, 11.0, 15.0, 8.0]),
        np.array([9.0, 10.5, 14.0, 7.0]),
        np.array([9.5, 11.0, 14.5, 7.5]),
    )
    assert np.array_equal(indicators.true_range(high, low, close), [NAN, 1.5, 4.0, 7.5], equal_nan=True)


def test_atr_starts_with_a_mean_and_goes_on_as_wilder_does() -> None:
    close = np.array([10.0, 10.0, 10.0, 10.0, 10.0])
    high = np.array([10.0, 11.0, 12.0, 13.0, 10.0])
    atr = indicators.wilder_atr(high, close, close, 2)
    assert np.array_equal(atr, [NAN, NAN, 1.5, 2.25, 1.125], equal_nan=True)


@pytest.mark.parametrize("bars", [0, 1, 2, 14])
def test_atr_is_undefined_until_its_period_and_one_bar_more(bars: int) -> None:
    values = np.linspace(10, 11, bars)
    assert np.isnan(indicators.wilder_atr(values + 1, values, values, 14)).all()
    longer = np.linspace(10, 11, 15)
    assert not np.isnan(indicators.wilder_atr(longer + 1, longer, longer, 14)[14])


def test_breakout_is_a_close_above_the_channel_of_the_bar_before() -> None:
    close = np.array([5.0, 6.0, 6.0, 7.0, 5.0, 5.0, 5.0])
    high = np.array([NAN, 6.0, 6.0, 6.5, 7.0, 7.0, 7.0])
    #                 -    -   = 6 no  > 6 yes
    found = indicators.bars_since_breakout(close, high, 2)
    assert found.tolist() == [np.inf, np.inf, np.inf, 0.0, 1.0, 2.0, np.inf]


def test_latest_breakout_counts() -> None:
    close, high = np.array([1.0, 2.0, 3.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 3.0, 4.0])
    assert indicators.bars_since_breakout(close, high, 60).tolist() == [np.inf, 0.0, 0.0, 1.0, 0.0]

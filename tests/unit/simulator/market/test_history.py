from __future__ import annotations

import msgspec
import pytest

from simulator import instants
from simulator.market.history import INTRADAY_MINUTES, DailyHistory, default_bar, parse_period, period_start
from simulator.market.replayed import ReplayedMarket
from tests.unit.simulator.support import Row, panel_of

UP: Row = (100.0, 110.0, 90.0, 105.0, 1001.0)
DOWN: Row = (105.0, 107.0, 99.0, 101.0, 500.0)
MARKET = ReplayedMarket(panel_of({"ABC": [UP, DOWN] * 6}))
HISTORY = DailyHistory(MARKET)
ALL = (0, 10**18)


def at(text: str) -> int:
    return instants.parse_iso(text)


def test_daily_bars_start_at_the_open_and_carry_the_files_values() -> None:
    encoded = HISTORY.daily(0, *ALL, at("2014-03-04T21:00:00Z")).encoded
    assert msgspec.json.decode(encoded[0]) == {
        "o": 100.0, "c": 105.0, "h": 110.0, "l": 90.0, "v": 1001.0, "t": 1393857000000,
    }  # fmt: skip
    assert len(encoded) == 2


def test_bar_of_the_open_session_is_what_has_been_traded_of_it() -> None:
    [encoded] = HISTORY.daily(0, *ALL, at("2014-03-03T15:35:00Z")).encoded
    assert msgspec.json.decode(encoded, type=dict[str, float]) == {
        "o": 100.0, "h": 100.0, "l": 95.0, "c": 95.0, "v": 166.0, "t": 1393857000000,
    }  # fmt: skip


def test_newest_bars_are_kept_where_only_some_are_wanted() -> None:
    inside = at("2014-03-05T15:35:00Z")
    whole = HISTORY.daily(0, *ALL, inside)
    some = HISTORY.daily(0, *ALL, inside, 2)
    assert (len(whole.encoded), some.encoded) == (3, whole.encoded[-2:])
    assert (some.highest, some.lowest) == (
        HISTORY.bars(0, "1d", *ALL, inside)[1],
        HISTORY.bars(0, "1d", *ALL, inside)[2],
    )
    assert HISTORY.daily(0, 0, 1, inside).highest is None


def test_nothing_of_the_future_is_shown() -> None:
    for size in ("1d", "1w", "1m", "30min"):
        bars = HISTORY.bars(0, size, *ALL, at("2014-03-05T15:00:00Z"))
        assert bars[-1].start_us <= at("2014-03-05T15:00:00Z")


@pytest.mark.parametrize("size", INTRADAY_MINUTES)
def test_bars_of_a_day_add_up_to_the_day(size: str) -> None:
    bars = HISTORY.bars(0, size, *ALL, at("2014-03-03T22:00:00Z"))
    assert (bars[0].open, bars[-1].close) == (100.0, 105.0)
    assert (max(bar.high for bar in bars), min(bar.low for bar in bars)) == (110.0, 90.0)
    assert sum(bar.volume for bar in bars) == 1001.0
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)


def test_weeks_and_months_sum_their_days() -> None:
    [week, _] = HISTORY.bars(0, "1w", *ALL, at("2014-03-11T22:00:00Z"))
    assert (week.open, week.high, week.low, week.close, week.volume) == (100.0, 110.0, 90.0, 105.0, 4003.0)
    [month] = HISTORY.bars(0, "1m", *ALL, at("2014-03-18T22:00:00Z"))
    assert month.volume == 6 * 1501.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1d", (1, "d")),
        ("30min", (30, "min")),
        ("3y", (3, "y")),
        ("0d", None),
        ("41y", None),
        ("d", None),
        ("", None),
        ("60min", (60, "min")),
        ("880h", (880, "h")),
        ("30y", (30, "y")),
    ],
)
def test_periods(text: str, found: tuple[int, str] | None) -> None:
    assert parse_period(text) == found


@pytest.mark.parametrize(
    ("period", "bar"), [("1d", "1min"), ("1w", "15min"), ("1m", "30min"), ("1y", "1d"), ("3y", "1w")]
)
def test_default_bars_are_those_of_the_documentation(period: str, bar: str) -> None:
    parsed = parse_period(period)
    assert parsed is not None
    assert default_bar(*parsed) == bar


def test_days_of_a_period_are_sessions() -> None:
    monday = at("2014-03-10T20:00:00Z")
    assert instants.iso(period_start(2, "d", monday, MARKET)) == "2014-03-07T14:30:00Z"


@pytest.mark.parametrize(
    ("number", "unit", "end", "begin"),
    [
        (30, "min", "2014-03-10T20:00:00Z", "2014-03-10T19:30:00Z"),
        (1, "h", "2014-03-09T16:00:00Z", "2014-03-07T20:00:00Z"),
        (60, "min", "2014-03-10T14:00:00Z", "2014-03-07T20:30:00Z"),
        (7, "h", "2014-03-04T21:00:00Z", "2014-03-03T20:30:00Z"),
        (900, "h", "2014-03-04T21:00:00Z", "2014-03-03T14:30:00Z"),
    ],
)
def test_hours_and_minutes_of_a_period_are_those_of_sessions(number: int, unit: str, end: str, begin: str) -> None:
    assert instants.iso(period_start(number, unit, at(end), MARKET)) == begin


def test_bar_of_the_open_session_has_prices_of_four_decimals_at_most() -> None:
    [unfinished] = HISTORY.bars(
        0, "1d", at("2014-03-04T14:30:00Z"), at("2014-03-05T00:00:00Z"), at("2014-03-04T16:07:13Z")
    )
    prices = (unfinished.open, unfinished.high, unfinished.low, unfinished.close)
    assert prices == tuple(round(price, 4) for price in prices)

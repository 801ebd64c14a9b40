from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from trading.gateway.fields import FieldError
from trading.gateway.history import cut, full_period, join_period, joined, parsed
from trading.market.panel import SymbolBars

FIRST = date(2026, 3, 2)
THROUGH = date(2026, 12, 31)

NO_NUMBERS: tuple[object, ...] = (None, "1", True, [], float("inf"), 10**400)


def bar(day: date, price: float = 100.0, hour: int = 14, minute: int = 30, **changes: object) -> dict[str, object]:
    start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    values = {"o": price, "h": price + 1.0, "l": price - 1.0, "c": price, "v": 10.0, "t": int(start.timestamp() * 1000)}
    return values | changes


def days(count: int, first: date = FIRST) -> list[date]:
    return [first + timedelta(days=at) for at in range(count)]


def answer(rows: list[dict[str, object]], factor: object = 1) -> dict[str, object]:
    return {"data": rows, "volumeFactor": factor, "priceFactor": 100}


def series(count: int, price: float = 100.0, first: date = FIRST) -> SymbolBars:
    return parsed(answer([bar(day, price + at) for at, day in enumerate(days(count, first))]), THROUGH)


def test_bars_are_dated_by_new_york_and_volumes_multiplied_out() -> None:
    bars = parsed(answer([bar(FIRST), bar(date(2026, 3, 9), hour=13)], 100), THROUGH)
    assert bars.dates.tolist() == [FIRST, date(2026, 3, 9)]
    assert bars.volume.tolist() == [1000.0, 1000.0]
    assert bars.close.tolist() == [100.0, 100.0]


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        (0, date(2026, 7, 6)),
        (3, date(2026, 7, 6)),
        (4, date(2026, 7, 7)),
        (5, date(2026, 7, 7)),
        (23, date(2026, 7, 7)),
    ],
)
def test_a_start_near_midnight_is_dated_in_summer_time(hour: int, day: date) -> None:
    assert parsed(answer([bar(date(2026, 7, 7), hour=hour)]), THROUGH).dates.tolist() == [day]


@pytest.mark.parametrize(("hour", "day"), [(4, date(2026, 1, 6)), (5, date(2026, 1, 7))])
def test_a_start_near_midnight_is_dated_in_winter_time(hour: int, day: date) -> None:
    assert parsed(answer([bar(date(2026, 1, 7), hour=hour, minute=0)]), THROUGH).dates.tolist() == [day]


def test_a_bar_that_is_not_complete_is_dropped() -> None:
    assert parsed(answer([bar(day) for day in days(3)]), FIRST + timedelta(days=1)).dates.tolist() == days(2)


@pytest.mark.parametrize("nulls", [0, 1, 2])
def test_nulls_after_the_last_bar_are_no_bars(nulls: int) -> None:
    rows = [bar(date(2014, 3, 3)), bar(date(2014, 3, 4)), *[None] * nulls]
    assert parsed({"data": rows}, date(2014, 3, 5)).dates.tolist() == [date(2014, 3, 3), date(2014, 3, 4)]
    assert not len(parsed({"data": [None] * nulls}, date(2014, 3, 5)).dates)


@pytest.mark.parametrize("rows", [[None, bar(date(2014, 3, 4))], [bar(date(2014, 3, 3)), None, bar(date(2014, 3, 4))]])
def test_nulls_among_bars_are_an_error(rows: list[object]) -> None:
    with pytest.raises(FieldError, match="a bar is no object"):
        parsed({"data": rows}, date(2014, 3, 5))


def test_no_bars_are_no_error() -> None:
    assert len(parsed(answer([]), THROUGH).dates) == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"data": None},
        {"data": {}},
        answer([bar(FIRST), "x"]),  # type: ignore[list-item]
        answer([bar(FIRST), {}]),
        answer([bar(FIRST)], "abc"),
        answer([bar(FIRST)], None),
        *(answer([bar(FIRST) | {name: value}]) for name in "ohlcvt" for value in NO_NUMBERS),
        answer([bar(FIRST, o=0.0)]),
        answer([bar(FIRST, l=-1.0)]),
        answer([bar(FIRST, h=99.0)]),
        answer([bar(FIRST, l=101.0)]),
        answer([bar(FIRST, c=150.0)]),
        answer([bar(FIRST, v=-1.0)]),
        answer([bar(FIRST, t=-1)]),
        answer([bar(FIRST, t=10**16)]),
        answer([bar(FIRST), bar(FIRST)]),
        answer([bar(FIRST), bar(FIRST, hour=15)]),
        answer([bar(days(2)[1]), bar(FIRST)]),
    ],
)
def test_bad_data_is_an_error(value: object) -> None:
    with pytest.raises(FieldError):
        parsed(value, THROUGH)


@pytest.mark.parametrize(("count", "period"), [(1, "2m"), (260, "14m"), (760, "39m"), (5000, "47m")])
def test_the_period_holds_as_many_bars_as_are_wanted_within_the_limit(count: int, period: str) -> None:
    assert full_period(count) == period


def test_the_period_of_an_update_reaches_back_beyond_what_is_known() -> None:
    assert join_period(date(2026, 3, 2), date(2026, 3, 3)) == "11d"
    assert join_period(date(2025, 3, 2), date(2026, 3, 3)) is None


def test_new_bars_are_joined_where_three_agree() -> None:
    whole = joined(series(10), series(7, 105.0, days(10)[5]))
    assert whole is not None
    assert whole.dates.tolist() == days(12)
    assert whole.close.tolist() == [100.0 + at for at in range(12)]


def test_a_corrected_volume_replaces_the_old_one() -> None:
    fresh = series(7, 105.0, days(10)[5])
    fresh.volume[:] = 77.0
    whole = joined(series(10), fresh)
    assert whole is not None
    assert whole.volume.tolist() == [10.0] * 5 + [77.0] * 7


@pytest.mark.parametrize(
    "fresh",
    [
        series(0),
        series(7, 105.0, days(10)[8]),
        series(7, 52.5, days(10)[5]),
        series(7, 105.0, days(40)[30]),
        series(3, 105.0, days(10)[5]),
    ],
    ids=["empty", "two shared", "split", "a gap between", "ends before"],
)
def test_what_does_not_fit_is_not_joined(fresh: SymbolBars) -> None:
    assert joined(series(10), fresh) is None


def test_a_missing_shared_bar_is_not_joined() -> None:
    fresh = series(7, 105.0, days(10)[5])
    keep = np.array([True, False, True, True, True, True, True])
    thinner = SymbolBars(*(getattr(fresh, name)[keep] for name in SymbolBars.__slots__))
    assert joined(series(10), thinner) is None


def test_a_cut_ends_with_the_session_and_holds_so_many_bars() -> None:
    assert cut(series(10), days(10)[6], 3).dates.tolist() == days(10)[4:7]
    assert cut(series(10), THROUGH).dates.tolist() == days(10)
    assert len(cut(series(10), FIRST - timedelta(days=1), 3).dates) == 0

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.market import fills

PRICES = st.floats(min_value=0.001, max_value=100_000, allow_nan=False)
NAN = math.nan


def on_tick(price: float) -> bool:
    steps = 100 if price >= 1.0 else 10_000
    return price == round(price * steps) / steps


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [
        (12.345, 12.34, 12.35),
        (12.34, 12.34, 12.34),
        (1.0, 1.0, 1.0),
        (1.001, 1.0, 1.01),
        (0.99999, 0.9999, 1.0),
        (0.12345, 0.1234, 0.1235),
        # Nearer to a tick than a millionth of it: that tick, from both sides.
        (12.34 - 5e-9, 12.34, 12.34),
        (12.34 + 5e-9, 12.34, 12.34),
        (12.34 - 2e-8, 12.33, 12.34),
        (12.34 + 2e-8, 12.34, 12.35),
        (0.0, 0.0, 0.0),
        (-0.5, -0.5, -0.5),
    ],
)
def test_prices_are_rounded_to_their_own_tick(price: float, down: float, up: float) -> None:
    assert fills.round_down(price) == down
    assert fills.round_up(price) == up


def test_tick_changes_at_one_dollar() -> None:
    assert (fills.tick_of(1.0), fills.tick_of(0.9999)) == (0.01, 0.0001)


def test_large_price_on_a_cent_stays() -> None:
    assert fills.round_down(123_456_789_012.34) == 123_456_789_012.34
    assert fills.round_up(123_456_789_012.34) == 123_456_789_012.34


@given(PRICES)
def test_rounding_is_on_tick_idempotent_and_less_than_a_tick_away(price: float) -> None:
    down, up = fills.round_down(price), fills.round_up(price)
    assert on_tick(down)
    assert on_tick(up)
    assert fills.round_down(down) == down
    assert fills.round_up(up) == up
    tick = fills.tick_of(price)
    assert down - tick * 1e-5 <= price <= up + tick * 1e-5
    assert price - down < tick * (1 + 1e-5)
    assert up - price < tick * (1 + 1e-5)


@given(st.integers(min_value=1, max_value=10_000_000))
def test_price_on_a_cent_stays(number: int) -> None:
    price = number / 100
    if price >= 1.0:
        assert fills.round_down(price) == price == fills.round_up(price)


@given(
    PRICES, st.sampled_from(["0.0001", "0.0005", "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "1", "5"])
)
def test_any_increment_gives_the_double_nearest_to_the_decimal(price: float, increment: str) -> None:
    exact, step = Decimal(price), Decimal(increment)
    position = exact / step
    if abs(position - position.to_integral_value()) > Decimal("0.000002"):
        below = position.to_integral_value(ROUND_FLOOR) * step
        above = position.to_integral_value(ROUND_CEILING) * step
        assert fills.round_down_to(price, float(step)) == float(below)
        assert fills.round_up_to(price, float(step)) == float(above)


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        (1.005, 1.01),
        (1.004999, 1.0),
        (2.675, 2.68),
        (-1.005, -1.0),
        (0.0, 0.0),
        (1234567.895, 1234567.9),
        (0.1 + 0.2, 0.3),
    ],
)
def test_money_is_rounded_half_up_to_the_cent(amount: float, rounded: float) -> None:
    assert fills.cents(amount) == rounded


def test_what_is_no_number_stays_none() -> None:
    for function in (fills.cents, fills.round_down, fills.round_up):
        assert math.isnan(function(NAN))


@given(st.integers(min_value=-(10**10), max_value=10**10))
def test_whole_cents_stay(number: int) -> None:
    assert fills.cents(number / 100) == number / 100


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [
        (10, 50.0, 1.0),  # the minimum
        (199, 50.0, 1.0),
        (200, 50.0, 1.0),
        (201, 50.0, 1.01),  # 1.005, half up
        (1000, 50.0, 5.0),
        (10, 9.99, 1.0),  # 1 % is 0.999
        (10, 9.0, 0.9),  # 1 % of the value
        (1, 5.0, 0.05),
        (1000, 0.4, 4.0),
    ],
)
def test_commission_has_a_minimum_and_a_cap(quantity: int, price: float, expected: float) -> None:
    assert fills.commission(quantity, price) == expected


@pytest.mark.parametrize(
    ("price", "bps", "expected"), [(100.0, 5.0, 99.95), (10.0, 5.0, 9.99), (1.0, 5.0, 0.9995), (50.0, 0.0, 50.0)]
)
def test_slippage_makes_a_sale_cheaper_on_the_tick_of_the_result(price: float, bps: float, expected: float) -> None:
    assert fills.less_slippage(price, bps) == expected


def test_path_turns_at_the_low_first_when_the_bar_rose() -> None:
    assert fills.path(10.0, 12.0, 9.0, 11.0) == (10.0, 9.0, 12.0, 11.0)
    assert fills.path(10.0, 12.0, 9.0, 10.0) == (10.0, 9.0, 12.0, 10.0)
    assert fills.path(10.0, 12.0, 9.0, 9.5) == (10.0, 12.0, 9.0, 9.5)


def test_crossings_are_found_on_the_right_leg() -> None:
    path = fills.path(10.0, 12.0, 8.0, 11.0)  # 10, 8, 12, 11
    assert fills.first_at_or_below(*path, 0.0, 9.0) == 0.5
    assert fills.first_at_or_below(*path, 0.0, 8.0) == 1.0
    assert fills.first_at_or_below(*path, 0.0, 7.99) == -1.0
    assert fills.first_at_or_above(*path, 0.0, 11.0) == 1.75
    assert fills.first_at_or_above(*path, 2.0, 11.0) == 2.0
    assert fills.first_at_or_below(*path, 1.5, 9.0) == -1.0
    assert fills.first_at_or_below(*path, 0.0, 10.0) == 0.0
    assert fills.first_at_or_below(*path, 3.0, 11.0) == 3.0
    assert fills.first_at_or_below(*path, 3.0, 10.9) == -1.0


@given(st.tuples(PRICES, PRICES, PRICES, PRICES), st.floats(0, 3), PRICES)
def test_crossing_is_where_the_path_has_the_level(
    corners: tuple[float, float, float, float], start: float, level: float
) -> None:
    found = fills.first_at_or_below(*corners, start, level)
    steps = [start + (3 - start) * number / 50 for number in range(51)]
    prices = [fills.price_at(*corners, position) for position in steps]
    if found < 0:
        assert min(prices) > level
    else:
        assert start <= found <= 3
        reached = fills.price_at(*corners, found)
        assert reached <= level * (1 + 1e-9) + 1e-9
        earlier = [price for position, price in zip(steps, prices, strict=True) if position < found - 1e-9]
        assert all(price > level * (1 - 1e-9) - 1e-9 for price in earlier)


@pytest.mark.parametrize(
    ("bar", "limit", "expected"),
    [
        ((9.5, 11.0, 9.0, 10.0, 100.0), 9.6, (0.0, 9.5)),  # the open is better than the limit
        ((9.6, 11.0, 9.0, 10.0, 100.0), 9.6, (0.0, 9.6)),
        ((10.0, 11.0, 9.0, 10.5, 100.0), 9.5, (0.5, 9.5)),
        ((10.0, 11.0, 9.0, 9.5, 100.0), 9.5, (1.75, 9.5)),
        ((10.0, 11.0, 9.0, 10.5, 100.0), 9.0, (1.0, 9.0)),
    ],
)
def test_limit_buy_gets_the_open_or_its_limit(
    bar: tuple[float, float, float, float, float], limit: float, expected: tuple[float, float]
) -> None:
    assert fills.entry_fill(*bar, limit) == expected


def test_limit_buy_that_is_not_reached_or_has_no_volume_is_not_filled() -> None:
    assert fills.entry_fill(10.0, 11.0, 9.0, 10.5, 100.0, 8.99)[0] == -1.0
    assert fills.entry_fill(10.0, 11.0, 9.0, 10.5, 0.0, 10.5)[0] == -1.0


def test_market_sell_waits_in_a_bar_without_volume() -> None:
    assert fills.market_sell_fill(100.0, 1.0, 5.0) == 99.95
    assert fills.market_sell_fill(100.0, 0.0, 5.0) == -1.0


NONE, STOP, TARGET = fills.NO_EXIT, fills.STOP_EXIT, fills.TARGET_EXIT


@pytest.mark.parametrize(
    ("bar", "start", "entry", "stop", "target", "expected"),
    [
        # A later bar: gap through the stop, gap through the target, neither, each inside the path.
        ((8.0, 9.0, 7.0, 8.5, 1.0), 0.0, NAN, 8.5, 12.0, (STOP, 0.0, 7.99)),
        ((12.5, 13.0, 12.0, 12.2, 1.0), 0.0, NAN, 8.5, 12.0, (TARGET, 0.0, 12.5)),
        ((12.505, 13.0, 12.0, 12.2, 1.0), 0.0, NAN, 8.5, 12.0, (TARGET, 0.0, 12.505)),
        ((10.0, 11.0, 9.0, 10.5, 1.0), 0.0, NAN, 8.5, 12.0, (NONE, -1.0, 0.0)),
        ((10.0, 11.0, 8.0, 10.5, 1.0), 0.0, NAN, 8.5, 12.0, (STOP, 0.75, 8.49)),
        ((10.0, 13.0, 9.0, 10.5, 1.0), 0.0, NAN, 8.5, 12.0, (TARGET, 1.75, 12.0)),
        # Both in reach: the path decides. It falls first in a bar that rose, and rises first in one that fell.
        ((10.0, 13.0, 8.0, 10.5, 1.0), 0.0, NAN, 8.5, 12.0, (STOP, 0.75, 8.49)),
        ((10.0, 13.0, 8.0, 9.5, 1.0), 0.0, NAN, 8.5, 12.0, (TARGET, 2 / 3, 12.0)),
        # The entry's own bar: what the path did before the fill does not count.
        ((10.0, 13.0, 9.0, 9.5, 1.0), 1.75, 10.0, 8.5, 12.0, (NONE, -1.0, 0.0)),
        ((10.0, 13.0, 9.0, 12.5, 1.0), 0.5, 9.5, 8.5, 12.0, (TARGET, 1.75, 12.0)),
        ((10.0, 11.0, 8.0, 10.5, 1.0), 0.5, 9.0, 8.5, 12.0, (STOP, 0.75, 8.49)),
        # Bought at an open below the stop: sold at once at that price.
        ((8.0, 13.0, 7.0, 12.5, 1.0), 0.0, 8.0, 8.5, 12.0, (STOP, 0.0, 7.99)),
        # Levels met exactly count.
        ((10.0, 11.0, 8.5, 10.5, 1.0), 0.0, NAN, 8.5, 12.0, (STOP, 1.0, 8.49)),
        ((10.0, 12.0, 9.0, 10.5, 1.0), 0.0, NAN, 8.5, 12.0, (TARGET, 2.0, 12.0)),
        # Nothing fills without volume.
        ((8.0, 13.0, 7.0, 8.5, 0.0), 0.0, NAN, 8.5, 12.0, (NONE, -1.0, 0.0)),
    ],
)
def test_bracket_leaves_by_the_child_that_the_path_meets_first(
    bar: tuple[float, float, float, float, float],
    start: float,
    entry: float,
    stop: float,
    target: float,
    expected: tuple[int, float, float],
) -> None:
    kind, position, price = fills.bracket_exit(*bar, start, entry, stop, target, 5.0)
    assert (kind, price) == (expected[0], expected[2])
    assert position == pytest.approx(expected[1])


def test_functions_are_compiled_to_the_same_results_as_their_source() -> None:
    source = fills.bracket_exit.py_func  # type: ignore[attr-defined]  # a compiled function keeps its source
    arguments = (10.0, 13.0, 8.0, 9.5, 1.0, 0.0, NAN, 8.5, 12.0, 5.0)
    assert source(*arguments) == fills.bracket_exit(*arguments)

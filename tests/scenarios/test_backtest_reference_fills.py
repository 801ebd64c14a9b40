"""The compiled arithmetic of prices and fills against the plain reference, bar by bar."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.reference import strategy_reference as reference
from tests.reference.backtest_reference import children_at_open, children_inside, entry_fill, intraday_path, slipped
from trading.market import fills

prices = st.one_of(
    st.floats(0.0001, 2000.0),
    st.integers(1, 200_000).map(lambda number: number / 100),
    st.integers(1, 20_000).map(lambda number: number / 10_000),
)
# A coarse grid: equal opens, lows, stops and limits come up all the time.
grid = st.integers(1, 12).map(lambda number: number / 4)


@st.composite
def one_bar(draw: st.DrawFn) -> reference.Bars:
    opened, closed, up, down = draw(grid), draw(grid), draw(st.integers(0, 4)), draw(st.integers(0, 4))
    high = max(opened, closed) + up / 4
    low = max(min(opened, closed) - down / 4, 0.25)
    return reference.Bars(["2020-01-02"], [opened], [high], [low], [closed], [draw(st.sampled_from([0.0, 1.0]))])


@settings(max_examples=500, deadline=None)
@given(prices, st.floats(0, 200))
@example(1.0, 5.0)
@example(0.99995, 0.0)
@example(1.0000000001, 0.0)
@example(0.0001, 5.0)
def test_rounding_to_ticks_and_slippage_are_those_of_the_reference(price: float, slippage_bps: float) -> None:
    assert fills.round_down(price) == reference.down(price)
    assert fills.round_up(price) == reference.up(price)
    assert fills.less_slippage(price, slippage_bps) == slipped(price, {"slippage_bps": slippage_bps})


@settings(max_examples=500, deadline=None)
@given(st.floats(-1e7, 1e7), st.integers(1, 5000), prices)
@example(0.005, 200, 1.0)
@example(1.005, 201, 5.0)
@example(-0.005, 1, 0.5)
def test_cents_and_commissions_are_those_of_the_reference(amount: float, quantity: int, price: float) -> None:
    assert fills.cents(amount) == reference.cents(amount)
    assert fills.commission(quantity, price) == reference.commission(quantity, price)


@settings(max_examples=1000, deadline=None)
@given(one_bar(), grid, st.integers(1, 6), st.integers(1, 6))
def test_entry_and_what_its_children_do_in_the_same_bar_are_those_of_the_reference(
    bar: reference.Bars, limit: float, below: int, above: int
) -> None:
    stop, target = limit - below / 4, limit + above / 4
    parameters = {"slippage_bps": 5.0}
    numbers = (bar.open[0], bar.high[0], bar.low[0], bar.close[0], bar.volume[0])

    position, price = fills.entry_fill(*numbers, limit)
    filled = entry_fill(intraday_path(bar, 0), limit) if bar.volume[0] else None

    assert (position >= 0) == (filled is not None)
    if filled is not None:
        bought, rest = filled
        assert price == bought
        kind, _, sold = fills.bracket_exit(*numbers, position, price, stop, target, 5.0)
        touched = children_at_open(bought, stop, target, parameters) or children_inside(rest, stop, target, parameters)
        assert _named(kind, sold) == touched


@settings(max_examples=1000, deadline=None)
@given(one_bar(), grid, st.integers(1, 8))
def test_brackets_of_a_held_position_are_those_of_the_reference(bar: reference.Bars, stop: float, width: int) -> None:
    target = stop + width / 4
    parameters = {"slippage_bps": 5.0}
    path = intraday_path(bar, 0)

    kind, _, price = fills.bracket_exit(
        bar.open[0], bar.high[0], bar.low[0], bar.close[0], bar.volume[0], 0.0, math.nan, stop, target, 5.0
    )

    touched = children_at_open(path[0], stop, target, parameters) or children_inside(path, stop, target, parameters)
    assert _named(kind, price) == (touched if bar.volume[0] else None)


def _named(kind: int, price: float) -> tuple[str, float] | None:
    names = {fills.STOP_EXIT: "stop", fills.TARGET_EXIT: "target"}
    return (names[kind], price) if kind in names else None

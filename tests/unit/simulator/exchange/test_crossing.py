from __future__ import annotations

import pytest

from simulator.exchange import crossing
from simulator.exchange.crossing import Activation, Crossing
from simulator.exchange.orders import Kind, Order, Side, Ticket, Tif
from simulator.market.replayed import Bar

PATH = (100.0, 90.0, 110.0, 105.0)
BAR = Bar(100.0, 110.0, 90.0, 105.0, 1000.0, PATH)
OPEN = crossing.at_open(BAR)


def find(side: Side, kind: Kind, level: float, activation: Activation = OPEN, bar: Bar = BAR) -> Crossing | None:
    ticket = Ticket(1, 1, side, kind, 10, Tif.DAY, limit=level, stop=level)
    return crossing.find(Order(ticket, "ABC", 0, 0, 0, quantity=10), bar, activation, 100.0)


@pytest.mark.parametrize(
    ("side", "kind", "level", "position", "price"),
    [
        (Side.BUY, Kind.LMT, 101.0, 0.0, 100.0),
        (Side.BUY, Kind.LMT, 95.0, 0.5, 95.0),
        (Side.SELL, Kind.LMT, 99.0, 0.0, 100.0),
        (Side.SELL, Kind.LMT, 110.0, 2.0, 110.0),
        (Side.SELL, Kind.STP, 101.0, 0.0, 99.0),
        (Side.SELL, Kind.STP, 95.0, 0.5, 94.05),
        (Side.BUY, Kind.STP, 100.0, 0.0, 101.0),
        (Side.BUY, Kind.STP, 105.0, 1.75, 106.05),
        (Side.BUY, Kind.MKT, 0.0, 0.0, 101.0),
        (Side.SELL, Kind.MKT, 0.0, 0.0, 99.0),
    ],
)
def test_fills_on_the_whole_path(side: Side, kind: Kind, level: float, position: float, price: float) -> None:
    found = find(side, kind, level)
    assert found is not None
    assert found.position == pytest.approx(position)
    assert found.price == pytest.approx(price)


@pytest.mark.parametrize(
    ("side", "kind", "level"),
    [
        (Side.BUY, Kind.LMT, 89.0),
        (Side.SELL, Kind.LMT, 111.0),
        (Side.SELL, Kind.STP, 89.0),
        (Side.BUY, Kind.STP, 111.0),
    ],
)
def test_level_outside_the_bar_is_not_met(side: Side, kind: Kind, level: float) -> None:
    assert find(side, kind, level) is None


def test_bar_of_volume_zero_fills_nothing() -> None:
    still = Bar(100.0, 110.0, 90.0, 105.0, 0.0, PATH)
    assert find(Side.BUY, Kind.MKT, 0.0, bar=still) is None


def test_stop_limit_is_only_triggered_at_first() -> None:
    assert find(Side.SELL, Kind.STOP_LIMIT, 95.0) == Crossing(0.5, 95.0, 95.0)


def test_what_lies_behind_the_activation_is_over() -> None:
    assert find(Side.BUY, Kind.LMT, 92.0, Activation(1.5, 100.0)) is None


def test_order_inside_the_session_gets_the_tick_on_its_worse_side() -> None:
    bought = crossing.on_arrival(BAR, 0.3333, Side.BUY)
    sold = crossing.on_arrival(BAR, 0.3333, Side.SELL)
    assert (bought.price, sold.price) == (96.67, 96.66)

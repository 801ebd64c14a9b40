"""A split over which the broker adjusts the orders: the cover goes on, at its new price and size."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.fakes.trading_loop import LoopParts
from trading.model.mode import Mode
from trading.model.order import BrokerOrder, OrderType
from trading.model.request import ModifyOrder, SubmitOrders
from trading.trading_system import TradingSystem

TUESDAY = ((16, 0), (21, 16), (23, 0))
NIGHT = ((13, 0), (13, 10))
WEDNESDAY = ((13, 31), (13, 40), (14, 0), (14, 31), (15, 30))
RATIOS = [2.0, 3.0, 1.5, 1 / 2, 1 / 3, 1 / 10]


def cycles(loop: LoopParts, system: TradingSystem, day: int, times: tuple[tuple[int, int], ...]) -> None:
    for hour, minute in times:
        loop.clock.time = datetime(2014, 3, day, hour, minute, tzinfo=UTC)
        system.run_cycle()


def after(shares: float, ratio: float) -> int:
    return int(shares * ratio + 1e-9)


def divided(price: float | None, ratio: float) -> float | None:
    return None if price is None else round(price / ratio, 2)


def adjust(loop: LoopParts, orders: list[BrokerOrder], ratio: float) -> None:
    """Let the broker show orders as a split leaves them."""
    for order in orders:
        shares = after(order.total_quantity, ratio)
        loop.broker.show(
            order.order_id,
            total_quantity=shares,
            remaining_quantity=float(shares),
            stop_price=divided(order.stop_price, ratio),
            limit_price=divided(order.limit_price, ratio),
        )


def split(loop: LoopParts, entry: BrokerOrder, ratio: float) -> None:
    """Let the broker show shares, and the market prices, as a split leaves them."""
    loop.broker.split(entry.conid, ratio)
    prior = loop.market_data.prior_closes[entry.conid]
    loop.market_data.prior_closes[entry.conid] = divided(prior, ratio)


def is_about(request: object, entry: BrokerOrder, orders: list[BrokerOrder]) -> bool:
    if isinstance(request, SubmitOrders):
        return any(ticket.conid == entry.conid for ticket in request.tickets)
    return getattr(request, "order_id", None) in {order.order_id for order in orders}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("first", ["orders", "shares", "both at once"])
@pytest.mark.parametrize("ratio", RATIOS)
def test_cover_that_the_broker_adjusts_over_a_split_goes_on_and_nothing_is_sold(
    loop: LoopParts, ratio: float, first: str, *, restarted: bool
) -> None:
    system, entry = loop.begin_with_a_position()
    cycles(loop, system, 4, TUESDAY)
    (before,) = loop.journal.own_positions()
    orders, arrived = loop.sales_of(entry), len(loop.broker.arrived)
    if first == "shares":
        split(loop, entry, ratio)
    else:
        adjust(loop, orders, ratio)
    if first == "both at once":
        split(loop, entry, ratio)
    if restarted:
        system = loop.start()
    cycles(loop, system, 5, NIGHT)
    if first == "orders":
        split(loop, entry, ratio)
    if first == "shares":
        # The shares don't wait for the broker.
        assert {order.total_quantity for order in loop.sales_of(entry)} == {after(before.quantity, ratio)}
        adjust(loop, orders, ratio)
    cycles(loop, system, 5, WEDNESDAY)
    (position,) = loop.journal.own_positions()
    shares = after(before.quantity, ratio)
    assert position.quantity == shares
    assert position.stop_price == pytest.approx(before.stop_price / ratio, abs=1e-4)
    assert position.target_price == pytest.approx(before.target_price / ratio, abs=1e-4)
    sales = {order.order_type: order for order in loop.sales_of(entry)}
    assert {order.order_id for order in sales.values()} == {order.order_id for order in orders}
    assert {order.total_quantity for order in sales.values()} == {shares}
    assert sales[OrderType.STOP].stop_price == pytest.approx(position.stop_price, abs=0.01)
    assert sales[OrderType.LIMIT].limit_price == pytest.approx(position.target_price, abs=0.01)
    sent = [request.content for request in loop.broker.arrived[arrived:]]
    about = [content for content in sent if is_about(content, entry, orders)]
    # Shares that were split before their orders look like a cover that is too small, or too large.
    assert all(isinstance(content, ModifyOrder) and first == "shares" for content in about)
    assert loop.rows("SELECT 1 FROM intent WHERE role = 'exit'") == []
    assert loop.store.mode().mode is Mode.ACTIVE

"""Where on a bar's path an order fills, and at what price: the fill rules for every side and type of order.

Source of the arithmetic: `trading.market.fills`. What it has no function for (a market buy, a stop to buy) mirrors the
sell's rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.exchange.orders import STOPS, Kind, Order, Side
from simulator.market.replayed import Bar
from trading.market import fills


@dataclass(frozen=True, slots=True)
class Crossing:
    """An order meets the path at `position`, where the path is at `touched`; a stop-limit order only triggers there."""

    position: float
    price: float
    touched: float


@dataclass(frozen=True, slots=True)
class Activation:
    """From where an order works in the open session: a position of the path, and the price that holds there.

    The price is the bar's open, the parent's fill price, or the path's price for an order that arrives in the session.
    """

    position: float
    price: float


def at_open(bar: Bar) -> Activation:
    """Return the activation of an order that was there before the open."""
    return Activation(0.0, bar.open)


def on_arrival(bar: Bar, position: float, side: Side) -> Activation:
    """Return the activation of an order that arrives inside the session, at the tick on the path's worse side."""
    if position <= 0.0:
        return at_open(bar)
    price = bar.price_at(position)
    return Activation(position, fills.round_up(price) if side is Side.BUY else fills.round_down(price))


def with_slippage(price: float, side: Side, slippage_bps: float) -> float:
    """Return what a market order gets at `price`: a sell less slippage, a buy more, at the tick on the worse side."""
    if side is Side.SELL:
        return fills.less_slippage(price, slippage_bps)
    return fills.round_up(price * (1.0 + slippage_bps / 10000.0))


def find(order: Order, bar: Bar, activation: Activation, slippage_bps: float) -> Crossing | None:
    """Return where `order` meets what is left of the bar's path from its activation, None where it doesn't.

    In a bar of volume 0 nothing trades.
    """
    if not bar.volume > 0.0:
        return None
    ticket = order.ticket
    if ticket.kind in STOPS and not order.triggered:
        return _stop(order, bar, activation, slippage_bps)
    if ticket.kind in (Kind.MKT, Kind.STP):
        price = with_slippage(activation.price, ticket.side, slippage_bps)
        return Crossing(activation.position, price, activation.price)
    return _limit(order, bar, activation)


def _limit(order: Order, bar: Bar, activation: Activation) -> Crossing | None:
    limit = order.ticket.limit
    if limit is None:
        return None
    buys = order.ticket.side is Side.BUY
    if activation.price <= limit if buys else activation.price >= limit:
        return Crossing(activation.position, activation.price, activation.price)
    first = fills.first_at_or_below if buys else fills.first_at_or_above
    position = first(*bar.path, activation.position, limit)
    return Crossing(position, limit, limit) if position >= 0.0 else None


def _stop(order: Order, bar: Bar, activation: Activation, slippage_bps: float) -> Crossing | None:
    stop, side = order.ticket.stop, order.ticket.side
    if stop is None:
        return None
    if activation.price <= stop if side is Side.SELL else activation.price >= stop:
        position, price = activation.position, activation.price
    else:
        first = fills.first_at_or_below if side is Side.SELL else fills.first_at_or_above
        position, price = first(*bar.path, activation.position, stop), stop
    if position < 0.0:
        return None
    if order.ticket.kind is Kind.STOP_LIMIT:
        return Crossing(position, price, price)
    return Crossing(position, with_slippage(price, side, slippage_bps), price)

"""The books of the account hold whatever is traded."""

from __future__ import annotations

import math

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulator.exchange.account import Account
from simulator.exchange.orders import Kind, Order, Side, Ticket, Tif
from tests.unit.simulator.support import QUIET, Client, Row, start
from trading.market import fills


def book(account: Account, side: Side, quantity: int, price: float) -> float:
    ticket = Ticket(1, 7, side, Kind.MKT, quantity, Tif.DAY)
    return account.book(Order(ticket, "ABC", 0, 0, 0, quantity=quantity), quantity, price, 0)


def test_round_trip_leaves_what_was_earned_less_commissions() -> None:
    account = Account("DU1", 1000.0)
    assert book(account, Side.BUY, 10, 50.0) == 1.0
    assert account.positions[7].average_cost == 50.1
    book(account, Side.SELL, 10, 55.0)
    assert account.cash == 1048.0
    assert account.positions[7].realized == pytest.approx(48.0)
    assert (account.positions[7].quantity, account.positions[7].cost) == (0, 0.0)


def test_partial_sale_realizes_its_part_of_the_cost() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 4, 60.0)
    assert account.positions[7].cost == pytest.approx(0.6 * 501.0)
    assert account.positions[7].realized == pytest.approx(240.0 - 1.0 - 0.4 * 501.0)


def test_sale_beyond_the_position_goes_short_at_its_own_price() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 20, 50.0)
    assert account.positions[7].quantity == -10
    assert account.positions[7].average_cost == pytest.approx(49.95)


def test_proceeds_of_a_sale_settle_later_and_a_purchase_at_once() -> None:
    account = Account("DU1", 1000.0)
    for side, price in ((Side.BUY, 50.0), (Side.SELL, 60.0)):
        ticket = Ticket(1, 7, side, Kind.MKT, 10, Tif.DAY)
        account.book(Order(ticket, "ABC", 0, 0, 0, quantity=10), 10, price, 0, settles_us=100)
    assert (account.cash, account.settled_cash(99), account.settled_cash(100)) == (1098.0, 499.0, 1098.0)
    account.settle(100)
    assert account.unsettled == []


def test_split_of_nothing_is_nothing() -> None:
    assert Account("DU1", 1000.0).split(7, 2.0, 50.0, 0) == 0


prices = st.integers(min_value=9000, max_value=11000).map(lambda cents: cents / 100)


@st.composite
def bars(draw: st.DrawFn) -> Row:
    four = [draw(prices) for _ in range(4)]
    return four[0], max(four), min(four), four[3], float(draw(st.sampled_from([0, 2000, 100_000])))


@st.composite
def sent(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.sampled_from(["LMT", "MKT", "STP", "STOP_LIMIT"]))
    fields: dict[str, object] = {
        "orderType": kind,
        "side": draw(st.sampled_from(["BUY", "SELL"])),
        "quantity": draw(st.integers(1, 60)),
        "tif": draw(st.sampled_from(["DAY", "GTC", "OPG", "IOC"])),
        "symbol": draw(st.sampled_from(["ABC", "XYZ"])),
    }
    if kind != "MKT":
        fields["price"] = draw(prices)
    if kind == "STOP_LIMIT":
        fields["auxPrice"] = draw(prices)
    return fields


steps = st.lists(st.one_of(st.just("next"), st.just("cancel"), st.lists(sent(), min_size=1, max_size=3)), max_size=12)


def carry_out(client: Client, step: object) -> None:
    if step == "next":
        client.advance("next_close")
    elif step == "cancel":
        client.delete("/iserver/account/DU1234567/order/-1")
    elif isinstance(step, list):
        orders = [{**order, "conid": client.conid(str(order["symbol"]))} for order in step]
        group = {"isSingleGroup": True} if len(orders) > 1 else {}
        client.orders(*({**order, **group} for order in orders))


# An example is a whole market: to shrink one takes longer than a test may.
@settings(max_examples=120, phases=[Phase.generate])
@given(days=st.lists(st.tuples(bars(), bars()), min_size=4, max_size=6), script=steps)
def test_books_hold_for_any_orders_on_any_bars(days: list[tuple[Row, Row]], script: list[object]) -> None:
    client = start({"ABC": [day[0] for day in days], "XYZ": [day[1] for day in days]})
    client.advance("2014-03-03T16:00:00Z")
    for step in script:
        carry_out(client, step)
    account = client.broker.account
    cash, held = 100_000.0, {"ABC": 0, "XYZ": 0}
    for execution in account.executions:
        sign = 1 if execution.side is Side.BUY else -1
        cash = fills.cents(cash - sign * fills.cents(execution.quantity * execution.price))
        cash = fills.cents(cash - execution.commission)
        held[execution.symbol] += sign * execution.quantity
        check_price(client, execution.order_id, execution.price, execution.at_us)
    assert account.cash == cash
    assert held == {symbol: account.held(client.conid(symbol)) for symbol in held}
    filled_in_group: dict[str, int] = {}
    for order in client.broker.exchange.book.orders.values():
        assert 0 <= order.filled <= order.quantity
        group = order.ticket.oca_group
        if group is not None and order.filled:
            filled_in_group[group] = filled_in_group.get(group, 0) + 1
    assert all(count == 1 for count in filled_in_group.values())


def check_price(client: Client, order_id: int, price: float, at_us: int) -> None:
    """Hold a fill against its bar and its limit; a market order's may be off by slippage and a tick."""
    simulator = client.simulator
    order = simulator.broker.exchange.book.orders[order_id]
    day = simulator.broker.market.days[simulator.broker.market.day_at(at_us)]
    bar = simulator.broker.market.bar(day.row, order.column)
    assert bar is not None
    assert bar.volume > 0.0
    slack = 0.0 if order.ticket.kind in (Kind.LMT, Kind.STOP_LIMIT) else price * QUIET.slippage_bps / 1e4 + 0.02
    assert bar.low - slack - 1e-9 <= price <= bar.high + slack + 1e-9
    limit = order.ticket.limit
    if limit is not None:
        assert price <= limit if order.ticket.side is Side.BUY else price >= limit
    assert math.isclose(price, round(price, 4))

from __future__ import annotations

from simulator.faults.book import fair_price, newest_live, role_of_order, symbol_of_call
from simulator.messages import Request
from tests.unit.simulator.faults.support import bracket, buy, client, plan
from tests.unit.simulator.support import ACCOUNT


def test_roles_of_orders() -> None:
    on = client()
    bracket(on)
    on.order(on.conid("ABC"), "SELL", "MKT", 1, tif="OPG")
    roles = [role_of_order(order) for order in on.broker.exchange.book.orders.values()]
    assert roles[:3] == ["entry", "stop", "target"]
    found = newest_live(on.broker, "stop")
    assert found is not None
    assert found.ticket.stop == 50.0
    assert newest_live(on.broker, "entry") is None


def test_price_is_the_markets_but_never_beyond_the_limit() -> None:
    on = client()
    buy(on, price=80.0)
    on.order(on.conid("ABC"), "SELL", "LMT", 1, price=150.0)
    on.order(on.conid("ABC"), "SELL", "STP", 1, price=50.0)
    assert [fair_price(on.broker, order) for order in on.broker.exchange.book.orders.values()] == [80.0, 150.0, 100.0]


def test_symbol_is_that_of_the_order_or_of_the_question() -> None:
    on = client()
    path = f"/iserver/account/{ACCOUNT}/orders"
    body = f'{{"orders":[{{"conid":"{on.conid("XYZ")}"}}]}}'.encode()
    assert symbol_of_call(on.broker, Request("POST", path, body=body)) == "XYZ"
    assert symbol_of_call(on.broker, Request("POST", path, body=b'{"orders":[{"conid":true},5]}')) is None
    plan(on, "O01")
    [question] = buy(on)
    assert symbol_of_call(on.broker, Request("POST", f"/iserver/reply/{question['id']}")) == "ABC"

"""The truth log held against the books: it has to tell all that they have."""

from __future__ import annotations

import msgspec

from simulator.exchange.orders import shown_status
from tests.unit.simulator.support import Client
from tests.unit.simulator.truth_reader import ATTRIBUTES, told_by


def assert_told(client: Client) -> None:
    told, exchange = told_by(client.truth()), client.broker.exchange
    assert told.is_open == exchange.is_open
    assert set(told.orders) == set(exchange.book.orders)
    for order_id, order in exchange.book.orders.items():
        seen = told.orders[order_id]
        shown = shown_status(order, market_open=exchange.is_open)
        assert (seen.status, seen.quantity, seen.filled) == (shown, order.quantity, order.filled)
        ticket = msgspec.to_builtins(order.ticket)
        assert seen.ticket == {name: ticket.get(name) for name in ATTRIBUTES}
    held = {conid: shares for conid, shares in told.positions.items() if shares}
    assert held == {p.conid: p.quantity for p in exchange.account.positions.values() if p.quantity}
    assert told.cash == exchange.account.cash
    newest = {each.execution_id.rpartition(".")[0]: each for each in exchange.account.executions}
    assert {head: each["quantity"] for head, each in told.executions.items()} == {
        head: each.quantity for head, each in newest.items()
    }

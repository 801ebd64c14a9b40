from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import (
    Case,
    bracket,
    buy,
    check,
    client,
    held,
    holding,
    plan,
    protected,
    tickle,
)
from tests.unit.simulator.support import ACCOUNT, Client, Json


def filled_over_time(on: Client) -> Json:
    """Send an order for ten at the market's price; return what is filled at once, after one, two and three minutes."""
    buy(on, price=100.0)
    [order] = on.broker.exchange.book.orders.values()
    seen = [order.filled]
    for minute in (31, 32, 33):
        on.advance(f"2014-03-03T14:{minute}:00Z")
        seen.append(order.filled)
    return (seen[0] > 0, seen[0] < seen[1] < seen[2] == seen[3] == 10, order.state.value)


def part_and_end(on: Client) -> Json:
    buy(on, price=100.0)
    [order] = on.broker.exchange.book.orders.values()
    seen = [(order.state.value, order.filled)]
    on.advance("2014-03-03T14:31:00Z")
    return [*seen, (order.state.value, order.filled), held(on)]


def newest_execution(on: Client) -> Json:
    tickle(on)
    newest = on.trades()[0]
    return (newest["execution_id"][-3:], newest["price"], newest["size"], held(on))


def held_over_time(on: Client) -> Json:
    tickle(on)
    seen = [held(on)]
    on.advance("2014-03-03T14:31:00Z")
    return [*seen, held(on)]


def stopped_at(on: Client) -> Json:
    tickle(on)
    return on.trades()[0]["price"]


def both(on: Client) -> Json:
    """Let the target fill by hand; return what is held after the next call."""
    target = on.order_rows()[0]["orderId"]
    on.call("POST", "/sim/account", {"do": "fill", "order_id": target, "price": 150.0})
    tickle(on)
    return held(on)


CASES = [
    Case("O10", filled_over_time, (True, True, "filled"), {"slices": 3, "over_s": 120}),
    Case("O11", part_and_end, [("cancelled", 4), ("cancelled", 4), 4], {"quantity": 4}),
    Case("O11", part_and_end, [("working", 9), ("cancelled", 9), 9], {"quantity": 99, "delay_s": 60}),
    Case("O16", newest_execution, (".02", "100.05", 0.0, 0), scene=holding),
    Case("O16", newest_execution, (".02", "101.05", 10.0, 10), {"what": "price"}, scene=holding),
    Case("O16", newest_execution, (".02", "1.00", 10.0, 10), {"what": "price", "price": 1.0}, scene=holding),
    Case("O16", newest_execution, (".02", "100.05", 9.0, 9), {"what": "quantity"}, scene=holding),
    Case("O16", newest_execution, (".02", "100.05", 12.0, 12), {"what": "quantity", "quantity": 12}, scene=holding),
    Case("O17", held_over_time, [13, 13], {"quantity": 3}, scene=holding),
    Case("O17", held_over_time, [10, 11], {"delay_s": 60}, scene=holding),
    Case("O23", stopped_at, "45.00", {"percent": 10}, scene=protected),
    Case("O24", both, -10, scene=protected),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fills_are_not_as_ordered(case: Case) -> None:
    check(case)


def test_lots_are_odd_and_drawn_from_the_seed() -> None:
    lots = []
    for seed in (1, 1, 2, 3):
        on = client()
        on.call("POST", "/sim/faults", {"seed": seed, "faults": [{"id": "O10", "parameters": {"slices": 4}}]})
        on.order(on.conid("ABC"), "BUY", "MKT", 1000)
        on.advance("close")
        lots.append([execution.quantity for execution in on.broker.account.executions])
    assert lots[0] == lots[1]
    assert len({tuple(found) for found in lots}) == 3
    assert all(sum(found) == 1000 and len(found) == 4 for found in lots)


def test_stop_whose_entry_has_not_filled_does_not_gap() -> None:
    on = client()
    bracket(on, price=80.0)
    plan(on, "O23")
    tickle(on)
    assert held(on) == 0
    entry = next(iter(on.broker.exchange.book.orders))
    on.call("POST", "/sim/account", {"do": "fill", "order_id": entry, "price": 80.0})
    assert held(on) == 10
    tickle(on)
    assert held(on) == 0


def test_execution_that_was_taken_back_is_not_corrected_again() -> None:
    on = client()
    holding(on)
    plan(on, "O16", selector={"times": 2})
    tickle(on)
    tickle(on)
    assert [planned.fired for planned in on.broker.faults.planned] == [1]


def test_nothing_fires_before_there_is_something_to_break() -> None:
    on = client()
    for fault in ("O16", "O17", "O22", "O23", "O24"):
        plan(on, fault)
    tickle(on)
    assert [(planned.matched, planned.fired) for planned in on.broker.faults.planned] == [(0, 0)] * 5
    assert on.call("DELETE", f"/v1/api/iserver/account/{ACCOUNT}/order/-1").status == 200


def test_order_that_filled_on_an_earlier_day_is_not_overfilled() -> None:
    on = client()
    holding(on)
    on.advance("2014-03-04T14:31:00Z")
    plan(on, "O17")
    tickle(on)
    assert [planned.fired for planned in on.broker.faults.planned] == [0]
    assert held(on) == 10

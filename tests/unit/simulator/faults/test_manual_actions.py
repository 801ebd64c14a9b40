from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import (
    Case,
    buy,
    check,
    client,
    held,
    holding,
    plan,
    protected,
    resting,
    tickle,
)
from tests.unit.simulator.support import Client, Json


def states(on: Client) -> Json:
    """Return state and reason of the orders after the next call."""
    tickle(on)
    return [(order.state.value, order.reason) for order in on.broker.exchange.book.orders.values()]


def sent_over_time(on: Client) -> Json:
    """Send a market order; return its answer, its state now and six minutes later."""
    answer = on.order(on.conid("ABC"), "BUY", "MKT", 1)
    orders = on.broker.exchange.book.orders.values()
    seen: list[Json] = [answer["error"] if isinstance(answer, dict) else "accepted", [o.state.value for o in orders]]
    on.advance("2014-03-03T14:36:00Z")
    return [*seen, [o.state.value for o in orders]]


def tickets(on: Client) -> Json:
    tickle(on)
    live = on.broker.exchange.book.live.values()
    return [(order.ticket.quantity, order.ticket.limit, order.ticket.stop) for order in live]


def foreign(on: Client) -> Json:
    """Return names, sides and states of all orders after the next call and a minute later."""
    tickle(on)
    seen = []
    for instant in ("2014-03-03T14:30:00Z", "2014-03-03T14:31:00Z"):
        on.advance(instant)
        orders = on.broker.exchange.book.orders.values()
        seen.append([(order.symbol, order.ticket.coid, order.ticket.side.value, order.state.value) for order in orders])
    return seen


def held_after(on: Client) -> Json:
    tickle(on)
    return (held(on), held(on, "XYZ"))


STANDS, TAKEN = ("ABC", None, "BUY", "working"), ("ABC", None, "BUY", "cancelled")
FILLED, WORKING = ("filled", None), ("working", None)
CASES = [
    Case("O22", states, [FILLED, ("cancelled", "Cancelled by System"), WORKING], scene=protected),
    Case(
        "O22",
        states,
        [FILLED, ("cancelled", "Cancelled by System: order expired"), WORKING],
        {"how": "expired"},
        scene=protected,
    ),
    Case("O27", sent_over_time, ["accepted", ["working"], ["filled"]]),
    Case("O27", sent_over_time, ["The contract is halted.", [], []], {"refuse": True}),
    Case("O29", states, [("working", None), ("cancelled", None)], scene=resting),
    Case("O29", tickets, [(10, None, 47.5), (10, 150.0, None)], {"what": "price", "role": "stop"}, scene=protected),
    Case(
        "O29",
        tickets,
        [(10, None, 50.0), (3, 150.0, None)],
        {"what": "quantity", "quantity": 3, "role": "target"},
        scene=protected,
    ),
    Case("C01", foreign, [[STANDS], [STANDS]]),
    Case("C01", foreign, [[STANDS], [TAKEN]], {"what": "cancelled"}),
    Case("C01", foreign, [[("XYZ", None, "SELL", "filled")]] * 2, {"what": "filled", "symbol": "XYZ", "side": "SELL"}),
    Case("C02", held_after, (0, 0), scene=holding),
    Case("C02", held_after, (6, 0), {"quantity": 4}, scene=holding),
    Case("C03", held_after, (13, 0), {"quantity": 3}, scene=holding),
    Case("C05", held_after, (-2, 0), {"quantity": 2}, scene=holding),
    Case("C05", held_after, (10, -1), {"symbol": "XYZ"}, scene=holding),
    Case("C11", foreign, [[("ABC", "orphan-9", "BUY", "working")]] * 2),
    Case("C11", foreign, [[("ABC", "x-1-2", "BUY", "working")]] * 2, {"coid": "x-1-2"}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_other_hands_change_what_there_is(case: Case) -> None:
    check(case)


def test_orphan_has_a_name_like_the_newest_order() -> None:
    on = client()
    buy(on, cOID="bot1-20140303-9")
    plan(on, "C11")
    tickle(on)
    assert [order.ticket.coid for order in on.broker.exchange.book.live.values()] == [
        "bot1-20140303-9",
        "bot1-20140303-8",
    ]


def test_halt_of_a_symbol_that_is_named_needs_no_order() -> None:
    on = client()
    plan(on, "O27", "/tickle", {"method": "POST"}, symbol="XYZ", seconds=60)
    tickle(on)
    assert on.broker.contracts.by_symbol["XYZ"].column in on.broker.exchange.halted
    on.advance("2014-03-03T14:31:00Z")
    assert not on.broker.exchange.halted


def test_what_is_not_there_is_waited_for() -> None:
    on = client()
    for fault in ("O22", "O29", "C02"):
        plan(on, fault)
    plan(on, "C03", symbol="NONE")
    tickle(on)
    assert [planned.fired for planned in on.broker.faults.planned] == [0] * 4
    protected(on)
    tickle(on)
    assert [planned.fired for planned in on.broker.faults.planned] == [1, 1, 1, 0]

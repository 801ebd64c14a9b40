from __future__ import annotations

import pytest

from simulator.config import Behaviour, Questions
from tests.unit.simulator.faults.support import FLAT, Case, bracket, buy, check, client, plan, protected
from tests.unit.simulator.support import Client, Json, start


def sent(on: Client) -> Json:
    """Send an order at the market's price; return the answer's beginning, and state and fill of the order."""
    answer = buy(on, price=100.0, cOID="a")
    orders = [(order.state.value, order.filled) for order in on.broker.exchange.book.orders.values()]
    return (str(answer["error"])[:24] if isinstance(answer, dict) else "accepted", orders)


def sent_and_a_minute(on: Client) -> Json:
    seen = [sent(on)[1]]
    on.advance("2014-03-03T14:31:00Z")
    return [*seen, [(order.state.value, order.filled) for order in on.broker.exchange.book.orders.values()]]


def prompt(on: Client) -> Json:
    answer = buy(on)
    return sorted(answer) if isinstance(answer, dict) else len(answer)


def children(on: Client) -> Json:
    """Send a bracket; return the rows' statuses, and how many orders there are now and a minute later."""
    rows = bracket(on)
    seen = [[row.get("order_status") for row in rows], len(on.broker.exchange.book.orders)]
    on.advance("2014-03-03T14:31:00Z")
    return [*seen, len(on.broker.exchange.book.orders)]


def children_of_part(on: Client) -> Json:
    """Send a bracket below the market, fill three shares; return states and quantities of the children."""
    rows = bracket(on, price=80.0)
    on.call("POST", "/sim/account", {"do": "fill", "order_id": int(rows[0]["order_id"]), "quantity": 3, "price": 80.0})
    book = on.broker.exchange.book.orders
    return [(book[int(row["order_id"])].state.value, book[int(row["order_id"])].quantity) for row in rows[1:]]


FULL, FILLED = "full", [("filled", 10)]
CASES = [
    Case("O06", sent, ("We cannot accept an orde", [])),
    Case("O06", sent, ("Margin", []), {"error": "Margin", "status": 400}),
    Case(
        "O06",
        prompt,
        ["dismissable", "messageId", "options", "orderId", "prompt", "reqId", "text", "type"],
        {"prompt": True},
    ),
    Case("O07", sent_and_a_minute, [[("inactive", 0)], [("inactive", 0)]]),
    Case("O07", sent_and_a_minute, [[("working", 4)], [("inactive", 4)]], {"quantity": 4, "delay_s": 60}),
    Case("O08", sent, ("Order couldn't be submit", [])),
    Case("O08", sent, ("Order couldn't be submit", FILLED), {"applied": True}),
    Case("O20", children, [["Failed", "Filled", "Submitted"], 2, 2]),
    Case("O20", children, [["Failed", "Filled", "PreSubmitted"], 2, 2], {"child": "target"}),
    Case("O20", children, [["Filled", "Submitted"], 3, 3], {"how": "missing"}),
    Case("O20", children, [["Filled", "Submitted"], 2, 3], {"how": "late"}),
    Case("O21", children_of_part, [("held", 10), ("held", 10)]),
    Case("O21", children_of_part, [("working", 3), ("working", 3)], {"mode": "proportional"}),
    Case("O28", sent, ("YOUR ORDER IS NOT ACCEPT", [])),
    Case("O28", sent, ("The contract is not avai", []), {"reason": "locate"}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_is_refused_or_its_child_goes_astray(case: Case) -> None:
    check(case)


def test_fault_of_an_order_goes_on_with_the_reply_to_its_question() -> None:
    on = start({"ABC": [FLAT]}, behaviour=Behaviour(questions=Questions(percent_from_market=0.0)))
    plan(on, "O07", selector={"role": "exit"})
    on.order(on.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    [question] = on.order(on.conid("ABC"), "SELL", "MKT", 10)
    on.post(f"/iserver/reply/{question['id']}", {"confirmed": True})
    assert [order.state.value for order in on.broker.exchange.book.orders.values()] == ["filled", "inactive"]
    assert [line.get("goes_on", False) for line in on.truth() if line["kind"] == "fault"] == [False, True]


def test_halt_of_the_fault_ends_with_it() -> None:
    on = client()
    plan(on, "O07", selector={"nth": 1}, delay_s=60)
    buy(on, price=100.0)
    assert on.broker.exchange.halted
    on.advance("2014-03-03T14:31:00Z")
    assert not on.broker.exchange.halted
    assert sent(on)[1][-1] == ("filled", 10)


def test_children_become_active_as_configured_once_the_fault_is_cleared() -> None:
    on = client()
    plan(on, "O21", mode="full")
    buy(on)
    on.call("POST", "/sim/faults", {"clear": True})
    assert on.broker.exchange.behaviour.child_activation == "whole"
    assert [line["child_activation"] for line in on.truth() if line["kind"] == "behaviour"] == ["full", "whole"]


def test_child_waits_for_a_bracket() -> None:
    on = client()
    plan(on, "O20")
    buy(on)
    protected(on)
    [row] = on.simulator.broker.faults.planned
    assert (row.matched, row.fired) == (1, 1)

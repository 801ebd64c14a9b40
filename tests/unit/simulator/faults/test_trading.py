from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import buy, client, plan
from tests.unit.simulator.support import ACCOUNT, Client

ORDERS = "*/orders"


def statuses(on: Client) -> list[str]:
    return [row["status"] for row in on.order_rows()]


def bracket(on: Client) -> list[dict[str, str]]:
    base = {"conid": on.conid("ABC"), "quantity": 10}
    rows: list[dict[str, str]] = on.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 100.0, "tif": "DAY", "cOID": "e"},
        {**base, "side": "SELL", "orderType": "STP", "price": 50.0, "tif": "GTC", "parentId": "e"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 150.0, "tif": "GTC", "parentId": "e"},
    )
    return rows


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("G01", {"authenticated": False, "competing": True, "connected": True}),
        ("G02", {"authenticated": False, "competing": False, "connected": False}),
        ("G04", {"authenticated": False, "competing": False, "connected": True}),
    ],
)
def test_session_is_lost_in_its_several_ways(fault: str, status: dict[str, bool]) -> None:
    on = client()
    plan(on, fault, "/tickle")
    answer = on.post("/tickle")["iserver"]["authStatus"]
    assert {name: answer[name] for name in status} == status
    assert on.get("/iserver/accounts")["error"] == "Bad Request: no bridge"


def test_login_loop_never_gets_through() -> None:
    on = client()
    plan(on, "G03", "/iserver/auth/*")
    for _ in range(3):
        assert on.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})["authenticated"] is False


def test_extra_question_comes_first_and_the_order_waits() -> None:
    on = client()
    plan(on, "O03", ORDERS, ids=["o451", "p12"])
    [question] = buy(on)
    assert question["messageIds"] == ["o451", "p12"]
    assert on.simulator.broker.exchange.book.orders == {}


def test_reply_is_lost_and_the_order_live_or_not() -> None:
    for applied, count in ((True, 1), (False, 0)):
        on = client()
        plan(on, "O03", ORDERS)
        plan(on, "O04", "/iserver/reply/*", applied=applied)
        [question] = buy(on)
        assert "reply id not found" in on.post(f"/iserver/reply/{question['id']}", {"confirmed": True})["error"]
        assert len(on.simulator.broker.exchange.book.orders) == count


def test_question_is_forgotten_by_a_new_session() -> None:
    on = client()
    plan(on, "O03", ORDERS)
    plan(on, "O05", "/iserver/reply/*")
    [question] = buy(on)
    assert "reply id not found" in on.post(f"/iserver/reply/{question['id']}", {"confirmed": True})["error"]


def test_refusals() -> None:
    on = client()
    plan(on, "O06", ORDERS, {"nth": 1}, error="Margin")
    plan(on, "O08", ORDERS, {"nth": 2}, applied=True)
    assert buy(on) == {"error": "Margin"}
    assert "already registered" in buy(on, cOID="a")["error"]
    assert len(on.simulator.broker.exchange.book.orders) == 1


def test_accepted_and_then_refused_or_cancelled_in_part() -> None:
    on = client()
    plan(on, "O07", ORDERS, {"nth": 1, "method": "POST"})
    plan(on, "O11", ORDERS, {"nth": 2, "method": "POST"}, quantity=4)
    buy(on)
    buy(on)
    assert statuses(on) == ["Cancelled", "Inactive"]
    assert [row["filledQuantity"] for row in on.order_rows()] == [4.0, 0.0]


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "filled"),
    [("O12", {}, "Filled", 10.0), ("O12", {"quantity": 3}, "Cancelled", 3.0), ("O13", {}, "Cancelled", 10.0),
     ("O14", {}, "Submitted", 0.0), ("O14", {"answer": "unknown"}, "Submitted", 0.0)],
)  # fmt: skip
def test_cancels_that_cross_with_fills(fault: str, parameters: dict[str, object], status: str, filled: float) -> None:
    on = client()
    [row] = buy(on)
    plan(on, fault, "*/order/*", {"method": "DELETE"}, **parameters)
    on.delete(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}")
    [found] = on.order_rows()
    assert (found["status"], found["filledQuantity"]) == (status, filled)


def test_executions_are_corrected_and_exceeded() -> None:
    on = client()
    buy(on, price=100.0)
    plan(on, "O17", "/iserver/account/trades", {"nth": 1}, quantity=2)
    plan(on, "O16", "/iserver/account/trades", {"nth": 2}, price=1.0)
    corrected, over, first = on.trades()
    assert (first["size"], over["size"], corrected["price"]) == (10.0, 2.0, "1.00")
    assert corrected["execution_id"][:-2] == over["execution_id"][:-2]


def test_child_is_refused_and_the_rest_lives() -> None:
    on = client()
    plan(on, "O20", ORDERS, {"method": "POST"})
    failed, *rest = bracket(on)
    assert (failed["order_id"], failed["order_status"]) == ("-1", "Failed")
    assert len(rest) == len(on.simulator.broker.exchange.book.orders) == 2


def test_stops_are_lost_or_gap() -> None:
    on = client()
    bracket(on)
    plan(on, "O22", "/tickle")
    on.post("/tickle")
    assert sorted(statuses(on)) == ["Cancelled", "Filled", "Submitted"]
    on = client()
    bracket(on)
    plan(on, "O23", "/tickle", percent=10)
    on.post("/tickle")
    assert on.trades()[0]["price"] == "45.00"


def test_both_legs_fill() -> None:
    on = client()
    rows = bracket(on)
    on.delete(f"/iserver/account/{ACCOUNT}/order/{rows[1]['order_id']}")
    plan(on, "O24", "/tickle")
    on.post("/tickle")
    assert on.simulator.broker.account.held(on.conid("ABC")) == 0


def test_deeds_happen_when_their_call_comes() -> None:
    on = client()
    plan(on, "C03", "/tickle", {"times": 1}, deed={"do": "trade", "symbol": "ABC", "side": "BUY", "quantity": 3})
    for _ in range(2):
        on.post("/tickle")
    assert on.simulator.broker.account.held(on.conid("ABC")) == 3


def test_impossible_deed_is_left_out() -> None:
    on = client()
    plan(on, "C01", "/tickle", deed={"do": "cancel", "order_id": 1})
    assert "session" in on.post("/tickle")

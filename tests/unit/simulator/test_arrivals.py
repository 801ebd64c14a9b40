from __future__ import annotations

import hashlib
import json

import pytest

from tests.unit.simulator.faults.support import ORDERS, bracket, buy, client, plan
from tests.unit.simulator.support import ACCOUNT, Client, Json


def requests(on: Client) -> list[Json]:
    return [line for line in on.truth() if line["kind"] == "request"]


def sent(on: Client) -> bytes:
    """Send a bracket, and return the bytes of it."""
    base = {"conid": on.conid("ABC"), "quantity": 10, "tif": "GTC"}
    orders = [
        {**base, "side": "BUY", "orderType": "LMT", "price": 80.0, "cOID": "e"},
        {**base, "side": "SELL", "orderType": "STP", "price": 50.0, "parentId": "e", "cOID": "s"},
    ]
    body = json.dumps({"orders": orders}).encode()
    on.simulator.handle("POST", f"/v1/api{ORDERS}", body=body)
    return body


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [("O20", {}), ("O20", {"how": "late"}), ("C07", {"what": "conid"}), ("H05", {}), ("T08", {}), ("T04", {})],
)
def test_digest_is_that_of_the_bytes_that_arrived_whatever_a_fault_does_with_them(
    fault: str, parameters: dict[str, Json]
) -> None:
    on = client()
    plan(on, fault, **parameters)
    body = sent(on)
    on.advance("2014-03-03T14:31:00Z")
    [line] = requests(on)
    assert line["sha256"] == hashlib.sha256(body).hexdigest()
    assert (line["verb"], line["path"], line["coids"]) == ("POST", ORDERS, ["e", "s"])


def test_call_that_is_delivered_twice_has_arrived_twice() -> None:
    on = client()
    plan(on, "T09", selector={"times": 1})
    buy(on, cOID="a")
    assert [line["coids"] for line in requests(on)] == [["a"], ["a"]]


def test_arrival_comes_before_the_faults_that_meet_it_and_its_answer_after_them() -> None:
    on = client()
    plan(on, "H05", selector={"role": "entry"})
    buy(on, cOID="a")
    request, fault, answer = on.truth()[-3:]
    assert (request["kind"], fault["id"], fault["request"], fault["method"]) == (
        "request",
        "H05",
        request["seq"],
        "POST",
    )
    assert (answer["kind"], answer["request"], answer["status"]) == ("answer", request["seq"], 503)
    assert answer["error"] == "Service Unavailable"


def test_answer_says_what_breaks_on_its_way_and_what_an_accepted_order_has_not() -> None:
    on = client()
    buy(on, cOID="a")
    plan(on, "T04", selector={"role": "entry"})
    buy(on, cOID="b")
    accepted, lost = [line for line in on.truth() if line["kind"] == "answer"]
    assert "broken" not in accepted
    assert "error" not in accepted
    assert lost["broken"] == "reset"
    assert [order.ticket.coid for order in on.broker.exchange.book.orders.values()] == ["a", "b"]


def test_fault_that_meets_a_read_names_its_call_and_no_arrival() -> None:
    on = client()
    plan(on, "H05", "/iserver/account/orders")
    on.get("/iserver/account/orders")
    line = on.truth()[-1]
    assert (line["kind"], line["method"], line["path"]) == ("fault", "GET", "/iserver/account/orders")
    assert "request" not in line


def test_what_a_reply_says_is_in_its_arrival() -> None:
    on = client()
    plan(on, "O01")
    [question] = buy(on, cOID="a")
    on.post(f"/iserver/reply/{question['id']}", {"confirmed": True})
    on.call("POST", "/v1/api/iserver/notification", {"reqId": "22171", "text": "Yes" * 100})
    replied, chosen = requests(on)[1:]
    assert (replied["path"], replied["confirmed"]) == (f"/iserver/reply/{question['id']}", True)
    assert (chosen["reqId"], chosen["text"]) == ("22171", ("Yes" * 100)[:100])


def test_cancels_and_changes_arrive_and_reads_do_not() -> None:
    on = client()
    entry = bracket(on, price=80.0)[0]["order_id"]
    before = len(requests(on))
    change = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 81.0, "quantity": 9, "tif": "GTC"}
    on.post(f"/iserver/account/{ACCOUNT}/order/{entry}", change)
    on.delete(f"/iserver/account/{ACCOUNT}/order/{entry}")
    on.get(f"/iserver/account/order/status/{entry}")
    on.call("POST", "/v1/api/iserver/account", {"acctId": ACCOUNT})
    seen = [(line["verb"], line["path"].rpartition("/")[2]) for line in requests(on)[before:]]
    assert seen == [("POST", entry), ("DELETE", entry), ("POST", "account")]
    assert requests(on)[-1]["acctId"] == ACCOUNT

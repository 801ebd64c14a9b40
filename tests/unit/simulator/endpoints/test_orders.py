from __future__ import annotations

import hashlib

import msgspec
import pytest

from simulator.config import Behaviour
from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def question(client: Client, coid: str = "a") -> str:
    [row] = client.order(client.conid("ABC"), "BUY", "MKT", 10, cOID=coid)
    return str(row["id"])


def reply(client: Client, reply_id: str, *, confirmed: bool = True) -> tuple[int, object]:
    response = client.call("POST", f"/v1/api/iserver/reply/{reply_id}", {"confirmed": confirmed})
    return response.status, msgspec.json.decode(response.body)


def test_confirmed_question_becomes_an_order() -> None:
    client = start({"ABC": [FLAT]}, behaviour=Behaviour())
    status, rows = reply(client, question(client))
    assert status == 200
    assert isinstance(rows, list)
    assert rows[0]["local_order_id"] == "a"


def test_declined_question_is_no_order_and_leaves_its_coid_free() -> None:
    client = start({"ABC": [FLAT]}, behaviour=Behaviour())
    assert reply(client, question(client), confirmed=False) == (200, {"error": "Order not confirmed "})
    assert "id" in client.order(client.conid("ABC"), "BUY", "MKT", 10, cOID="a")[0]


def test_declined_question_may_spend_its_coid() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(Behaviour(), decline_spends_coid=True))
    reply(client, question(client), confirmed=False)
    assert "already registered" in client.order(client.conid("ABC"), "BUY", "MKT", 10, cOID="a")["error"]


def test_another_order_ends_a_question() -> None:
    client = start({"ABC": [FLAT]}, behaviour=Behaviour())
    first = question(client)
    question(client, "b")
    assert reply(client, first)[0] == 503
    assert reply(client, first) == (400, {"error": f"reply id not found: '{first}'"})


def test_question_expires_where_that_is_the_way() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(Behaviour(), unanswered_question_expires_s=60.0))
    first = question(client)
    client.advance("2014-03-03T14:31:00Z")
    assert reply(client, first)[0] == 400


def test_unanswered_order_is_listed_as_inactive_and_can_be_nothing_else() -> None:
    client = start({"ABC": [FLAT]}, behaviour=Behaviour())
    question(client)
    [row] = client.order_rows()
    assert (row["status"], row["order_ccp_status"]) == ("Inactive", "Pending Submit")
    assert client.call("GET", f"/v1/api/iserver/account/order/status/{row['orderId']}").status == 404
    assert client.delete(f"/iserver/account/{ACCOUNT}/order/{row['orderId']}") == {"error": "Order is inactive"}


def test_modification_keeps_the_id_and_changes_where_it_fills() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    body = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "LMT", "tif": "DAY", "quantity": 10}
    [row] = client.orders({**body, "price": 50.0, "cOID": "a"})
    path = f"/iserver/account/{ACCOUNT}/order/{row['order_id']}"
    [changed] = client.post(path, {**body, "price": 95.0, "quantity": 4})
    assert changed["order_id"] == row["order_id"]
    client.advance("close")
    [trade] = client.trades()
    assert (trade["price"], trade["size"], trade["order_ref"]) == ("95.00", 4.0, "a")
    assert client.post(path, {**body, "price": 1.0}) == {"error": "Order is inactive"}
    assert "doesn't exist" in client.post(f"/iserver/account/{ACCOUNT}/order/1", body)["error"]


def test_other_contract_or_side_is_no_modification() -> None:
    client = start({"ABC": [FLAT]})
    body = {
        "conid": client.conid("ABC"),
        "side": "BUY",
        "orderType": "LMT",
        "tif": "DAY",
        "quantity": 10,
        "price": 50.0,
    }
    [row] = client.orders(body)
    path = f"/v1/api/iserver/account/{ACCOUNT}/order/{row['order_id']}"
    assert client.call("POST", path, {**body, "side": "SELL"}).status == 400


def test_cancel_of_all_and_of_the_unknown() -> None:
    client = start({"ABC": [FLAT]})
    for price in (50.0, 51.0):
        client.order(client.conid("ABC"), "BUY", "LMT", 1, price=price)
    client.delete(f"/iserver/account/{ACCOUNT}/order/-1")
    assert {row["status"] for row in client.order_rows()} == {"Cancelled"}
    assert client.delete(f"/iserver/account/{ACCOUNT}/order/7") == {"error": "OrderID 7 doesn't exist"}
    assert client.call("DELETE", "/v1/api/iserver/account/U1/order/7").status == 400


def test_preview_needs_a_quote_first() -> None:
    client = start({"ABC": [FLAT]})
    path = f"/iserver/account/{ACCOUNT}/orders/whatif"
    order = {
        "conid": client.conid("ABC"),
        "side": "BUY",
        "orderType": "LMT",
        "price": 100,
        "quantity": 10,
        "tif": "DAY",
    }
    assert "error" in client.post(path, {"orders": [order]})
    client.get("/iserver/marketdata/snapshot", f"conids={order['conid']}")
    answer = client.post(path, {"orders": [order]})
    assert answer["amount"] == {"amount": "1,000.00 USD (10 Shares)", "commission": "1 USD", "total": "1,001.00 USD"}
    assert answer["position"] == {"current": "0", "change": "10", "after": "10"}
    client.get("/iserver/marketdata/unsubscribeall")
    assert client.post(path, {"orders": [order]}) == answer
    assert client.broker.exchange.book.orders == {}


def test_arrival_is_in_the_truth_log_with_the_digest_of_its_body() -> None:
    client = start({"ABC": [FLAT]})
    body = b'{"orders":[{"cOID":"a"}]}'
    client.simulator.handle("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders", body=body)
    [line] = [line for line in client.truth() if line["kind"] == "request"]
    assert (line["verb"], line["coids"], line["sha256"]) == ("POST", ["a"], hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize(("ids", "status"), [(["o163"], 200), ([], 500), (None, 500), (["x"] * 52, 500)])
def test_suppression_takes_one_to_51_ids(ids: object, status: int) -> None:
    client = start({"ABC": [FLAT]}, behaviour=QUIET)
    assert client.call("POST", "/v1/api/iserver/questions/suppress", {"messageIds": ids}).status == status


def test_prompt_is_answered_with_a_plain_text() -> None:
    assert start({"ABC": [FLAT]}).call("POST", "/v1/api/iserver/notification", {}).body == b"Success"

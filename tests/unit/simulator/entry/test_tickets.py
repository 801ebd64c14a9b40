from __future__ import annotations

import msgspec
import pytest

from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def place(client: Client, **changes: object) -> tuple[int, Json]:
    order = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 90, "quantity": 1, "tif": "DAY"}
    response = client.call("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders", {"orders": [{**order, **changes}]})
    return response.status, msgspec.json.decode(response.body)


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"conid": None}, 400, "conid or conidex is required"),
        ({"conid": "x"}, 400, "orders request includes parameter with incorrect type"),
        ({"conid": 13297}, 200, "no sec defs returned forSecDef reqId=resolve ecReqByConid13297"),
        ({"side": "HOLD"}, 400, "Invalid Side (must be 'BUY' or 'SELL')."),
        ({"orderType": "SNAP"}, 400, "Unknown order type"),
        ({"tif": None}, 200, "null time in force is not supported for this order"),
        ({"price": None}, 200, "Invalid order price fields"),
        ({"price": -1}, 200, "Invalid order price fields"),
        ({"price": True}, 400, "orders request includes parameter with incorrect type"),
        ({"orderType": "STOP_LIMIT"}, 200, "Invalid order price fields"),
        ({"quantity": 0}, 200, "Invalid order quantity"),
        ({"quantity": 1.5}, 200, "Invalid order quantity"),
        ({"acctId": "U1"}, 400, "Bad Request: accountId is not valid: U1"),
        ({"parentId": "nobody"}, 400, "Bad Request: parent order nobody doesn't exist"),
        ({"cOID": "x" * 65}, 400, "Bad Request: cOID is longer than 64 characters"),
        ({"orderType": "STP", "outsideRTH": True}, 200, "invalid order attribute : Outside Regular Trading Hours"),
    ],
)
def test_refusals_have_the_documented_texts(changes: dict[str, object], status: int, text: str) -> None:
    found, answer = place(start({"ABC": [FLAT]}), **changes)
    assert (found, answer["error"]) == (status, text)


@pytest.mark.parametrize("changes", [{"side": "Buy"}, {"quantity": "1"}, {"price": "90.00"}, {"orderType": "limit"}])
def test_loose_forms_that_the_real_one_takes(changes: dict[str, object]) -> None:
    status, answer = place(start({"ABC": [FLAT]}), **changes)
    assert (status, answer[0]["order_status"]) == (200, "Submitted")


def test_conidex_names_a_contract_as_well() -> None:
    client = start({"ABC": [FLAT]})
    assert "order_id" in place(client, conid=None, conidex=f"{client.conid('ABC')}@ISLAND")[1][0]


def test_coid_is_taken_once_a_day() -> None:
    client = start({"ABC": [FLAT] * 5})
    assert "order_id" in place(client, cOID="a")[1][0]
    again = place(client, cOID="a")
    assert again == (200, {"error": "Order couldn't be submitted: Local order ID=a is already registered."})
    client.advance("2014-03-04T15:00:00Z")
    assert "order_id" in place(client, cOID="a")[1][0]


@pytest.mark.parametrize(("scope", "taken"), [("none", False), ("session", False), ("day", True)])
def test_scope_of_the_check_on_coids(scope: str, taken: bool) -> None:  # noqa: FBT001
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, duplicate_coid=scope))
    place(client, cOID="a")
    client.call("POST", "/sim/account", {"do": "lose_session"})
    client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    client.get("/iserver/accounts")
    assert ("error" in place(client, cOID="a")[1]) is taken


@pytest.mark.parametrize(("mode", "found"), [("drop", None), ("keep", "child")])
def test_coid_of_a_child(mode: str, found: str | None) -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, child_coid=mode))
    parent = place(client, cOID="parent")[1][0]["order_id"]
    [child] = place(client, side="SELL", parentId=parent, price=110, cOID="child")[1]
    assert (child.get("local_order_id"), child["parent_order_id"]) == (found, parent)


def test_unrelated_orders_in_one_call_are_refused() -> None:
    client = start({"ABC": [FLAT]})
    one = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}
    assert "unrelated orders" in client.orders(one, one)["error"]

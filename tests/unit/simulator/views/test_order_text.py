from __future__ import annotations

import msgspec
import pytest

from simulator.views.order_text import COLOURS, plain
from tests.unit.simulator.support import QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def rows(client: Client) -> list[dict[str, Json]]:
    client.order(client.conid("ABC"), "BUY", "MKT", 10, cOID="a")
    client.order(client.conid("ABC"), "SELL", "STP", 10, price=90.0, tif="GTC", cOID="b")
    return client.order_rows()


def test_rows_are_worded_as_the_real_ones() -> None:
    stop, bought = rows(start({"ABC": [FLAT]}))
    assert (bought["orderDesc"], bought["sizeAndFills"], bought["avgPrice"]) == (
        "Bought 10 ABC Market, Day",
        "10",
        "100.05",
    )
    assert (bought["timeInForce"], bought["price"], bought["status"]) == ("CLOSE", "", "Filled")
    assert (stop["orderDesc"], stop["sizeAndFills"]) == ("Sell 10 ABC Stop 90.00, GTC", "0/10")
    assert (stop["price"], stop["auxPrice"], stop["stop_price"]) == ("", "90.00", "90.00")
    assert stop["status"] == "PreSubmitted"
    assert (stop["order_ccp_status"], stop["order_ref"]) == ("Submitted", "b")


def test_order_ref_can_be_left_out() -> None:
    for mode, found in (("never", []), ("sometimes", ["a"]), ("always", ["b", "a"])):
        client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, order_ref_in_orders=mode))
        assert [row["order_ref"] for row in rows(client) if "order_ref" in row] == found


@pytest.mark.parametrize("names", [True, False])
def test_child_names_its_parent_where_the_broker_does(names: bool) -> None:  # noqa: FBT001
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, parent_id_in_orders=names))
    base = {"conid": client.conid("ABC"), "quantity": 10, "tif": "GTC"}
    parent, _ = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 90.0, "cOID": "a"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 110.0, "parentId": "a"},
    )
    child, _ = client.order_rows()
    assert child.get("parentId") == (int(parent["order_id"]) if names else None)


def test_status_is_worded_in_its_own_way() -> None:
    client = start({"ABC": [FLAT]})
    stop = rows(client)[0]
    status = client.get(f"/iserver/account/order/status/{stop['orderId']}")
    assert (status["side"], status["size"], status["stop_price"]) == ("S", "10.0", "90.00")
    assert (status["fg_color"], status["bg_color"]) == (stop["bgColor"], stop["fgColor"])


def test_prices_keep_their_decimals() -> None:
    assert [plain(price) for price in (1234.5, 0.1234, 97.055)] == ["1234.50", "0.1234", "97.055"]
    assert plain(None) == ""


@pytest.mark.parametrize(
    ("status", "fore", "back"),
    [
        ("PreSubmitted", "#0000CC", "#FFFFFF"),
        ("Submitted", "#00F000", "#000000"),
        ("Filled", "#000000", "#FFFFFF"),
        ("Inactive", "#AFAFAF", "#FFFFFF"),
    ],
)
def test_colours_are_the_documented_ones(status: str, fore: str, back: str) -> None:
    assert COLOURS[status] == (fore, back)


def test_every_status_of_a_working_order_has_its_words() -> None:
    slow = msgspec.structs.replace(QUIET, acknowledged_after_s=10.0, cancelled_after_s=10.0)
    client = start({"ABC": [FLAT]}, behaviour=slow)
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=90.0)
    client.call("POST", "/sim/account", {"do": "warn", "order_id": 0})
    seen = []
    for at in ("14:30:00", "14:30:05", "14:30:10"):
        client.advance(f"2014-03-03T{at}Z")
        seen.append(client.order_rows()[0])
    client.call("POST", "/sim/account", {"do": "warn", "order_id": int(row["order_id"])})
    seen.append(client.order_rows()[0])
    client.delete(f"/iserver/account/DU1234567/order/{row['order_id']}")
    seen.append(client.order_rows()[0])
    assert [(found["status"], found["order_ccp_status"]) for found in seen] == [
        ("PendingSubmit", "Pending Submit"),
        ("PreSubmitted", "Submitted"),
        ("Submitted", "Submitted"),
        ("WarnState", "Submitted"),
        ("PendingCancel", "Pending Cancel"),
    ]
    status = client.get(f"/iserver/account/order/status/{row['order_id']}")
    assert (status["order_status"], status["order_status_description"]) == ("PendingCancel", "Order Being Cancelled")

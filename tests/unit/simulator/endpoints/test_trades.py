from __future__ import annotations

import msgspec

from tests.unit.simulator.support import QUIET, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
LIST = "/iserver/account/orders"


def test_first_list_of_a_session_and_a_forced_one_are_empty_without_a_snapshot() -> None:
    client = start({"ABC": [FLAT]})
    client.order(client.conid("ABC"), "BUY", "MKT", 1)
    empty = {"orders": [], "snapshot": False}
    assert client.get(LIST) == empty
    assert client.get(LIST)["snapshot"] is True
    assert client.get(LIST, "force=true") == empty
    assert len(client.get(LIST)["orders"]) == 1


def test_filters_choose_by_status() -> None:
    client = start({"ABC": [FLAT]})
    client.order(client.conid("ABC"), "BUY", "MKT", 1)
    client.order(client.conid("ABC"), "BUY", "LMT", 1, price=50.0)
    client.get(LIST)
    for query, count in (
        ("filters=filled", 1),
        ("Filters=submitted", 1),
        ("filters=filled,submitted", 2),
        ("filters=filled&filters=submitted", 2),
        ("filters=Submitted,PreSubmitted", 1),
        ("filters=pre_submitted", 0),
        ("filters=x", 2),
    ):
        assert len(client.get(LIST, query)["orders"]) == count
    assert client.call("GET", f"/v1/api{LIST}", query="accountId=U1").status == 400


def test_finished_orders_leave_the_list_at_midnight_and_working_ones_stay() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    client.order(client.conid("ABC"), "BUY", "MKT", 1)
    client.order(client.conid("ABC"), "BUY", "LMT", 1, price=50.0, tif="GTC")
    client.advance("2014-03-04T04:59:00Z")
    assert len(client.order_rows()) == 2
    client.advance("2014-03-04T05:01:00Z")
    assert [row["timeInForce"] for row in client.order_rows()] == ["GTC"]


def test_order_may_take_its_time_to_be_seen() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, visible_after_s=30.0))
    client.order(client.conid("ABC"), "BUY", "LMT", 1, price=50.0)
    assert client.order_rows() == []
    client.advance("2014-03-03T14:30:30Z")
    assert len(client.order_rows()) == 1


def test_first_trades_of_a_session_are_empty_then_newest_first() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    client.order(client.conid("ABC"), "BUY", "MKT", 2)
    client.advance("open")
    client.order(client.conid("ABC"), "SELL", "MKT", 1)
    assert client.get("/iserver/account/trades") == []
    assert [row["side"] for row in client.get("/iserver/account/trades")] == ["S"]
    assert [row["side"] for row in client.get("/iserver/account/trades/", "days=2")] == ["S", "B"]
    assert client.get("/iserver/account/trades", "days=7")[0]["position"] == "1"


def test_order_id_of_trades_can_be_left_out() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, order_id_in_trades=False))
    client.order(client.conid("ABC"), "BUY", "MKT", 1)
    assert "order_id" not in client.trades()[0]


def test_status_of_unknown_orders() -> None:
    client = start({"ABC": [FLAT]})
    for text, status in (("000000000", 400), ("x", 400), ("999999999", 503)):
        assert client.call("GET", f"/v1/api/iserver/account/order/status/{text}").status == status

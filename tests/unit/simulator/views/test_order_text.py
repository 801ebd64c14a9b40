from __future__ import annotations

import msgspec

from simulator.views.order_text import plain
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


def test_status_is_worded_in_its_own_way() -> None:
    client = start({"ABC": [FLAT]})
    stop = rows(client)[0]
    status = client.get(f"/iserver/account/order/status/{stop['orderId']}")
    assert (status["side"], status["size"], status["stop_price"]) == ("S", "10.0", "90.00")
    assert (status["fg_color"], status["bg_color"]) == (stop["bgColor"], stop["fgColor"])


def test_prices_keep_their_decimals() -> None:
    assert [plain(price) for price in (1234.5, 0.1234, 97.055)] == ["1234.50", "0.1234", "97.055"]
    assert plain(None) == ""

"""How orders come onto the book, wait, fill part by part and end."""

from __future__ import annotations

import msgspec
import pytest

from simulator.config import Behaviour
from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
FALLING: Row = (100.0, 110.0, 90.0, 95.0, 1000.0)


def having(**choices: Json) -> Behaviour:
    return msgspec.structs.replace(QUIET, **choices)


def status(client: Client, order_id: str) -> str:
    return str(client.get(f"/iserver/account/order/status/{order_id}")["order_status"])


def sell(client: Client, kind: str, price: float, **fields: Json) -> str:
    [row] = client.order(client.conid("ABC"), "SELL", kind, 10, price=price, tif="GTC", **fields)
    return str(row["order_id"])


def bracket(client: Client, quantity: int = 10, **parent: Json) -> list[str]:
    base = {"conid": client.conid("ABC"), "quantity": quantity}
    rows = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 100, "tif": "GTC", "cOID": "entry", **parent},
        {**base, "side": "SELL", "orderType": "STP", "price": 90, "tif": "GTC", "parentId": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 108, "tif": "GTC", "parentId": "entry"},
    )
    return [str(row["order_id"]) for row in rows]


def sizes(client: Client, *order_ids: str) -> list[str]:
    return [client.get(f"/iserver/account/order/status/{order_id}")["size_and_fills"] for order_id in order_ids]


def test_order_is_submitted_step_by_step_and_fills_only_then() -> None:
    client = start({"ABC": [FLAT]}, behaviour=having(acknowledged_after_s=10.0))
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    seen = [row["order_status"]]
    for second in ("04.9", "05.0", "09.9", "10.0"):
        client.advance(f"2014-03-03T14:30:{second}00000Z")
        seen.append(status(client, row["order_id"]))
    assert seen == ["PendingSubmit", "PendingSubmit", "PreSubmitted", "PreSubmitted", "Filled"]
    assert client.trades()[0]["trade_time"] == "20140303-14:30:10"


def test_step_by_step_is_the_same_after_a_restart(tmp_path: Json) -> None:
    behaviour = having(acknowledged_after_s=10.0, cancelled_after_s=10.0)
    first = start({"ABC": [FLAT]}, behaviour=behaviour, state_dir=tmp_path)
    [row] = first.order(first.conid("ABC"), "BUY", "LMT", 10, price=90.0)
    first.advance("2014-03-03T14:30:07Z")
    first.simulator.close()
    second = start({"ABC": [FLAT]}, behaviour=behaviour, state_dir=tmp_path)
    assert status(second, row["order_id"]) == "PreSubmitted"
    second.advance("2014-03-03T14:30:10Z")
    assert status(second, row["order_id"]) == "Submitted"
    second.delete(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}")
    second.simulator.close()
    third = start({"ABC": [FLAT]}, behaviour=behaviour, state_dir=tmp_path)
    assert status(third, row["order_id"]) == "PendingCancel"
    third.advance("2014-03-03T14:30:20Z")
    assert status(third, row["order_id"]) == "Cancelled"


def test_running_clock_stops_for_what_is_on_the_agenda() -> None:
    client = start({"ABC": [FLAT]}, behaviour=having(acknowledged_after_s=10.0))
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.broker.exchange.drift(client.broker.now_us + 20_000_000)
    assert status(client, row["order_id"]) == "Filled"


def test_order_whose_cancel_is_on_its_way_can_still_fill() -> None:
    client = start({"ABC": [FALLING]}, behaviour=having(cancelled_after_s=3600.0))
    fills_first, ends_first = sell(client, "LMT", 102.0), sell(client, "LMT", 109.0)
    for order_id in (fills_first, ends_first):
        client.delete(f"/iserver/account/{ACCOUNT}/order/{order_id}")
        assert status(client, order_id) == "PendingCancel"
    client.advance("2014-03-03T15:29:59Z")
    assert [status(client, order_id) for order_id in (fills_first, ends_first)] == ["Filled", "PendingCancel"]
    client.advance("2014-03-03T15:30:00Z")
    assert status(client, ends_first) == "Cancelled"


@pytest.mark.parametrize(
    ("choice", "delay_s", "in_the_night", "at_the_open"),
    [
        ("at_once", 0.0, "Cancelled", "Cancelled"),
        ("at_open", 0.0, "PendingCancel", "Cancelled"),
        ("at_open", 60.0, "PendingCancel", "Filled"),
    ],
)
def test_cancel_that_is_sent_while_the_market_is_closed(
    choice: str, delay_s: float, in_the_night: str, at_the_open: str
) -> None:
    client = start({"ABC": [FLAT, FLAT]}, behaviour=having(cancel_out_of_hours=choice, cancelled_after_s=delay_s))
    client.advance("2014-03-04T01:00:00Z")
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0, tif="GTC")
    client.delete(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}")
    client.advance("2014-03-04T14:29:59Z")
    assert status(client, row["order_id"]) == in_the_night
    client.advance("2014-03-04T14:30:00Z")
    assert status(client, row["order_id"]) == at_the_open


def test_cancel_that_is_sent_in_the_session_does_not_wait_for_an_open() -> None:
    client = start({"ABC": [FLAT, FLAT]}, behaviour=having(cancel_out_of_hours="at_open"))
    order_id = sell(client, "LMT", 120.0)
    client.delete(f"/iserver/account/{ACCOUNT}/order/{order_id}")
    assert status(client, order_id) == "Cancelled"


def test_pending_cancel_can_be_cancelled_again_and_not_modified() -> None:
    client = start({"ABC": [FLAT]}, behaviour=having(cancelled_after_s=60.0))
    order_id = sell(client, "LMT", 120.0)
    path = f"/iserver/account/{ACCOUNT}/order/{order_id}"
    assert client.delete(path)["conid"] == client.conid("ABC")
    assert client.delete(path) == {
        "msg": "Request was submitted",
        "order_id": int(order_id),
        "conid": -1,
        "account": None,
    }
    assert [line["kind"] for line in client.truth()].count("cancel") == 1
    body = {"conid": client.conid("ABC"), "side": "SELL", "orderType": "LMT", "price": 1, "quantity": 1, "tif": "GTC"}
    assert client.post(path, body) == {"error": "Order is inactive"}


@pytest.mark.parametrize(("choice", "expected"), [("next_session", "Filled"), ("until_20:00", "Cancelled")])
def test_day_order_that_comes_after_the_close(choice: str, expected: str) -> None:
    client = start({"ABC": [FLAT, FLAT]}, behaviour=having(day_after_close=choice))
    client.advance("2014-03-03T22:00:00Z")
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.advance("2014-03-04T00:59:59Z")
    assert status(client, row["order_id"]) == "PreSubmitted"
    client.advance("2014-03-04T14:30:00Z")
    assert status(client, row["order_id"]) == expected


def test_our_orders_in_a_symbol_share_its_volume_and_a_session_has_no_more() -> None:
    client = start({"ABC": [FLAT, FLAT]}, cash=10_000_000.0, behaviour=having(partial_fill_fraction=0.4))
    first, second = (
        client.order(client.conid("ABC"), "BUY", "LMT", quantity, price=100.0, tif="GTC")[0]["order_id"]
        for quantity in (300, 1000)
    )
    assert sizes(client, first, second) == ["300", "100/1000"]
    client.advance("2014-03-03T14:31:00Z")
    assert sizes(client, second) == ["500/1000"]
    client.advance("close")
    assert sizes(client, second) == ["700/1000"]
    client.advance("open")
    assert sizes(client, second) == ["1000"]


@pytest.mark.parametrize("tif", ["IOC", "OPG"])
def test_rest_of_an_order_for_the_moment_is_cancelled(tif: str) -> None:
    client = start({"ABC": [FLAT, FLAT]}, behaviour=having(partial_fill_fraction=0.004))
    if tif == "OPG":
        client.advance("close")
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0, tif=tif)
    client.advance("open")
    found = client.get(f"/iserver/account/order/status/{row['order_id']}")
    assert (found["order_status"], found["cum_fill"], found["size"]) == ("Cancelled", "4.0", "6.0")


def test_stop_triggers_once_and_sells_slice_by_slice_at_the_prices_that_then_hold() -> None:
    client = start({"ABC": [FLAT, FALLING]}, behaviour=having(partial_fill_fraction=0.004))
    client.order(client.conid("ABC"), "BUY", "MKT", 4)
    client.advance("close")
    order_id = sell(client, "STP", 95.0)
    client.advance("next_close")
    assert status(client, order_id) == "Filled"
    slices = [(trade["size"], float(trade["price"])) for trade in client.trades() if trade["side"] == "S"]
    assert [size for size, _ in slices] == [2.0, 4.0, 4.0]
    prices = [price for _, price in reversed(slices)]
    # The path falls from 110 to 90 in 130 minutes: 0.15 a minute from 95 on.
    assert prices == sorted(prices, reverse=True)
    assert prices[0] == 94.95
    assert 94.6 < prices[2] < 94.7


def test_children_that_grow_never_have_more_than_is_filled_and_not_yet_sold() -> None:
    behaviour = having(partial_fill_fraction=0.004, child_activation="proportional")
    client = start({"ABC": [FLAT, FLAT]}, behaviour=behaviour)
    _, stop, target = bracket(client)
    assert sizes(client, stop, target) == ["0/4", "0/4"]
    client.advance("2014-03-03T14:31:00Z")
    assert sizes(client, stop, target) == ["0/8", "0/8"]
    client.advance("2014-03-03T14:32:00Z")
    assert sizes(client, stop, target) == ["0/10", "0/10"]


def test_child_that_sold_all_it_had_goes_on_with_what_its_parent_gets_later() -> None:
    # The open is below the stop: each slice of the entry is sold again as soon as there is room.
    client = start(
        {"ABC": [FLAT, FLAT]}, behaviour=having(partial_fill_fraction=0.004, child_activation="proportional")
    )
    base = {"conid": client.conid("ABC"), "quantity": 6}
    rows = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 100, "tif": "GTC", "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "STP", "price": 101, "tif": "GTC", "parentId": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 120, "tif": "GTC", "parentId": "entry"},
    )
    entry, stop, target = (row["order_id"] for row in rows)
    seen = []
    for minute in range(30, 36):
        client.advance(f"2014-03-03T14:{minute}:00Z")
        bought, sold = (
            float(row["cum_fill"]) for row in (client.get(f"/iserver/account/order/status/{i}") for i in (entry, stop))
        )
        assert sold <= bought
        seen.append((bought, sold))
    assert seen[0] == (4.0, 0.0)
    assert seen[-1] == (6.0, 6.0)
    assert [status(client, order_id) for order_id in (entry, stop, target)] == ["Filled", "Filled", "Cancelled"]


def test_children_for_the_full_fill_wait_for_it_and_end_with_a_parent_that_does_not_get_it() -> None:
    behaviour = having(partial_fill_fraction=0.004, child_activation="full")
    client = start({"ABC": [FLAT, FLAT]}, behaviour=behaviour)
    entry, stop, target = bracket(client)
    client.advance("2014-03-03T14:31:00Z")
    assert client.broker.exchange.book.orders[int(stop)].state.value == "held"
    client.delete(f"/iserver/account/{ACCOUNT}/order/{entry}")
    assert [status(client, order_id) for order_id in (entry, stop, target)] == ["Cancelled"] * 3


def test_part_that_a_sibling_sells_is_taken_off_the_others() -> None:
    client = start({"ABC": [FLAT, FALLING]}, behaviour=having(partial_fill_fraction=0.004))
    client.advance("close")
    base = {"conid": client.conid("ABC"), "quantity": 10, "side": "SELL", "tif": "GTC", "isSingleGroup": True}
    stop, target = (
        row["order_id"]
        for row in client.orders(
            {**base, "orderType": "STP", "price": 91}, {**base, "orderType": "LMT", "price": 109, "quantity": 7}
        )
    )
    client.advance("next_close", stop_on_event=True)
    assert sizes(client, stop, target) == ["0/6", "4/7"]
    client.advance("close")
    assert [status(client, order_id) for order_id in (stop, target)] == ["Cancelled", "Filled"]


def test_refused_parent_takes_its_children_with_it() -> None:
    client = start({"ABC": [FLAT]})
    ids = bracket(client, price=90)
    client.call("POST", "/sim/account", {"do": "reject", "order_id": int(ids[0])})
    assert [status(client, order_id) for order_id in ids] == ["Inactive", "Cancelled", "Cancelled"]


def test_fill_by_hand_of_a_parent_lets_its_children_work() -> None:
    client = start({"ABC": [FLAT, FALLING]})
    entry, stop, target = bracket(client, price=80)
    client.call("POST", "/sim/account", {"do": "fill", "order_id": int(entry), "price": 80.0})
    client.advance("close")
    client.advance("next_close")
    assert [status(client, order_id) for order_id in (entry, stop, target)] == ["Filled", "Cancelled", "Filled"]


def test_modification_down_to_what_is_filled_ends_an_order_and_lets_its_children_work() -> None:
    behaviour = having(partial_fill_fraction=0.004, child_activation="full")
    client = start({"ABC": [FLAT, FALLING]}, behaviour=behaviour)
    entry, stop, _ = bracket(client)
    body = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 100, "quantity": 4, "tif": "GTC"}
    client.post(f"/iserver/account/{ACCOUNT}/order/{entry}", body)
    assert status(client, entry) == "Filled"
    assert client.broker.exchange.book.orders[int(stop)].state.value == "working"


def test_children_of_a_market_order_begin_at_the_price_of_the_path_without_its_slippage() -> None:
    client = start({"ABC": [(100.0, 100.0, 95.0, 95.0, 1000.0)]}, behaviour=having(slippage_bps=100.0))
    base = {"conid": client.conid("ABC"), "quantity": 10, "tif": "DAY"}
    client.orders(
        {**base, "side": "BUY", "orderType": "MKT", "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 100.5, "parentId": "entry"},
    )
    client.advance("close")
    assert [trade["price"] for trade in client.trades()] == ["101.00"]


def test_order_for_the_open_that_arrives_at_the_open_has_that_moment_only() -> None:
    client = start({"ABC": [(100.0, 110.0, 90.0, 95.0, 1000.0)]})
    assert client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0, tif="OPG")[0]["order_status"] == "Cancelled"
    assert client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0, tif="OPG")[0]["order_status"] == "Filled"


def test_stop_limit_that_triggers_at_the_open_and_waits_there_is_over_if_it_was_for_the_open() -> None:
    client = start({"ABC": [FLAT, (100.0, 110.0, 90.0, 95.0, 1000.0)]})
    client.advance("close")
    [row] = client.order(client.conid("ABC"), "BUY", "STOP_LIMIT", 10, price=95.0, auxPrice=99.0, tif="OPG")
    client.advance("next_close")
    assert status(client, row["order_id"]) == "Cancelled"


def test_family_that_ends_at_the_open_ends_once() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    client.advance("close")
    base = {"conid": client.conid("ABC"), "quantity": 10, "tif": "OPG"}
    client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 90.0, "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 110.0, "parentId": "entry"},
    )
    client.advance("open")
    ended = [line["order_id"] for line in client.truth() if line["kind"] == "status" and line["state"] == "cancelled"]
    assert len(ended) == len(set(ended)) == 2


def test_sibling_of_which_all_shares_are_sold_waits_for_the_parents_next_part() -> None:
    behaviour = having(partial_fill_fraction=0.004, child_activation="proportional")
    client = start({"ABC": [FLAT, FLAT]}, behaviour=behaviour)
    client.advance("2014-03-03T14:30:20Z")
    base = {"conid": client.conid("ABC"), "quantity": 8, "tif": "GTC"}
    rows = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 101, "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "STP", "price": 100, "parentId": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 100, "parentId": "entry"},
    )
    entry, stop, target = (row["order_id"] for row in rows)
    client.advance("2014-03-03T14:31:30Z")
    # The stop was first in the new minute and sold what there was: nothing is left of it for the target.
    assert sizes(client, entry, stop, target) == ["4/8", "4/4", "0/0"]
    client.advance("close")
    assert [status(client, order_id) for order_id in (entry, stop, target)] == ["Filled", "Filled", "Cancelled"]
    assert client.broker.account.held(client.conid("ABC")) == 0


def test_children_may_stand_before_their_parent() -> None:
    client = start({"ABC": [FLAT]})
    base = {"conid": client.conid("ABC"), "quantity": 10, "tif": "GTC"}
    child, entry = client.orders(
        {**base, "side": "SELL", "orderType": "LMT", "price": 95.0, "parentId": "entry"},
        {**base, "side": "BUY", "orderType": "LMT", "price": 90.0, "cOID": "entry"},
    )
    assert (child["order_status"], child["parent_order_id"]) == ("PreSubmitted", entry["order_id"])
    assert client.trades() == []


def test_truth_log_says_with_an_order_what_limits_go_by() -> None:
    client = start({"ABC": [FLAT, FLAT], "XYZ": [FALLING, FALLING]})
    client.order(client.conid("ABC"), "BUY", "MKT", 10)
    client.advance("2014-03-03T14:31:00Z")
    client.order(client.conid("XYZ"), "BUY", "LMT", 1, price=50.0)
    lines = [line for line in client.truth() if line["kind"] == "order"]
    assert [set(line["standing"]["prices"]) for line in lines] == [
        {str(client.conid("ABC"))},
        {str(client.conid("ABC")), str(client.conid("XYZ"))},
    ]
    held = lines[1]["standing"]
    assert held["equity"] == pytest.approx(held["cash"] + 10 * held["prices"][str(client.conid("ABC"))])

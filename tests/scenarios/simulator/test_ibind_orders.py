"""A client that nobody here wrote, through its public calls as its documentation shows them: what it orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ibind import IbkrClient, OrderRequest, QuestionType
from ibind.support.errors import ExternalBrokerError

from tests.scenarios.simulator.ibind_client import AAPL, ANSWERS, order
from tests.scenarios.simulator.process import ACCOUNT, Running, running


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--cash", "100000") as started:
        yield started


def test_order_with_questions_fills_and_becomes_a_position(client: IbkrClient, simulator: Running) -> None:
    placed = client.place_order(order("BUY", "MKT", 10, coid="first", tif="DAY"), ANSWERS).data
    assert placed["local_order_id"] == "first"
    assert client.order_status(placed["order_id"]).data["order_status"] == "Filled"
    client.trades()
    [trade] = client.trades(days="7").data
    assert (trade["order_ref"], trade["side"], trade["size"]) == ("first", "B", 10.0)
    assert client.positions2().data[0]["position"] == 10.0
    assert client.positions().data[0]["conid"] == AAPL
    assert client.position_and_contract_info(str(AAPL)).data[ACCOUNT][0]["position"] == 10.0
    assert client.get_ledger().data["BASE"]["stockmarketvalue"] > 700
    assert client.transaction_history(ACCOUNT, str(AAPL), "USD").data["transactions"][0]["qty"] == 10.0
    assert simulator.get("/sim/clock")["events"] == 2


def test_question_that_the_client_can_not_answer_leaves_the_order_unplaced(client: IbkrClient) -> None:
    with pytest.raises(ValueError, match="Market Order"):
        client.place_order(order("BUY", "MKT", 10, tif="DAY"), {})
    client.live_orders()
    assert [row["status"] for row in client.live_orders().data["orders"]] == ["Inactive"]


def test_question_that_is_declined_places_nothing(client: IbkrClient) -> None:
    with pytest.raises(RuntimeError, match="not given a positive reply"):
        client.place_order(order("BUY", "MKT", 10, tif="DAY"), {QuestionType.MARKET_ORDER_CONFIRMATION: False})
    assert client.positions2().data == []


def test_suppressed_questions_are_asked_no_more_until_they_are_reset(client: IbkrClient) -> None:
    assert client.suppress_messages(["o10151"]).data["status"] == "submitted"
    assert client.place_order(order("BUY", "MKT", 1, tif="DAY"), {}).data["order_status"] == "Filled"
    client.reset_suppressed_messages()
    with pytest.raises(ValueError, match="No answer found"):
        client.place_order(order("BUY", "MKT", 1, tif="DAY"), {})


def test_order_routed_by_conidex_with_every_field_that_a_stock_order_may_have(client: IbkrClient) -> None:
    routed = OrderRequest(None, "BUY", 5, "MKT", ACCOUNT, conidex=f"{AAPL}@ISLAND", tif="DAY")
    assert client.place_order(routed, ANSWERS).data["order_status"] == "Filled"
    full = order(
        "BUY",
        "LMT",
        5,
        price=74.0,
        tif="DAY",
        sec_type=f"{AAPL}:STK",
        listing_exchange="SMART",
        ticker="AAPL",
        referrer="QuickTrade",
        outside_rth=True,
        use_adaptive=False,
        is_ccy_conv=False,
        is_close=False,
    )
    assert client.place_order(full, ANSWERS).data["order_status"] == "Submitted"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"order_type": "LMT", "price": 74.0}, "Submitted"),
        ({"order_type": "STP", "price": 90.0}, "PreSubmitted"),
        ({"order_type": "STOP_LIMIT", "price": 91.0, "aux_price": 90.0}, "PreSubmitted"),
    ],
)
def test_order_types(client: IbkrClient, fields: dict[str, object], status: str) -> None:
    placed = client.place_order(OrderRequest(AAPL, "BUY", 5, acct_id=ACCOUNT, tif="GTC", **fields), ANSWERS).data
    assert placed["order_status"] == status


def test_same_coid_twice_is_told_apart_from_other_errors(client: IbkrClient) -> None:
    client.place_order(order("BUY", "LMT", 1, price=74.0, coid="once"), ANSWERS)
    with pytest.raises(ExternalBrokerError, match="already registered"):
        client.place_order(order("BUY", "LMT", 1, price=74.0, coid="once"), ANSWERS)
    client.live_orders()
    assert len(client.live_orders().data["orders"]) == 1


def test_preview_needs_a_snapshot_first(client: IbkrClient) -> None:
    draft = order("BUY", "LMT", 10, price=74.0, tif="DAY")
    with pytest.raises(ExternalBrokerError, match="snapshot"):
        client.whatif_order(draft)
    client.live_marketdata_snapshot(str(AAPL), ["31"])
    preview = client.whatif_order(draft).data
    assert preview["amount"]["amount"] == "740.00 USD (10 Shares)"


def test_modification_and_cancel(client: IbkrClient, simulator: Running) -> None:
    simulator.advance("close")
    placed = client.place_order(order("BUY", "LMT", 10, price=74.0, tif="GTC", coid="second"), ANSWERS).data
    changed = order("BUY", "LMT", 5, price=73.5, tif="GTC", coid="second")
    assert client.modify_order(placed["order_id"], changed, ANSWERS).data["order_id"] == placed["order_id"]
    client.live_orders()
    [row] = client.live_orders(filters=["submitted", "pre_submitted"], account_id=ACCOUNT).data["orders"]
    assert (row["price"], row["totalSize"], row["order_ref"]) == ("73.50", 5.0, "second")
    assert client.cancel_order(placed["order_id"]).data["msg"] == "Request was submitted"
    assert [row["status"] for row in client.live_orders().data["orders"]] == ["Cancelled"]
    for call in (client.cancel_order, client.order_status):
        with pytest.raises(ExternalBrokerError):
            call("12345")
    assert client.live_orders(force=True).data == {"orders": [], "snapshot": False}


def test_all_orders_are_cancelled_by_minus_one(client: IbkrClient) -> None:
    for price in (73.0, 74.0):
        client.place_order(order("BUY", "LMT", 1, price=price), ANSWERS)
    client.cancel_order("-1")
    client.live_orders()
    assert {row["status"] for row in client.live_orders().data["orders"]} == {"Cancelled"}


def test_bracket(client: IbkrClient, simulator: Running) -> None:
    simulator.advance("close")
    parent = order("BUY", "LMT", 10, price=75.0, tif="DAY", coid="third")
    stop = order("SELL", "STP", 10, price=70.0, tif="GTC", parent_id="third")
    target = order("SELL", "LMT", 10, price=76.0, tif="GTC", parent_id="third")
    rows = client.place_order([parent, stop, target], ANSWERS).data
    assert len(rows) == 3
    client.live_orders()
    listed = client.live_orders().data["orders"]
    assert {row.get("parentId") for row in listed} == {None, int(rows[0]["order_id"])}


def test_group_of_which_one_order_fills_loses_the_others(client: IbkrClient, simulator: Running) -> None:
    client.place_order(order("BUY", "MKT", 10, tif="DAY"), ANSWERS)
    pair = [
        order("SELL", "LMT", 10, price=75.2, tif="GTC", is_single_group=True),
        order("SELL", "STP", 10, price=60.0, tif="GTC", is_single_group=True),
    ]
    client.place_order(pair, ANSWERS)
    simulator.advance("close")
    client.live_orders()
    listed = {row["orderType"]: row["status"] for row in client.live_orders().data["orders"]}
    assert (listed["Limit"], listed["Stop"]) == ("Filled", "Cancelled")

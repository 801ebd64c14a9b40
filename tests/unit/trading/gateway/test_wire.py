from __future__ import annotations

import math

import pytest

from trading.errors import InvariantBroken
from trading.gateway import wire
from trading.gateway.fields import FieldError
from trading.gateway.json_text import write_json
from trading.model.order import BrokerStatus, OrderTicket, OrderType, Side, Tif


def ticket(kind: OrderType, limit: float | None = None, stop: float | None = None, **changes: object) -> OrderTicket:
    values: dict[str, object] = {
        "conid": 265598,
        "side": Side.BUY,
        "order_type": kind,
        "tif": Tif.DAY,
        "quantity": 10,
        "limit_price": limit,
        "stop_price": stop,
    } | changes
    return OrderTicket(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "price", "aux_price"),
    [
        (ticket(OrderType.LIMIT, 10.5), 10.5, None),
        (ticket(OrderType.MARKET), None, None),
        (ticket(OrderType.STOP, None, 9.5), 9.5, None),
        (ticket(OrderType.STOP_LIMIT, 9.4, 9.5), 9.4, 9.5),
    ],
)
def test_price_is_the_stop_of_a_stop_and_the_limit_of_the_others(
    order: OrderTicket, price: float | None, aux_price: float | None
) -> None:
    row = wire.order_fields(order, "DU1234567")
    assert row.get("price") == price
    assert row.get("auxPrice") == aux_price


def test_an_order_is_always_the_same_bytes() -> None:
    order = ticket(OrderType.LIMIT, 10.5, coid="ab-1")
    assert write_json(wire.order_fields(order, "DU1234567")) == (
        b'{"acctId":"DU1234567","conid":265598,"cOID":"ab-1","orderType":"LMT","price":10.5,"side":"BUY","tif":"DAY",'
        b'"quantity":10}'
    )


def test_a_child_names_its_parent_and_carries_no_name_of_its_own() -> None:
    row = wire.order_fields(ticket(OrderType.STOP, None, 9.5, parent_coid="ab-1", tif=Tif.GTC, side=Side.SELL), "U1")
    assert row["parentId"] == "ab-1"
    assert "cOID" not in row


def test_members_of_a_group_say_so() -> None:
    assert wire.order_fields(ticket(OrderType.LIMIT, 9.0, single_group=True), "U1")["isSingleGroup"] is True


@pytest.mark.parametrize(
    "order",
    [
        ticket(OrderType.LIMIT),
        ticket(OrderType.LIMIT, 10.0, 9.0),
        ticket(OrderType.MARKET, 10.0),
        ticket(OrderType.STOP, 10.0),
        ticket(OrderType.STOP),
        ticket(OrderType.STOP_LIMIT, 10.0),
        ticket(OrderType.LIMIT, -1.0),
        ticket(OrderType.LIMIT, 0.0),
        ticket(OrderType.LIMIT, float("nan")),
        ticket(OrderType.LIMIT, float("inf")),
        ticket(OrderType.LIMIT, 1.0, quantity=0),
        ticket(OrderType.LIMIT, 1.0, quantity=-5),
        ticket(OrderType.LIMIT, 1.0, conid=0),
        ticket(OrderType.LIMIT, 1.0, coid="a", parent_coid="b"),
    ],
)
def test_an_order_that_contradicts_itself_cannot_leave(order: OrderTicket) -> None:
    with pytest.raises(InvariantBroken):
        wire.order_fields(order, "U1")


ROW: dict[str, object] = {
    "acct": "U1234567", "account": "U1234567", "conid": 265598, "orderId": 1234568790, "ticker": "AAPL",
    "remainingQuantity": 3.0, "filledQuantity": 2.0, "totalSize": 5.0, "status": "Submitted", "origOrderType": "LIMIT",
    "orderType": "Limit", "price": "1,185.50", "timeInForce": "CLOSE", "side": "BUY", "order_ref": "ab-1",
}  # fmt: skip
STATUS: dict[str, object] = {
    "order_id": 1210386759, "conid": 756733, "symbol": "SPY", "side": "B", "size": "0.6", "total_size": "1.0",
    "cum_fill": "0.4", "account": "U1234567", "order_type": "LIMIT", "limit_price": "457.00", "stop_price": "0",
    "order_status": "PreSubmitted", "tif": "GTC", "average_price": "456.90",
}  # fmt: skip


def test_a_listed_order_in_our_words() -> None:
    order = wire.listed_order(ROW)
    assert (order.order_id, order.conid, order.symbol, order.side) == (1234568790, 265598, "AAPL", Side.BUY)
    assert (order.total_quantity, order.filled_quantity, order.remaining_quantity) == (5.0, 2.0, 3.0)
    assert (order.limit_price, order.stop_price) == (1185.5, None)
    assert (order.tif, order.status, order.order_ref) == (Tif.DAY, BrokerStatus.SUBMITTED, "ab-1")


@pytest.mark.parametrize(
    ("changes", "limit", "stop"),
    [
        ({"origOrderType": "STOP", "price": "9.50"}, None, 9.5),
        ({"origOrderType": "STOP", "price": "", "stop_price": "9.50"}, None, 9.5),
        ({"origOrderType": "STOP", "price": "9.50", "auxPrice": "9.50"}, None, 9.5),
        ({"origOrderType": "STOP_LIMIT", "price": "9.40", "auxPrice": "9.50"}, 9.4, 9.5),
        ({"origOrderType": "MARKET", "price": ""}, None, None),
        ({"origOrderType": "TRAIL", "price": "1.0"}, None, None),
        ({"origOrderType": "LIMIT", "price": 185.5}, 185.5, None),
        ({"origOrderType": "LIMIT", "price": "-0.35"}, -0.35, None),
        ({"origOrderType": "MARKET", "price": "at best"}, None, None),
        ({"origOrderType": "LIMIT", "auxPrice": "none"}, 1185.5, None),
    ],
)
def test_prices_of_listed_orders(changes: dict[str, object], limit: float | None, stop: float | None) -> None:
    order = wire.listed_order(ROW | changes)
    assert (order.limit_price, order.stop_price) == (limit, stop)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("USD", "USD"),
        ("JPY", "JPY"),
        (" eur ", "EUR"),
        ("", None),
        ("US", None),
        ("BASE", None),
        (None, None),
        (math.nan, None),
        (-1, None),
        (["USD"], None),
    ],
)
def test_currency_of_an_order_is_read_where_the_row_names_one(told: object, code: str | None) -> None:
    assert wire.listed_order(ROW | {"cashCcy": told}).currency == code
    assert wire.order_status({**STATUS, "currency": told}).currency == code


@pytest.mark.parametrize(
    ("spelled", "kind"),
    [
        ("LMT", OrderType.LIMIT),
        ("Limit", OrderType.LIMIT),
        ("Market", OrderType.MARKET),
        ("Stop", OrderType.STOP),
        ("STP", OrderType.STOP),
        ("STOP_LIMIT", OrderType.STOP_LIMIT),
        ("Stop Limit", OrderType.STOP_LIMIT),
        ("STP LMT", OrderType.STOP_LIMIT),
        ("TRAIL", None),
        (None, None),
        (5, None),
    ],
)
def test_order_types_in_all_their_spellings(spelled: object, kind: OrderType | None) -> None:
    assert wire.order_type(spelled) is kind


@pytest.mark.parametrize(
    "changes",
    [
        {"orderId": None}, {"orderId": "x"}, {"conid": "abc"}, {"conid": -1}, {"side": "HOLD"}, {"side": None},
        {"status": ""}, {"filledQuantity": None}, {"filledQuantity": "C1"}, {"remainingQuantity": True},
        {"account": None, "acct": ""}, {"price": "abc"}, {"totalSize": []}, {"totalSize": -5}, {"orderId": -2},
        {"filledQuantity": -1.0}, {"remainingQuantity": "x"}, {"remainingQuantity": None},
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_an_error(changes: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        wire.listed_order(ROW | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"order_ref": "buy the dip, Ann"},
        {"avgPrice": "C1"},
        {"conidex": "28812380;;;700000001/1,700000002/-1", "secType": "BAG", "price": "-0.35"},
        {"remainingQuantity": 0.0, "filledQuantity": 0.0, "totalSize": 0.0, "origOrderType": "MARKET", "price": ""},
        {"status": "ApiPending", "origOrderType": "MIDPRICE", "price": "", "timeInForce": "GTD"},
        {"parentId": {}},
    ],
)
def test_what_only_orders_of_others_have_does_not_spoil_a_row(changes: dict[str, object]) -> None:
    assert wire.listed_order(ROW | changes).order_id == 1234568790


def test_an_order_s_reference_is_kept_as_it_is_and_free_text_fit_for_a_log() -> None:
    assert wire.listed_order(ROW | {"order_ref": "TS-ab12-0001-x9k2m4"}).order_ref == "TS-ab12-0001-x9k2m4"
    assert wire.listed_order(ROW | {"order_ref": "buy\r\nthe dip"}).order_ref == "buy the dip"
    assert wire.listed_order(ROW | {"order_ref": ""}).order_ref is None


def test_an_order_tells_what_kind_of_contract_it_is_about() -> None:
    assert wire.listed_order(ROW | {"secType": "BAG"}).asset_class == "BAG"
    assert wire.listed_order(ROW).asset_class is None


def test_a_status_that_the_documentation_does_not_know_is_other() -> None:
    assert wire.listed_order(ROW | {"status": "Sleeping"}).status is BrokerStatus.OTHER


def test_a_row_without_a_total_is_the_sum_of_its_parts() -> None:
    assert wire.listed_order({key: value for key, value in ROW.items() if key != "totalSize"}).total_quantity == 5.0


@pytest.mark.parametrize(
    ("value", "parent"), [(17, 17), ("17", 17), (None, None), ("", None), ("ab-1", None), (0, None)]
)
def test_the_parent_is_an_order_id_or_none(value: object, parent: int | None) -> None:
    assert wire.listed_order(ROW | {"parentId": value}).parent_id == parent


def test_the_status_endpoint_calls_what_remains_size() -> None:
    order = wire.order_status(STATUS)
    assert (order.total_quantity, order.filled_quantity, order.remaining_quantity) == (1.0, 0.4, 0.6)
    assert (order.side, order.order_type, order.tif) == (Side.BUY, OrderType.LIMIT, Tif.GTC)
    assert (order.limit_price, order.stop_price, order.average_price) == (457.0, None, 456.9)
    assert order.order_ref is None

from __future__ import annotations

import hashlib
import json

import pytest

from trading.errors import InvariantBroken
from trading.gateway.order_requests import Asked, asked_of, prepare
from trading.model.order import OrderTicket, OrderType, Side, Tif
from trading.model.request import (
    BrokerRequest,
    CancelOrder,
    ModifyOrder,
    PreparedRequest,
    ReplyToQuestion,
    RequestKind,
    SubmitOrders,
)

ACCOUNT = "DU1234567"
ENTRY = OrderTicket(265598, Side.BUY, OrderType.LIMIT, Tif.DAY, 5, limit_price=185.5, coid="ab-1")
STOP = OrderTicket(265598, Side.SELL, OrderType.STOP, Tif.GTC, 5, stop_price=180.0, parent_coid="ab-1")
TARGET = OrderTicket(265598, Side.SELL, OrderType.LIMIT, Tif.GTC, 5, limit_price=200.0, parent_coid="ab-1")
EVERY_KIND: list[BrokerRequest] = [
    SubmitOrders((ENTRY, STOP, TARGET)),
    ReplyToQuestion("07a13a5a-4a48", confirmed=False, coids=("ab-1",)),
    CancelOrder(17),
    ModifyOrder(17, ENTRY),
]


def asked(request: BrokerRequest) -> Asked:
    return asked_of(prepare(request, ACCOUNT))


@pytest.mark.parametrize("request_", EVERY_KIND)
def test_the_digest_is_that_of_the_bytes_that_leave_and_the_same_each_time(request_: BrokerRequest) -> None:
    prepared = prepare(request_, ACCOUNT)
    assert prepared.body_sha256 == hashlib.sha256(asked_of(prepared).body).hexdigest()
    assert prepared == prepare(request_, ACCOUNT)


def test_another_content_has_another_digest() -> None:
    digests = {prepare(request, ACCOUNT).body_sha256 for request in EVERY_KIND}
    assert len(digests) == len(EVERY_KIND)


def test_a_bracket_is_one_request_with_the_parent_first() -> None:
    prepared = prepare(SubmitOrders((ENTRY, STOP, TARGET)), ACCOUNT)
    assert (prepared.kind, prepared.verb) == (RequestKind.SUBMIT, "POST")
    assert prepared.path == f"/iserver/account/{ACCOUNT}/orders"
    content = asked_of(prepared)
    assert (content.coids, content.orders) == (("ab-1",), 3)
    assert [row.get("cOID") for row in json.loads(content.body)["orders"]] == ["ab-1", None, None]


def test_a_modification_is_one_bare_order_with_every_attribute() -> None:
    prepared = prepare(ModifyOrder(17, ENTRY), ACCOUNT)
    assert prepared.path == f"/iserver/account/{ACCOUNT}/order/17"
    assert asked_of(prepared).order_id == 17
    assert json.loads(asked_of(prepared).body) == {
        "acctId": ACCOUNT, "conid": 265598, "cOID": "ab-1", "orderType": "LMT", "price": 185.5, "side": "BUY",
        "tif": "DAY", "quantity": 5,
    }  # fmt: skip


def test_a_cancel_is_a_delete_without_a_body() -> None:
    prepared = prepare(CancelOrder(17), ACCOUNT)
    assert (prepared.verb, prepared.path) == ("DELETE", f"/iserver/account/{ACCOUNT}/order/17")
    assert asked_of(prepared) == Asked(b"", order_id=17)


def test_a_reply_names_the_question_in_its_path() -> None:
    prepared = prepare(ReplyToQuestion("07a13a5a-4a48", confirmed=False, coids=("ab-1",)), ACCOUNT)
    assert prepared.path == "/iserver/reply/07a13a5a-4a48"
    assert asked_of(prepared) == Asked(b'{"confirmed":false}', ("ab-1",))


@pytest.mark.parametrize("order_id", [-1, 0])
@pytest.mark.parametrize("make", [CancelOrder, lambda order_id: ModifyOrder(order_id, ENTRY)])
def test_an_order_id_that_would_reach_every_order_is_never_sent(make: type[CancelOrder], order_id: int) -> None:
    with pytest.raises(InvariantBroken):
        prepare(make(order_id), ACCOUNT)


@pytest.mark.parametrize("reply_id", ["../orders", "a/b", "a?b", "", "a b", ".", "..", "a\n"])
def test_a_reply_id_that_leads_elsewhere_is_never_sent(reply_id: str) -> None:
    with pytest.raises(InvariantBroken):
        prepare(ReplyToQuestion(reply_id, confirmed=True, coids=()), ACCOUNT)


@pytest.mark.parametrize("tickets", [(), (OrderTicket(265598, Side.BUY, OrderType.LIMIT, Tif.DAY, 5),)])
def test_orders_that_contradict_themselves_are_never_sent(tickets: tuple[OrderTicket, ...]) -> None:
    with pytest.raises(InvariantBroken):
        prepare(SubmitOrders(tickets), ACCOUNT)


def test_the_content_of_a_request_that_was_prepared_elsewhere_is_not_taken() -> None:
    with pytest.raises(InvariantBroken):
        asked_of(PreparedRequest(RequestKind.SUBMIT, "POST", "/x", "", b"{}"))

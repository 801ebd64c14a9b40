from __future__ import annotations

import msgspec
import pytest

from simulator.config import Questions
from tests.unit.simulator.support import ACCOUNT, NO_QUESTIONS, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def client() -> Client:
    questions: Questions = msgspec.structs.replace(NO_QUESTIONS, price_management_percent=5.0)
    return start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, questions=questions))


def send(at: Client, price: float, side: str = "BUY", **fields: Json) -> Json:
    return at.order(at.conid("ABC"), side, "LMT", 10, price=price, **fields)


def answer(at: Client, prompt: Json, text: str) -> bytes:
    body = {"orderId": prompt["orderId"], "reqId": prompt["reqId"], "text": text}
    return at.call("POST", "/v1/api/iserver/notification", body).body


@pytest.mark.parametrize(("side", "price"), [("BUY", 94.99), ("SELL", 105.01)])
def test_limit_that_is_far_from_the_market_is_prompted(side: str, price: float) -> None:
    at = client()
    prompt = send(at, price, side)
    assert (prompt["messageId"], prompt["prompt"], prompt["type"], prompt["dismissable"]) == ("p12", True, "M", [])
    assert prompt["text"].startswith("If your order is not immediately executable, our systems may")
    [row] = at.order_rows()
    assert (row["orderId"], row["status"], row["order_ccp_status"]) == (prompt["orderId"], "Inactive", "Pending Submit")


@pytest.mark.parametrize(("side", "price"), [("BUY", 95.0), ("BUY", 120.0), ("SELL", 80.0)])
def test_limit_that_is_near_or_marketable_is_not(side: str, price: float) -> None:
    assert isinstance(send(client(), price, side), list)


@pytest.mark.parametrize(
    ("text", "placed", "managed"),
    [
        ("Yes", True, True),
        ("Use on this order", True, True),
        ("Always use", True, True),
        ("Do not use", True, False),
        ("No", False, False),
    ],
)
def test_choice(text: str, placed: bool, managed: bool) -> None:  # noqa: FBT001
    at = client()
    prompt = send(at, 90.0)
    assert answer(at, prompt, text) == b"Success"
    status = at.call("GET", f"/v1/api/iserver/account/order/status/{prompt['orderId']}")
    assert (status.status == 200) is placed
    if placed:
        assert msgspec.json.decode(status.body)["use_price_mgmt_algo"] is managed
    assert isinstance(send(at, 90.0), list) is (text == "Always use")


def test_another_order_ends_a_prompt_and_an_unknown_answer_changes_nothing() -> None:
    at = client()
    prompt = send(at, 90.0)
    send(at, 100.0)
    assert answer(at, prompt, "Yes") == b"Success"
    assert [row["status"] for row in at.order_rows()] == ["Filled"]


def test_modification_is_prompted_and_carried_out_after_the_choice() -> None:
    at = client()
    [row] = send(at, 99.0)
    body = {"conid": at.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 90.0, "quantity": 10, "tif": "DAY"}
    prompt = at.post(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}", body)
    assert prompt["orderId"] == int(row["order_id"])
    assert at.order_rows()[0]["price"] == "99.00"
    answer(at, prompt, "Yes")
    assert at.order_rows()[0]["price"] == "90.00"

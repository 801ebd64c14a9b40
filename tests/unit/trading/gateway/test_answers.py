from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.gateway.answers import classify
from trading.gateway.order_requests import prepare
from trading.gateway.transport import HttpAnswer
from trading.model.order import OrderTicket, OrderType, Side, Tif
from trading.model.outcome import (
    Acknowledged,
    Duplicate,
    Outcome,
    Questioned,
    RefusedByBroker,
    Unproven,
)
from trading.model.request import (
    BrokerRequest,
    CancelOrder,
    ModifyOrder,
    PreparedRequest,
    ReplyToQuestion,
    SubmitOrders,
)

ACCOUNT = "DU1234567"
ENTRY = OrderTicket(265598, Side.BUY, OrderType.LIMIT, Tif.DAY, 5, limit_price=185.5, coid="ab-1")
STOP = OrderTicket(265598, Side.SELL, OrderType.STOP, Tif.GTC, 5, stop_price=180.0, parent_coid="ab-1")
TARGET = OrderTicket(265598, Side.SELL, OrderType.LIMIT, Tif.GTC, 5, limit_price=200.0, parent_coid="ab-1")


def prepared(request: BrokerRequest) -> PreparedRequest:
    return prepare(request, ACCOUNT)


ONE = prepared(SubmitOrders((ENTRY,)))
BRACKET = prepared(SubmitOrders((ENTRY, STOP, TARGET)))
PAIR = tuple(
    replace(leg, coid=coid, parent_coid=None, single_group=True) for leg, coid in ((STOP, "s-1"), (TARGET, "t-1"))
)
GROUP = prepared(SubmitOrders(PAIR))
REPLY = prepared(ReplyToQuestion("r1", confirmed=True, coids=("ab-1",)))
CANCEL = prepared(CancelOrder(17))
MODIFY = prepared(ModifyOrder(17, ENTRY))
EVERY_ACT = (ONE, BRACKET, REPLY, CANCEL, MODIFY)
ACK = {"order_id": "17", "order_status": "Submitted", "encrypt_message": "1"}
QUESTION = {"id": "r1", "message": ["Are you sure?"], "isSuppressed": False, "messageIds": ["o163"]}


def told(request: PreparedRequest, value: object, status: int = 200) -> Outcome:
    return classify(request, ACCOUNT, HttpAnswer(status, json.dumps(value).encode()))


@pytest.mark.parametrize("request_", [ONE, REPLY, MODIFY])
def test_an_order_with_its_id_is_acknowledged(request_: PreparedRequest) -> None:
    outcome = told(request_, [ACK])
    assert isinstance(outcome, Acknowledged)
    assert (outcome.orders[0].order_id, outcome.orders[0].status) == (17, "Submitted")
    assert outcome.answer.status == 200


@pytest.mark.parametrize("order_id", ["17", 17])
@pytest.mark.parametrize("extra", [{}, {"local_order_id": "ab-1"}, {"order_ref": "ab-1"}, {"account": ACCOUNT}])
def test_what_an_acknowledgement_adds_has_to_agree(order_id: object, extra: dict[str, object]) -> None:
    assert isinstance(told(ONE, [ACK | {"order_id": order_id} | extra]), Acknowledged)


@pytest.mark.parametrize(
    "row",
    [
        ACK | {"local_order_id": "other-1"},
        ACK | {"order_ref": "other-1"},
        ACK | {"account": "U7654321"},
        ACK | {"acct": "U7654321"},
        ACK | {"order_id": None},
        ACK | {"order_id": "abc"},
        ACK | {"order_id": 0},
        ACK | {"order_id": "-2"},
        ACK | {"order_id": 17.5},
        ACK | {"order_id": True},
        ACK | {"order_status": None},
        ACK | {"order_status": ""},
        {"order_status": "Submitted"},
        {},
    ],
)
@pytest.mark.parametrize("request_", [ONE, REPLY, MODIFY])
def test_an_acknowledgement_that_does_not_agree_proves_nothing(
    request_: PreparedRequest, row: dict[str, object]
) -> None:
    assert isinstance(told(request_, [row]), Unproven)


def test_a_lone_object_counts_as_a_list_of_it() -> None:
    assert isinstance(told(ONE, ACK), Acknowledged)
    assert isinstance(told(ONE, QUESTION), Questioned)


@pytest.mark.parametrize("request_", [ONE, BRACKET, REPLY, MODIFY])
def test_a_question_is_a_question_whatever_was_sent(request_: PreparedRequest) -> None:
    outcome = told(request_, [QUESTION])
    assert isinstance(outcome, Questioned)
    assert (outcome.reply_id, outcome.message_ids) == ("r1", ("o163",))


@pytest.mark.parametrize("value", [[QUESTION, QUESTION], [QUESTION, ACK], [ACK, QUESTION], [QUESTION | {"id": 5}]])
def test_a_question_among_other_things_proves_nothing(value: object) -> None:
    assert isinstance(told(BRACKET, value), Unproven)


@pytest.mark.parametrize("status", [200, 400])
def test_a_registered_coid_proves_an_earlier_arrival(status: int) -> None:
    error = {"error": "Order couldn't be submitted: Local order ID=ab-1 is already registered."}
    assert isinstance(told(ONE, error, status), Duplicate)


@pytest.mark.parametrize("other", ["zz-9", "ab-10", "xab-1", "ab-1-2"])
def test_somebody_elses_registered_coid_proves_nothing(other: str) -> None:
    error = {"error": f"Order couldn't be submitted: Local order ID={other} is already registered."}
    assert isinstance(told(ONE, error), Unproven)
    assert isinstance(told(CANCEL, error), Unproven)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "text",
    [
        "No trading permissions.",
        "Invalid order price fields",
        "Unknown order type",
        "conid or conidex is required",
        "null time in force is not supported for this order",
        "Order not confirmed ",
        "no sec defs returned forSecDef reqId=resolve ecReqByConid13297",
    ],
)
def test_a_refusal_with_its_reason_is_a_refusal(text: str, status: int) -> None:
    outcome = told(ONE, {"error": text}, status)
    assert isinstance(outcome, RefusedByBroker)
    assert outcome.text == text.strip()


@pytest.mark.parametrize("request_", EVERY_ACT)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "error",
    [
        {"error": "reply id not found: 'r1'"},
        {"error": "Bad Request: no bridge", "statusCode": 400},
        {"error": "not authenticated"},
        {"error": "no session"},
        {"error": "Init session first", "statusCode": 400},
        {"error": "Service Unavailable", "statusCode": 503},
        {"error": "OrderID 17 doesn't exist"},
    ],
)
def test_an_error_that_does_not_say_where_the_order_is_proves_nothing(
    request_: PreparedRequest, error: object, status: int
) -> None:
    assert isinstance(told(request_, error, status), Unproven)


@pytest.mark.parametrize("request_", EVERY_ACT)
@pytest.mark.parametrize("status", [100, 301, 302, 307, 401, 403, 404, 409, 410, 423, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", json.dumps([ACK]).encode(), b'{"error":"No trading permissions."}'])
def test_a_status_of_a_proxy_or_a_failing_server_proves_nothing(
    request_: PreparedRequest, status: int, body: bytes
) -> None:
    outcome = classify(request_, ACCOUNT, HttpAnswer(status, body))
    assert isinstance(outcome, Unproven)
    assert outcome.answer.status == status
    assert outcome.answer.body == body


@pytest.mark.parametrize("request_", EVERY_ACT)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b"5",
        b'"ok"',
        b"true",
        b"[null]",
        b"[[]]",
        b"<html>ok</html>",
        b"[{",
        b'[{"order_id":"17","order_status":"Submitted"',
        b'{"error":""}',
        b'{"error":5}',
        b'{"a":1,"a":2}',
        b"\xff",
        b"[" * 5000,
    ],
)
def test_a_body_of_no_use_proves_nothing(request_: PreparedRequest, body: bytes, status: int) -> None:
    outcome = classify(request_, ACCOUNT, HttpAnswer(status, body))
    assert isinstance(outcome, Unproven)


def test_the_prompt_of_an_advanced_rejection_is_a_refusal() -> None:
    prompt = {"orderId": 1, "reqId": "2", "dismissable": [], "text": "Use it?", "options": ["Yes"], "type": "M",
              "messageId": "p12", "prompt": True}  # fmt: skip
    outcome = told(ONE, prompt)
    assert isinstance(outcome, RefusedByBroker)
    assert outcome.text == "p12: Use it?"


def test_a_failed_leg_may_come_first() -> None:
    rows = [
        {"order_id": "-1", "order_status": "Failed", "text": "The size does not conform.", "warning_message": "no"},
        {"order_id": "1760268467", "order_status": "Inactive"},
    ]
    outcome = told(BRACKET, rows)
    assert isinstance(outcome, Acknowledged)
    failed, parent = outcome.orders
    assert (failed.order_id, failed.status, failed.text) == (None, "Failed", "The size does not conform.")
    assert (parent.order_id, parent.status) == (1760268467, "Inactive")


def test_a_bracket_with_all_its_orders() -> None:
    rows = [
        ACK | {"local_order_id": "ab-1"},
        ACK | {"order_id": "18", "parent_order_id": "17"},
        ACK | {"order_id": "19", "parent_order_id": "17", "local_order_id": "made-up"},
    ]
    outcome = told(BRACKET, rows)
    assert isinstance(outcome, Acknowledged)
    assert [ack.order_id for ack in outcome.orders] == [17, 18, 19]
    assert [ack.parent_order_id for ack in outcome.orders] == [None, 17, 17]


def test_a_leg_that_failed_with_an_error_of_its_own_is_told_beside_the_others() -> None:
    outcome = told(GROUP, [{"error": "No trading permissions."}, ACK | {"local_order_id": "t-1"}])
    assert isinstance(outcome, Acknowledged)
    refused, taken = outcome.orders
    assert (refused.order_id, refused.local_order_id, refused.text) == (None, None, "No trading permissions.")
    assert (taken.order_id, taken.local_order_id) == (17, "t-1")


def test_a_group_of_which_each_leg_was_refused_is_a_refusal() -> None:
    outcome = told(GROUP, [{"error": "No trading permissions."}, {"order_id": "-1", "order_status": "Failed"}])
    assert isinstance(outcome, RefusedByBroker)
    assert outcome.text == "No trading permissions."


@pytest.mark.parametrize(
    "row",
    [
        {"error": "no bridge"},
        {"error": "Local order ID=t-1 is already registered"},
        {"error": "x", "statusCode": 503},
        {"error": ""},
        {"error": "x", "order_id": 18},
        {"error": "x", "local_order_id": "other-1"},
        {"error": "x", "account": "U7654321"},
    ],
)
def test_a_leg_whose_error_leaves_it_open_makes_the_whole_answer_prove_nothing(row: dict[str, object]) -> None:
    assert isinstance(told(GROUP, [ACK | {"local_order_id": "s-1"}, row]), Unproven)


def test_fewer_orders_than_were_sent_are_acknowledged_as_far_as_they_go() -> None:
    outcome = told(BRACKET, [ACK])
    assert isinstance(outcome, Acknowledged)
    assert len(outcome.orders) == 1


def test_more_orders_than_were_sent_prove_nothing() -> None:
    assert isinstance(told(ONE, [ACK, ACK | {"order_id": "18"}]), Unproven)


def test_the_same_order_twice_proves_nothing() -> None:
    assert isinstance(told(BRACKET, [ACK, ACK]), Unproven)


def test_a_group_is_acknowledged_by_the_names_of_its_members() -> None:
    rows = [ACK | {"local_order_id": "t-1"}, ACK | {"order_id": "18", "local_order_id": "s-1"}]
    assert isinstance(told(GROUP, rows), Acknowledged)


def test_reply_about_a_group_may_name_each_of_its_orders_and_no_other() -> None:
    reply = prepared(ReplyToQuestion("r1", confirmed=True, coids=("s-1", "t-1")))
    rows = [ACK | {"local_order_id": "s-1"}, ACK | {"order_id": "18", "local_order_id": "t-1"}]
    assert isinstance(told(reply, rows), Acknowledged)
    rows[1]["local_order_id"] = "other-1"
    assert isinstance(told(reply, rows), Unproven)


def test_an_order_that_failed_with_its_text_is_a_refusal() -> None:
    outcome = told(ONE, [{"order_id": "-1", "order_status": "Failed", "text": "too small"}])
    assert isinstance(outcome, RefusedByBroker)
    assert outcome.text == "too small"


def test_a_modification_of_another_order_proves_nothing() -> None:
    assert isinstance(told(MODIFY, [ACK | {"order_id": "18"}]), Unproven)


@pytest.mark.parametrize(
    "value",
    [
        {"msg": "Request was submitted", "order_id": 17, "conid": 265598, "account": ACCOUNT},
        {"msg": "Request was submitted", "order_id": 17, "conid": -1, "account": None},
        [{"msg": "Request was submitted", "order_id": "17", "conid": "265598", "account": ACCOUNT}],
    ],
)
def test_a_cancel_is_acknowledged_as_asked_for(value: object) -> None:
    outcome = told(CANCEL, value)
    assert isinstance(outcome, Acknowledged)
    assert outcome.orders[0].order_id == 17


@pytest.mark.parametrize(
    "value",
    [
        {"msg": "Request was submitted", "order_id": 18, "conid": 265598, "account": ACCOUNT},
        {"msg": "Request was submitted", "order_id": 17, "conid": 265598, "account": "U7654321"},
        {"msg": "Request was submitted"},
        [QUESTION],
    ],
)
def test_a_cancel_of_another_order_proves_nothing(value: object) -> None:
    assert isinstance(told(CANCEL, value), Unproven)


def test_an_inactive_order_refuses_its_cancel() -> None:
    assert isinstance(told(CANCEL, {"error": "Order is inactive"}, 400), RefusedByBroker)


def test_no_text_holds_an_account_id() -> None:
    outcome = told(ONE, {"error": "DU1234567 may not\r\ntrade"})
    assert isinstance(outcome, RefusedByBroker)
    assert outcome.text == "DU***4567 may not trade"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["17", "-1", "ab-1", "Submitted", "o163"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["order_id", "order_status", "id", "message", "messageIds", "error", "statusCode", "prompt",
                         "local_order_id", "account", "text", "parent_order_id", "msg"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from(EVERY_ACT), st.sampled_from([200, 201, 400, 401, 500]))
def test_any_answer_has_an_outcome_and_only_an_order_id_proves_an_order(
    value: object, request_: PreparedRequest, status: int
) -> None:
    outcome = classify(request_, ACCOUNT, HttpAnswer(status, json.dumps(value).encode("utf-8", "surrogatepass")))
    if isinstance(outcome, Acknowledged):
        assert status in (200, 201)
        assert any(ack.order_id is not None and ack.order_id > 0 for ack in outcome.orders)
    if status in (401, 500):
        assert isinstance(outcome, Unproven)


@given(st.binary(max_size=80), st.sampled_from(EVERY_ACT))
def test_any_bytes_have_an_outcome(body: bytes, request_: PreparedRequest) -> None:
    assert not isinstance(classify(request_, ACCOUNT, HttpAnswer(200, body)), Acknowledged)

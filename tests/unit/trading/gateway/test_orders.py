from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.unit.trading.gateway.scripted import ACCOUNT, Desk, failing, good, raw
from trading.errors import ConfigError, GatewayError, InvariantBroken, NotSent, OutcomeUnknown, SessionLost
from trading.model.order import OrderTicket, OrderType, Side, Tif
from trading.model.wire import Acknowledged, NothingSent, RefusedByBroker, Unproven, WireAct

LIST = "GET /iserver/account/orders"
TRADES = "GET /iserver/account/trades"
SUBMIT = f"POST /iserver/account/{ACCOUNT}/orders"
STATUS = "GET /iserver/account/order/status/17"
ROW: dict[str, object] = {
    "account": ACCOUNT,
    "conid": 265598,
    "orderId": 17,
    "ticker": "AAPL",
    "remainingQuantity": 5.0,
    "filledQuantity": 0.0,
    "totalSize": 5.0,
    "status": "Submitted",
    "orderType": "Limit",
    "price": "185.50",
    "timeInForce": "GTC",
    "side": "BUY",
}
TRADE: dict[str, object] = {
    "execution_id": "0000e0d5.6576fd38.01.01",
    "symbol": "AAPL",
    "side": "S",
    "trade_time": "20231211-18:00:49",
    "trade_time_r": 1702317649000,
    "size": 5.0,
    "price": "192.26",
    "order_ref": "ab-1",
    "commission": "1.01",
    "account": ACCOUNT,
    "conid": 265598,
    "order_id": 17437897932,
}
STATUS_ROW: dict[str, object] = {
    "order_id": 17,
    "conid": 265598,
    "symbol": "AAPL",
    "side": "B",
    "size": "5.0",
    "total_size": "5.0",
    "cum_fill": "0.0",
    "account": ACCOUNT,
    "order_type": "LIMIT",
    "limit_price": "185.50",
    "order_status": "Submitted",
    "tif": "GTC",
}
TICKET = OrderTicket(265598, Side.BUY, OrderType.LIMIT, Tif.DAY, 5, limit_price=185.5, coid="ab-1")


def listed(*rows: dict[str, object], snapshot: object = True) -> object:
    return {"orders": list(rows), "snapshot": snapshot}


def test_the_first_empty_list_of_a_session_is_not_believed() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(snapshot=False)), good(listed(ROW)))
    (order,) = desk.broker.orders()
    assert order.order_id == 17
    assert desk.clock.waits == [1.0]
    assert desk.transport.calls[-1].query == {"accountId": ACCOUNT}


def test_rows_without_a_snapshot_are_not_believed_either() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(ROW, snapshot=False)), good(listed()))
    assert desk.broker.orders() == ()


@pytest.mark.parametrize("snapshot", [False, None, "true", 1])
def test_a_list_that_never_becomes_complete_is_an_error(snapshot: object) -> None:
    desk = Desk()
    desk.script(LIST, good(listed(snapshot=snapshot)))
    with pytest.raises(OutcomeUnknown, match="never complete"):
        desk.broker.orders()


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        None,
        {"orders": None, "snapshot": True},
        {"orders": {}, "snapshot": True},
        {"orders": [None], "snapshot": True},
    ],
)
def test_what_is_no_list_is_not_read_as_no_orders(value: object) -> None:
    desk = Desk()
    desk.script(LIST, good(value))
    with pytest.raises(OutcomeUnknown):
        desk.broker.orders()


@pytest.mark.parametrize("changes", [{"orderId": None}, {"side": "?"}, {"filledQuantity": "x"}, {"price": "C1"}])
def test_one_bad_row_makes_the_whole_list_useless(changes: dict[str, object]) -> None:
    desk = Desk()
    desk.script(LIST, good(listed(ROW | {"orderId": 16}, ROW | changes)))
    with pytest.raises(OutcomeUnknown):
        desk.broker.orders()


def test_an_order_that_is_listed_twice_counts_with_its_most_fills() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(ROW | {"filledQuantity": 3.0}, ROW)))
    (order,) = desk.broker.orders()
    assert order.filled_quantity == 3.0


def test_orders_of_another_account_are_not_ours() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(ROW | {"account": "U7654321", "orderId": 18}, ROW)))
    assert [order.order_id for order in desk.broker.orders()] == [17]


def test_the_cache_is_dropped_after_a_write_of_unknown_outcome() -> None:
    desk = Desk()
    desk.script(LIST, good(listed()))
    desk.script(SUBMIT, OutcomeUnknown(SUBMIT, "reset"))
    assert isinstance(desk.broker.send(desk.broker.submit_request([TICKET])), Unproven)
    desk.broker.orders()
    forced, believed = desk.transport.calls[-2:]
    assert forced.query == {"force": "true", "accountId": ACCOUNT}
    assert believed.at - forced.at >= 5.0
    desk.broker.orders()
    assert "force" not in desk.transport.calls[-1].query
    assert desk.count(LIST) == 3


def test_fills_are_told_oldest_first() -> None:
    desk = Desk()
    later = TRADE | {
        "execution_id": "b",
        "trade_time_r": 1702317650000,
        "commission": "",
        "order_ref": "",
        "side": "B",
        "order_id": None,
    }
    desk.script(TRADES, good([later, TRADE]))
    first, second = desk.broker.executions(3)
    assert first.execution_id == "0000e0d5.6576fd38.01.01"
    assert (first.side, first.quantity, first.price, first.commission) == (Side.SELL, 5.0, 192.26, 1.01)
    assert first.time == datetime(2023, 12, 11, 18, 0, 49, tzinfo=UTC)
    assert (first.order_ref, first.order_id) == ("ab-1", 17437897932)
    assert (second.side, second.commission, second.order_ref, second.order_id) == (Side.BUY, None, None, None)
    assert desk.transport.calls[-1].query == {"days": "3", "accountId": ACCOUNT}


def test_the_first_empty_list_of_fills_of_a_session_is_asked_for_again() -> None:
    desk = Desk()
    desk.script(TRADES, good([]), good([TRADE]), good([]))
    assert len(desk.broker.executions(1)) == 1
    assert desk.broker.executions(1) == ()
    assert desk.count(TRADES) == 3


@pytest.mark.parametrize(("asked", "sent"), [(0, "1"), (1, "1"), (7, "7"), (30, "7")])
def test_fills_are_asked_for_of_at_most_seven_days(asked: int, sent: str) -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE]))
    desk.broker.executions(asked)
    assert desk.transport.calls[-1].query["days"] == sent


def test_a_fill_without_milliseconds_has_the_time_of_its_text() -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE | {"trade_time_r": None}]))
    assert desk.broker.executions(1)[0].time == datetime(2023, 12, 11, 18, 0, 49, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"execution_id": None},
        {"size": None},
        {"price": ""},
        {"price": "C1"},
        {"side": "X"},
        {"conid": None},
        {"trade_time_r": None, "trade_time": "yesterday"},
        {"trade_time_r": 10**18},
        {"account": 5},
    ],
)
def test_one_bad_fill_makes_the_whole_list_useless(changes: dict[str, object]) -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE | {"execution_id": "z"}, TRADE | changes]))
    with pytest.raises(OutcomeUnknown):
        desk.broker.executions(1)


@pytest.mark.parametrize("value", [None, {}, {"trades": []}, [None]])
def test_what_is_no_list_is_not_read_as_no_fills(value: object) -> None:
    desk = Desk()
    desk.script(TRADES, good(value))
    with pytest.raises(OutcomeUnknown):
        desk.broker.executions(1)


def test_the_status_of_one_order() -> None:
    desk = Desk()
    desk.script(STATUS, good(STATUS_ROW))
    order = desk.broker.order_status(17)
    assert order is not None
    assert (order.order_id, order.limit_price, order.remaining_quantity) == (17, 185.5, 5.0)


@pytest.mark.parametrize("answer", [failing("x", 400), failing("x", 404), failing("Service Unavailable", 503)])
def test_an_order_that_the_broker_does_not_know_is_none_and_asked_for_once(answer: object) -> None:
    desk = Desk()
    desk.script(STATUS, answer)  # type: ignore[arg-type]
    assert desk.broker.order_status(17) is None
    assert desk.count(STATUS) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failing("no bridge"), SessionLost),
        (failing("x", 500), OutcomeUnknown),
        (raw(b"<html>"), OutcomeUnknown),
        (good([]), OutcomeUnknown),
        (good(STATUS_ROW | {"order_id": 18}), OutcomeUnknown),
        (good(STATUS_ROW | {"account": "U7654321"}), OutcomeUnknown),
        (good(STATUS_ROW | {"side": 1}), OutcomeUnknown),
    ],
)
def test_a_status_that_cannot_be_had_is_an_error_and_not_none(answer: object, kind: type[GatewayError]) -> None:
    desk = Desk()
    desk.script(STATUS, answer)  # type: ignore[arg-type]
    with pytest.raises(kind):
        desk.broker.order_status(17)


def test_a_bracket_is_one_request_with_the_parent_first() -> None:
    desk = Desk()
    children = [
        OrderTicket(265598, Side.SELL, OrderType.STOP, Tif.GTC, 5, stop_price=180.0, parent_coid="ab-1"),
        OrderTicket(265598, Side.SELL, OrderType.LIMIT, Tif.GTC, 5, limit_price=200.0, parent_coid="ab-1"),
    ]
    request = desk.broker.submit_request([TICKET, *children])
    assert (request.act, request.verb, request.coids) == (WireAct.SUBMIT, "POST", ("ab-1",))
    assert request.path == f"/iserver/account/{ACCOUNT}/orders"
    assert [row.get("cOID") for row in json.loads(request.body)["orders"]] == ["ab-1", None, None]
    assert request == desk.broker.submit_request([TICKET, *children])


def test_a_modification_is_one_bare_order_with_every_attribute() -> None:
    request = Desk().broker.modify_request(17, TICKET)
    assert request.path.endswith("/order/17")
    assert json.loads(request.body) == {
        "acctId": ACCOUNT, "conid": 265598, "cOID": "ab-1", "orderType": "LMT", "price": 185.5, "side": "BUY",
        "tif": "DAY", "quantity": 5,
    }  # fmt: skip


def test_a_cancel_is_a_delete_without_a_body() -> None:
    request = Desk().broker.cancel_request(17)
    assert (request.verb, request.path, request.body) == ("DELETE", f"/iserver/account/{ACCOUNT}/order/17", b"")


@pytest.mark.parametrize("order_id", [-1, 0])
def test_an_order_id_that_would_cancel_everything_is_never_sent(order_id: int) -> None:
    with pytest.raises(InvariantBroken):
        Desk().broker.cancel_request(order_id)


def test_a_reply_names_the_question_in_its_path() -> None:
    request = Desk().broker.reply_request("07a13a5a-4a48", confirmed=False, coids=("ab-1",))
    assert (request.path, request.body) == ("/iserver/reply/07a13a5a-4a48", b'{"confirmed":false}')


@pytest.mark.parametrize("reply_id", ["../orders", "a/b", "a?b", "", "a b"])
def test_a_reply_id_that_leads_elsewhere_is_never_sent(reply_id: str) -> None:
    with pytest.raises(InvariantBroken):
        Desk().broker.reply_request(reply_id, confirmed=True, coids=())


def test_the_accounts_are_read_before_the_first_order_of_a_session() -> None:
    desk = Desk()
    desk.script(SUBMIT, good([{"order_id": "17", "order_status": "Submitted"}]))
    request = desk.broker.submit_request([TICKET])
    assert isinstance(desk.broker.send(request), Acknowledged)
    assert isinstance(desk.broker.send(request), Acknowledged)
    assert [repr(call) for call in desk.transport.calls] == ["GET /iserver/accounts", SUBMIT, SUBMIT]
    assert desk.transport.calls[1].body == request.body


def test_the_accounts_are_read_again_when_the_broker_wants_it_before_an_order() -> None:
    desk = Desk()
    desk.script(SUBMIT, failing("Bad Request: Please query /accounts first"))
    request = desk.broker.submit_request([TICKET])
    for _ in range(2):
        assert isinstance(desk.broker.send(request), RefusedByBroker)
    assert desk.count("GET /iserver/accounts") == 2


def test_nothing_is_believed_to_be_warm_after_a_write_of_unknown_outcome() -> None:
    desk = Desk()
    desk.script(SUBMIT, raw(b"", 401))
    request = desk.broker.submit_request([TICKET])
    desk.broker.send(request)
    desk.script(TRADES, good([]), good([TRADE]))
    assert len(desk.broker.executions(1)) == 1


def test_nothing_is_sent_while_another_account_is_selected() -> None:
    desk = Desk()
    desk.script("GET /iserver/accounts", good({"accounts": [ACCOUNT, "U7654321"], "selectedAccount": "U7654321"}))
    outcome = desk.broker.send(desk.broker.submit_request([TICKET]))
    assert isinstance(outcome, NothingSent)
    assert desk.count(SUBMIT) == 0


@pytest.mark.parametrize(
    "answer", [failing("no bridge"), failing("x", 503), NotSent("GET /iserver/accounts", "refused")]
)
def test_nothing_is_sent_while_the_accounts_cannot_be_read(answer: object) -> None:
    desk = Desk()
    desk.script("GET /iserver/accounts", answer)  # type: ignore[arg-type]
    assert isinstance(desk.broker.send(desk.broker.submit_request([TICKET])), NothingSent)
    assert desk.count(SUBMIT) == 0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NotSent(SUBMIT, "refused"), NothingSent),
        (OutcomeUnknown(SUBMIT, "reset"), Unproven),
        (OutcomeUnknown(SUBMIT, "too large", 200), Unproven),
        (failing("Service Unavailable", 503), Unproven),
        (raw(b"", 429), Unproven),
        (raw(b"", 401), Unproven),
        (good({"error": "No trading permissions."}), RefusedByBroker),
    ],
)
def test_a_write_never_raises_and_is_sent_once(answer: object, kind: type) -> None:
    desk = Desk()
    desk.script(SUBMIT, answer)  # type: ignore[arg-type]
    assert isinstance(desk.broker.send(desk.broker.submit_request([TICKET])), kind)
    assert desk.count(SUBMIT) == 1


def test_nothing_is_sent_while_requests_are_suspended() -> None:
    desk = Desk()
    desk.script(SUBMIT, raw(b"", 429))
    request = desk.broker.submit_request([TICKET])
    assert isinstance(desk.broker.send(request), Unproven)
    assert isinstance(desk.broker.send(request), NothingSent)
    assert desk.count(SUBMIT) == 1


@pytest.mark.parametrize("account_id", ["", "1234567", "DU", "DU12/34", "DU1234567 ", "../x"])
def test_what_is_no_account_id_is_an_error_of_the_configuration(account_id: str) -> None:
    with pytest.raises(ConfigError):
        Desk().gateway.broker(account_id)

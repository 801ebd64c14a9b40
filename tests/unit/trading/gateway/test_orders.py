from __future__ import annotations

import hashlib

import pytest

from tests.unit.trading.gateway.order_lists import LIST, ROW, TRADE, TRADES, listed
from tests.unit.trading.gateway.scripted import ACCOUNT, Desk, failing, good, raw
from trading.errors import ConfigError, GatewayError, InvariantBroken, NotSent, OutcomeUnknown, SessionLost
from trading.model.order import OrderList, OrderTicket, OrderType, Side, Tif, UnreadableRow
from trading.model.outcome import Acknowledged, NothingSent, RefusedByBroker, Unproven
from trading.model.request import PreparedRequest, RequestKind, SubmitOrders

SUBMIT = f"POST /iserver/account/{ACCOUNT}/orders"
STATUS = "GET /iserver/account/order/status/17"
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


def order(desk: Desk) -> PreparedRequest:
    return desk.broker.prepare(SubmitOrders((TICKET,)))


def test_the_first_empty_list_of_a_session_is_not_believed() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(snapshot=False)), good(listed(ROW)))
    (only,) = desk.broker.orders().orders
    assert only.order_id == 17
    assert desk.clock.waits == [1.0]
    assert desk.transport.calls[-1].query == {"accountId": ACCOUNT}


def test_rows_without_a_snapshot_are_not_believed_either() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(ROW, snapshot=False)), good(listed()))
    assert desk.broker.orders() == OrderList(())


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
    ],
)
def test_what_is_no_list_is_not_read_as_no_orders(value: object) -> None:
    desk = Desk()
    desk.script(LIST, good(value))
    with pytest.raises(OutcomeUnknown):
        desk.broker.orders()


def test_a_row_that_cannot_be_read_is_told_with_what_it_names_and_spoils_no_other() -> None:
    desk = Desk()
    spoilt = ROW | {"filledQuantity": "x", "order_ref": "ab-1", "secType": "STK"}
    desk.script(LIST, good(listed(ROW | {"orderId": 16}, spoilt, None)))  # type: ignore[arg-type]
    found = desk.broker.orders()
    assert [each.order_id for each in found.orders] == [16]
    row, nothing = found.unreadable
    assert (row.order_id, row.conid, row.order_ref, row.account_id, row.asset_class) == (
        17, 265598, "ab-1", ACCOUNT, "STK",
    )  # fmt: skip
    assert row.problem.startswith("filledQuantity")
    assert nothing == UnreadableRow("no object", None, None, None, None, None)


def test_rows_that_contradict_each_other_about_one_order_are_all_told() -> None:
    desk = Desk()
    desk.script(LIST, good(listed(ROW, ROW | {"status": "Cancelled"}, ROW | {"filledQuantity": 3.0}, ROW)))
    found = desk.broker.orders().orders
    assert sorted((each.status.value, each.filled_quantity) for each in found) == [
        ("Cancelled", 0.0),
        ("Submitted", 0.0),
        ("Submitted", 3.0),
    ]


def test_orders_of_another_account_are_left_out_whatever_they_hold() -> None:
    desk = Desk()
    others = ROW | {"account": "U7654321", "orderId": 18}
    desk.script(LIST, good(listed(others, ROW, others | {"side": None, "remainingQuantity": None})))
    found = desk.broker.orders()
    assert [each.order_id for each in found.orders] == [17]
    assert found.unreadable == ()


def test_the_cache_is_dropped_after_a_write_of_unknown_outcome() -> None:
    desk = Desk()
    desk.script(LIST, good(listed()))
    desk.script(SUBMIT, OutcomeUnknown(SUBMIT, "reset"))
    assert isinstance(desk.broker.send(order(desk)), Unproven)
    desk.broker.orders()
    forced, believed = desk.transport.calls[-2:]
    assert forced.query == {"force": "true", "accountId": ACCOUNT}
    assert believed.at - forced.at >= 5.0
    desk.broker.orders()
    assert "force" not in desk.transport.calls[-1].query
    assert desk.count(LIST) == 3


def test_the_status_of_one_order() -> None:
    desk = Desk()
    desk.script(STATUS, good(STATUS_ROW))
    shown = desk.broker.order_status(17)
    assert shown is not None
    assert (shown.order_id, shown.limit_price, shown.remaining_quantity) == (17, 185.5, 5.0)


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


def test_a_request_is_prepared_for_the_broker_s_account_alike_each_time() -> None:
    desk = Desk()
    request = order(desk)
    assert (request.kind, f"{request.verb} {request.path}") == (RequestKind.SUBMIT, SUBMIT)
    assert request == order(desk)


def test_what_somebody_else_prepared_is_not_sent() -> None:
    desk = Desk()
    with pytest.raises(InvariantBroken):
        desk.broker.send(PreparedRequest(RequestKind.SUBMIT, "POST", "/x", "", "no content of ours"))
    assert desk.transport.calls == []


def test_the_accounts_are_read_before_the_first_order_of_a_session() -> None:
    desk = Desk()
    desk.script(SUBMIT, good([{"order_id": "17", "order_status": "Submitted"}]))
    request = order(desk)
    assert isinstance(desk.broker.send(request), Acknowledged)
    assert isinstance(desk.broker.send(request), Acknowledged)
    assert [repr(call) for call in desk.transport.calls] == ["GET /iserver/accounts", SUBMIT, SUBMIT]
    assert hashlib.sha256(desk.transport.calls[1].body or b"").hexdigest() == request.body_sha256


def test_the_accounts_are_read_again_when_the_broker_wants_it_before_an_order() -> None:
    desk = Desk()
    desk.script(SUBMIT, failing("Bad Request: Please query /accounts first"))
    request = order(desk)
    for _ in range(2):
        assert isinstance(desk.broker.send(request), RefusedByBroker)
    assert desk.count("GET /iserver/accounts") == 2


def test_nothing_is_believed_to_be_warm_after_a_write_of_unknown_outcome() -> None:
    desk = Desk()
    desk.script(SUBMIT, raw(b"", 401))
    request = order(desk)
    desk.broker.send(request)
    desk.script(TRADES, good([]), good([TRADE]))
    assert len(desk.broker.executions(1).executions) == 1


def test_nothing_is_sent_while_another_account_is_selected() -> None:
    desk = Desk()
    desk.script("GET /iserver/accounts", good({"accounts": [ACCOUNT, "U7654321"], "selectedAccount": "U7654321"}))
    outcome = desk.broker.send(order(desk))
    assert isinstance(outcome, NothingSent)
    assert desk.count(SUBMIT) == 0


@pytest.mark.parametrize(
    "answer", [failing("no bridge"), failing("x", 503), NotSent("GET /iserver/accounts", "refused")]
)
def test_nothing_is_sent_while_the_accounts_cannot_be_read(answer: object) -> None:
    desk = Desk()
    desk.script("GET /iserver/accounts", answer)  # type: ignore[arg-type]
    assert isinstance(desk.broker.send(order(desk)), NothingSent)
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
    assert isinstance(desk.broker.send(order(desk)), kind)
    assert desk.count(SUBMIT) == 1


def test_nothing_is_sent_while_requests_are_suspended() -> None:
    desk = Desk()
    desk.script(SUBMIT, raw(b"", 429))
    request = order(desk)
    assert isinstance(desk.broker.send(request), Unproven)
    assert isinstance(desk.broker.send(request), NothingSent)
    assert desk.count(SUBMIT) == 1


@pytest.mark.parametrize("account_id", ["", "1234567", "DU", "DU12/34", "DU1234567 ", "../x"])
def test_what_is_no_account_id_is_an_error_of_the_configuration(account_id: str) -> None:
    with pytest.raises(ConfigError):
        Desk().gateway.broker(account_id)

"""Orders that are refused, at once or after they were accepted, and children of brackets that go astray."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from simulator.broker import Broker
from simulator.exchange.orders import Order
from simulator.fault_plan import Calls
from simulator.faults import later
from simulator.faults.book import accept_unfilled, fair_price
from simulator.faults.context import Firing, json_of
from simulator.faults.declaration import ORDERS, FaultKind, Values, choice, flag, seconds, text, whole
from simulator.messages import Request, Response, error, json_response

ACCEPTING = Calls("POST", (*ORDERS.paths, "/iserver/reply/*"))
TOO_FAR = "We cannot accept an order at the limit price you selected."
REASONS = {
    "locate": "The contract is not available for short sale.",
    "buying_power": "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
    "MUST EXCEED THE INITIAL MARGIN.",
}
_CHILD_TYPES = {"stop": ("STP", "STOP", "STOP_LIMIT"), "target": ("LMT", "LIMIT")}
Body = dict[str, Any]


def refused(firing: Firing) -> Response:
    """The order is refused with a text, or by a prompt that wants an answer; it is not placed."""
    if not firing.flag("prompt"):
        return error(firing.integer("status"), firing.text("error"))
    number = firing.broker.identifiers.order_id(firing.broker.orders_numbered + 1)
    facts = {"orderId": number, "reqId": "22170", "dismissable": [], "text": firing.text("error")}
    return json_response({**facts, "options": ["Yes", "No"], "type": "M", "messageId": "p12", "prompt": True})


def short_of(firing: Firing) -> Response:
    """The order is refused for want of shares to borrow, or of money."""
    return error(200, REASONS[firing.text("reason")])


def rejected_later(firing: Firing) -> Response:
    """The order is accepted, filled in part where that is asked for, then refused."""
    broker, delay_s = firing.broker, firing.number("delay_s")

    def then(order: Order) -> float:
        shares = min(firing.integer("quantity"), order.remaining)
        if shares:
            firing.external_event(do="fill", order_id=order.order_id, quantity=shares, price=fair_price(broker, order))
        event = {"do": "reject", "order_id": order.order_id, "reason": firing.text("reason")}
        later.schedule(broker, delay_s, later.Step(event))
        return delay_s

    return accept_unfilled(firing, then)


def already_registered(firing: Firing) -> Response:
    """Say that the cOID was used before; with `applied` because it just was."""
    if firing.flag("applied"):
        firing.proceed()
    orders = firing.request.json_object().get("orders") or [{}]
    coid = orders[0].get("cOID", "") if isinstance(orders[0], dict) else ""
    return error(200, f"Order couldn't be submitted: Local order ID={coid} is already registered.")


def _orders_of(request: Request) -> list[Body]:
    orders = request.json_object().get("orders")
    return [order for order in orders if isinstance(order, dict)] if isinstance(orders, list) else []


def _is_child(order: Body, child: str) -> bool:
    return bool(order.get("parentId")) and str(order.get("orderType", "")).upper() in _CHILD_TYPES[child]


def _has_child(_broker: Broker, request: Request, values: Values) -> bool:
    return any(_is_child(order, values("child")) for order in _orders_of(request))


def child_astray(firing: Firing) -> Response:
    """A child of a bracket is refused, missing from the answer, or accepted late; the rest lives."""
    child, how = firing.text("child"), firing.text("how")
    orders = _orders_of(firing.request)
    astray = [order for order in orders if _is_child(order, child)]
    if how == "missing":
        return _without_rows(firing, orders, astray)
    kept = [order for order in orders if not _is_child(order, child)]
    response = firing.apply(replace(firing.request, body=msgspec.json.encode({"orders": kept})))
    rows = json_of(response)
    if not isinstance(rows, list) or not rows:
        return response
    if how == "late":
        _send_later(firing, astray)
        return response
    failed = {"order_id": "-1", "order_status": "Failed", "text": "The order was refused by the exchange."}
    return json_response([*(failed for _ in astray), *rows]) if "order_id" in rows[0] else response


def _without_rows(firing: Firing, orders: list[Body], astray: list[Body]) -> Response:
    response, rows = firing.answer()
    if not isinstance(rows, list) or len(rows) != len(orders):
        return response
    return json_response([row for row, order in zip(rows, orders, strict=True) if order not in astray])


def _send_later(firing: Firing, orders: list[Body]) -> None:
    for order in orders:
        alone = replace(firing.request, body=msgspec.json.encode({"orders": [order]}))
        later.schedule(firing.broker, firing.number("seconds"), later.call(alone))


def activation_set(firing: Firing) -> Response:
    """Children become active in another way than configured, from now on."""
    broker, mode = firing.broker, firing.text("mode")
    broker.note("behaviour", {"child_activation": mode})
    broker.behave(child_activation=mode)
    return firing.proceed()


_ERROR = text("error", TOO_FAR, "text of the refusal")

KINDS = (
    FaultKind(
        "O06",
        "Order refused",
        refused,
        (
            _ERROR,
            choice("status", 200, (200, 400, 500), "status of the answer"),
            flag("prompt", "as the prompt of an advanced reject, which wants an answer"),
        ),
        calls=ORDERS,
    ),
    FaultKind(
        "O07",
        "Order rejected after it was accepted",
        rejected_later,
        (
            seconds("delay_s", 0.0, "time between the two; its symbol is halted meanwhile"),
            whole("quantity", 0, "shares that fill before"),
            text("reason", "Order rejected by the exchange.", "what the order then says"),
        ),
        calls=ACCEPTING,
        follows_question=True,
    ),
    FaultKind(
        "O08",
        "Refused as a duplicate, with or without an order",
        already_registered,
        (flag("applied", "the order is live all the same"),),
        calls=ORDERS,
    ),
    FaultKind(
        "O20",
        "Child of a bracket refused, missing from the answer, or accepted late",
        child_astray,
        (
            choice("child", "stop", ("stop", "target"), "which child"),
            choice("how", "refused", ("refused", "missing", "late"), "what happens to it; missing is live"),
            seconds("seconds", 30.0, "how late, with how=late"),
        ),
        calls=ORDERS,
        ready=_has_child,
    ),
    FaultKind(
        "O21",
        "Children become active in another way",
        activation_set,
        (
            choice(
                "mode",
                "full",
                ("whole", "proportional", "full"),
                "at their parent's first fill: whole, or as far as it is filled; or once it is filled in full",
            ),
        ),
        calls=ORDERS,
        once=True,
    ),
    FaultKind(
        "O28",
        "Order refused: nothing to borrow, or no buying power",
        short_of,
        (choice("reason", "buying_power", tuple(REASONS), "why"),),
        calls=ORDERS,
    ),
)

"""Faults of the session and of orders: G01-G04, O01-O29 as far as they are deeds of the broker, C01-C11 by `deed`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from simulator.exchange.deeds import DeedError
from simulator.exchange.orders import STOPS, Kind, Order, State
from simulator.faults.context import Firing, Handler
from simulator.messages import Request, Response, error, json_response

NOT_FOUND = "reply id not found: '{}'"
FORBIDDEN_QUESTION = (
    "The value of this order is above the limit of your settings.\nAre you sure you want to submit this order?"
)


def competing(firing: Firing) -> Response:
    """Another login has taken the brokerage session."""
    firing.broker.session.lose_brokerage(competing=True)
    return firing.proceed()


def no_bridge(firing: Firing) -> Response:
    """The brokerage session is gone, and the status says that it isn't connected."""
    session = firing.broker.session
    session.lose_brokerage()
    session.connected = False
    return firing.proceed()


def login_loop(firing: Firing) -> Response:
    """The session is alive and never authenticated: an init changes nothing."""
    session = firing.broker.session
    response = firing.proceed()
    session.lose_brokerage()
    return response if "init" not in firing.request.path else json_response({"authenticated": False, "connected": True})


def nightly_reset(firing: Firing) -> Response:
    """The brokerage session starts anew: reply ids, suppressions, caches are gone; with `logout` the login too."""
    session = firing.broker.session
    session.lose_brokerage()
    if firing.flag("logout"):
        session.logout()
    return firing.proceed()


def question(firing: Firing) -> Response:
    """Ask something before everything else; the order waits for the answer."""
    broker = firing.broker
    ids = firing.value("ids", ["o451"])
    broker.extra_questions = [(str(message_id), firing.text("text", FORBIDDEN_QUESTION)) for message_id in ids]
    try:
        return firing.proceed()
    finally:
        broker.extra_questions = []


def reply_lost(firing: Firing) -> Response:
    """The reply's id is not found; with `applied` the order is live all the same."""
    if firing.flag("applied"):
        firing.proceed()
    return error(400, NOT_FOUND.format(firing.request.path.rpartition("/")[2]))


def epoch_changed(firing: Firing) -> Response:
    """The brokerage session starts anew between question and reply."""
    session = firing.broker.session
    session.open_brokerage(firing.broker.session_us)
    session.caches.accounts_called = True
    return firing.proceed()


def refused(firing: Firing) -> Response:
    """Refuse the order with a text; it is not placed."""
    text = "We cannot accept an order at the limit price you selected."
    return error(firing.integer("status", 200), firing.text("error", text))


def already_registered(firing: Firing) -> Response:
    """Say that the cOID was used before; with `applied` because it just was."""
    if firing.flag("applied"):
        firing.proceed()
    orders = firing.request.json_object().get("orders") or [{}]
    coid = orders[0].get("cOID", "") if isinstance(orders[0], dict) else ""
    return error(200, f"Order couldn't be submitted: Local order ID={coid} is already registered.")


def _newest(firing: Firing, *, live: bool, stops: bool = False) -> Order | None:
    for order in reversed(firing.broker.exchange.book.orders.values()):
        if order.is_live is live and (not stops or order.ticket.kind in STOPS):
            return order
    return None


def _deed(firing: Firing, **facts: Any) -> None:  # noqa: ANN401  (a deed is JSON)
    """Carry out a deed; one that is impossible by now is left out."""
    try:
        firing.broker.carry_out(facts)
    except DeedError:
        return


def reject_after_accept(firing: Firing) -> Response:
    """The order is accepted, then refused; with `quantity` after it was filled in part."""
    response = firing.proceed()
    order = _newest(firing, live=True)
    if order is not None:
        if firing.integer("quantity", 0):
            _deed(firing, do="fill", order_id=order.order_id, quantity=firing.integer("quantity", 0))
        _deed(firing, do="reject", order_id=order.order_id)
    return response


def partial_then_cancel(firing: Firing) -> Response:
    """A part of the order fills, then the broker cancels the rest."""
    response = firing.proceed()
    order = _newest(firing, live=True)
    if order is not None:
        _deed(firing, do="fill", order_id=order.order_id, quantity=firing.integer("quantity", 1))
        _deed(firing, do="cancel", order_id=order.order_id)
    return response


def _asked(request: Request) -> int | None:
    text = request.path.rpartition("/")[2]
    return int(text) if text.isdigit() else None


def fill_while_cancelling(firing: Firing) -> Response:
    """The order fills, whole or in part, before its cancel arrives."""
    order_id = _asked(firing.request)
    quantity = firing.value("quantity")
    facts = {"quantity": quantity} if isinstance(quantity, int) else {}
    _deed(firing, do="fill", order_id=order_id, **facts)
    return firing.proceed()


def fill_after_cancel(firing: Firing) -> Response:
    """The order is cancelled, and an execution of it comes after that."""
    response = firing.proceed()
    _deed(firing, do="fill", order_id=_asked(firing.request))
    return response


def cancel_ignored(firing: Firing) -> Response:
    """The cancel is acknowledged, refused or not found, and the order lives on."""
    if firing.text("answer", "acknowledged") != "acknowledged":
        return error(400, firing.text("error", f"OrderID {_asked(firing.request)} doesn't exist"))
    facts = {"msg": "Request was submitted", "order_id": _asked(firing.request), "conid": -1, "account": None}
    return json_response(facts)


def corrected(firing: Firing) -> Response:
    """The newest execution is corrected, or with quantity 0 taken back."""
    executions = firing.broker.account.executions
    if executions:
        facts = {name: firing.value(name) for name in ("price", "quantity") if firing.value(name) is not None}
        _deed(firing, do="correct", execution_id=executions[-1].execution_id, **facts)
    return firing.proceed()


def overfilled(firing: Firing) -> Response:
    """The newest filled order fills beyond its quantity."""
    for order in reversed(firing.broker.exchange.book.orders.values()):
        if order.state is State.FILLED:
            _deed(firing, do="fill", order_id=order.order_id, quantity=firing.integer("quantity", 1))
            break
    return firing.proceed()


def child_refused(firing: Firing) -> Response:
    """A child of a bracket is refused: its row comes first, and the rest lives."""
    body = firing.request.json_object()
    orders = [order for order in body.get("orders", []) if isinstance(order, dict)]
    wanted = firing.text("child", "STP")
    kept = [order for order in orders if not ("parentId" in order and order.get("orderType") == wanted)]
    response = firing.apply(replace(firing.request, body=msgspec.json.encode({**body, "orders": kept})))
    rows = msgspec.json.decode(response.body)
    if len(kept) == len(orders) or not isinstance(rows, list) or "order_id" not in rows[0]:
        return response
    failed = {"order_id": "-1", "order_status": "Failed", "text": "The order was refused by the exchange."}
    return json_response([failed, *rows] if not firing.flag("missing") else rows)


def stop_lost(firing: Firing) -> Response:
    """The broker drops the newest live stop."""
    order = _newest(firing, live=True, stops=True)
    if order is not None:
        _deed(firing, do="cancel", order_id=order.order_id, reason=firing.text("reason", "Cancelled by System"))
    return firing.proceed()


def stop_gaps(firing: Firing) -> Response:
    """The newest live stop fills some percent below its price."""
    order = _newest(firing, live=True, stops=True)
    if order is not None and order.ticket.stop is not None:
        price = round(order.ticket.stop * (1.0 - firing.number("percent", 5.0) / 100.0), 2)
        _deed(firing, do="fill", order_id=order.order_id, price=price)
    return firing.proceed()


def both_legs(firing: Firing) -> Response:
    """The second leg of a group fills although the first did."""
    for order in reversed(firing.broker.exchange.book.orders.values()):
        if order.state is State.CANCELLED and order.ticket.parent_id is not None and order.ticket.kind is not Kind.MKT:
            _deed(firing, do="fill", order_id=order.order_id)
            break
    return firing.proceed()


def deed(firing: Firing) -> Response:
    """Carry out the deed that the parameter `deed` describes, then the call."""
    facts = firing.value("deed", {})
    if isinstance(facts, dict):
        _deed(firing, **facts)
    return firing.proceed()


HANDLERS: dict[str, Handler] = {
    "G01": competing,
    "G02": no_bridge,
    "G03": login_loop,
    "G04": nightly_reset,
    "O01": question,
    "O02": question,
    "O03": question,
    "O04": reply_lost,
    "O05": epoch_changed,
    "O06": refused,
    "O07": reject_after_accept,
    "O08": already_registered,
    "O11": partial_then_cancel,
    "O12": fill_while_cancelling,
    "O13": fill_after_cancel,
    "O14": cancel_ignored,
    "O16": corrected,
    "O17": overfilled,
    "O20": child_refused,
    "O22": stop_lost,
    "O23": stop_gaps,
    "O24": both_legs,
    "O27": deed,
    "O28": refused,
    "O29": deed,
    **{f"C{number:02d}": deed for number in range(1, 12)},
}

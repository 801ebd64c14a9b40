"""Cancels and modifications that cross with fills, are ignored, refused, doubled, or whose answer gets lost."""

from __future__ import annotations

from dataclasses import replace

from simulator.exchange.orders import Order, Ticket
from simulator.fault_plan import Calls
from simulator.faults import later
from simulator.faults.book import accepted_in, fair_price, named_order, names_live_order
from simulator.faults.context import Firing
from simulator.faults.declaration import CANCELS, MODIFIES, FaultKind, choice, real_seconds, seconds, whole
from simulator.messages import Break, Response, Wire, error, json_response

_CHANGING = Calls("POST", (*MODIFIES.paths, "/iserver/reply/*"))
REFUSED = "Order cannot be cancelled in its present state."


def _fill_of(firing: Firing, order: Order) -> dict[str, object]:
    shares = firing.integer("quantity") or order.remaining
    price = fair_price(firing.broker, order)
    return {"do": "fill", "order_id": order.order_id, "quantity": min(shares, order.remaining), "price": price}


def fill_while_cancelling(firing: Firing) -> Response:
    """The order fills, whole or in part, before its cancel arrives."""
    order = named_order(firing)
    if order is not None and order.is_live:
        firing.external_event(**_fill_of(firing, order))
    return firing.proceed()


def fill_after_cancel(firing: Firing) -> Response:
    """The order is cancelled, and an execution of it comes after that."""
    order = named_order(firing)
    fill = _fill_of(firing, order) if order is not None and order.is_live else None
    response = firing.proceed()
    if fill is not None:
        later.schedule(firing.broker, firing.number("delay_s"), later.Step(fill))
    return response


def cancel_ignored(firing: Firing) -> Response:
    """The cancel is acknowledged, refused, not found or not answered, and the order lives on."""
    order = named_order(firing)
    after_s = firing.number("seconds")
    if after_s and order is not None:
        later.schedule(firing.broker, after_s, later.Step({"do": "cancel", "order_id": order.order_id}))
    number = order.order_id if order is not None else 0
    match firing.text("answer"):
        case "refused":
            return error(400, REFUSED)
        case "not_found":
            return error(400, f"OrderID {number} doesn't exist")
        case "none":
            return Response(200, wire=Wire(Break.SILENT, firing.number("silence_s")))
        case _:
            conid = order.ticket.conid if order is not None else -1
            facts = {"msg": "Request was submitted", "order_id": number, "conid": conid}
            return json_response({**facts, "account": firing.broker.config.account_id})


def doubled(firing: Firing) -> Response:
    """The modification leaves the old order alive beside the new one, under the same order_ref."""
    broker = firing.broker
    before = {order_id: order.ticket for order_id, order in broker.exchange.book.live.items()}
    response = firing.proceed()
    for order in accepted_in(firing, response)[:1]:
        old = before.get(order.order_id)
        if old is not None:
            firing.external_event(**_again(firing, old))
    return response


def _again(firing: Firing, ticket: Ticket) -> dict[str, object]:
    """Return the event that places an order like `ticket`."""
    facts = {
        "symbol": firing.broker.contracts.by_conid[ticket.conid].symbol,
        "side": ticket.side,
        "quantity": ticket.quantity,
        "order_type": ticket.kind,
        "tif": ticket.tif,
        "price": ticket.limit,
        "stop": ticket.stop,
        "coid": ticket.coid,
    }
    return {"do": "order", **{name: value for name, value in facts.items() if value is not None}}


def modify_uncertain(firing: Firing) -> Response:
    """The modification is applied and its answer lost, or refused after a part of the order filled."""
    order = named_order(firing)
    if firing.text("how") == "answer_lost":
        return replace(firing.proceed(), wire=Wire(Break.SILENT, firing.number("silence_s")))
    if order is not None and order.remaining > 1:
        shares = min(firing.integer("quantity"), order.remaining - 1)
        price = fair_price(firing.broker, order)
        firing.external_event(do="fill", order_id=order.order_id, quantity=shares, price=price)
    return error(400, "Order is inactive")


_SILENCE = real_seconds("silence_s", 15.0, "until the connection closes without an answer", most=3600.0)
_SHARES = whole("quantity", 0, "shares that fill; 0: all")

KINDS = (
    FaultKind(
        "O12",
        "Fill while cancelling",
        fill_while_cancelling,
        (_SHARES,),
        calls=CANCELS,
        ready=names_live_order,
    ),
    FaultKind(
        "O13",
        "Fill after the cancel was confirmed",
        fill_after_cancel,
        (_SHARES, seconds("delay_s", 0.0, "time between the two")),
        calls=CANCELS,
        ready=names_live_order,
    ),
    FaultKind(
        "O14",
        "Cancel without effect",
        cancel_ignored,
        (
            choice(
                "answer", "acknowledged", ("acknowledged", "refused", "not_found", "none"), "what the client is told"
            ),
            seconds("seconds", 0.0, "the cancel takes effect after this; 0: never"),
            _SILENCE,
        ),
        calls=CANCELS,
        ready=names_live_order,
    ),
    FaultKind(
        "O25",
        "Modification leaves two live orders with the same order_ref",
        doubled,
        calls=_CHANGING,
        follows_question=True,
    ),
    FaultKind(
        "O26",
        "Modification applied and its answer lost, or refused after a part fill",
        modify_uncertain,
        (
            choice("how", "answer_lost", ("answer_lost", "refused_after_part_fill"), "which of the two"),
            whole("quantity", 1, "shares that fill before the refusal", least=1),
            _SILENCE,
        ),
        calls=MODIFIES,
        ready=names_live_order,
    ),
)

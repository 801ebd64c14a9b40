"""Order entry: placing with question and reply, modification, cancel, preview, suppression."""

from __future__ import annotations

import msgspec

from simulator.broker import Broker
from simulator.entry import credit, prompts
from simulator.entry.questions import is_expired, questions_for, unanswered
from simulator.entry.submission import enter, go_on, invalidate_questions, spend, submit
from simulator.entry.tickets import Draft, RejectedError, parse_draft, to_tickets
from simulator.exchange.orders import Side, Ticket
from simulator.messages import JSON, TEXT, Request, Response, bad_request, error, json_response, unavailable
from simulator.router import Needs, Route

ALL_OPEN_ORDERS = "-1"
MOST_SUPPRESSED = 51


def _bodies(request: Request) -> list[object]:
    try:
        body = request.json()
    except msgspec.DecodeError:
        raise RejectedError(error(400, f"Failed to parse body as JSON. Content Type: {JSON}")) from None
    orders = body.get("orders", [body] if body else None) if isinstance(body, dict) else body
    if not isinstance(orders, list) or not orders:
        raise RejectedError(error(400, "orders request includes parameter with incorrect type"))
    return orders


def _check_account(broker: Broker, request: Request) -> None:
    account = request.argument("account")
    if account != broker.config.account_id:
        raise RejectedError(bad_request(f"accountId is not valid: {account}"))


def place(broker: Broker, request: Request) -> Response:
    """POST /iserver/account/{account}/orders: accepted rows, a question, or a refusal."""
    invalidate_questions(broker)
    try:
        _check_account(broker, request)
        drafts = [parse_draft(broker, body) for body in _bodies(request)]
        _check_related(drafts)
        tickets = to_tickets(broker, [draft for draft in drafts if draft.flaw is None])
    except RejectedError as refusal:
        return refusal.response
    refused = tuple(draft.flaw for draft in drafts if draft.flaw is not None)
    if not tickets:
        return error(200, refused[0])
    return submit(broker, tickets, modifies=False, refused=refused)


def _check_related(drafts: list[Draft]) -> None:
    parents = [draft for draft in drafts if draft.parent is None]
    if len(parents) > 1 and not all(draft.single_group for draft in parents):
        raise RejectedError(bad_request("unrelated orders can't be submitted in one call"))


def reply(broker: Broker, request: Request) -> Response:
    """POST /iserver/reply/{id}."""
    caches = broker.session.caches
    reply_id = request.argument("reply_id")
    if reply_id in caches.invalidated:
        caches.invalidated.discard(reply_id)
        return unavailable()
    pending = caches.pending.get(reply_id)
    if pending is None or is_expired(broker, pending):
        return error(400, f"reply id not found: '{reply_id}'")
    del caches.pending[reply_id]
    if request.json_object().get("confirmed") is not True:
        spend(broker, pending.tickets, spends=broker.behaviour.decline_spends_coid and not pending.modifies)
        return error(200, "Order not confirmed ")
    return go_on(broker, pending)


def modify(broker: Broker, request: Request) -> Response:
    """POST /iserver/account/{account}/order/{orderId}: one bare order that repeats every attribute."""
    invalidate_questions(broker)
    text = request.argument("order_id")
    order = broker.exchange.book.orders.get(int(text)) if text.isdigit() else None
    if order is None:
        return error(400, f"OrderID {text} doesn't exist")
    if not order.is_live or order.cancelling:
        return error(400, "Order is inactive")
    try:
        _check_account(broker, request)
        draft = parse_draft(broker, _bodies(request)[0])
    except RejectedError as refusal:
        return refusal.response
    if draft.flaw is not None:
        return error(200, draft.flaw)
    old = order.ticket
    if draft.conid != old.conid or draft.side is not old.side:
        return bad_request("conid and side of an order can't be modified")
    ticket = msgspec.structs.replace(
        old,
        kind=draft.kind,
        quantity=draft.quantity,
        tif=draft.tif,
        limit=draft.limit,
        stop=draft.stop,
        outside_rth=draft.outside_rth,
    )
    return submit(broker, (ticket,), modifies=True)


def cancel(broker: Broker, request: Request) -> Response:
    """DELETE /iserver/account/{account}/order/{orderId}: an acknowledgement only; the id -1 means every open order."""
    try:
        _check_account(broker, request)
    except RejectedError as refusal:
        return refusal.response
    text = request.argument("order_id")
    exchange = broker.exchange
    if text == ALL_OPEN_ORDERS:
        for order in list(exchange.book.live.values()):
            if order.is_live and not order.cancelling:
                exchange.cancel(order.order_id)
        return json_response({"msg": "Request was submitted", "order_id": -1, "conid": -1, "account": None})
    found = exchange.book.orders.get(int(text)) if text.isdigit() else None
    if found is None:
        waits = any(str(ticket.order_id) == text for ticket in unanswered(broker))
        return error(400, "Order is inactive" if waits else f"OrderID {text} doesn't exist")
    if not found.is_live:
        return error(400, "Order is inactive")
    if found.cancelling:
        # The first cancel is on its way: the second is acknowledged, and names neither contract nor account.
        return json_response({"msg": "Request was submitted", "order_id": found.order_id, "conid": -1, "account": None})
    exchange.cancel(found.order_id)
    return json_response(
        {
            "msg": "Request was submitted",
            "order_id": found.order_id,
            "conid": found.ticket.conid,
            "account": broker.config.account_id,
        }
    )


def what_if(broker: Broker, request: Request) -> Response:
    """POST /iserver/account/{account}/orders/whatif: a preview in texts; needs a snapshot of the contract first."""
    try:
        _check_account(broker, request)
        draft = parse_draft(broker, _bodies(request)[0])
    except RejectedError as refusal:
        return refusal.response if refusal.response.status != 200 else error(400, "Bad Request: invalid order")  # noqa: PLR2004
    if draft.conid not in broker.session.caches.quoted:
        return bad_request("snapshot has to be requested first")
    ticket = Ticket(0, draft.conid, draft.side, draft.kind, draft.quantity, draft.tif, draft.limit, draft.stop)
    weighed = credit.look(broker, (ticket,))
    value, amount, commission = weighed.value, weighed.amount, weighed.commission
    sign = 1.0 if draft.side is Side.BUY else -1.0
    warnings = [question.text for question in questions_for(broker, (ticket,))]
    return json_response(
        {
            "amount": {
                "amount": f"{amount:,.2f} USD ({draft.quantity} Shares)",
                "commission": f"{commission:g} USD",
                "total": f"{amount + sign * commission:,.2f} USD",
            },
            "equity": _change(value.equity, -commission),
            "initial": _change(value.initial_margin, weighed.initial_change),
            "maintenance": _change(value.maintenance_margin, weighed.maintenance_change),
            "position": _change(float(broker.account.held(draft.conid)), sign * draft.quantity),
            "warn": "\n".join(warnings) or None,
            "error": draft.flaw or weighed.refusal,
        }
    )


def _change(current: float, change: float) -> dict[str, str]:
    return {"current": f"{current:,.0f}", "change": f"{change:,.0f}", "after": f"{current + change:,.0f}"}


def suppress(broker: Broker, request: Request) -> Response:
    """POST /iserver/questions/suppress: until the brokerage session ends; unknown ids are taken as well."""
    ids = request.json_object().get("messageIds")
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_SUPPRESSED:
        return error(500, "unknown")
    broker.session.caches.suppressed.update(str(message_id) for message_id in ids)
    return json_response({"status": "submitted"})


def unsuppress(broker: Broker, _request: Request) -> Response:
    """POST /iserver/questions/suppress/reset."""
    broker.session.caches.suppressed.clear()
    return json_response({"status": "submitted"})


def notification(broker: Broker, request: Request) -> Response:
    """POST /iserver/notification: the answer to a prompt; a plain text, whatever the answer was."""
    body = request.json_object()
    chosen = prompts.choose(broker, str(body.get("reqId")), str(body.get("text")))
    if chosen is not None:
        enter(broker, chosen.tickets, modifies=chosen.modifies, prompt=False, refused=chosen.refused)
    return Response(200, b"Success", TEXT)


ROUTES = (
    Route("POST", "/iserver/account/{account}/orders", place, Needs.ACCOUNTS),
    Route("POST", "/iserver/account/{account}/orders/whatif", what_if, Needs.ACCOUNTS),
    Route("POST", "/iserver/account/{account}/order/{order_id}", modify, Needs.ACCOUNTS),
    Route("DELETE", "/iserver/account/{account}/order/{order_id}", cancel, Needs.ACCOUNTS),
    Route("POST", "/iserver/reply/{reply_id}", reply, Needs.BROKERAGE),
    Route("POST", "/iserver/questions/suppress", suppress, Needs.BROKERAGE),
    Route("POST", "/iserver/questions/suppress/reset", unsuppress, Needs.BROKERAGE),
    Route("POST", "/iserver/notification", notification, Needs.BROKERAGE),
)

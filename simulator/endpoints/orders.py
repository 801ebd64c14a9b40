"""Order entry: placing with question and reply, modification, cancel, preview, suppression."""

from __future__ import annotations

import hashlib

import msgspec

from simulator.broker import Broker
from simulator.entry.questions import Question, questions_for
from simulator.entry.tickets import Draft, RejectedError, parse_draft, to_tickets
from simulator.exchange.orders import Order, Side, Ticket, shown_status
from simulator.messages import JSON, TEXT, Request, Response, bad_request, error, json_response, unavailable
from simulator.router import Needs, Route
from simulator.session import PendingQuestion
from simulator.views.valuation import INITIAL_FRACTION, MAINTENANCE_FRACTION, Valuation
from trading.market import fills

ALL_OPEN_ORDERS = "-1"
MOST_SUPPRESSED = 51


def note_arrival(broker: Broker, request: Request) -> None:
    """Put the arrival of a write into the truth log: verb, path, digest of its body, the cOIDs in it."""
    facts: dict[str, object] = {
        "verb": request.method,
        "path": request.path,
        "sha256": hashlib.sha256(request.body).hexdigest(),
    }
    orders = request.json_object().get("orders")
    if isinstance(orders, list):
        coids = [order.get("cOID") for order in orders if isinstance(order, dict) and order.get("cOID")]
        facts["coids"] = [str(coid) for coid in coids]
    broker.note("request", facts)


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
    note_arrival(broker, request)
    _invalidate_questions(broker)
    try:
        _check_account(broker, request)
        drafts = [parse_draft(broker, body) for body in _bodies(request)]
        _check_related(drafts)
        tickets = to_tickets(broker, drafts)
    except RejectedError as refusal:
        return refusal.response
    return _ask_or_enter(broker, tickets, modifies=False)


def _check_related(drafts: list[Draft]) -> None:
    parents = [draft for draft in drafts if draft.parent is None]
    if len(parents) > 1 and not all(draft.single_group for draft in parents):
        raise RejectedError(bad_request("unrelated orders can't be submitted in one call"))


def _invalidate_questions(broker: Broker) -> None:
    """Forget unanswered questions: another order ends them."""
    caches = broker.session.caches
    caches.invalidated.update(caches.pending)
    caches.pending.clear()


def _ask_or_enter(broker: Broker, tickets: tuple[Ticket, ...], *, modifies: bool) -> Response:
    questions = questions_for(broker, tickets)
    if not questions:
        return _enter(broker, tickets, modifies=modifies)
    if broker.behaviour.questions.merged:
        return _ask(broker, tickets, questions, [], modifies=modifies)
    return _ask(broker, tickets, questions[:1], questions[1:], modifies=modifies)


def _ask(
    broker: Broker,
    tickets: tuple[Ticket, ...],
    questions: list[Question],
    left: list[Question],
    *,
    modifies: bool,
) -> Response:
    broker.questions_asked += 1
    pending = PendingQuestion(
        broker.identifiers.uuid("reply", broker.questions_asked),
        tickets,
        tuple(question.message_id for question in questions),
        tuple(question.text for question in questions),
        broker.now_us,
        tuple((question.message_id, question.text) for question in left),
        modifies,
    )
    broker.session.caches.pending[pending.reply_id] = pending
    facts = {
        "reply_id": pending.reply_id,
        "message_ids": pending.message_ids,
        "order_ids": [ticket.order_id for ticket in tickets],
        "coids": [ticket.coid for ticket in tickets if ticket.coid],
    }
    broker.note("question", facts)
    return json_response(
        [
            {
                "id": pending.reply_id,
                "message": list(pending.messages),
                "isSuppressed": False,
                "messageIds": list(pending.message_ids),
                "messageOptions": ["Yes", "No"],
            }
        ]
    )


def _enter(broker: Broker, tickets: tuple[Ticket, ...], *, modifies: bool) -> Response:
    if modifies:
        ticket = tickets[0]
        order = broker.exchange.book.orders.get(ticket.order_id)
        if order is None or not order.is_live:
            return error(400, "Order is inactive")
        return json_response([_accepted(broker, broker.exchange.modify(ticket))])
    broker.session.caches.coids.update(ticket.coid for ticket in tickets if ticket.coid)
    return json_response([_accepted(broker, order) for order in broker.exchange.place(tickets)])


def _accepted(broker: Broker, order: Order) -> dict[str, object]:
    row: dict[str, object] = {
        "order_id": str(order.order_id),
        "order_status": shown_status(order, market_open=broker.exchange.is_open),
        "encrypt_message": "1",
    }
    if order.ticket.coid:
        row["local_order_id"] = order.ticket.coid
    if order.ticket.parent_id is not None:
        row["parent_order_id"] = str(order.ticket.parent_id)
    return row


def reply(broker: Broker, request: Request) -> Response:
    """POST /iserver/reply/{id}."""
    note_arrival(broker, request)
    caches = broker.session.caches
    reply_id = request.argument("reply_id")
    if reply_id in caches.invalidated:
        caches.invalidated.discard(reply_id)
        return unavailable()
    pending = caches.pending.get(reply_id)
    if pending is None or _is_expired(broker, pending):
        return error(400, f"reply id not found: '{reply_id}'")
    del caches.pending[reply_id]
    if request.json_object().get("confirmed") is not True:
        if broker.behaviour.decline_spends_coid:
            coids = [ticket.coid for ticket in pending.tickets if ticket.coid]
            broker.exchange.seen_coids.update(dict.fromkeys(coids, broker.now_us))
            broker.session.caches.coids.update(coids)
        return error(200, "Order not confirmed ")
    if pending.left:
        questions = [Question(message_id, text) for message_id, text in pending.left]
        return _ask(broker, pending.tickets, questions[:1], questions[1:], modifies=pending.modifies)
    return _enter(broker, pending.tickets, modifies=pending.modifies)


def _is_expired(broker: Broker, pending: PendingQuestion) -> bool:
    limit_us = broker.behaviour.unanswered_question_expires_s * 1_000_000
    return bool(limit_us) and broker.now_us - pending.asked_us >= limit_us


def modify(broker: Broker, request: Request) -> Response:
    """POST /iserver/account/{account}/order/{orderId}: one bare order that repeats every attribute."""
    note_arrival(broker, request)
    _invalidate_questions(broker)
    text = request.argument("order_id")
    order = broker.exchange.book.orders.get(int(text)) if text.isdigit() else None
    if order is None:
        return error(400, f"OrderID {text} doesn't exist")
    if not order.is_live:
        return error(400, "Order is inactive")
    try:
        _check_account(broker, request)
        draft = parse_draft(broker, _bodies(request)[0])
    except RejectedError as refusal:
        return refusal.response
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
    return _ask_or_enter(broker, (ticket,), modifies=True)


def cancel(broker: Broker, request: Request) -> Response:
    """DELETE /iserver/account/{account}/order/{orderId}: an acknowledgement only; the id -1 means every open order."""
    note_arrival(broker, request)
    try:
        _check_account(broker, request)
    except RejectedError as refusal:
        return refusal.response
    text = request.argument("order_id")
    exchange = broker.exchange
    if text == ALL_OPEN_ORDERS:
        for order in list(exchange.book.live.values()):
            if order.is_live:
                exchange.cancel(order.order_id)
        return json_response({"msg": "Request was submitted", "order_id": -1, "conid": -1, "account": None})
    found = exchange.book.orders.get(int(text)) if text.isdigit() else None
    if found is None:
        waits = [t for q in broker.session.caches.pending.values() for t in q.tickets if str(t.order_id) == text]
        return error(400, "Order is inactive" if waits else f"OrderID {text} doesn't exist")
    if not found.is_live:
        return error(400, "Order is inactive")
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
    if draft.conid not in broker.session.caches.snapshot_calls:
        return bad_request("snapshot has to be requested first")
    contract = broker.contracts.by_conid[draft.conid]
    price = draft.limit or draft.stop or broker.exchange.price_of(contract.column)
    amount = fills.cents(price * draft.quantity)
    commission = fills.commission(draft.quantity, price)
    value = Valuation.of(broker)
    held = broker.account.held(draft.conid)
    change = draft.quantity if draft.side is Side.BUY else -draft.quantity
    grows = amount if abs(held + change) > abs(held) else -amount
    sign = 1.0 if draft.side is Side.BUY else -1.0
    return json_response(
        {
            "amount": {
                "amount": f"{amount:,.2f} USD ({draft.quantity} Shares)",
                "commission": f"{commission:g} USD",
                "total": f"{amount + sign * commission:,.2f} USD",
            },
            "equity": _change(value.equity, -commission),
            "initial": _change(value.initial_margin, INITIAL_FRACTION * grows),
            "maintenance": _change(value.maintenance_margin, MAINTENANCE_FRACTION * grows),
            "position": _change(float(held), float(change)),
            "warn": None,
            "error": None,
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


def notification(_broker: Broker, _request: Request) -> Response:
    """POST /iserver/notification: the answer to a prompt; a plain text."""
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

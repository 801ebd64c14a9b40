"""Requests about orders as they leave: verb, path and bytes, and beside them what their answer has to agree with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trading.errors import InvariantBroken
from trading.gateway import wire
from trading.gateway.json_text import write_json
from trading.model.order import OrderTicket
from trading.model.request import (
    BrokerRequest,
    CancelOrder,
    ModifyOrder,
    PreparedRequest,
    ReplyToQuestion,
    RequestKind,
    SubmitOrders,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The `content` of a prepared request: the bytes, and what was asked for.

    `coids` are those that an acknowledgement may name, in their order; `orders` is how many were sent, `order_id` whose
    change was asked for, None where the request doesn't say.
    """

    body: bytes
    coids: tuple[str, ...] = ()
    orders: int | None = None
    order_id: int | None = None


def prepare(request: BrokerRequest, account_id: str) -> PreparedRequest:
    """Return a request for the account as it will leave.

    Raises: InvariantBroken: a ticket contradicts itself, or an id would reach more than the one order or question.
    """
    account = f"/iserver/account/{account_id}"
    match request:
        case SubmitOrders(tickets=tickets):
            if not tickets:
                raise InvariantBroken("ticket", "an empty list of orders")
            body = write_json({"orders": [wire.order_fields(ticket, account_id) for ticket in tickets]})
            asked = Asked(body, _coids(tickets), orders=len(tickets))
            return _prepared(RequestKind.SUBMIT, "POST", f"{account}/orders", asked)
        case ReplyToQuestion(reply_id=reply_id, confirmed=confirmed, coids=coids):
            asked = Asked(write_json({"confirmed": confirmed}), coids)
            return _prepared(RequestKind.REPLY, "POST", f"/iserver/reply/{_reply_id(reply_id)}", asked)
        case CancelOrder(order_id=order_id):
            asked = Asked(b"", order_id=order_id)
            return _prepared(RequestKind.CANCEL, "DELETE", f"{account}/order/{_order_id(order_id)}", asked)
        case ModifyOrder(order_id=order_id, ticket=ticket):
            # One bare order, every attribute repeated.
            asked = Asked(write_json(wire.order_fields(ticket, account_id)), _coids([ticket]), order_id=order_id)
            return _prepared(RequestKind.MODIFY, "POST", f"{account}/order/{_order_id(order_id)}", asked)


def asked_of(prepared: PreparedRequest) -> Asked:
    """Return what this adapter keeps of a request.

    Raises: InvariantBroken, somebody else prepared it.
    """
    if not isinstance(prepared.content, Asked):
        raise InvariantBroken("request", "it was not prepared by the broker that is to send it")
    return prepared.content


def _prepared(kind: RequestKind, verb: str, path: str, asked: Asked) -> PreparedRequest:
    return PreparedRequest(kind, verb, path, hashlib.sha256(asked.body).hexdigest(), asked)


def _order_id(order_id: int) -> int:
    # −1 as an id would cancel every open order.
    if order_id <= 0:
        raise InvariantBroken("order_id", str(order_id))
    return order_id


def _reply_id(reply_id: str) -> str:
    # It becomes part of a path: an id that could lead elsewhere is not used.
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", reply_id) or not reply_id.strip("."):
        raise InvariantBroken("reply_id", "not an id that the broker gives")
    return reply_id


def _coids(tickets: Sequence[OrderTicket]) -> tuple[str, ...]:
    return tuple(ticket.coid for ticket in tickets if ticket.coid is not None)

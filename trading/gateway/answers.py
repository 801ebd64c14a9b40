"""What the answer to a write proves. In doubt it proves nothing, and the outcome is `Unproven`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trading.gateway import fields
from trading.gateway.api_client import WITHOUT_TEXT, envelope, session_gone
from trading.gateway.fields import FieldError, member, plain
from trading.gateway.json_text import JsonError, read_json
from trading.gateway.order_requests import Asked, asked_of
from trading.gateway.questions import is_prompt, is_question, prompt_text, question
from trading.gateway.transport import HttpAnswer
from trading.model.outcome import (
    Acknowledged,
    Answer,
    Duplicate,
    OrderAck,
    Outcome,
    RefusedByBroker,
    Unproven,
)
from trading.model.request import PreparedRequest, RequestKind

_GOOD = range(200, 300)
_BAD_REQUEST = 400
_SERVER_FAILED = 500
_FAILED_ID = -1
# Texts that don't say whether the order is there: a reply may be lost and the order alive, an order that is "not found"
# may be one whose answer was.
_DOUBTFUL = ("reply id not found", "doesn't exist", "not found")
_REGISTERED = "already registered"


def classify(request: PreparedRequest, account_id: str, got: HttpAnswer) -> Outcome:
    """Return what `got` proves about `request`.

    Statuses other than 2xx and 400 prove nothing: a proxy may answer after it has passed the order on.
    """
    asked = asked_of(request)
    answer = Answer(got.status, got.body)
    if got.status not in _GOOD and got.status != _BAD_REQUEST:
        return Unproven(f"HTTP {got.status}", answer)
    try:
        value = read_json(got.body)
        text = envelope(value)
        if text is not None:
            return _refusal(asked, text, member(value, "statusCode") if isinstance(value, dict) else None, answer)
        if got.status == _BAD_REQUEST:
            return Unproven("HTTP 400 without a reason", answer)
        return _reading(request.kind, asked, account_id, value, answer)
    except JsonError as problem:
        return Unproven(f"the answer is of no use: {problem}", answer)
    except FieldError as problem:
        return Unproven(plain(str(problem)), answer)


def _refusal(asked: Asked, text: str, inner: object, answer: Answer) -> Outcome:
    """Return what an error envelope with status 2xx or 400 proves."""
    if _REGISTERED in text.lower():
        if asked.coids and _names(text, asked.coids[0]):
            return Duplicate(plain(text), answer)
        return Unproven("a cOID that is not this order's is registered already", answer)
    return Unproven(plain(text), answer) if _doubtful(text, inner) else RefusedByBroker(plain(text), answer)


def _doubtful(text: str, inner: object) -> bool:
    """Return whether an error leaves open what became of the request; `inner` is the status that it names itself."""
    failed_inside = isinstance(inner, int) and inner != _BAD_REQUEST and inner not in _GOOD
    marked = any(mark in text.lower() for mark in (*_DOUBTFUL, _REGISTERED))
    return text == WITHOUT_TEXT or failed_inside or session_gone(text) or marked


def _names(text: str, coid: str) -> bool:
    """Return whether `text` names `coid`, and not only a longer one that begins or ends like it."""
    return re.search(rf"(?<![A-Za-z0-9-]){re.escape(coid)}(?![A-Za-z0-9-])", text) is not None


def _reading(kind: RequestKind, asked: Asked, account_id: str, value: object, answer: Answer) -> Outcome:
    """Return what a good answer proves.

    Raises: FieldError, it is not one of the known kinds or not about this request: it proves nothing.
    """
    if isinstance(value, dict) and is_prompt(value):
        return RefusedByBroker(prompt_text(value), answer)
    listed = value if isinstance(value, list) else [value]
    rows: list[Mapping[str, object]] = [row for row in listed if isinstance(row, dict)]
    if not rows or len(rows) != len(listed):
        raise FieldError("answer", "neither an order nor a question")
    if kind is RequestKind.CANCEL:
        return _cancelled(asked, account_id, rows, answer)
    if any(is_question(row) for row in rows):
        if len(rows) > 1:
            raise FieldError("answer", "a question among other rows")
        return question(rows[0], answer)
    acks = tuple(_ack(asked, account_id, row) for row in rows)
    _check(kind, asked, acks)
    if all(ack.order_id is None for ack in acks):
        return RefusedByBroker(next((ack.text for ack in acks if ack.text), "the order failed"), answer)
    return Acknowledged(acks, answer)


def _ack(asked: Asked, account_id: str, row: Mapping[str, object]) -> OrderAck:
    """Return one element of the answer: an order that was taken, or a leg that failed, with its text.

    Raises: FieldError: it is neither, or another account's, or names a cOID that was not sent.
    """
    owner = fields.optional_identifier(member(row, "account", "acct", "acctId"), "account")
    if owner not in (None, account_id):
        raise FieldError("account", "another account")
    local = fields.optional_identifier(member(row, "local_order_id", "order_ref"), "local_order_id")
    parent = fields.optional_integer(member(row, "parent_order_id"), "parent_order_id")
    if local is not None and local not in asked.coids and parent is None:
        raise FieldError("local_order_id", "the cOID of another order")
    error = envelope(row)
    if error is not None:
        if member(row, "order_id") is not None or _doubtful(error, member(row, "statusCode")):
            raise FieldError("error", error)
        return OrderAck(None, fields.optional_text(row.get("order_status")) or "", local, parent, plain(error))
    order_id = fields.integer(row.get("order_id"), "order_id")
    if order_id != _FAILED_ID and order_id <= 0:
        raise FieldError("order_id", "not an order id")
    status = fields.text(row.get("order_status"), "order_status")
    text = fields.optional_text(member(row, "text", "warning_message"))
    return OrderAck(None if order_id == _FAILED_ID else order_id, status, local, parent, text)


def _check(kind: RequestKind, asked: Asked, acks: Sequence[OrderAck]) -> None:
    """Raise FieldError when the orders together can't be the answer to what was sent."""
    ids = [ack.order_id for ack in acks if ack.order_id is not None]
    if len(set(ids)) != len(ids):
        raise FieldError("order_id", "twice in one answer")
    if asked.orders is not None and len(acks) > asked.orders:
        raise FieldError("answer", "more orders than were sent")
    if kind is RequestKind.MODIFY and ids not in ([], [asked.order_id]):
        raise FieldError("order_id", "another order's")


def _cancelled(asked: Asked, account_id: str, rows: Sequence[Mapping[str, object]], answer: Answer) -> Outcome:
    """Return the acknowledgement of a cancel, which only says that it was asked for.

    Raises: FieldError: it names another order or account.
    """
    if len(rows) > 1 or fields.integer(rows[0].get("order_id"), "order_id") != asked.order_id:
        raise FieldError("order_id", "another order's")
    owner = fields.optional_identifier(rows[0].get("account"), "account")
    if owner not in (None, account_id):
        raise FieldError("account", "another account")
    text = fields.optional_text(rows[0].get("msg")) or ""
    return Acknowledged((OrderAck(asked.order_id, text),), answer)

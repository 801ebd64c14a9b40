"""Questions that the broker asks before it takes an order, and the prompt that it answers some orders with."""

from __future__ import annotations

from collections.abc import Mapping

from trading.gateway import fields
from trading.gateway.fields import FieldError
from trading.model.outcome import Answer, Questioned


def is_question(row: Mapping[str, object]) -> bool:
    """Return whether a row of an answer is a question; told by its keys, never by its place."""
    return "id" in row and "message" in row


def question(row: Mapping[str, object], answer: Answer) -> Questioned:
    """Return the question with its ids and texts.

    A question without message ids keeps none, so that it can't be on anybody's list of allowed ones.

    Raises: FieldError.
    """
    messages = row["message"]
    if not isinstance(messages, list) or not messages:
        raise FieldError("message", "not a list of texts")
    ids = row.get("messageIds") or []
    if not isinstance(ids, list):
        raise FieldError("messageIds", "not a list")
    return Questioned(
        reply_id=fields.identifier(row["id"], "id"),
        message_ids=tuple(fields.identifier(each, "messageIds") for each in ids),
        texts=tuple(fields.text(each, "message") for each in messages),
        answer=answer,
    )


def is_prompt(value: Mapping[str, object]) -> bool:
    """Return whether an answer is the prompt of an advanced rejection, which this system never agrees to."""
    return value.get("prompt") is True or {"reqId", "options"} <= value.keys()


def prompt_text(value: Mapping[str, object]) -> str:
    """Return the prompt's message id and text."""
    name = fields.optional_text(value.get("messageId")) or "prompt"
    return f"{name}: {fields.optional_text(value.get('text')) or 'no text'}"

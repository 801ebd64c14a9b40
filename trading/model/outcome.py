"""Every way in which a request to the broker can end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it came: `status` is None when there was no whole HTTP answer."""

    status: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class OrderAck:
    """One order that the broker took, or one leg that failed (`order_id` None, with its text)."""

    order_id: int | None
    status: str
    local_order_id: str | None = None
    parent_order_id: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker took the request; for a cancel that only means "asked".

    One `OrderAck` for each element of the answer, in its order, which says nothing: a failed leg may come first.
    """

    orders: tuple[OrderAck, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Questioned:
    """The broker asks before it takes the order; valid only in the session epoch in which it came."""

    reply_id: str
    message_ids: tuple[str, ...]
    texts: tuple[str, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The cOID is registered already: proof that an earlier request arrived."""

    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class RefusedByBroker:
    """A well-formed refusal; to be verified by a read before the intent is REJECTED."""

    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Unproven:
    """It may or may not have been applied: resolve by reads, never send again."""

    cause: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class NothingSent:
    """Zero bytes of the body were written: the same request may be sent again inside its window."""

    cause: str


Outcome = Acknowledged | Questioned | Duplicate | RefusedByBroker | Unproven | NothingSent

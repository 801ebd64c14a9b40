"""What is asked of the broker in our own words, and what is kept of it before it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trading.model.order import OrderTicket


class RequestKind(StrEnum):
    """What a request asks for."""

    SUBMIT = "submit"
    REPLY = "reply"
    CANCEL = "cancel"
    MODIFY = "modify"


@dataclass(frozen=True, slots=True)
class SubmitOrders:
    """Take an order, a bracket (parent first) or the members of an OCA group."""

    tickets: tuple[OrderTicket, ...]


@dataclass(frozen=True, slots=True)
class ReplyToQuestion:
    """Answer the question `reply_id`, which was asked about orders with these cOIDs."""

    reply_id: str
    confirmed: bool
    coids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel one order."""

    order_id: int


@dataclass(frozen=True, slots=True)
class ModifyOrder:
    """Make an order what `ticket` says; the ticket repeats every attribute that stays."""

    order_id: int
    ticket: OrderTicket


BrokerRequest = SubmitOrders | ReplyToQuestion | CancelOrder | ModifyOrder


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request as it will leave; the journal stores verb, path and digest before it does.

    `content` is for the adapter that prepared it alone: the bytes, and what their answer has to agree with.
    """

    kind: RequestKind
    verb: str
    path: str
    body_sha256: str
    content: object

"""The prompt of the price management algorithm (p12): a choice that is answered through /iserver/notification."""

from __future__ import annotations

import msgspec

from simulator.broker import Broker
from simulator.exchange.orders import Side, Ticket
from simulator.session import PendingQuestion

MESSAGE_ID = "p12"
FIRST_REQUEST = 22_170
# Clients tell the prompt by its id and its opening; what follows is ours.
TEXT = (
    "If your order is not immediately executable, our systems may, depending on market conditions, reject your order "
    "because its limit price is too far from the price of that moment; it would then not fill.\n"
    "Use the Price Management Algo?"
)
USE, ALWAYS, WITHOUT = "Use on this order", "Always use", "Do not use"
_PLACES = frozenset({USE, ALWAYS, WITHOUT, "Yes"})


def is_prompted(broker: Broker, tickets: tuple[Ticket, ...]) -> bool:
    """Return whether a limit of these orders is so far on the passive side of the market that the broker asks."""
    return MESSAGE_ID not in broker.session.caches.suppressed and any(_is_far(broker, ticket) for ticket in tickets)


def _is_far(broker: Broker, ticket: Ticket) -> bool:
    percent = broker.behaviour.questions.price_management_percent
    last = broker.exchange.price_of(broker.contracts.by_conid[ticket.conid].column)
    if percent <= 0.0 or ticket.limit is None or ticket.parent_id is not None or last <= 0.0:
        return False
    away = last - ticket.limit if ticket.side is Side.BUY else ticket.limit - last
    return 100.0 * away / last > percent


def ask(
    broker: Broker, tickets: tuple[Ticket, ...], *, modifies: bool, refused: tuple[str, ...] = ()
) -> dict[str, object]:
    """Keep the orders until a choice is made, and return the prompt."""
    broker.questions_asked += 1
    request_id = str(FIRST_REQUEST + broker.questions_asked)
    pending = PendingQuestion(
        request_id, tickets, (MESSAGE_ID,), (TEXT,), broker.now_us, modifies=modifies, refused=refused
    )
    broker.session.caches.prompts[request_id] = pending
    facts = {
        "reply_id": request_id,
        "message_ids": pending.message_ids,
        "order_ids": [ticket.order_id for ticket in tickets],
        "coids": [ticket.coid for ticket in tickets if ticket.coid],
    }
    broker.note("question", facts)
    return {
        "orderId": tickets[0].order_id,
        "reqId": request_id,
        "dismissable": [],
        "text": TEXT,
        "options": [USE, ALWAYS, WITHOUT],
        "type": "M",
        "messageId": MESSAGE_ID,
        "prompt": True,
    }


def choose(broker: Broker, request_id: str, choice: str) -> PendingQuestion | None:
    """Return the orders that go on after a choice, None where it ends them or nothing was asked."""
    pending = broker.session.caches.prompts.pop(request_id, None)
    if pending is None or choice not in _PLACES:
        return None
    if choice == ALWAYS:
        broker.session.caches.suppressed.add(MESSAGE_ID)
    if choice == WITHOUT:
        return pending
    managed = tuple(msgspec.structs.replace(ticket, managed_price=True) for ticket in pending.tickets)
    return PendingQuestion(
        pending.reply_id,
        managed,
        pending.message_ids,
        pending.messages,
        pending.asked_us,
        modifies=pending.modifies,
        refused=pending.refused,
    )

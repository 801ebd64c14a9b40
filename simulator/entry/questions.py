"""The broker's precautionary questions: which orders raise them, and their texts."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import instants
from simulator.broker import Broker
from simulator.exchange.orders import STOPS, Kind, Ticket
from simulator.session import PendingQuestion
from simulator.views.order_text import price_of, side_and_symbol
from trading.market import fills

SURE = "Are you sure you want to submit this order?"
# Clients tell the questions apart by these opening words, so they are the real ones; what follows them is ours.
WITHOUT_DATA = (
    "You are submitting an order without market data. We strongly recommend against this as it may result in erroneous "
    "and unexpected trades.\n"
)
MARKET_ORDER = "A Market Order is an instruction to trade your order at any available price, whatever it is then.\n"
STOP_ORDER = (
    "A Stop Order - i.e. a Stop (Market) Order - is an instruction to buy or sell at the market price once your "
    'trigger ("stop") price is reached, whatever it is then.\n'
)


@dataclass(frozen=True, slots=True)
class Question:
    """One message with its id."""

    message_id: str
    text: str


def questions_for(broker: Broker, tickets: tuple[Ticket, ...]) -> list[Question]:
    """Return the questions that a group of orders raises, each id once, those suppressed in this session left out."""
    asked = {message_id: Question(message_id, text) for message_id, text in broker.extra_questions}
    for ticket in tickets:
        for question in _of_ticket(broker, ticket):
            asked.setdefault(question.message_id, question)
    suppressed = broker.session.caches.suppressed
    return [question for message_id, question in asked.items() if message_id not in suppressed]


def is_expired(broker: Broker, pending: PendingQuestion) -> bool:
    """Return whether a question has waited for too long to be answered."""
    limit_us = broker.behaviour.unanswered_question_expires_s * instants.SECOND
    return bool(limit_us) and broker.now_us - pending.asked_us >= limit_us


def unanswered(broker: Broker) -> list[Ticket]:
    """Return the orders that wait for an answer, those apart that would only modify one."""
    caches = broker.session.caches
    asked = [*caches.pending.values(), *caches.prompts.values()]
    waiting = [pending for pending in asked if not pending.modifies and not is_expired(broker, pending)]
    return [ticket for pending in waiting for ticket in pending.tickets]


def _of_ticket(broker: Broker, ticket: Ticket) -> list[Question]:
    rules = broker.behaviour.questions
    contract = broker.contracts.by_conid[ticket.conid]
    last = broker.exchange.price_of(contract.column)
    named = side_and_symbol(ticket, contract)
    found = []
    if rules.without_market_data:
        found.append(Question("o354", WITHOUT_DATA + SURE))
    limit = ticket.limit
    asks_leg = rules.percent_legs == "all" or (rules.percent_legs == "children") == (ticket.parent_id is not None)
    price = ticket.stop if limit is None and rules.percent_of_stops else limit
    if price is not None and asks_leg and _is_far(price, last, rules.percent_from_market):
        percent = f"{rules.percent_from_market:g}%"
        text = f'The following order "{named} @ {price}" price exceeds \nthe Percentage constraint of {percent}.\n'
        found.append(Question("o163", text + SURE))
    if limit is not None and _ticks_away(limit, last, rules.ticks_from_market):
        text = f'The following order "{named} @ {limit}" price exceeds \nthe Tick Size Limit of '
        text += f"{rules.ticks_from_market}.\n"
        found.append(Question("o382", text + SURE))
    if rules.market_order and ticket.kind is Kind.MKT:
        found.append(Question("o10151", MARKET_ORDER + SURE))
    if rules.stop_order and ticket.kind in STOPS:
        found.append(Question("o10152", STOP_ORDER + SURE))
    if rules.size_limit and ticket.quantity > rules.size_limit:
        text = f'The following order "{named}" size exceeds the Size Limit of {rules.size_limit}.\n'
        found.append(Question("o383", text + SURE))
    value = ticket.quantity * (price_of(ticket) or last)
    if rules.value_limit and value > rules.value_limit:
        text = f'The following order "{named}" value estimate of {value:,.2f} USD exceeds \nthe Total Value Limit of '
        found.append(Question("o451", f"{text}{rules.value_limit:,.0f} USD.\n{SURE}"))
    if rules.until_open == "question" and not broker.exchange.is_open:
        found.append(Question("o399", f"{until_open_notice(broker, ticket)}\n{SURE}"))
    return found


def until_open_notice(broker: Broker, ticket: Ticket) -> str:
    """Return the notice that an order has to wait for the session."""
    boundary = broker.exchange.next_boundary()
    when = "the next session" if boundary is None else instants.iso(boundary)
    named = side_and_symbol(ticket, broker.contracts.by_conid[ticket.conid])
    return f'Warning: your order "{named}" will not be placed at the exchange until {when}.'


def _ticks_away(limit: float, last: float, ticks: int) -> bool:
    return ticks > 0 and last > 0.0 and abs(limit - last) / fills.tick_of(last) > ticks + fills.TICK_TOLERANCE


def _is_far(price: float, last: float, percent: float) -> bool:
    return percent > 0.0 and last > 0.0 and abs(price - last) / last * 100 > percent

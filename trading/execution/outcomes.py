"""What an answer to a request means for its command: one table for submissions, cancels and modifications."""

from __future__ import annotations

from trading.model.command import CommandState
from trading.model.outcome import Acknowledged, Duplicate, NothingSent, Outcome, Questioned, RefusedByBroker, Unproven


def outcome_class(outcome: Outcome) -> str:
    """Return the word under which the journal keeps an outcome."""
    match outcome:
        case Acknowledged():
            return "ACK"
        case Questioned():
            return "QUESTION"
        case Duplicate():
            return "DUPLICATE"
        case RefusedByBroker():
            return "REFUSED"
        case Unproven():
            return "UNKNOWN"
        case NothingSent():
            return "NOT_SENT"


def command_state(outcome: Outcome) -> CommandState:
    """Return how far a command has come with an outcome; while a question is open, its reply tells."""
    match outcome:
        case Acknowledged():
            return CommandState.ACKED
        case Questioned():
            return CommandState.SENT
        case RefusedByBroker():
            return CommandState.REFUSED
        case NothingSent():
            return CommandState.NOT_SENT
        case Duplicate() | Unproven():
            return CommandState.UNKNOWN


def is_answered(outcome: Outcome) -> bool:
    """Return whether it is known what the gateway made of a request; a question that stays open is no answer."""
    return command_state(outcome) not in {CommandState.SENT, CommandState.UNKNOWN}


def refused_legs(outcome: Outcome) -> int:
    """Return how many orders of a group an answer refused that took the others."""
    return sum(ack.order_id is None for ack in outcome.orders) if isinstance(outcome, Acknowledged) else 0


def said(outcome: Outcome) -> str:
    """Return the words in which something was refused or not sent, empty where there are none."""
    match outcome:
        case Acknowledged(orders=orders):
            return next((ack.text for ack in orders if ack.order_id is None and ack.text), "")
        case RefusedByBroker(text=text):
            return text
        case NothingSent(cause=cause):
            return cause
        case _:
            return ""

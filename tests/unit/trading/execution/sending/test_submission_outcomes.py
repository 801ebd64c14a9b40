"""One table says what an answer means for its command, whatever was asked."""

from __future__ import annotations

import pytest

from trading.execution.sending.submission import command_state, is_answered, outcome_class, refused_legs, said
from trading.model.command import CommandState
from trading.model.outcome import (
    Acknowledged,
    Answer,
    Duplicate,
    NothingSent,
    OrderAck,
    Outcome,
    Questioned,
    RefusedByBroker,
    Unproven,
)

ANSWER = Answer(200, b"{}")
TAKEN = OrderAck(11, "Submitted", "E")
FAILED = OrderAck(None, "Failed", text="No such price")


@pytest.mark.parametrize(
    ("outcome", "word", "state", "answered", "text"),
    [
        (Acknowledged((TAKEN,), ANSWER), "ACK", CommandState.ACKED, True, ""),
        (Acknowledged((TAKEN, FAILED), ANSWER), "ACK", CommandState.ACKED, True, "No such price"),
        (Questioned("r", ("o163",), ("Really?",), ANSWER), "QUESTION", CommandState.SENT, False, ""),
        (Duplicate("already registered", ANSWER), "DUPLICATE", CommandState.UNKNOWN, False, ""),
        (RefusedByBroker("no funds", ANSWER), "REFUSED", CommandState.REFUSED, True, "no funds"),
        (Unproven("read timed out", ANSWER), "UNKNOWN", CommandState.UNKNOWN, False, ""),
        (NothingSent("connection refused"), "NOT_SENT", CommandState.NOT_SENT, True, "connection refused"),
    ],
)
def test_outcome_says_what_became_of_its_command(
    outcome: Outcome, word: str, state: CommandState, text: str, *, answered: bool
) -> None:
    assert (outcome_class(outcome), command_state(outcome)) == (word, state)
    assert (is_answered(outcome), said(outcome)) == (answered, text)


@pytest.mark.parametrize(
    ("outcome", "legs"),
    [
        (Acknowledged((TAKEN, FAILED, FAILED), ANSWER), 2),
        (Acknowledged((TAKEN,), ANSWER), 0),
        (Unproven("", ANSWER), 0),
    ],
)
def test_legs_that_an_answer_refused_are_counted(outcome: Outcome, legs: int) -> None:
    assert refused_legs(outcome) == legs

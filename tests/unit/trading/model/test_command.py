from __future__ import annotations

import pytest

from tests.fakes.orders import NOW
from trading.model.command import SETTLED, CommandDraft, CommandRecord, CommandState, Step
from trading.model.request import RequestKind


def command(state: CommandState) -> CommandRecord:
    return CommandRecord(1, CommandDraft(RequestKind.CANCEL, ("a", "b"), Step.HALT, 7), state, 1, NOW)


@pytest.mark.parametrize("state", CommandState)
def test_only_a_command_that_was_not_sent_has_not_left(state: CommandState) -> None:
    assert command(state).left is (state is not CommandState.NOT_SENT)


def test_an_answer_settles_nothing() -> None:
    open_states = {CommandState.SENT, CommandState.ACKED, CommandState.REFUSED, CommandState.UNKNOWN}
    assert set(CommandState) - SETTLED == open_states


def test_record_says_what_was_asked_about_which_orders_and_why() -> None:
    record = command(CommandState.SENT)
    assert (record.kind, record.coids, record.step) == (RequestKind.CANCEL, ("a", "b"), Step.HALT)

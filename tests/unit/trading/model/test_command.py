"""What was asked of the broker."""

from __future__ import annotations

import pytest

from tests.fakes.orders import NOW
from trading.model.command import SETTLED, CommandDraft, CommandRecord, CommandState, Step
from trading.model.request import RequestKind


def command(state: CommandState) -> CommandRecord:
    return CommandRecord(7, CommandDraft(RequestKind.CANCEL, ("TS-1",), Step.HALT, 101), state, 3, NOW)


def test_record_says_what_its_draft_said() -> None:
    made = command(CommandState.SENT)
    assert (made.kind, made.coids, made.step) == (RequestKind.CANCEL, ("TS-1",), Step.HALT)


@pytest.mark.parametrize("state", CommandState)
def test_only_what_never_left_did_not_leave(state: CommandState) -> None:
    assert command(state).left is (state is not CommandState.NOT_SENT)


def test_what_is_still_expected_is_not_settled() -> None:
    assert not SETTLED & {CommandState.SENT, CommandState.ACKED, CommandState.UNKNOWN}

from __future__ import annotations

import pytest

from trading.errors import InvariantBroken
from trading.model.intent_state import DECLARED_ABSENT, EDGES, check_edge
from trading.model.order import TERMINAL, IntentState

S = IntentState

# Written down a second time, state by state, so that a change of the table has to be meant.
ALLOWED = {
    S.PLANNED: "SENDING DENIED",
    S.SENDING: "WORKING QUESTIONED UNKNOWN REJECTED PLANNED",
    S.QUESTIONED: "REPLYING DECLINED UNKNOWN",
    S.REPLYING: "WORKING QUESTIONED UNKNOWN REJECTED DECLINED",
    S.UNKNOWN: "WORKING FILLED CANCELLED EXPIRED REJECTED LOST DECLINED",
    S.WORKING: "FILLED CANCELLED EXPIRED REJECTED UNKNOWN",
    S.FILLED: "FILLED WORKING",
    S.CANCELLED: "CANCELLED WORKING",
    S.EXPIRED: "EXPIRED WORKING",
    S.REJECTED: "REJECTED WORKING FILLED",
    S.DECLINED: "DECLINED WORKING FILLED",
    S.LOST: "LOST WORKING FILLED",
    S.DENIED: "DENIED",
}


@pytest.mark.parametrize("current", IntentState)
@pytest.mark.parametrize("new", IntentState)
def test_an_edge_passes_exactly_when_it_is_in_the_table(current: IntentState, new: IntentState) -> None:
    if new.value in ALLOWED[current].split():
        check_edge(current, new)
    else:
        with pytest.raises(InvariantBroken, match=f"from {current} to {new}"):
            check_edge(current, new)


def test_nothing_leads_from_a_terminal_state_back_to_sending() -> None:
    sending = {S.PLANNED, S.SENDING, S.QUESTIONED, S.REPLYING, S.UNKNOWN}
    assert all(not EDGES[state] & sending for state in TERMINAL)


def test_everything_that_was_over_can_come_back_to_life_but_what_was_never_sent() -> None:
    assert {state for state in TERMINAL if S.WORKING in EDGES[state]} == TERMINAL - {S.DENIED}


def test_only_what_was_taken_for_absent_can_turn_out_filled() -> None:
    assert {state for state in TERMINAL - {S.FILLED} if S.FILLED in EDGES[state]} == DECLARED_ABSENT

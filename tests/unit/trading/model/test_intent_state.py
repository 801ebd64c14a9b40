"""Which state of an order may follow which."""

from __future__ import annotations

import pytest

from trading.errors import InvariantBroken
from trading.model.intent_state import DECLARED_ABSENT, EDGES, check_edge
from trading.model.order import TERMINAL, IntentState

SENDING = frozenset({IntentState.PLANNED, IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING})


def test_every_state_has_its_edges() -> None:
    assert set(EDGES) == set(IntentState)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_is_over_is_never_sent_again(state: IntentState) -> None:
    assert not EDGES[state] & SENDING
    check_edge(state, state)


@pytest.mark.parametrize("state", sorted(TERMINAL - {IntentState.DENIED}))
def test_order_that_was_taken_for_over_may_turn_out_to_live(state: IntentState) -> None:
    check_edge(state, IntentState.WORKING)


def test_order_that_never_left_does_not_come_to_life() -> None:
    with pytest.raises(InvariantBroken):
        check_edge(IntentState.DENIED, IntentState.WORKING)


def test_only_what_left_nothing_behind_may_be_sent_again() -> None:
    again = {state for state, following in EDGES.items() if IntentState.PLANNED in following}
    assert again == {IntentState.SENDING}


def test_nothing_is_lost_or_declined_without_having_been_sent() -> None:
    assert not EDGES[IntentState.PLANNED] & DECLARED_ABSENT


@pytest.mark.parametrize(
    ("current", "new"),
    [
        (IntentState.UNKNOWN, IntentState.SENDING),
        (IntentState.WORKING, IntentState.PLANNED),
        (IntentState.SENDING, IntentState.LOST),
        (IntentState.LOST, IntentState.UNKNOWN),
    ],
)
def test_any_other_step_breaks_an_invariant(current: IntentState, new: IntentState) -> None:
    with pytest.raises(InvariantBroken) as caught:
        check_edge(current, new)
    assert caught.value.invariant == "I17"

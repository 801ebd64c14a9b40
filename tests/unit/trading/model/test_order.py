"""States of an order: the sets beside the enum say what membership means."""

from __future__ import annotations

from trading.model.order import (
    BROKER_WORKING,
    MAYBE_LIVE,
    TERMINAL,
    UNPROVEN,
    BrokerStatus,
    IntentState,
)


def test_every_state_but_the_planned_one_is_either_over_or_may_be_live() -> None:
    assert TERMINAL | MAYBE_LIVE | {IntentState.PLANNED} == set(IntentState)
    assert not TERMINAL & MAYBE_LIVE


def test_what_is_not_proven_may_be_live_and_a_working_order_is_proven() -> None:
    assert UNPROVEN < MAYBE_LIVE
    assert IntentState.WORKING in MAYBE_LIVE - UNPROVEN
    assert len(MAYBE_LIVE - UNPROVEN) == 1


def test_an_order_that_is_over_or_inactive_is_not_working() -> None:
    over = {BrokerStatus.FILLED, BrokerStatus.CANCELLED, BrokerStatus.FAILED, BrokerStatus.INACTIVE}
    assert not BROKER_WORKING & over

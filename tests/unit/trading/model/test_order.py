"""States of an order: the sets beside the enum say what membership means."""

from __future__ import annotations

from trading.model.order import (
    BROKER_IDLE,
    BROKER_WORKING,
    LIFE,
    MAYBE_LIVE,
    TERMINAL,
    UNPROVEN,
    BrokerStatus,
    IntentState,
    OrderLife,
)


def test_every_state_but_the_planned_one_is_either_over_or_may_be_live() -> None:
    assert TERMINAL | MAYBE_LIVE | {IntentState.PLANNED} == set(IntentState)
    assert not TERMINAL & MAYBE_LIVE


def test_what_is_not_proven_may_be_live_and_a_working_order_is_proven() -> None:
    assert UNPROVEN < MAYBE_LIVE
    assert IntentState.WORKING in MAYBE_LIVE - UNPROVEN
    assert len(MAYBE_LIVE - UNPROVEN) == 1


def test_every_status_of_the_broker_says_something_of_the_life_of_its_order() -> None:
    assert set(LIFE) == set(BrokerStatus)
    assert {status for status, life in LIFE.items() if life is OrderLife.OVER} == {
        BrokerStatus.FILLED,
        BrokerStatus.CANCELLED,
        BrokerStatus.FAILED,
    }


def test_what_the_documentation_leaves_open_is_neither_working_nor_over() -> None:
    unsure = {BrokerStatus.INACTIVE, BrokerStatus.WARN_STATE, BrokerStatus.OTHER}
    assert {status for status, life in LIFE.items() if life is OrderLife.UNSURE} == unsure
    assert not BROKER_WORKING & unsure
    # Nothing comes of one that is Inactive until somebody sends it anew.
    assert unsure & BROKER_IDLE == {BrokerStatus.INACTIVE}
    assert not BROKER_WORKING & BROKER_IDLE

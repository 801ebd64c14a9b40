from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.fake_session import READY
from tests.unit.trading.cycle.session_machine import DOWN, GONE, NOON, PENALTY, RESET, Machine
from trading.cycle.outage import Outage, outage_after
from trading.cycle.session_state import Sight
from trading.model.status import SessionState

LATER = NOON + timedelta(minutes=1)
BEGINS = {SessionState.GATEWAY_DOWN, SessionState.STALE, SessionState.REFUSED}
HIDES = {SessionState.RESET, SessionState.SUSPENDED}


@pytest.mark.parametrize("state", SessionState)
def test_outage_begins_only_where_no_answer_or_a_refusal_is_found(state: SessionState) -> None:
    assert outage_after(None, state, NOON) == (Outage(state, NOON) if state in BEGINS else None)


@pytest.mark.parametrize("state", SessionState)
def test_outage_ends_with_an_answer_alone(state: SessionState) -> None:
    before = Outage(SessionState.STALE, NOON)
    expected = Outage(state, NOON) if state in BEGINS else before if state in HIDES else None
    assert outage_after(before, state, LATER) == expected


def test_outage_lasts_until_there_is_an_answer_whoever_fails_to_give_it() -> None:
    machine = Machine()
    machine.look(READY)
    assert (machine.session.outage, machine.session.at) == (None, NOON)
    machine.look(DOWN)
    began = machine.now
    for sight in (Sight(READY, problem="503"), DOWN, PENALTY, Sight(None, denied=True)):
        machine.look(sight, after_s=60.0)
        assert machine.session.outage is not None
        assert machine.session.outage.since == began
        assert machine.session.at == machine.now
    assert machine.session.outage == Outage(SessionState.REFUSED, began)
    machine.look(GONE, after_s=60.0)
    assert machine.session.outage is None


def test_outage_goes_on_through_a_reset_and_none_begins_in_it() -> None:
    machine = Machine(RESET - timedelta(hours=5))
    machine.look(READY)
    machine.look(DOWN)
    began = machine.now
    assert machine.look(DOWN, after_s=18_000.0) is SessionState.RESET
    assert machine.session.outage == Outage(SessionState.GATEWAY_DOWN, began)
    machine.look(READY)
    assert machine.look(DOWN) is SessionState.RESET
    assert machine.session.outage is None

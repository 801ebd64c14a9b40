"""When the present login began, as it is seen or told, and until when it lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.fake_session import READY
from tests.unit.trading.cycle.session_machine import (
    DOWN,
    GONE,
    LOST,
    NOON,
    OTHER,
    OURS,
    RESET,
    TELLS_TIME,
    Machine,
)
from trading.cycle.session_state import LOGIN_LASTS, AskLogin, Select, Sight
from trading.model.status import SessionState


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_login_that_was_seen_to_begin_lasts_a_day(machine: Machine) -> None:
    machine.look(READY)
    assert machine.session.login_until is None
    machine.look(GONE)
    machine.look(LOST, after_s=60.0)
    machine.boot()
    machine.look(READY, after_s=60.0)
    assert machine.session.login_until == NOON + timedelta(seconds=60) + LOGIN_LASTS
    machine.look(GONE)
    assert machine.session.login_until is None


def test_login_in_the_nightly_reset_counts_as_one_that_was_seen() -> None:
    machine = Machine(RESET)
    machine.look(READY)
    assert machine.look(GONE, after_s=60.0) is SessionState.RESET
    machine.look(READY, after_s=600.0)
    assert machine.session.login_until == RESET + timedelta(seconds=660) + LOGIN_LASTS


def test_login_is_seen_over_a_restart_and_a_gateway_that_was_away(machine: Machine) -> None:
    machine.look(GONE)
    machine.look(DOWN, after_s=60.0)
    machine.boot()
    machine.look(READY, after_s=60.0)
    assert machine.session.login_until == NOON + timedelta(seconds=120) + LOGIN_LASTS


def test_gateway_that_was_away_is_no_login(machine: Machine) -> None:
    machine.look(READY)
    machine.look(DOWN, after_s=60.0)
    machine.look(READY, after_s=60.0)
    assert machine.session.login_until is None


def test_time_of_the_login_is_asked_for_once_a_session_has_lasted(machine: Machine) -> None:
    machine.look(TELLS_TIME)
    machine.look(TELLS_TIME, after_s=89.0)
    assert not machine.actions
    machine.look(TELLS_TIME, after_s=1.0)
    assert machine.actions == (AskLogin(),)
    machine.look(TELLS_TIME)
    assert not machine.actions


def test_time_of_the_login_is_not_asked_for_where_the_gateways_clock_counts_for_nothing(machine: Machine) -> None:
    machine.look(READY)
    machine.look(READY, after_s=90.0)
    assert not machine.actions


@pytest.mark.parametrize("sight", [DOWN, GONE, Sight(replace(LOST, server_time_ms=1))])
def test_time_of_the_login_is_asked_for_in_a_usable_session_only(machine: Machine, sight: Sight) -> None:
    machine.look(TELLS_TIME)
    machine.look(sight, after_s=90.0)
    assert AskLogin() not in machine.actions


def test_our_account_is_selected_before_the_login_is_asked_for(machine: Machine) -> None:
    machine.look(TELLS_TIME, selected=OTHER)
    machine.look(TELLS_TIME, selected=OTHER, after_s=90.0)
    assert machine.actions == (Select(OURS),)


def asked_login() -> Machine:
    """Return a session whose login was asked for a moment ago."""
    machine = Machine()
    machine.look(TELLS_TIME)
    machine.look(TELLS_TIME, after_s=90.0)
    return machine


@pytest.mark.parametrize(("login_at", "pause_s"), [(None, 300.0), (NOON, 3_600.0)])
def test_time_of_the_login_is_asked_for_again_and_rarely_where_it_is_known(
    login_at: datetime | None, pause_s: float
) -> None:
    machine = asked_login()
    machine.look(Sight(TELLS_TIME, (OURS,), login_at=login_at))
    machine.look(TELLS_TIME, after_s=pause_s - 1.0)
    assert not machine.actions
    machine.look(TELLS_TIME, after_s=1.0)
    assert machine.actions == (AskLogin(),)


def test_time_of_the_login_is_not_asked_for_at_each_start() -> None:
    machine = asked_login()
    for _ in range(3):
        machine.boot()
        machine.look(TELLS_TIME)
        machine.look(TELLS_TIME, after_s=90.0)
        assert not machine.actions
    machine.look(TELLS_TIME, after_s=30.0)
    assert machine.actions == (AskLogin(),)


def test_login_that_was_seen_after_the_last_answer_is_asked_for_soon() -> None:
    machine = asked_login()
    machine.look(Sight(TELLS_TIME, (OURS,), login_at=NOON))
    machine.look(GONE, after_s=60.0)
    machine.look(TELLS_TIME, after_s=60.0)
    machine.look(TELLS_TIME, after_s=180.0)
    assert machine.actions == (AskLogin(),)


def test_what_the_broker_says_of_the_login_wins_over_what_was_seen() -> None:
    machine = asked_login()
    machine.look(GONE)
    machine.look(TELLS_TIME, after_s=600.0)
    machine.look(Sight(TELLS_TIME, (OURS,), login_at=NOON + timedelta(seconds=200)))
    assert machine.session.login_until == NOON + timedelta(seconds=200) + LOGIN_LASTS


@pytest.mark.parametrize(("ahead_s", "until_s"), [(-30.0, -30.0), (0.0, 0.0), (600.0, 0.0), (601.0, None)])
def test_time_of_the_login_by_a_clock_that_is_ahead(machine: Machine, ahead_s: float, until_s: float | None) -> None:
    machine.look(Sight(TELLS_TIME, (OURS,), login_at=NOON + timedelta(seconds=ahead_s)))
    until = None if until_s is None else NOON + timedelta(seconds=until_s) + LOGIN_LASTS
    assert machine.session.login_until == until


@pytest.mark.parametrize(("age_s", "known"), [(86_399.0, True), (86_400.0, False), (86_401.0, False)])
def test_session_that_is_usable_is_of_no_login_that_is_over(machine: Machine, age_s: float, known: bool) -> None:  # noqa: FBT001
    machine.look(Sight(TELLS_TIME, (OURS,), login_at=NOON))
    machine.look(TELLS_TIME, after_s=age_s)
    assert (machine.session.login_until is not None) is known

"""How one look at the session leads to the next state, and to what is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.fake_session import COMPETING, CONNECTING, NO_BRIDGE, READY
from tests.unit.trading.cycle.session_machine import (
    DOWN,
    GONE,
    LOST,
    NOON,
    OTHER,
    OURS,
    PENALTY,
    RESET,
    SETTINGS,
    Machine,
)
from trading.config import SessionSettings
from trading.cycle.session_state import (
    ASK_AGAIN_LATER_S,
    ASK_AGAIN_S,
    CONTESTED_WITHIN_S,
    MOST_SELECTIONS,
    MOST_YIELD_S,
    SELECT_AGAIN_S,
    UNDISPUTED_AFTER_S,
    KnownSession,
    Select,
    SessionMemory,
    Sight,
    next_state,
    opens_at,
)
from trading.model.account import SessionStatus
from trading.model.status import SessionState


@pytest.fixture
def machine() -> Machine:
    return Machine()


# ---- which state it is


@pytest.mark.parametrize(
    ("sight", "state"),
    [
        (Sight(READY, (OURS,)), SessionState.READY),
        (Sight(READY, problem="503"), SessionState.STALE),
        (Sight(READY, refused=True, problem="no bridge"), SessionState.CONNECTED),
        (Sight(LOST), SessionState.CONNECTED),
        (Sight(CONNECTING), SessionState.CONNECTED),
        (Sight(NO_BRIDGE), SessionState.CONNECTED),
        (Sight(COMPETING), SessionState.COMPETING),
        (Sight(replace(LOST, competing=True)), SessionState.COMPETING),
        (GONE, SessionState.WAITING_LOGIN),
        (DOWN, SessionState.GATEWAY_DOWN),
        (PENALTY, SessionState.SUSPENDED),
        (Sight(None, denied=True, problem="not allowed"), SessionState.REFUSED),
        (Sight(READY, denied=True, problem="not allowed"), SessionState.REFUSED),
    ],
)
def test_each_sight_has_its_state(machine: Machine, sight: Sight, state: SessionState) -> None:
    assert machine.look(sight) is state
    assert (machine.session.since, machine.session.usable) == (NOON, state is SessionState.READY)


def test_state_is_as_old_as_its_first_look(machine: Machine) -> None:
    machine.look(DOWN)
    machine.look(replace(DOWN, problem="timed out"), after_s=60.0)
    assert (machine.session.since, machine.session.cause) == (NOON, "timed out")
    machine.look(READY, after_s=60.0)
    assert machine.session.since == NOON + timedelta(seconds=120)


def test_penalty_is_told_in_the_nightly_reset_too() -> None:
    machine = Machine(RESET)
    machine.look(READY)
    assert machine.look(PENALTY) is SessionState.SUSPENDED


@pytest.mark.parametrize("sight", [DOWN, GONE, Sight(LOST)])
def test_session_that_goes_in_the_nightly_reset_needs_nobody_until_it_is_over(sight: Sight) -> None:
    machine = Machine(RESET)
    machine.look(READY)
    assert machine.look(sight) is SessionState.RESET
    assert machine.look(sight, after_s=3_600.0) is not SessionState.RESET


def test_night_is_no_reason_for_a_login_that_there_was_not() -> None:
    machine = Machine(RESET)
    assert machine.look(GONE) is SessionState.WAITING_LOGIN
    assert machine.look(GONE) is SessionState.WAITING_LOGIN


@pytest.mark.parametrize("between", [PENALTY, DOWN])
def test_night_hides_no_login_that_was_missing_before_the_gateway_said_nothing(between: Sight) -> None:
    machine = Machine(RESET - timedelta(hours=1))
    machine.look(READY)
    assert machine.look(GONE) is SessionState.WAITING_LOGIN
    machine.look(between, after_s=3_600.0)
    assert machine.look(GONE) is SessionState.WAITING_LOGIN


@pytest.mark.parametrize("between", [PENALTY, DOWN])
def test_login_that_was_there_before_the_gateway_said_nothing_may_be_away_for_the_night(between: Sight) -> None:
    machine = Machine(RESET - timedelta(hours=1))
    machine.look(READY)
    machine.look(between)
    assert machine.look(GONE, after_s=3_600.0) is SessionState.RESET


def test_login_without_a_bridge_that_is_asked_in_vain_is_not_away_for_the_night() -> None:
    machine = Machine(RESET - timedelta(hours=1))
    machine.look(NO_BRIDGE)
    assert machine.look(NO_BRIDGE, after_s=ASK_AGAIN_S) is SessionState.WAITING_LOGIN
    assert machine.look(NO_BRIDGE, after_s=3_600.0) is SessionState.WAITING_LOGIN


@pytest.mark.parametrize(("sight", "state"), [(DOWN, SessionState.GATEWAY_DOWN), (LOST, SessionState.RESET)])
def test_process_that_starts_in_the_reset_says_what_it_sees(sight: Sight | SessionStatus, state: SessionState) -> None:
    machine = Machine(RESET)
    assert [machine.look(sight) for _ in range(2)] == [state, state]


# ---- epochs


def test_epoch_begins_with_each_session_and_with_each_other_set_of_accounts(machine: Machine) -> None:
    epochs = []
    for sight in (READY, READY, LOST, READY, DOWN, READY):
        machine.look(sight)
        epochs.append(machine.session.epoch)
    assert epochs == [1, 1, 1, 2, 2, 3]
    machine.look(Sight(READY, (OURS,)))
    assert machine.session.epoch == 4
    machine.look(Sight(READY, ("", OURS)))
    assert machine.session.epoch == 4


# ---- opening the session


@pytest.mark.parametrize("sight", [Sight(LOST), Sight(CONNECTING), Sight(NO_BRIDGE), Sight(READY, refused=True)])
def test_session_that_is_lost_while_the_login_lives_is_asked_for(machine: Machine, sight: Sight) -> None:
    machine.look(READY)
    machine.look(sight)
    assert machine.asks


@pytest.mark.parametrize("sight", [DOWN, GONE, Sight(COMPETING), Sight(READY, problem="503")])
def test_session_is_asked_for_in_no_other_case(machine: Machine, sight: Sight) -> None:
    machine.look(sight)
    assert not machine.asks


def test_login_without_a_bridge_that_is_asked_in_vain_needs_a_person_and_is_asked_on(machine: Machine) -> None:
    assert machine.look(NO_BRIDGE) is SessionState.CONNECTED
    assert machine.session.cause == "logged in; the broker has not opened its session"
    assert machine.look(NO_BRIDGE, after_s=ASK_AGAIN_S) is SessionState.WAITING_LOGIN
    assert machine.session.cause == "the login has no connection to the broker any more"
    assert machine.asks
    assert machine.look(NO_BRIDGE, after_s=1.0) is SessionState.WAITING_LOGIN
    machine.look(NO_BRIDGE, after_s=ASK_AGAIN_S)
    assert machine.asks
    assert machine.session.login_until is None


def test_session_is_asked_for_once_a_minute_and_after_three_times_in_vain_every_two(machine: Machine) -> None:
    asked_at = []
    for second in range(0, 500, 10):
        machine.look(LOST, after_s=10.0 if second else 0.0)
        if machine.actions:
            asked_at.append(second)
    every, later = int(ASK_AGAIN_S), int(ASK_AGAIN_LATER_S)
    assert asked_at == [0, every, 2 * every, 2 * every + later, 2 * every + 2 * later, 2 * every + 3 * later]


@pytest.mark.parametrize(
    ("asked", "pause_s"), [(-1, 60), (0, 60), (1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (10_000, 3600)]
)
def test_session_that_is_shown_and_refuses_is_asked_for_ever_later(asked: int, pause_s: float) -> None:
    memory = SessionMemory(asked_at=NOON, asked=asked)
    assert opens_at(memory, SETTINGS, NOON, shown=True) == NOON + timedelta(seconds=pause_s)


def test_asking_has_helped_once_a_turn_has_gone_through(machine: Machine) -> None:
    machine.open_by_asking()
    assert machine.session.memory.asked == 1
    machine.look(READY, after_s=1.0)
    assert machine.session.memory.asked == 0


def test_refusal_in_a_session_that_is_shown_asks_for_it_first_and_uses_it_between(machine: Machine) -> None:
    refused = Sight(READY, (OURS,), refused=True, problem="GET /x: not allowed")
    assert machine.look(refused) is SessionState.CONNECTED
    assert (machine.asks, machine.session.usable) == (True, False)
    assert machine.look(refused, after_s=ASK_AGAIN_S - 1) is SessionState.CONNECTED
    assert (machine.asks, machine.session.usable, machine.session.cause) == (False, True, "GET /x: not allowed")
    assert machine.session.memory.opened_at is None


def test_restart_does_not_ask_again_at_once(machine: Machine) -> None:
    machine.look(LOST)
    machine.boot()
    machine.look(LOST, after_s=ASK_AGAIN_S - 1)
    assert not machine.asks
    machine.look(LOST, after_s=1.0)
    assert machine.asks


def test_clock_that_is_set_back_delays_nothing_longer_than_a_pause(machine: Machine) -> None:
    machine.look(LOST)
    machine.look(LOST, after_s=-3_600.0)
    machine.look(LOST, after_s=ASK_AGAIN_S)
    assert machine.asks


# ---- another program


def test_session_is_left_to_another_login_for_a_while_after_it_was_seen(machine: Machine) -> None:
    machine.look(COMPETING)
    machine.boot()
    assert machine.look(LOST, after_s=SETTINGS.yield_s - 1) is SessionState.COMPETING
    assert not machine.asks
    assert machine.look(LOST, after_s=1.0) is SessionState.CONNECTED
    assert machine.asks


def test_session_that_we_opened_and_lost_at_once_is_somebody_elses_whatever_the_flag_says(machine: Machine) -> None:
    machine.open_by_asking()
    machine.boot()
    assert machine.look(LOST, after_s=CONTESTED_WITHIN_S) is SessionState.COMPETING
    assert not machine.asks
    assert machine.session.memory.contested
    machine.look(LOST, after_s=2 * SETTINGS.yield_s - 1)
    assert not machine.asks
    machine.look(LOST, after_s=1.0)
    assert machine.asks


def test_precedence_of_another_doubles_each_time_up_to_an_hour_and_ends_with_a_session_that_lasts(
    machine: Machine,
) -> None:
    found = []
    for _ in range(6):
        machine.open_by_asking()
        machine.look(LOST, after_s=60.0)
        found.append(machine.session.memory.yield_s)
    assert found == [600.0, 1_200.0, 2_400.0, MOST_YIELD_S, MOST_YIELD_S, MOST_YIELD_S]
    machine.open_by_asking()
    machine.look(READY, after_s=UNDISPUTED_AFTER_S - 1)
    assert machine.session.memory.contested
    machine.look(READY, after_s=1.0)
    assert (machine.session.memory.contested, machine.session.memory.yield_s) == (False, None)


def test_session_that_we_opened_and_that_lasted_was_not_taken(machine: Machine) -> None:
    machine.open_by_asking()
    machine.look(READY, after_s=60.0)
    assert machine.look(LOST, after_s=CONTESTED_WITHIN_S) is SessionState.CONNECTED
    assert machine.asks


def test_session_that_the_login_opened_may_go_at_once(machine: Machine) -> None:
    machine.look(READY)
    assert machine.look(LOST, after_s=60.0) is SessionState.CONNECTED


def test_call_that_was_refused_once_is_no_contest(machine: Machine) -> None:
    machine.open_by_asking()
    machine.look(Sight(READY, refused=True), after_s=60.0)
    assert not machine.session.memory.contested
    assert machine.asks


def test_nightly_reset_takes_a_session_from_everybody() -> None:
    machine = Machine(RESET - timedelta(seconds=10_000))
    machine.open_by_asking()
    machine.look(LOST, after_s=60.0)
    assert not machine.session.memory.contested
    assert machine.asks


def test_login_that_ends_is_no_contest(machine: Machine) -> None:
    machine.open_by_asking()
    machine.look(GONE, after_s=60.0)
    machine.look(LOST, after_s=60.0)
    assert not machine.session.memory.contested


def test_settings_that_yield_for_longer_than_an_hour_are_kept() -> None:
    session = KnownSession(
        SessionState.READY,
        "",
        NOON,
        SessionMemory(opened_at=NOON, asked_at=NOON),
        epoch=1,
        usable=True,
        accounts=(OURS,),
    )
    settings = SessionSettings(yield_s=7_200.0)
    after, _ = next_state(session, Sight(LOST), NOON + timedelta(seconds=60), settings, OURS)
    assert after.memory.yield_s == 7_200.0


# ---- our account


def test_account_of_ours_is_selected_where_another_or_none_is(machine: Machine) -> None:
    machine.look(READY, selected=OTHER)
    assert machine.actions == (Select(OURS),)
    other = Machine()
    other.look(Sight(READY, ("", OURS)))
    assert other.actions == (Select(OURS),)


def test_account_is_selected_once_a_minute_and_three_times_a_session(machine: Machine) -> None:
    times = 0
    for _ in range(20):
        machine.look(READY, after_s=SELECT_AGAIN_S / 2, selected=OTHER)
        times += len(machine.actions)
    assert times == MOST_SELECTIONS
    machine.look(DOWN)
    machine.look(READY, after_s=SELECT_AGAIN_S, selected=OTHER)
    assert machine.actions == (Select(OURS),)


def test_account_is_not_selected_again_after_somebody_chose_another(machine: Machine) -> None:
    machine.look(READY)
    machine.look(READY, after_s=600.0, selected=OTHER)
    assert machine.actions == ()


def test_account_that_the_login_does_not_have_is_not_selected(machine: Machine) -> None:
    machine.look(Sight(READY, (OTHER,)))
    assert machine.actions == ()


def test_nothing_is_selected_before_it_is_known_which_account_is_traded() -> None:
    session, actions = next_state(
        KnownSession(SessionState.STARTING, "", NOON), Sight(READY, (OTHER, OURS)), NOON, SETTINGS, None
    )
    assert actions == ()
    _, actions = next_state(session, Sight(READY, (OTHER, OURS)), NOON, SETTINGS, OURS)
    assert actions == (Select(OURS),)


# ---- whether a session serves


@pytest.mark.parametrize(
    ("sight", "asked"),
    [
        (Sight(READY, (OURS, OTHER)), 0),
        (Sight(READY, (OURS, OTHER), again=True), 3),
        (Sight(READY, (OURS, OTHER), refused=True), 3),
        (Sight(READY, (OURS, OTHER), refused=True, again=True), 3),
    ],
)
def test_session_has_served_at_the_first_look_of_the_next_turn(machine: Machine, sight: Sight, asked: int) -> None:
    asked_at = SessionMemory(asked_at=NOON, asked=3)
    machine.session = replace(
        machine.session, usable=True, accounts=(OURS, OTHER), refusal="GET /iserver/account/orders", memory=asked_at
    )
    machine.look(sight)
    assert (machine.session.memory.asked, bool(machine.session.refusal)) == (asked, asked > 0)

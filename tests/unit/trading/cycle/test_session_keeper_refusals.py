"""A session that looks good and refuses to be read: opened again, ever more rarely, and told."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.fake_session import COMPETING, LOGGED_IN, LOGGED_OUT, READY
from tests.fakes.session_login import NOT_ALLOWED, YIELD_S, Login
from tests.unit.trading.cycle.session_machine import OTHER, TELLS_TIME
from trading.config import SessionSettings
from trading.cycle.session_keeper import SessionKeeper
from trading.errors import GatewayError, OutcomeUnknown
from trading.model.account import SessionStatus
from trading.model.status import SessionState, StatusKey

TIMED_OUT = OutcomeUnknown("POST /iserver/auth/ssodh/init", "read timed out")


def refused_turn(login: Login) -> int:
    """Look at a session that looks good, then find that it does not serve; return how often it was asked for so far."""
    assert login.keeper.check().usable
    login.session.refused = str(NOT_ALLOWED)
    return login.session.initialisations


def test_session_that_refuses_a_read_is_opened_again_though_the_gateway_calls_it_good(login: Login) -> None:
    assert [refused_turn(login) for _ in range(2)] == [0, 1]
    assert login.keeper.check().usable
    assert (login.state(), login.session.initialisations) == (SessionState.CONNECTED, 1)
    assert "/iserver/account/orders" in (login.store.value(StatusKey.SESSION_DETAIL) or "")
    # That turn goes through.
    login.keeper.check()
    assert (login.state(), login.session.initialisations) == (SessionState.READY, 1)
    assert login.keeper.alarms() == ()


def test_refusal_that_opening_does_not_cure_is_opened_for_ever_later_and_told(login: Login) -> None:
    asked_at = []
    for second in range(0, 1000, 10):
        before = login.session.initialisations
        if refused_turn(login) > before:
            asked_at.append(second)
        login.clock.time += timedelta(seconds=10)
    assert asked_at == [10, 70, 190, 430, 910]
    (alarm,) = login.keeper.alarms()
    assert (alarm.subject, "does not help: GET /iserver/account/orders" in alarm.text) == ("refused", True)


def test_refusal_opens_no_session_that_another_program_has(login: Login) -> None:
    login.session.shows = COMPETING
    login.keeper.check()
    login.session.shows = READY
    assert [refused_turn(login) for _ in range(3)] == [0, 0, 0]
    login.clock.time += timedelta(seconds=YIELD_S)
    assert refused_turn(login) == 1


def test_refusal_is_forgotten_where_the_session_is_not_there_at_all(login: Login) -> None:
    refused_turn(login)
    login.session.shows = LOGGED_OUT
    login.keeper.check()
    login.session.shows = READY
    assert refused_turn(login) == 0


def test_session_that_can_not_be_opened_for_a_refusal_is_used_as_it_is(login: Login) -> None:
    def failing() -> SessionStatus:
        raise TIMED_OUT

    refused_turn(login)
    login.session.initialise = failing  # type: ignore[method-assign]
    assert login.keeper.check().usable
    assert login.state() == SessionState.CONNECTED


def test_turn_that_does_all_there_is_to_do_takes_in_what_the_last_of_it_showed(login: Login) -> None:
    def failing() -> SessionStatus:
        raise TIMED_OUT

    login.session.shows = TELLS_TIME
    login.session.ids = (OTHER, ACCOUNT)
    login.session.logged_in = login.clock.time - timedelta(hours=5)
    login.session.initialise = failing  # type: ignore[method-assign]
    login.keeper = SessionKeeper(
        login.session, login.store, login.clock, (login.log, login.metrics), SessionSettings(yield_s=YIELD_S)
    )
    for _ in range(2):
        refused_turn(login)
    login.clock.time += timedelta(seconds=90)
    login.keeper.trade(ACCOUNT)
    refused_turn(login)
    assert (login.session.selected, login.session.asked_for_login) == ([ACCOUNT], 1)
    assert login.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T08:30:00+00:00"


# ---- which account is selected meanwhile


def refused_for_half_an_hour(login: Login) -> list[int]:
    """Refuse each turn of half an hour; return the minutes in which the session was opened again."""
    asked_at = []
    for minute in range(30):
        before = login.session.initialisations
        if refused_turn(login) > before:
            asked_at.append(minute)
        login.clock.time += timedelta(minutes=1)
    return asked_at


def subjects(login: Login) -> set[str]:
    return {alarm.subject for alarm in login.keeper.alarms()}


def test_refused_session_is_not_selected_against_somebodys_choice(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    login.keeper.check()
    login.session.ids = (OTHER, ACCOUNT)
    login.keeper.check()
    login.session.refused = str(NOT_ALLOWED)
    assert refused_for_half_an_hour(login) == [0, 1, 3, 7, 15]
    assert login.session.selected == []
    login.keeper.check()
    assert subjects(login) == {"refused", "account"}
    # Once a turn goes through, the choice is still somebody's.
    login.keeper.check()
    assert (login.session.selected, subjects(login), login.state()) == ([], {"account"}, SessionState.READY)


def open_later(login: Login) -> None:
    """Refuse a turn; the session that is asked for then opens only a minute later, as the broker's own does."""
    refused_turn(login)
    login.session.initialised = LOGGED_IN
    assert not login.keeper.check().usable
    login.clock.time += timedelta(seconds=59)
    assert not login.keeper.check().usable
    assert login.state() == SessionState.CONNECTED
    login.session.shows = READY


def test_refusal_outlasts_an_opening_that_takes_a_while(login: Login) -> None:
    login.keeper.check()
    for _ in range(2):
        open_later(login)
        login.clock.time += timedelta(seconds=60)
    assert (subjects(login), login.state()) == ({"refused"}, SessionState.CONNECTED)


def test_opening_that_takes_a_while_is_used_once_it_is_there(login: Login) -> None:
    login.keeper.check()
    open_later(login)
    for _ in range(2):
        assert login.keeper.check().usable
    assert (login.state(), login.session.initialisations, subjects(login)) == (SessionState.READY, 1, set())


def test_choice_of_somebody_outlasts_an_opening_that_takes_a_while(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    login.keeper.check()
    login.session.ids = (OTHER, ACCOUNT)
    login.keeper.check()
    open_later(login)
    login.keeper.check()
    assert (login.session.selected, subjects(login)) == ([], {"account"})


def test_choice_of_somebody_outlasts_a_look_without_an_answer_while_the_session_opens(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    login.keeper.check()
    login.session.ids = (OTHER, ACCOUNT)
    login.keeper.check()
    refused_turn(login)
    login.session.initialised = LOGGED_IN
    assert not login.keeper.check().usable
    login.session.shows = OutcomeUnknown("POST /tickle", "no answer in time")
    with suppress(GatewayError):
        login.keeper.check()
    login.session.shows = READY
    login.keeper.check()
    assert (login.session.selected, subjects(login)) == ([], {"account"})


def test_session_that_closes_after_a_refusal_is_another_one(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    refused_turn(login)
    login.session.ids, login.session.shows, login.session.initialised = (OTHER, ACCOUNT), LOGGED_IN, READY
    assert login.keeper.check().accounts[0] == ACCOUNT
    assert (login.session.selected, subjects(login)) == ([ACCOUNT], set())


def test_refused_session_is_selected_three_times_where_that_has_no_effect(login: Login) -> None:
    login.session.ids = (OTHER, ACCOUNT)
    login.session.select = login.session.selected.append  # type: ignore[method-assign, assignment]
    assert refused_for_half_an_hour(login) == [1, 2, 4, 8, 16]
    assert login.session.selected == [ACCOUNT] * 3
    login.keeper.check()
    assert subjects(login) == {"refused", "account"}


def test_account_that_opening_the_session_deselected_is_selected_again(login: Login) -> None:
    def opening() -> SessionStatus:
        login.session.ids = (OTHER, ACCOUNT)
        return READY

    login.session.ids = (ACCOUNT, OTHER)
    login.session.initialise = opening  # type: ignore[method-assign]
    refused_turn(login)
    assert login.keeper.check().accounts[0] == ACCOUNT
    assert (login.session.selected, login.keeper.alarms()) == ([ACCOUNT], ())


def test_choice_made_between_two_refused_turns_is_somebodys(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    assert [refused_turn(login) for _ in range(2)] == [0, 1]
    login.session.ids = (OTHER, ACCOUNT)
    assert refused_for_half_an_hour(login)[0] == 1
    assert login.session.selected == []


def test_login_with_other_accounts_is_another_one_though_something_was_refused(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    login.keeper.check()
    login.session.ids = (OTHER, ACCOUNT)
    refused_turn(login)
    login.session.ids = (OTHER, ACCOUNT, "DU5555555")
    refused_turn(login)
    assert login.session.selected == [ACCOUNT]


def test_refusal_that_a_look_met_itself_opens_nothing_at_the_next_one(login: Login) -> None:
    def refused() -> tuple[str, ...]:
        login.session.refused = str(NOT_ALLOWED)
        raise NOT_ALLOWED

    accounts, login.session.accounts = login.session.accounts, refused  # type: ignore[method-assign]
    with suppress(GatewayError):
        login.keeper.check()
    login.session.accounts = accounts  # type: ignore[method-assign]
    asked = login.session.initialisations
    assert login.keeper.check().usable
    assert login.session.initialisations == asked

"""A session that looks good and refuses to be read: opened again, ever more rarely, and told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.chance import seeded
from tests.fakes.fake_session import COMPETING, LOGGED_IN, LOGGED_OUT, READY
from tests.fakes.session_house import NOT_ALLOWED, YIELD_S, House
from tests.unit.trading.cycle.session_machine import OTHER, TELLS_TIME
from trading.config import SessionSettings
from trading.cycle.session_keeper import SessionKeeper
from trading.errors import OutcomeUnknown
from trading.model.account import SessionStatus
from trading.model.status import SessionState, StatusKey
from trading.store.database import Database

TIMED_OUT = OutcomeUnknown("POST /iserver/auth/ssodh/init", "read timed out")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield House(database)
    database.close()


def refused_turn(house: House) -> int:
    """Look at a session that looks good, then find that it does not serve; return how often it was asked for so far."""
    assert house.keeper.check().usable
    house.keeper.lost(NOT_ALLOWED)
    return house.session.initialisations


def test_session_that_refuses_a_read_is_opened_again_though_the_gateway_calls_it_good(house: House) -> None:
    assert [refused_turn(house) for _ in range(2)] == [0, 1]
    assert house.keeper.check().usable
    assert (house.state(), house.session.initialisations) == (SessionState.CONNECTED, 1)
    assert "/iserver/account/orders" in (house.store.value(StatusKey.SESSION_DETAIL) or "")
    # That turn goes through.
    house.keeper.check()
    assert (house.state(), house.session.initialisations) == (SessionState.READY, 1)
    assert house.keeper.alarms() == ()


def test_refusal_that_opening_does_not_cure_is_opened_for_ever_later_and_told(house: House) -> None:
    asked_at = []
    for second in range(0, 1000, 10):
        before = house.session.initialisations
        if refused_turn(house) > before:
            asked_at.append(second)
        house.clock.time += timedelta(seconds=10)
    assert asked_at == [10, 70, 190, 430, 910]
    (alarm,) = house.keeper.alarms()
    assert (alarm.subject, "does not help: GET /iserver/account/orders" in alarm.text) == ("refused", True)


def test_refusal_opens_no_session_that_another_program_has(house: House) -> None:
    house.session.shows = COMPETING
    house.keeper.check()
    house.session.shows = READY
    assert [refused_turn(house) for _ in range(3)] == [0, 0, 0]
    house.clock.time += timedelta(seconds=YIELD_S)
    assert refused_turn(house) == 1


def test_refusal_is_forgotten_where_the_session_is_not_there_at_all(house: House) -> None:
    refused_turn(house)
    house.session.shows = LOGGED_OUT
    house.keeper.check()
    house.session.shows = READY
    assert refused_turn(house) == 0


def test_session_that_can_not_be_opened_for_a_refusal_is_used_as_it_is(house: House) -> None:
    def failing() -> SessionStatus:
        raise TIMED_OUT

    refused_turn(house)
    house.session.initialise = failing  # type: ignore[method-assign]
    assert house.keeper.check().usable
    assert house.state() == SessionState.CONNECTED


def test_turn_that_does_all_there_is_to_do_takes_in_what_the_last_of_it_showed(house: House) -> None:
    def failing() -> SessionStatus:
        raise TIMED_OUT

    house.session.shows = TELLS_TIME
    house.session.ids = (OTHER, ACCOUNT)
    house.session.logged_in = house.clock.time - timedelta(hours=5)
    house.session.initialise = failing  # type: ignore[method-assign]
    house.keeper = SessionKeeper(
        house.session, house.store, house.clock, (house.log, house.metrics), SessionSettings(yield_s=YIELD_S)
    )
    for _ in range(2):
        refused_turn(house)
    house.clock.time += timedelta(seconds=90)
    house.keeper.trade(ACCOUNT)
    refused_turn(house)
    assert (house.session.selected, house.session.asked_for_login) == ([ACCOUNT], 1)
    assert house.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T08:30:00+00:00"


# ---- which account is selected meanwhile


def refused_for_half_an_hour(house: House) -> list[int]:
    """Refuse each turn of half an hour; return the minutes in which the session was opened again."""
    asked_at = []
    for minute in range(30):
        before = house.session.initialisations
        if refused_turn(house) > before:
            asked_at.append(minute)
        house.clock.time += timedelta(minutes=1)
    return asked_at


def subjects(house: House) -> set[str]:
    return {alarm.subject for alarm in house.keeper.alarms()}


def test_refused_session_is_not_selected_against_somebodys_choice(house: House) -> None:
    house.session.ids = (ACCOUNT, OTHER)
    house.keeper.check()
    house.session.ids = (OTHER, ACCOUNT)
    house.keeper.check()
    house.keeper.lost(NOT_ALLOWED)
    assert refused_for_half_an_hour(house) == [0, 1, 3, 7, 15]
    assert house.session.selected == []
    house.keeper.check()
    assert subjects(house) == {"refused", "account"}
    # Once a turn goes through, the choice is still somebody's.
    house.keeper.check()
    assert (house.session.selected, subjects(house), house.state()) == ([], {"account"}, SessionState.READY)


def open_later(house: House) -> None:
    """Refuse a turn; the session that is asked for then opens only a minute later, as the broker's own does."""
    refused_turn(house)
    house.session.initialised = LOGGED_IN
    assert not house.keeper.check().usable
    house.clock.time += timedelta(seconds=59)
    assert not house.keeper.check().usable
    assert house.state() == SessionState.CONNECTED
    house.session.shows = READY


def test_refusal_outlasts_an_opening_that_takes_a_while(house: House) -> None:
    house.keeper.check()
    for _ in range(2):
        open_later(house)
        house.clock.time += timedelta(seconds=60)
    assert (subjects(house), house.state()) == ({"refused"}, SessionState.CONNECTED)


def test_opening_that_takes_a_while_is_used_once_it_is_there(house: House) -> None:
    house.keeper.check()
    open_later(house)
    for _ in range(2):
        assert house.keeper.check().usable
    assert (house.state(), house.session.initialisations, subjects(house)) == (SessionState.READY, 1, set())


def test_choice_of_somebody_outlasts_an_opening_that_takes_a_while(house: House) -> None:
    house.session.ids = (ACCOUNT, OTHER)
    house.keeper.check()
    house.session.ids = (OTHER, ACCOUNT)
    house.keeper.check()
    open_later(house)
    house.keeper.check()
    assert (house.session.selected, subjects(house)) == ([], {"account"})


def test_session_that_closes_after_a_refusal_is_another_one(house: House) -> None:
    house.session.ids = (ACCOUNT, OTHER)
    refused_turn(house)
    house.session.ids, house.session.shows, house.session.initialised = (OTHER, ACCOUNT), LOGGED_IN, READY
    assert house.keeper.check().accounts[0] == ACCOUNT
    assert (house.session.selected, subjects(house)) == ([ACCOUNT], set())


def test_refused_session_is_selected_three_times_where_that_has_no_effect(house: House) -> None:
    house.session.ids = (OTHER, ACCOUNT)
    house.session.select = house.session.selected.append  # type: ignore[method-assign, assignment]
    assert refused_for_half_an_hour(house) == [1, 2, 4, 8, 16]
    assert house.session.selected == [ACCOUNT] * 3
    house.keeper.check()
    assert subjects(house) == {"refused", "account"}


def test_account_that_opening_the_session_deselected_is_selected_again(house: House) -> None:
    def opening() -> SessionStatus:
        house.session.ids = (OTHER, ACCOUNT)
        return READY

    house.session.ids = (ACCOUNT, OTHER)
    house.session.initialise = opening  # type: ignore[method-assign]
    refused_turn(house)
    assert house.keeper.check().accounts[0] == ACCOUNT
    assert (house.session.selected, house.keeper.alarms()) == ([ACCOUNT], ())


def test_choice_made_between_two_refused_turns_is_somebodys(house: House) -> None:
    house.session.ids = (ACCOUNT, OTHER)
    assert [refused_turn(house) for _ in range(2)] == [0, 1]
    house.session.ids = (OTHER, ACCOUNT)
    assert refused_for_half_an_hour(house)[0] == 1
    assert house.session.selected == []


def test_login_with_other_accounts_is_another_one_though_something_was_refused(house: House) -> None:
    house.session.ids = (ACCOUNT, OTHER)
    house.keeper.check()
    house.session.ids = (OTHER, ACCOUNT)
    refused_turn(house)
    house.session.ids = (OTHER, ACCOUNT, "DU5555555")
    refused_turn(house)
    assert house.session.selected == [ACCOUNT]

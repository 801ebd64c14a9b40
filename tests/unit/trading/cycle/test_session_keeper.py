"""Keeping the brokerage session, and saying what a person has to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.fake_session import COMPETING, CONNECTING, LOGGED_IN, LOGGED_OUT, READY
from tests.fakes.session_login import NOT_ALLOWED, NOW, YIELD_S, Login
from trading.config import SessionSettings
from trading.cycle.session_keeper import EPOCH, MEMORY, SessionKeeper
from trading.cycle.session_state import ASK_AGAIN_S
from trading.errors import GatewayError, InvariantBroken, NotSent, Refused, SessionLost, Suspended
from trading.model.account import SessionStatus
from trading.model.metric import Gauge
from trading.model.status import SessionState, StatusKey

OTHER = "DU7654321"
TELLS_TIME = replace(READY, server_time_ms=int(NOW.timestamp() * 1000))
NOT_SELECTED = Refused("POST /iserver/account", "no", 500)
NO_TIME = NotSent("GET /sim/clock", "connection refused")


def test_first_usable_session_of_a_process_begins_an_epoch(login: Login) -> None:
    view = login.keeper.check()
    assert (view.usable, view.epoch, view.new_epoch, view.accounts) == (True, 1, True, (ACCOUNT,))
    assert login.state() == SessionState.READY
    assert login.metrics.gauges[Gauge.SESSION_EPOCH] == 1
    assert login.metrics.gauges[Gauge.GATEWAY_UP] == 1.0


def test_session_that_stays_keeps_its_epoch(login: Login) -> None:
    login.keeper.check()
    view = login.keeper.check()
    assert (view.epoch, view.new_epoch) == (1, False)


def test_epochs_go_on_over_restarts(login: Login) -> None:
    login.keeper.check()
    view = login.boot().check()
    assert (view.epoch, view.new_epoch) == (2, True)


def test_process_that_starts_says_nothing_that_an_earlier_one_said_of_its_session(login: Login) -> None:
    login.session.shows = LOGGED_OUT
    login.keeper.check()
    said = (StatusKey.SESSION_DETAIL, StatusKey.STATE_SINCE, StatusKey.SESSION_NEXT, StatusKey.SESSION_PERSON)
    assert all(login.store.value(key) for key in said)
    login.boot()
    assert login.state() == SessionState.STARTING
    assert not any(login.store.value(key) for key in said)


@pytest.mark.parametrize("key", [EPOCH, MEMORY])
def test_what_could_not_be_stored_has_not_happened(login: Login, key: str) -> None:
    def full(facts: Mapping[str, str]) -> None:
        if key in facts:
            raise InvariantBroken("storage", "disk full")
        keep(facts)

    keep, login.store.keep = login.store.keep, full  # type: ignore[method-assign]
    login.session.shows, login.session.initialised = LOGGED_IN, READY
    for _ in range(2):
        with pytest.raises(InvariantBroken):
            login.keeper.check()
    assert login.session.initialisations == (1 if key == EPOCH else 0)
    login.store.keep = keep  # type: ignore[method-assign]
    view = login.keeper.check()
    assert (view.epoch, view.new_epoch, login.store.value(EPOCH)) == (1, True, "1")


@pytest.mark.parametrize("gone", [LOGGED_OUT, COMPETING, NotSent("POST /tickle", "refused")])
def test_session_that_comes_back_is_a_new_epoch(login: Login, gone: SessionStatus | GatewayError) -> None:
    login.keeper.check()
    login.session.shows = gone
    if isinstance(gone, GatewayError):
        with pytest.raises(NotSent):
            login.keeper.check()
    else:
        assert not login.keeper.check().usable
    login.session.shows = READY
    view = login.keeper.check()
    assert (view.epoch, view.new_epoch) == (2, True)


def test_loss_that_a_read_found_makes_the_next_session_a_new_epoch(login: Login) -> None:
    login.keeper.check()
    login.session.refused = str(NOT_ALLOWED)
    assert login.keeper.check().epoch == 2


def test_other_accounts_are_another_login(login: Login) -> None:
    login.keeper.check()
    login.session.ids = (ACCOUNT, OTHER)
    assert login.keeper.check().new_epoch


def test_another_selected_account_is_the_same_login(login: Login) -> None:
    login.session.ids = (ACCOUNT, OTHER)
    login.keeper.check()
    login.session.ids = (OTHER, ACCOUNT)
    view = login.keeper.check()
    assert not view.new_epoch
    assert view.accounts[0] == OTHER
    assert login.session.selected == []
    assert [alarm.subject for alarm in login.keeper.alarms()] == ["account"]


@pytest.mark.parametrize("status", [LOGGED_IN, CONNECTING])
def test_brokerage_session_is_asked_for_where_somebody_logged_in(login: Login, status: SessionStatus) -> None:
    login.session.shows, login.session.initialised = status, READY
    assert login.keeper.check().usable
    assert login.session.initialisations == 1


def test_nothing_is_asked_for_while_nobody_is_logged_in(login: Login) -> None:
    login.session.shows = LOGGED_OUT
    assert not login.keeper.check().usable
    assert login.session.initialisations == 0
    assert login.state() == SessionState.WAITING_LOGIN
    assert login.metrics.gauges[Gauge.GATEWAY_UP] == 0.0


def test_brokerage_session_is_asked_for_once_a_minute_at_most(login: Login) -> None:
    login.session.shows = CONNECTING
    for _ in range(3):
        login.keeper.check()
    assert login.session.initialisations == 1
    login.clock.go(ASK_AGAIN_S)
    login.keeper.check()
    assert login.session.initialisations == 2


def test_session_is_never_taken_from_another_login(login: Login) -> None:
    login.session.shows = COMPETING
    login.keeper.check()
    assert login.session.initialisations == 0
    assert login.state() == SessionState.COMPETING


def test_session_is_left_to_the_other_login_for_a_while_after_it_was_seen(login: Login) -> None:
    login.session.shows = COMPETING
    login.keeper.check()
    login.session.shows = CONNECTING
    login.clock.go(YIELD_S - 1)
    login.keeper.check()
    assert login.session.initialisations == 0
    login.clock.go(1)
    login.keeper.check()
    assert login.session.initialisations == 1


def test_login_without_its_session_is_said_to_be_connected(login: Login) -> None:
    login.session.shows = CONNECTING
    assert not login.keeper.check().usable
    assert login.state() == SessionState.CONNECTED
    assert login.store.value(StatusKey.SESSION_DETAIL)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotSent("POST /tickle", "connection refused"), SessionState.GATEWAY_DOWN),
        (Suspended("POST /tickle", "too many", 429), SessionState.SUSPENDED),
        (Refused("POST /tickle", "not allowed", 403), SessionState.REFUSED),
        (Refused("POST /tickle", "Access Denied", 404), SessionState.REFUSED),
    ],
)
def test_failure_is_told_and_raised(login: Login, error: GatewayError, state: SessionState) -> None:
    login.session.shows = error
    with pytest.raises(type(error)):
        login.keeper.check()
    assert login.state() == state
    assert login.store.value(StatusKey.SESSION_DETAIL) == error.reason


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SessionLost("GET /iserver/accounts", "not authenticated", 401), SessionState.CONNECTED),
        (NotSent("GET /iserver/accounts", "connection refused"), SessionState.STALE),
        (Refused("GET /iserver/accounts", "not allowed", 403), SessionState.REFUSED),
    ],
)
def test_session_whose_accounts_cannot_be_read_is_none(login: Login, error: GatewayError, state: SessionState) -> None:
    login.keeper.check()
    login.session.ids = error
    with pytest.raises(type(error)):
        login.keeper.check()
    assert login.state() == state
    login.session.ids = (ACCOUNT,)
    view = login.keeper.check()
    assert (view.epoch, view.new_epoch) == (2, True)


def test_same_state_is_logged_once_and_a_new_detail_is_kept(login: Login) -> None:
    login.keeper.tell(SessionState.WAITING_LOGIN, "one")
    login.keeper.tell(SessionState.WAITING_LOGIN, "one")
    login.keeper.tell(SessionState.WAITING_LOGIN, "two")
    assert login.store.value(StatusKey.SESSION_DETAIL) == "two"
    assert [(level, fields["state"]) for level, _, fields in login.log.lines] == [("warning", "waiting_login")]


def test_good_news_is_no_warning(login: Login) -> None:
    login.keeper.check()
    assert [level for level, _, _ in login.log.lines] == ["info"]


def test_skew_is_the_gateways_clock_minus_ours(login: Login) -> None:
    ahead_ms = int(NOW.timestamp() * 1000) + 2500
    login.session.shows = SessionStatus(
        authenticated=True, connected=True, competing=False, message="", server_time_ms=ahead_ms
    )
    assert login.keeper.check().skew_s == pytest.approx(2.5)
    assert login.metrics.gauges[Gauge.CLOCK_SKEW_SECONDS] == pytest.approx(2.5)


def test_gateway_that_does_not_tell_the_time_has_no_skew(login: Login) -> None:
    assert login.keeper.check().skew_s is None


def test_pages_learn_since_when_the_session_is_usable(login: Login) -> None:
    def since() -> str | None:
        return login.store.value(StatusKey.SESSION_SINCE)

    login.keeper.check()
    login.clock.go(60)
    login.keeper.check()
    assert since() == NOW.isoformat()
    login.session.shows = LOGGED_OUT
    login.keeper.check()
    assert since() == ""
    login.session.shows = READY
    login.keeper.check()
    assert since() == login.clock.now().isoformat()
    login.boot()
    assert since() == ""


def test_account_of_ours_is_selected_in_the_turn_that_finds_another(login: Login) -> None:
    login.session.ids = (OTHER, ACCOUNT)
    view = login.keeper.check()
    assert (login.session.selected, view.accounts) == ([ACCOUNT], (ACCOUNT, OTHER))
    assert login.keeper.alarms() == ()


def test_account_is_selected_once_it_is_known_which_is_traded(login: Login) -> None:
    settings = SessionSettings(yield_s=YIELD_S)
    keeper = SessionKeeper(login.session, login.store, login.clock, (login.log, login.metrics), settings)
    login.session.ids = (OTHER, ACCOUNT)
    assert keeper.check().accounts[0] == OTHER
    keeper.trade(ACCOUNT)
    assert keeper.check().accounts[0] == ACCOUNT


def test_account_that_cannot_be_selected_fails_nothing(login: Login) -> None:
    def refuse(account_id: str) -> None:
        raise NOT_SELECTED

    login.session.select = refuse  # type: ignore[method-assign]
    login.session.ids = (OTHER, ACCOUNT)
    assert login.keeper.check().accounts[0] == OTHER
    assert ("warning", "account not selected", {"problem": "no"}) in login.log.lines


def test_session_that_cannot_be_asked_for_is_asked_for_again_and_fails_no_turn(login: Login) -> None:
    login.session.script = [LOGGED_IN, Refused("POST /iserver/auth/ssodh/init", "server error", 500)]
    login.session.shows = LOGGED_IN
    assert not login.keeper.check().usable
    assert login.state() == SessionState.CONNECTED
    assert login.store.value(StatusKey.SESSION_DETAIL) == "server error (HTTP 500)"
    login.clock.go(ASK_AGAIN_S)
    login.session.initialised = READY
    assert login.keeper.check().usable


def test_what_must_not_be_forgotten_is_stored_before_the_session_is_asked_for(login: Login) -> None:
    kept: list[str | None] = []

    def initialise() -> SessionStatus:
        kept.append(login.store.value(MEMORY))
        return LOGGED_IN

    login.session.initialise = initialise  # type: ignore[method-assign]
    login.session.shows = LOGGED_IN
    login.keeper.check()
    login.boot().check()
    assert len(kept) == 1
    assert kept[0] is not None


def test_memory_that_makes_no_sense_is_an_empty_one(login: Login) -> None:
    login.store.keep({MEMORY: "{"})
    assert login.boot().check().usable


def test_pages_learn_what_comes_next_since_when_and_what_a_person_has_to_do(login: Login) -> None:
    login.session.shows = LOGGED_OUT
    login.keeper.check()
    login.clock.go(60)
    login.keeper.check()
    assert login.store.value(StatusKey.STATE_SINCE) == NOW.isoformat()
    assert (login.store.value(StatusKey.SESSION_PERSON) or "").startswith("Log in")
    login.session.shows = READY
    login.keeper.check()
    assert login.store.value(StatusKey.SESSION_PERSON) == ""
    assert login.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T13:31:00+00:00"


def test_pages_count_down_to_the_end_of_a_login_that_nobody_saw(login: Login) -> None:
    login.session.shows = TELLS_TIME
    login.session.logged_in = NOW - timedelta(hours=5)
    login.keeper.check()
    assert login.store.value(StatusKey.LOGIN_UNTIL) == ""
    login.clock.go(90)
    assert login.keeper.check().usable
    assert login.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T08:30:00+00:00"
    assert login.store.value(StatusKey.SESSION_NEXT) == "This login ends at 08:30 UTC at the latest."
    login.boot().check()
    assert login.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T08:30:00+00:00"
    assert login.session.asked_for_login == 1


@pytest.mark.parametrize(
    "error", [Refused("GET /sso/validate", "no", 404), SessionLost("GET /sso/validate", "no", 401)]
)
def test_session_is_as_good_where_the_time_of_its_login_is_not_told(login: Login, error: GatewayError) -> None:
    login.session.shows = TELLS_TIME
    login.session.logged_in = error
    login.keeper.check()
    for _ in range(3):
        login.clock.go(90)
        view = login.keeper.check()
        assert (view.usable, view.new_epoch) == (True, False)
    assert login.session.asked_for_login == 1
    assert login.state() == SessionState.READY


def test_clock_that_cannot_tell_the_time_is_a_gateway_that_is_down(login: Login) -> None:
    def now() -> datetime:
        raise NO_TIME

    login.clock.now = now  # type: ignore[method-assign]
    with pytest.raises(NotSent):
        login.keeper.check()
    assert login.state() == SessionState.GATEWAY_DOWN


def test_turn_in_which_all_is_as_before_stores_nothing(login: Login) -> None:
    login.keeper.check()
    stored: list[object] = []
    login.store.keep = lambda facts: stored.append(facts)  # type: ignore[method-assign]
    login.store.show = lambda facts: stored.append(facts)  # type: ignore[method-assign]
    login.clock.go(60)
    login.keeper.check()
    assert stored == []


def test_gateway_counts_as_down_while_it_gives_no_usable_answers_however_good_its_session_looks(login: Login) -> None:
    login.keeper.answers(usably=False)
    assert login.metrics.gauges[Gauge.GATEWAY_UP] == 0.0
    for _ in range(2):
        assert login.keeper.check().usable
        assert login.metrics.gauges[Gauge.GATEWAY_UP] == 0.0
    login.keeper.answers(usably=True)
    assert login.metrics.gauges[Gauge.GATEWAY_UP] == 1.0
    login.session.shows = LOGGED_OUT
    login.keeper.check()
    login.keeper.answers(usably=True)
    assert login.metrics.gauges[Gauge.GATEWAY_UP] == 0.0

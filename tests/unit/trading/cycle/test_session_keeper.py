"""Keeping the brokerage session, and saying what a person has to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.chance import seeded
from tests.fakes.fake_session import COMPETING, CONNECTING, LOGGED_IN, LOGGED_OUT, READY
from tests.fakes.session_house import NOT_ALLOWED, NOW, YIELD_S, House
from trading.config import SessionSettings
from trading.cycle.session_keeper import EPOCH, MEMORY, SessionKeeper
from trading.cycle.session_state import ASK_AGAIN_S
from trading.errors import GatewayError, InvariantBroken, NotSent, Refused, SessionLost, Suspended
from trading.model.account import SessionStatus
from trading.model.metric import Gauge
from trading.model.status import SessionState, StatusKey
from trading.store.database import Database

OTHER = "DU7654321"
TELLS_TIME = replace(READY, server_time_ms=int(NOW.timestamp() * 1000))
NOT_SELECTED = Refused("POST /iserver/account", "no", 500)
NO_TIME = NotSent("GET /sim/clock", "connection refused")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield House(database)
    database.close()


def test_first_usable_session_of_a_process_begins_an_epoch(house: House) -> None:
    view = house.keeper.check()
    assert (view.usable, view.epoch, view.new_epoch, view.accounts) == (True, 1, True, (ACCOUNT,))
    assert house.state() == SessionState.READY
    assert house.metrics.gauges[Gauge.SESSION_EPOCH] == 1
    assert house.metrics.gauges[Gauge.GATEWAY_UP] == 1.0


def test_session_that_stays_keeps_its_epoch(house: House) -> None:
    house.keeper.check()
    view = house.keeper.check()
    assert (view.epoch, view.new_epoch) == (1, False)


def test_epochs_go_on_over_restarts(house: House) -> None:
    house.keeper.check()
    view = house.boot().check()
    assert (view.epoch, view.new_epoch) == (2, True)


@pytest.mark.parametrize("key", [EPOCH, MEMORY])
def test_what_could_not_be_stored_has_not_happened(house: House, key: str) -> None:
    def full(facts: Mapping[str, str]) -> None:
        if key in facts:
            raise InvariantBroken("storage", "disk full")
        keep(facts)

    keep, house.store.keep = house.store.keep, full  # type: ignore[method-assign]
    house.session.shows, house.session.initialised = LOGGED_IN, READY
    for _ in range(2):
        with pytest.raises(InvariantBroken):
            house.keeper.check()
    assert house.session.initialisations == (1 if key == EPOCH else 0)
    house.store.keep = keep  # type: ignore[method-assign]
    view = house.keeper.check()
    assert (view.epoch, view.new_epoch, house.store.value(EPOCH)) == (1, True, "1")


@pytest.mark.parametrize("gone", [LOGGED_OUT, COMPETING, NotSent("POST /tickle", "refused")])
def test_session_that_comes_back_is_a_new_epoch(house: House, gone: SessionStatus | GatewayError) -> None:
    house.keeper.check()
    house.session.shows = gone
    if isinstance(gone, GatewayError):
        with pytest.raises(NotSent):
            house.keeper.check()
    else:
        assert not house.keeper.check().usable
    house.session.shows = READY
    view = house.keeper.check()
    assert (view.epoch, view.new_epoch) == (2, True)


def test_loss_that_a_read_found_makes_the_next_session_a_new_epoch(house: House) -> None:
    house.keeper.check()
    house.keeper.lost(NOT_ALLOWED)
    assert house.keeper.check().epoch == 2


def test_other_accounts_are_another_login(house: House) -> None:
    house.keeper.check()
    house.session.ids = (ACCOUNT, OTHER)
    assert house.keeper.check().new_epoch


def test_another_selected_account_is_the_same_login(house: House) -> None:
    house.session.ids = (ACCOUNT, OTHER)
    house.keeper.check()
    house.session.ids = (OTHER, ACCOUNT)
    view = house.keeper.check()
    assert not view.new_epoch
    assert view.accounts[0] == OTHER
    assert house.session.selected == []
    assert [alarm.subject for alarm in house.keeper.alarms()] == ["account"]


@pytest.mark.parametrize("status", [LOGGED_IN, CONNECTING])
def test_brokerage_session_is_asked_for_where_somebody_logged_in(house: House, status: SessionStatus) -> None:
    house.session.shows, house.session.initialised = status, READY
    assert house.keeper.check().usable
    assert house.session.initialisations == 1


def test_nothing_is_asked_for_while_nobody_is_logged_in(house: House) -> None:
    house.session.shows = LOGGED_OUT
    assert not house.keeper.check().usable
    assert house.session.initialisations == 0
    assert house.state() == SessionState.WAITING_LOGIN
    assert house.metrics.gauges[Gauge.GATEWAY_UP] == 0.0


def test_brokerage_session_is_asked_for_once_a_minute_at_most(house: House) -> None:
    house.session.shows = CONNECTING
    for _ in range(3):
        house.keeper.check()
    assert house.session.initialisations == 1
    house.clock.go(ASK_AGAIN_S)
    house.keeper.check()
    assert house.session.initialisations == 2


def test_session_is_never_taken_from_another_login(house: House) -> None:
    house.session.shows = COMPETING
    house.keeper.check()
    assert house.session.initialisations == 0
    assert house.state() == SessionState.COMPETING


def test_session_is_left_to_the_other_login_for_a_while_after_it_was_seen(house: House) -> None:
    house.session.shows = COMPETING
    house.keeper.check()
    house.session.shows = CONNECTING
    house.clock.go(YIELD_S - 1)
    house.keeper.check()
    assert house.session.initialisations == 0
    house.clock.go(1)
    house.keeper.check()
    assert house.session.initialisations == 1


def test_login_without_its_session_is_said_to_be_connected(house: House) -> None:
    house.session.shows = CONNECTING
    assert not house.keeper.check().usable
    assert house.state() == SessionState.CONNECTED
    assert house.store.value(StatusKey.SESSION_DETAIL)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotSent("POST /tickle", "connection refused"), SessionState.GATEWAY_DOWN),
        (Suspended("POST /tickle", "too many", 429), SessionState.SUSPENDED),
        (Refused("POST /tickle", "not allowed", 403), SessionState.GATEWAY_DOWN),
        (Refused("POST /tickle", "Access Denied", 404), SessionState.GATEWAY_DOWN),
    ],
)
def test_failure_is_told_and_raised(house: House, error: GatewayError, state: SessionState) -> None:
    house.session.shows = error
    with pytest.raises(type(error)):
        house.keeper.check()
    assert house.state() == state
    assert house.store.value(StatusKey.SESSION_DETAIL) == error.cause


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SessionLost("GET /iserver/accounts", "not authenticated", 401), SessionState.CONNECTED),
        (NotSent("GET /iserver/accounts", "connection refused"), SessionState.STALE),
        (Refused("GET /iserver/accounts", "not allowed", 403), SessionState.STALE),
    ],
)
def test_session_whose_accounts_cannot_be_read_is_none(house: House, error: GatewayError, state: SessionState) -> None:
    house.keeper.check()
    house.session.ids = error
    with pytest.raises(type(error)):
        house.keeper.check()
    assert house.state() == state
    house.session.ids = (ACCOUNT,)
    view = house.keeper.check()
    assert (view.epoch, view.new_epoch) == (2, True)


def test_same_state_is_logged_once_and_a_new_detail_is_kept(house: House) -> None:
    house.keeper.tell(SessionState.WAITING_LOGIN, "one")
    house.keeper.tell(SessionState.WAITING_LOGIN, "one")
    house.keeper.tell(SessionState.WAITING_LOGIN, "two")
    assert house.store.value(StatusKey.SESSION_DETAIL) == "two"
    assert [(level, fields["state"]) for level, _, fields in house.log.lines] == [("warning", "waiting_login")]


def test_good_news_is_no_warning(house: House) -> None:
    house.keeper.check()
    assert [level for level, _, _ in house.log.lines] == ["info"]


def test_skew_is_the_gateways_clock_minus_ours(house: House) -> None:
    ahead_ms = int(NOW.timestamp() * 1000) + 2500
    house.session.shows = SessionStatus(
        authenticated=True, connected=True, competing=False, established=True, message="", server_time_ms=ahead_ms
    )
    assert house.keeper.check().skew_s == pytest.approx(2.5)
    assert house.metrics.gauges[Gauge.CLOCK_SKEW_SECONDS] == pytest.approx(2.5)


def test_gateway_that_does_not_tell_the_time_has_no_skew(house: House) -> None:
    assert house.keeper.check().skew_s is None


def test_pages_learn_since_when_the_session_is_usable(house: House) -> None:
    def since() -> str | None:
        return house.store.value(StatusKey.SESSION_SINCE)

    house.keeper.check()
    house.clock.go(60)
    house.keeper.check()
    assert since() == NOW.isoformat()
    house.session.shows = LOGGED_OUT
    house.keeper.check()
    assert since() == ""
    house.session.shows = READY
    house.keeper.check()
    assert since() == house.clock.now().isoformat()
    house.boot()
    assert since() == ""


def test_account_of_ours_is_selected_in_the_turn_that_finds_another(house: House) -> None:
    house.session.ids = (OTHER, ACCOUNT)
    view = house.keeper.check()
    assert (house.session.selected, view.accounts) == ([ACCOUNT], (ACCOUNT, OTHER))
    assert house.keeper.alarms() == ()


def test_account_is_selected_once_it_is_known_which_is_traded(house: House) -> None:
    settings = SessionSettings(yield_s=YIELD_S)
    keeper = SessionKeeper(house.session, house.store, house.clock, (house.log, house.metrics), settings)
    house.session.ids = (OTHER, ACCOUNT)
    assert keeper.check().accounts[0] == OTHER
    keeper.trade(ACCOUNT)
    assert keeper.check().accounts[0] == ACCOUNT


def test_account_that_cannot_be_selected_fails_nothing(house: House) -> None:
    def refuse(account_id: str) -> None:
        raise NOT_SELECTED

    house.session.select = refuse  # type: ignore[method-assign]
    house.session.ids = (OTHER, ACCOUNT)
    assert house.keeper.check().accounts[0] == OTHER
    assert ("warning", "account not selected", {"problem": "no"}) in house.log.lines


def test_session_that_cannot_be_asked_for_is_asked_for_again_and_fails_no_turn(house: House) -> None:
    house.session.script = [LOGGED_IN, Refused("POST /iserver/auth/ssodh/init", "server error", 500)]
    house.session.shows = LOGGED_IN
    assert not house.keeper.check().usable
    assert house.state() == SessionState.CONNECTED
    assert house.store.value(StatusKey.SESSION_DETAIL) == "server error"
    house.clock.go(ASK_AGAIN_S)
    house.session.initialised = READY
    assert house.keeper.check().usable


def test_what_must_not_be_forgotten_is_stored_before_the_session_is_asked_for(house: House) -> None:
    kept: list[str | None] = []

    def initialise() -> SessionStatus:
        kept.append(house.store.value(MEMORY))
        return LOGGED_IN

    house.session.initialise = initialise  # type: ignore[method-assign]
    house.session.shows = LOGGED_IN
    house.keeper.check()
    house.boot().check()
    assert len(kept) == 1
    assert kept[0] is not None


def test_memory_that_makes_no_sense_is_an_empty_one(house: House) -> None:
    house.store.keep({MEMORY: "{"})
    assert house.boot().check().usable


def test_pages_learn_what_comes_next_since_when_and_what_a_person_has_to_do(house: House) -> None:
    house.session.shows = LOGGED_OUT
    house.keeper.check()
    house.clock.go(60)
    house.keeper.check()
    assert house.store.value(StatusKey.STATE_SINCE) == NOW.isoformat()
    assert (house.store.value(StatusKey.SESSION_PERSON) or "").startswith("Log in")
    house.session.shows = READY
    house.keeper.check()
    assert house.store.value(StatusKey.SESSION_PERSON) == ""
    assert house.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T13:31:00+00:00"


def test_pages_count_down_to_the_end_of_a_login_that_nobody_saw(house: House) -> None:
    house.session.shows = TELLS_TIME
    house.session.logged_in = NOW - timedelta(hours=5)
    house.keeper.check()
    assert house.store.value(StatusKey.LOGIN_UNTIL) == ""
    house.clock.go(90)
    assert house.keeper.check().usable
    assert house.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T08:30:00+00:00"
    assert house.store.value(StatusKey.SESSION_NEXT) == "This login ends at 08:30 UTC."
    house.boot().check()
    assert house.store.value(StatusKey.LOGIN_UNTIL) == "2014-03-05T08:30:00+00:00"
    assert house.session.asked_for_login == 1


@pytest.mark.parametrize(
    "error", [Refused("GET /sso/validate", "no", 404), SessionLost("GET /sso/validate", "no", 401)]
)
def test_session_is_as_good_where_the_time_of_its_login_is_not_told(house: House, error: GatewayError) -> None:
    house.session.shows = TELLS_TIME
    house.session.logged_in = error
    house.keeper.check()
    for _ in range(3):
        house.clock.go(90)
        view = house.keeper.check()
        assert (view.usable, view.new_epoch) == (True, False)
    assert house.session.asked_for_login == 1
    assert house.state() == SessionState.READY


def test_clock_that_cannot_tell_the_time_is_a_gateway_that_is_down(house: House) -> None:
    def now() -> datetime:
        raise NO_TIME

    house.clock.now = now  # type: ignore[method-assign]
    with pytest.raises(NotSent):
        house.keeper.check()
    assert house.state() == SessionState.GATEWAY_DOWN


def test_turn_in_which_all_is_as_before_stores_nothing(house: House) -> None:
    house.keeper.check()
    stored: list[object] = []
    house.store.keep = lambda facts: stored.append(facts)  # type: ignore[method-assign]
    house.store.show = lambda facts: stored.append(facts)  # type: ignore[method-assign]
    house.clock.go(60)
    house.keeper.check()
    assert stored == []

from __future__ import annotations

import msgspec
import pytest

from simulator.config import Behaviour
from simulator.session import BrokerSession, Event

SECOND = 1_000_000


class Watched:
    """A session with what it told of itself."""

    def __init__(self, **choices: object) -> None:
        self.events: list[str] = []
        behaviour = msgspec.structs.replace(Behaviour(), **choices)
        self.session = BrokerSession(behaviour, record=lambda event: self.events.append(event.value))


def logged_in(**choices: object) -> Watched:
    watched = Watched(**choices)
    watched.session.login(0, 0)
    return watched


def state(session: BrokerSession) -> tuple[bool, bool, bool, bool]:
    return session.sso, session.connected, session.authenticated, session.competing


def test_login_opens_both_sessions_with_cold_caches() -> None:
    watched = logged_in()
    session = watched.session
    assert state(session) == (True, True, True, False)
    assert (session.established, session.epoch, session.caches.accounts_called) == (True, 1, False)
    assert watched.events == [Event.LOGIN]


def test_login_without_the_brokerage_waits_for_an_init() -> None:
    watched = logged_in(login_opens_brokerage=False)
    assert state(watched.session) == (True, True, False, False)
    watched.session.open_brokerage(SECOND)
    assert state(watched.session) == (True, True, True, False)
    assert watched.events == [Event.LOGIN, Event.INIT]


def test_idle_session_loses_the_brokerage_and_keeps_the_login() -> None:
    watched = logged_in()
    session = watched.session
    session.caches.accounts_called = True
    session.touch(359 * SECOND)
    assert session.authenticated
    session.touch((359 + 360) * SECOND)
    assert (state(session), session.caches.accounts_called) == ((True, True, False, False), False)
    assert watched.events == [Event.LOGIN, Event.IDLE]


def test_login_ends_after_a_day_however_busy() -> None:
    watched = logged_in(idle_timeout_s=0.0)
    watched.session.touch(86_399 * SECOND)
    assert watched.session.sso
    watched.session.touch(86_400 * SECOND)
    assert state(watched.session) == (False, False, False, False)
    assert watched.events == [Event.LOGIN, Event.EXPIRED]


def test_login_that_nothing_keeps_alive_ends_after_ten_minutes() -> None:
    session = logged_in(gateway_pings=False).session
    session.ping(599 * SECOND)
    session.ping(1198 * SECOND)
    assert state(session) == (True, True, False, False)
    session.expire(1798 * SECOND)
    assert not session.sso


@pytest.mark.parametrize(
    ("pings", "called_at", "left"),
    [(False, (100, 160), 540), (False, (599, 1198), 1), (True, (160, 250), 510), (True, (299, 350), 550)],
)
def test_what_the_login_has_left_counts_down_between_calls(
    *, pings: bool, called_at: tuple[int, int], left: int
) -> None:
    session = logged_in(gateway_pings=pings, idle_timeout_s=0.0).session
    for second in called_at:
        session.touch(second * SECOND)
    assert session.left_us(called_at[1] * SECOND) == left * SECOND


def test_what_the_login_has_left_is_never_more_than_its_longest_life() -> None:
    session = logged_in(idle_timeout_s=0.0).session
    session.touch(86_390 * SECOND)
    assert session.left_us(86_390 * SECOND) == 10 * SECOND
    endless = logged_in(sso_lifetime_s=0.0, sso_idle_timeout_s=0.0).session
    assert endless.left_us(SECOND) == 600 * SECOND


def test_reauthentication_and_being_established_take_their_time() -> None:
    watched = logged_in(established_s=5.0)
    session = watched.session
    session.touch(5 * SECOND)
    session.lose_brokerage(competing=True)
    session.open_brokerage(6 * SECOND, ready_us=16 * SECOND)
    seen = []
    for second in (15, 16, 20, 21):
        session.touch(second * SECOND)
        seen.append((session.authenticated, session.established, session.is_opening))
    assert seen == [(False, False, True), (True, False, True), (True, False, True), (True, True, False)]
    assert watched.events == [Event.LOGIN, Event.COMPETING, Event.INIT, Event.AUTHENTICATED]
    assert session.epoch == 2


def test_competing_login_takes_the_session_back_again_and_again_until_a_new_login() -> None:
    watched = logged_in(competitor_returns_s=30.0)
    session = watched.session
    session.lose_brokerage(competing=True)
    for start in (0, 100):
        session.open_brokerage(start * SECOND)
        session.touch((start + 29) * SECOND)
        assert state(session) == (True, True, True, False)
        session.touch((start + 30) * SECOND)
        assert state(session) == (True, True, False, True)
    session.login(200 * SECOND, 0)
    session.touch(240 * SECOND)
    assert session.authenticated
    assert watched.events == ["login", "competing", "init", "competing", "init", "competing", "login"]


def test_loss_is_told_once() -> None:
    watched = logged_in()
    for _ in range(3):
        watched.session.lose_brokerage()
    watched.session.logout()
    watched.session.logout()
    watched.session.lose_brokerage()
    assert watched.events == [Event.LOGIN, Event.LOST, Event.LOGOUT]


@pytest.mark.parametrize("ends_login", [False, True])
def test_reset_takes_the_brokerage_session_or_the_login(*, ends_login: bool) -> None:
    watched = logged_in(reset_ends_login=ends_login)
    watched.session.reset()
    assert state(watched.session) == (not ends_login, not ends_login, False, False)
    watched.session.reset()
    assert watched.events == [Event.LOGIN, Event.RESET]


def test_gateway_program_keeps_the_session_by_its_own_tickle_and_logs_out_a_lost_one() -> None:
    session = logged_in(gateway_tickles=True).session
    for second in range(0, 3600, 10):
        session.expire(second * SECOND)
    assert session.authenticated
    session.lose_brokerage(competing=True)
    session.expire(3620 * SECOND)
    assert not session.sso


def test_second_factor_is_waited_for_and_not_for_ever() -> None:
    session = Watched(second_factor_s=60.0).session
    assert not session.awaits_second_factor(0)
    session.ask_second_factor(0)
    assert session.awaits_second_factor(59 * SECOND)
    assert not session.awaits_second_factor(60 * SECOND)
    session.ask_second_factor(0)
    session.forget_second_factor()
    assert not session.awaits_second_factor(0)


def test_new_brokerage_session_has_cold_caches_and_no_farm() -> None:
    session = logged_in().session
    session.caches.suppressed.add("o163")
    session.portfolio_calls["positions"] = 3
    session.farm_open = True
    session.open_brokerage(0)
    assert (session.caches.suppressed, session.portfolio_calls, session.farm_open) == (set(), {}, False)


def test_logout_leaves_the_login_where_that_is_the_way() -> None:
    watched = logged_in(logout_ends_login=False)
    watched.session.logout()
    assert state(watched.session) == (True, True, False, False)
    watched.session.open_brokerage(0)
    assert watched.events == [Event.LOGIN, Event.LOGOUT, Event.INIT]

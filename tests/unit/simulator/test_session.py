from __future__ import annotations

from datetime import date

import msgspec

from simulator.config import Behaviour
from simulator.session import BrokerSession

SECOND = 1_000_000


def logged_in(behaviour: Behaviour | None = None) -> BrokerSession:
    session = BrokerSession(behaviour or Behaviour())
    session.login(0, 0)
    return session


def test_login_opens_both_sessions_with_cold_caches() -> None:
    session = logged_in()
    assert (session.sso, session.authenticated, session.epoch) == (True, True, 1)
    assert session.caches.accounts_called is False


def test_idle_session_loses_the_brokerage_and_keeps_the_login() -> None:
    session = logged_in()
    session.caches.accounts_called = True
    session.touch(359 * SECOND)
    assert session.authenticated
    session.touch((359 + 360) * SECOND)
    assert (session.sso, session.authenticated, session.caches.accounts_called) == (True, False, False)


def test_login_ends_after_a_day() -> None:
    session = logged_in(msgspec.structs.replace(Behaviour(), idle_timeout_s=0.0))
    session.expire(86_399 * SECOND)
    assert session.sso
    session.expire(86_400 * SECOND)
    assert not session.sso


def test_reauthentication_takes_its_time() -> None:
    session = logged_in()
    session.lose_brokerage(competing=True)
    session.open_brokerage(0, ready_us=10 * SECOND)
    session.touch(9 * SECOND)
    assert not session.authenticated
    session.touch(10 * SECOND)
    assert session.authenticated
    assert not session.competing


def test_logout_ends_everything() -> None:
    session = logged_in()
    session.logout()
    assert (session.sso, session.authenticated, session.connected) == (False, False, False)


def test_nightly_reset_ends_the_brokerage_session_once_a_day() -> None:
    session = logged_in()
    for day, kept in ((date(2014, 3, 3), True), (date(2014, 3, 3), True), (date(2014, 3, 4), False)):
        session.reset_at_midnight(day)
        assert session.authenticated is kept
    session.open_brokerage(0)
    session.reset_at_midnight(date(2014, 3, 4))
    assert session.authenticated

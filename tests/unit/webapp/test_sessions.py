from __future__ import annotations

from tests.unit.webapp.desk import HandClock
from webapp.sessions import MAX_KEYS, MAX_SESSIONS, SessionStore


def test_cookies_are_not_kept_in_clear() -> None:
    store = SessionStore(HandClock())
    cookie = store.open("127.0.0.1")
    assert cookie not in repr(vars(store))
    assert store.find(cookie, active=True) is not None
    assert store.find(cookie + "x", active=True) is None


def test_the_session_used_least_lately_makes_room() -> None:
    clock = HandClock()
    store = SessionStore(clock)
    first = store.open("a")
    others = []
    for _ in range(MAX_SESSIONS):
        clock.pass_by(1)
        others.append(store.open("a"))
    assert store.find(first, active=True) is None
    assert all(store.find(cookie, active=False) is not None for cookie in others)


def test_only_the_newest_requests_are_remembered() -> None:
    store = SessionStore(HandClock())
    session = store.find(store.open("a"), active=True)
    assert session is not None
    for number in range(MAX_KEYS + 5):
        session.remember(f"key-{number}", number)
    assert len(session.requests) == MAX_KEYS
    assert "key-4" not in session.requests
    assert f"key-{MAX_KEYS + 4}" in session.requests


def test_a_token_matches_only_itself() -> None:
    store = SessionStore(HandClock())
    session = store.find(store.open("a"), active=True)
    assert session is not None
    assert session.token_matches(session.csrf_token)
    for wrong in ("", "x", session.csrf_token[:-1], "\ud800"):
        assert not session.token_matches(wrong)

"""Logged-in sessions, kept in memory: a restart of the web process logs everybody out, by design."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from webapp.clock import WebClock

IDLE_S = 30 * 60
ABSOLUTE_S = 12 * 60 * 60
MAX_SESSIONS = 64
MAX_KEYS = 256


@dataclass(slots=True)
class LoginSession:
    """One login. `name` is no secret and opens nothing.

    `csrf_token` must come back with every change; `requests` are the changes by idempotency key.
    Hold `lock` while looking one up and making it, so that two clicks at once have one effect.
    """

    name: str
    csrf_token: str
    address: str
    opened_s: float
    used_s: float
    requests: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def token_matches(self, token: str) -> bool:
        """Return whether `token` is this session's."""
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.csrf_token.encode())

    def forget(self, control_id: int) -> None:
        """Forget all of a number that was given anew: the file that had it first is gone."""
        for key in [key for key, number in self.requests.items() if number == control_id]:
            del self.requests[key]

    def remember(self, key: str, control_id: int) -> None:
        """Keep which request a key made, the newest ones only."""
        while len(self.requests) >= MAX_KEYS:
            del self.requests[next(iter(self.requests))]
        self.requests[key] = control_id


class SessionStore:
    """Sessions by the digest of their cookie, so that a memory dump or a log of the keys opens nothing."""

    def __init__(self, clock: WebClock) -> None:
        """Start with nobody logged in."""
        self._clock = clock
        self._sessions: dict[str, LoginSession] = {}
        self._lock = threading.Lock()

    def open(self, address: str, replaced: Iterable[str] = ()) -> str:
        """Return the cookie of a new session; the sessions of the cookies `replaced` end."""
        cookie = secrets.token_urlsafe(32)
        now_s = self._clock.monotonic()
        with self._lock:
            for old in replaced:
                self._sessions.pop(_key(old), None)
            self._drop_expired(now_s)
            while len(self._sessions) >= MAX_SESSIONS:
                oldest = min(self._sessions, key=lambda key: self._sessions[key].used_s)
                del self._sessions[oldest]
            self._sessions[_key(cookie)] = LoginSession(
                secrets.token_hex(8), secrets.token_urlsafe(32), address, now_s, now_s
            )
        return cookie

    def find(self, cookie: str, *, active: bool) -> LoginSession | None:
        """Return the live session of a cookie; `active`, a person did something, restarts its idle time."""
        now_s = self._clock.monotonic()
        with self._lock:
            self._drop_expired(now_s)
            session = self._sessions.get(_key(cookie))
            if session is not None and active:
                session.used_s = now_s
            return session

    def close(self, cookie: str) -> None:
        """End a session; its cookie is worthless from now on."""
        with self._lock:
            self._sessions.pop(_key(cookie), None)

    def _drop_expired(self, now_s: float) -> None:
        for key, session in tuple(self._sessions.items()):
            if now_s - session.used_s > IDLE_S or now_s - session.opened_s > ABSOLUTE_S:
                del self._sessions[key]


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()

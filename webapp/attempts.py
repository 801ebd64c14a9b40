"""A limit on attempts at the password, which somebody who guesses can't turn against the owner.

Every attempt is counted for whoever makes it, a `Guesser`:

- a browser that was logged in before, by its device cookie (`devices`): its own five a minute, whatever others do;
- a session, for the password that is asked once more: its own five a minute;
- anybody else by the network that the attempt comes from: five a minute each. All of this machine count as one, of IPv6
  all addresses of one /64, which one host has at its disposal. And all that come from elsewhere have twenty a minute
  together, because addresses cost nothing.

So guesses are bounded: 25 a minute for strangers, and five for each browser that somebody logged in with and gave away.
Against a password of at least twelve characters that is hopeless, and the one that is made has 144 bits. And the owner
gets in whatever the others send: with his browser of before, and with a new one by the one-time link, which is no
guess and is never counted (`python -m webapp login-link`, for which one has to be on this machine).
"""

from __future__ import annotations

import ipaddress
import threading
from collections import deque
from dataclasses import dataclass

from webapp.clock import WebClock

LIMIT = 5
STRANGERS_LIMIT = 20
WINDOW_S = 60.0
_THIS_MACHINE = "this machine"
_STRANGERS = "all strangers"
_IPV6_HOST_BITS = 64


@dataclass(frozen=True, slots=True)
class Guesser:
    """Whom an attempt is counted for; `stranger`: for all strangers together as well."""

    name: str
    stranger: bool = False


def guesser(address: str, device: str | None = None) -> Guesser:
    """Return whom an attempt at the login is counted for; `device` is the id of a cookie that was proven good."""
    if device is not None:
        return Guesser(f"device {device}")
    network = _network(address)
    return Guesser(network, stranger=network != _THIS_MACHINE)


def session_guesser(name: str) -> Guesser:
    """Return whom an attempt at the password within a session is counted for."""
    return Guesser(f"session {name}")


class AttemptLimit:
    """Counts failures of the last minute; a sixth attempt waits, a right one too, and time alone unlocks."""

    def __init__(self, clock: WebClock) -> None:
        """Start with no failures."""
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def begin(self, who: Guesser) -> float | None:
        """Count an attempt before it is judged, and return None; or return the seconds to wait, counting nothing.

        Counting first leaves no gap in which many attempts at the same moment could pass.
        """
        now_s = self._clock.monotonic()
        with self._lock:
            self._forget(now_s)
            limits = _limits(who)
            waits = [self._wait_s(name, limit, now_s) for name, limit in limits]
            if any(waits):
                return max(waits)
            for name, _ in limits:
                self._failures.setdefault(name, deque()).append(now_s)
            return None

    def succeed(self, who: Guesser) -> None:
        """Take back the attempt counted by `begin`: it was right."""
        with self._lock:
            for name, _ in _limits(who):
                failures = self._failures.get(name)
                if failures:
                    failures.pop()

    def _wait_s(self, name: str, limit: int, now_s: float) -> float:
        failures = self._failures.get(name)
        if failures is None or len(failures) < limit:
            return 0.0
        return max(1.0, failures[0] + WINDOW_S - now_s)

    def _forget(self, now_s: float) -> None:
        """Drop what is over; what is left is no more than a minute's worth of attempts that were let through."""
        for name, failures in tuple(self._failures.items()):
            while failures and now_s - failures[0] >= WINDOW_S:
                failures.popleft()
            if not failures:
                del self._failures[name]


def _limits(who: Guesser) -> tuple[tuple[str, int], ...]:
    own = (who.name, LIMIT)
    return (own, (_STRANGERS, STRANGERS_LIMIT)) if who.stranger else (own,)


def _network(address: str) -> str:
    """Return what one host can't change about its address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is None:
            wide = ipaddress.ip_network((parsed, _IPV6_HOST_BITS), strict=False)
            return _THIS_MACHINE if parsed.is_loopback else str(wide)
        parsed = mapped
    return _THIS_MACHINE if parsed.is_loopback else str(parsed)

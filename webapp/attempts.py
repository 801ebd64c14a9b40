"""A limit on attempts at the password, by the address of the socket."""

from __future__ import annotations

import threading
from collections import deque

from webapp.clock import WebClock

LIMIT = 5
WINDOW_S = 60.0
MAX_ADDRESSES = 4096


class AttemptLimit:
    """Counts failures of the last minute; a sixth attempt waits, a right one too, and time alone unlocks."""

    def __init__(self, clock: WebClock) -> None:
        """Start with no failures."""
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def begin(self, address: str) -> float | None:
        """Count an attempt before it is judged, and return None; or return the seconds to wait, counting nothing.

        Counting first leaves no gap in which many attempts at the same moment could pass.
        """
        now_s = self._clock.monotonic()
        with self._lock:
            failures = self._failures.setdefault(address, deque())
            _forget(failures, now_s)
            if len(failures) >= LIMIT:
                return max(1.0, failures[0] + WINDOW_S - now_s)
            failures.append(now_s)
            if len(self._failures) > MAX_ADDRESSES:
                self._make_room(now_s)
            return None

    def succeed(self, address: str) -> None:
        """Take back the attempt counted by `begin`: it was right."""
        with self._lock:
            failures = self._failures.get(address)
            if failures:
                failures.pop()

    def _make_room(self, now_s: float) -> None:
        """Drop the addresses that have nothing against them, else the oldest half."""
        for failures in self._failures.values():
            _forget(failures, now_s)
        self._failures = {address: failures for address, failures in self._failures.items() if failures}
        for address in tuple(self._failures)[: len(self._failures) - MAX_ADDRESSES // 2]:
            del self._failures[address]


def _forget(failures: deque[float], now_s: float) -> None:
    while failures and now_s - failures[0] >= WINDOW_S:
        failures.popleft()

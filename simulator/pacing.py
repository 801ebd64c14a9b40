"""The documented limits on calls: 429 above them, and the penalty box."""

from __future__ import annotations

from collections import deque

from simulator.messages import Request, Response, error

GLOBAL_PER_SECOND = 10
PENALTY_S = 900.0
SLACK = 0.9
"""a window may be this much shorter than documented: whoever keeps to the limit by his own clock is not punished"""
# Source: the pacing table of the API's documentation; method, path, seconds, calls.
LIMITS: tuple[tuple[str, str, float, int], ...] = (
    ("GET", "/iserver/account/orders", 5.0, 1),
    ("GET", "/iserver/account/pnl/partitioned", 5.0, 1),
    ("GET", "/iserver/account/trades", 5.0, 1),
    ("GET", "/iserver/marketdata/snapshot", 1.0, 10),
    ("GET", "/iserver/scanner/params", 900.0, 1),
    ("POST", "/iserver/scanner/run", 1.0, 1),
    ("POST", "/pa/performance", 900.0, 1),
    ("POST", "/pa/summary", 900.0, 1),
    ("POST", "/pa/transactions", 900.0, 1),
    ("GET", "/portfolio/accounts", 5.0, 1),
    ("GET", "/portfolio/subaccounts", 5.0, 1),
    ("GET", "/sso/validate", 60.0, 1),
    # As POST it is not in that table: well-known clients ask it twice within a moment and are served.
    ("GET", "/tickle", 1.0, 1),
)


class Pacing:
    """Counts calls in real time; over the limit of all calls together the client goes into the penalty box."""

    def __init__(self, *, enabled: bool, penalty_s: float = PENALTY_S) -> None:
        """Count, and with `enabled` refuse."""
        self.enabled = enabled
        self.refused = 0
        self._penalty_s = penalty_s
        self._boxed_until = 0.0
        self._all: deque[float] = deque()
        self._limits = {(method, path): (window * SLACK, calls) for method, path, window, calls in LIMITS}
        self._calls: dict[tuple[str, str], deque[float]] = {key: deque() for key in self._limits}

    def check(self, request: Request, now: float) -> Response | None:
        """Return the 429 that a call gets, None for one within the limits; `now` in real seconds."""
        if now < self._boxed_until:
            return self._refuse()
        if not self.enabled:
            return None
        if not _within(self._all, now, SLACK, GLOBAL_PER_SECOND):
            self._boxed_until = now + self._penalty_s
            return self._refuse()
        key = (request.method, request.path.rstrip("/"))
        limit = self._limits.get(key)
        if limit is not None and not _within(self._calls[key], now, *limit):
            return self._refuse()
        return None

    def box(self, now: float, seconds: float) -> None:
        """Put the client into the penalty box until `seconds` after `now`, whether the limits are on or not."""
        self._boxed_until = now + seconds

    def _refuse(self) -> Response:
        self.refused += 1
        return error(429, "Too Many Requests")


def _within(calls: deque[float], now: float, window: float, allowed: int) -> bool:
    """Count a call if it is allowed, and return whether it is."""
    while calls and now - calls[0] >= window:
        calls.popleft()
    if len(calls) >= allowed:
        return False
    calls.append(now)
    return True

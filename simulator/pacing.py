"""The documented limits on calls: 429 above them, and the penalty box.

Nobody has shown what a client in the box is told, and what counts: here every call of the API gets 429, the opening of
a websocket too, refused calls lead to no longer stay, and the login pages are left alone.
"""

from __future__ import annotations

from collections import defaultdict, deque
from enum import StrEnum

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
FYI_LIMIT = (1.0, 1)
"""of each call below /fyi, whatever its path's end names"""
TOO_MANY_CHARTS = "Too many history charts requests, please try again later."


class Limit(StrEnum):
    """What a refused call went over."""

    ALL = "all"
    """ten a second of all calls together"""
    CALL = "call"
    """its own"""
    CHARTS = "charts"
    """charts at once"""
    BOX = "box"
    """the client is in the penalty box"""


class Pacing:
    """Counts calls in real time; over the limit of all calls together the client goes into the penalty box."""

    def __init__(self, *, enabled: bool, penalty_s: float = PENALTY_S) -> None:
        """Count, and with `enabled` refuse."""
        self.enabled = enabled
        self._penalty_s = penalty_s
        self._boxed_until = 0.0
        self._put_in_until = 0.0
        """until when a fault has put the client into the box"""
        self._all: deque[float] = deque()
        self._limits = {(method, path): (window, calls) for method, path, window, calls in LIMITS}
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def check(self, request: Request, now: float) -> Limit | None:
        """Count a call and return the limit that it is over, None for one within all of them; `now` in real seconds."""
        if now < max(self._boxed_until, self._put_in_until):
            return Limit.BOX
        if not self.enabled:
            return None
        if not _within(self._all, now, SLACK, GLOBAL_PER_SECOND):
            self._boxed_until = now + self._penalty_s
            return Limit.ALL
        if request.query.get("force", "").lower() == "true":
            # It only drops a cache: published clients send it right before the list of orders, and are served.
            return None
        key = _key(request)
        limit = FYI_LIMIT if key[1].startswith("/fyi/") else self._limits.get(key)
        if limit is not None and not _within(self._calls[key], now, limit[0] * SLACK, limit[1]):
            return Limit.CALL
        return None

    def box(self, now: float, seconds: float) -> None:
        """Put the client into the penalty box until `seconds` after `now`, whether the limits are on or not."""
        self._put_in_until = now + seconds

    def go_back_to(self, *, enabled: bool) -> None:
        """Undo what faults did: nobody is in the box for one, and limits that one switched on have counted nothing."""
        self._put_in_until = 0.0
        if self.enabled and not enabled:
            self._boxed_until = 0.0
            self._all.clear()
            self._calls.clear()
        self.enabled = enabled


def refusal(limit: Limit) -> Response:
    """Return what a call over `limit` is told."""
    return error(429, TOO_MANY_CHARTS if limit is Limit.CHARTS else "Too Many Requests")


def _key(request: Request) -> tuple[str, str]:
    """Return what a call is counted as."""
    path = request.path.rstrip("/")
    return request.method, "/".join(path.split("/")[:3]) if path.startswith("/fyi/") else path


def _within(calls: deque[float], now: float, window: float, allowed: int) -> bool:
    """Count a call if it is allowed, and return whether it is."""
    while calls and now - calls[0] >= window:
        calls.popleft()
    if len(calls) >= allowed:
        return False
    calls.append(now)
    return True

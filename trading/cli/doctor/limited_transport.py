"""A transport that only reads, asks seldom and is done in time; what it measures on the way is the gateway's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trading.errors import NotSent, OutcomeUnknown
from trading.gateway.pacing import CutShort
from trading.gateway.session import TICKLE
from trading.gateway.transport import HttpAnswer, Transport
from trading.model.account import mask_accounts

_TOO_MANY = 429
# An answer names the second in which it was written.
_HALF_A_SECOND = 0.5
_NEARLY = 0.9


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked: until when (monotonic), how often, how far apart, and how long one answer may take."""

    until: float
    calls: int
    apart_s: float
    answer_s: float


@dataclass(frozen=True, slots=True)
class Times:
    """The clocks of this machine, and a real pause."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    pause: Callable[[float], None]


class LimitedTransport:
    """Hands reads on to another transport until a limit is met, or one was not answered in time."""

    def __init__(self, inner: Transport, limits: Limits, times: Times) -> None:
        """Ask by `inner`."""
        self._inner = inner
        self._limits = limits
        self._times = times
        self._calls = 0
        self._last = float("-inf")
        self.over = ""
        """why nothing is asked any more"""
        self.skew_s: float | None = None
        """the gateway's clock minus ours, from its last answer that states a time"""

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange, as `Transport`.

        Raises: CutShort, a limit is met; NotSent too for what is no read; OutcomeUnknown.
        """
        call = f"{verb} {mask_accounts(path)}"
        # A tickle keeps the login alive and changes nothing else.
        if verb != "GET" and (verb, path) != ("POST", TICKLE):
            raise NotSent(call, "only reads are sent here")
        limit = min(limit_s, self._limits.answer_s, self._room(call))
        began = self._times.monotonic()
        try:
            asked_at = self._times.now()
            answer = self._inner.exchange(verb, path, query, body, limit)
        except (NotSent, OutcomeUnknown) as error:
            if self._times.monotonic() - began >= _NEARLY * limit:
                # It would only be waited for as long again.
                self.over = error.cause
            raise
        finally:
            self._last = self._times.monotonic()
        if answer.status == _TOO_MANY:
            self.over = "the broker says that it was asked too often"
        self._measure(answer, asked_at)
        return answer

    def close(self) -> None:
        """Let go of what is kept open."""
        self._inner.close()

    def _room(self, call: str) -> float:
        """Return the seconds that are left, after the pause that is due.

        Raises: CutShort, nothing may be asked any more.
        """
        due = self._last + self._limits.apart_s - self._times.monotonic()
        if due > 0.0 and not self.over:
            self._times.pause(min(due, self._limits.apart_s))
        left = self._limits.until - self._times.monotonic()
        if not self.over and left <= 0.0:
            self.over = "the time for this is up"
        if not self.over and self._calls >= self._limits.calls:
            self.over = "no more is asked than a few things"
        if self.over:
            raise CutShort(call, self.over)
        self._calls += 1
        return left

    def _measure(self, answer: HttpAnswer, asked_at: datetime) -> None:
        if answer.server_time_ms is None:
            return
        began, ended = asked_at.timestamp(), self._times.now().timestamp()
        self.skew_s = answer.server_time_ms / 1000.0 + _HALF_A_SECOND - (began + ended) / 2.0

"""The request budget, kept before a request leaves, and the penalty once it was exceeded.

Over the limit the API answers 429 to the whole IP address for 10 to 15 minutes; nothing else is asked until a probe
gets through again. What an earlier process has sent is not known, so the first request of a process waits until that
counts no longer; the end of a penalty is kept over a restart. Source: Client Portal API, pacing limitations.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trading.errors import NotSent, Suspended
from trading.gateway.memory import ProcessMemory
from trading.model.account import mask_accounts
from trading.ports import Clock, GatewayMemory

PROBE_EVERY_S = 60.0
# How long the API says that a penalty lasts.
PENALTY = timedelta(minutes=15)
# The longest period of a limit on anything that is asked in every turn.
QUIET_AT_START_S = 5.0

# Added to each period: the server's clock and ours need not tick alike. Twice as much would cost a tenth of the speed.
_SLACK_S = 0.05
# How often a wait that a control or a stop request ended early is taken up again.
_WAITS = 3
# Market time has microseconds: a wait may be shorter than asked for by less than one.
_ROUNDING_S = 1e-5
_IN_FLIGHT_POLL_S = 0.05
SUSPENDED = "requests are suspended: the gateway said there were too many"


class CutShort(NotSent):
    """Somebody wants something, or the process has to end: the wait for the budget was ended early."""


OnWait = Callable[[float], object]


def untold(_seconds: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests whose call fits `pattern` in any `period_s` seconds; period 0: that many at a time."""

    pattern: re.Pattern[str]
    count: int
    period_s: float


def _limit(pattern: str, count: int, period_s: float) -> Limit:
    return Limit(re.compile(pattern), count, period_s)


LIMITS = (
    _limit(r".*", 10, 1.0),
    _limit(r"GET /iserver/account/orders", 1, 5.0),
    _limit(r"GET /iserver/account/trades", 1, 5.0),
    _limit(r"GET /iserver/account/pnl/partitioned", 1, 5.0),
    _limit(r"GET /iserver/marketdata/snapshot", 10, 1.0),
    # Five are documented; users report throttling above four.
    _limit(r"GET /iserver/marketdata/history", 4, 0.0),
    _limit(r"GET /portfolio/(sub)?accounts", 1, 5.0),
    _limit(r"GET /sso/validate", 1, 60.0),
    _limit(r"(GET|POST) /tickle", 1, 1.0),
)


@dataclass(slots=True)
class _Window:
    """The requests that still count against one limit."""

    limit: Limit
    in_flight: int = 0
    ended: deque[float] = field(default_factory=deque)

    def due(self, now: float) -> float:
        """Return when one more request fits: `now`, or later."""
        period = self.limit.period_s + _SLACK_S if self.limit.period_s else 0.0
        while self.ended and self.ended[0] + period <= now:
            self.ended.popleft()
        if self.in_flight + len(self.ended) < self.limit.count:
            return now
        return self.ended[0] + period if self.ended else now + _IN_FLIGHT_POLL_S


class Pacing:
    """Keeps the budget of one login; threads may share it.

    A request counts from its start until the period after its end, because it can have arrived at any moment between.
    """

    def __init__(
        self, clock: Clock, *, limited: bool, on_wait: OnWait = untold, memory: GatewayMemory | None = None
    ) -> None:
        """Pace by `clock` and tell each wait's seconds to `on_wait`; the end of a penalty is kept in `memory`.

        Without `limited` only the penalty of this process is kept, and no time is asked for before there is one.
        """
        self._clock = clock
        self._on_wait = on_wait
        self._memory = memory if memory is not None else ProcessMemory()
        self._windows = tuple(_Window(limit) for limit in LIMITS) if limited else ()
        self._lock = threading.Lock()
        self._opens = clock.monotonic() + QUIET_AT_START_S + _SLACK_S if limited else 0.0
        self._probe_due: float | None = None
        self._end: datetime | None = None
        self._kept = True
        if limited:
            self._recall()

    @property
    def penalised(self) -> bool:
        """Whether the API said "too many requests" and no probe has got through since."""
        return self._probe_due is not None

    @contextmanager
    def request(self, verb: str, path: str, *, probe: bool = False) -> Iterator[None]:
        """Wait until the request fits the budget, and count it while the block runs.

        Raises: Suspended, but for one probe a minute; CutShort, a control ended the wait.
        """
        call = f"{verb} {path}"
        self.keep()
        self._check_penalty(call, probe=probe)
        windows = [window for window in self._windows if window.limit.pattern.fullmatch(call)]
        if not windows:
            # Without limits no time is asked for: a simulated clock may be as far away as the gateway.
            yield
            return
        self._take(call, windows, probe=probe)
        try:
            yield
        finally:
            self._give_back(windows)

    def penalise(self) -> None:
        """Suspend requests: the API answered 429. A penalty that had an end keeps it until then."""
        with self._lock:
            self._probe_due = self._clock.monotonic() + PROBE_EVERY_S
            if self._windows and (self._end is None or self._end <= self._clock.now()):
                self._end = self._clock.now() + PENALTY
                self._kept = False

    def forgive(self) -> None:
        """Resume requests: a probe got an answer that was not 429."""
        with self._lock:
            self._probe_due = None
            self._kept = self._kept and self._end is None
            self._end = None

    def keep(self) -> None:
        """Have the end of the penalty kept, where that has changed; called before each request, at least."""
        with self._lock:
            if not self._kept:
                self._memory.keep_penalty_end(self._end)
                self._kept = True

    def _suspended(self) -> str:
        return SUSPENDED if self._end is None else f"{SUSPENDED}, which ends at about {self._end:%H:%M} UTC"

    def _recall(self) -> None:
        """Go on with the penalty of an earlier process, whose last probe may have been a moment ago."""
        end, now = self._memory.penalty_end(), self._clock.now()
        if end is not None and end > now:
            self._end = min(end, now + PENALTY)
            self._probe_due = self._clock.monotonic() + PROBE_EVERY_S

    def _check_penalty(self, call: str, *, probe: bool) -> None:
        with self._lock:
            if self._probe_due is None:
                return
            now = self._clock.monotonic()
            if not probe or now < self._probe_due:
                raise Suspended(mask_accounts(call), self._suspended())
            self._probe_due = now + PROBE_EVERY_S

    def _take(self, call: str, windows: list[_Window], *, probe: bool) -> None:
        started = self._clock.monotonic()
        interrupted = 0
        while True:
            with self._lock:
                if self._probe_due is not None and not probe:
                    # Another request was told "too many" while this one waited.
                    raise Suspended(mask_accounts(call), self._suspended())
                now = self._clock.monotonic()
                due = max([self._opens, *(window.due(now) for window in windows)])
                if due <= now:
                    for window in windows:
                        window.in_flight += 1
                    break
            self._clock.wait(self._clock.now() + timedelta(seconds=due - now + _ROUNDING_S))
            if self._clock.monotonic() < due:
                interrupted += 1
                if interrupted > _WAITS:
                    raise CutShort(mask_accounts(call), "the wait for the request budget was ended early")
        self._on_wait(now - started)

    def _give_back(self, windows: list[_Window]) -> None:
        with self._lock:
            now = self._clock.monotonic()
            for window in windows:
                window.in_flight -= 1
                if window.limit.period_s:
                    window.ended.append(now)

"""The two clocks: the machine's own, and in lockstep with a simulated market, whose time moves only while we wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from trading.errors import GatewayError, OutcomeUnknown
from trading.gateway.json_text import JsonError, read_json, write_json
from trading.gateway.transport import Transport

# A wait is looked at anew this often, so that a clock that was set is noticed.
_LOOK_S = 30.0
# Two clocks that are not set need not tick alike.
_APART_S = 1.0
_READ_S = 60.0
# In a slow market people and the session are looked at meanwhile, as often as a live one is.
_LONGEST_REST_S = 60.0
# The longest wait, in market time, between two tries or two looks at the same thing.
_SHORT_S = 60.0
_SHORT_REST_S = 1.0
# No limit on requests that are made in every turn has a longer period.
_MOMENT_S = 6.0
_GOOD = 200
DAY_S = 86_400.0
# From a completed bar to the next morning's orders; a weekend is shown as long as any other night.
LONGEST_STEP_S = 16.25 * 3600.0


class WakeUp:
    """Ends waits early: somebody wants something, or the process has to stop. Safe to use from a signal handler."""

    def __init__(self, waiting: Callable[[float], AbstractContextManager[object]] = nullcontext) -> None:
        """Begin with nobody wanting anything; `waiting` is told of each wait while it lasts, and its longest end."""
        self._waiting = waiting
        self._event = threading.Event()
        self._stopping = False
        self.stopped_by = ""
        """who asked for the end, in words"""

    def request_stop(self, by: str = "") -> None:
        """Ask the process to end. Sets flags only: a handler must not touch a lock that its own thread may hold."""
        self.stopped_by = self.stopped_by or by
        self._stopping = True

    @property
    def stopping(self) -> bool:
        """Return whether the process has to end."""
        return self._stopping

    def wake(self) -> None:
        """End the present wait, and all that begin before `taken_up`."""
        self._event.set()

    def taken_up(self) -> None:
        """Whoever wanted something is being served."""
        if not self._stopping:
            self._event.clear()

    @property
    def wanted(self) -> bool:
        """Return whether somebody wants something or the process has to end."""
        return self._stopping or self._event.is_set()

    def sleep(self, seconds: float) -> bool:
        """Wait real seconds; return False when that was ended early."""
        limit_s = max(seconds, 0.0)
        with self._waiting(limit_s):
            return not (self._stopping or self._event.wait(limit_s))


class SystemClock:
    """The machine's clock."""

    def __init__(self, wake: WakeUp) -> None:
        """Let `wake` end waits."""
        self._wake = wake

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def wait(self, until: datetime) -> None:
        """Return at `until`, or when somebody wants something; a clock that is set back makes no wait longer."""
        wanted_s = (until - self.now()).total_seconds()
        over = self.monotonic() + wanted_s + _APART_S
        while not self._wake.wanted:
            left = min((until - self.now()).total_seconds(), over - self.monotonic())
            if left <= 0.0:
                return
            self._wake.sleep(min(left, _LOOK_S))


@dataclass(frozen=True, slots=True)
class _Facts:
    now: datetime
    ended: bool


class LockstepClock:
    """The simulator's clock: it stands while we work and moves, up to the next event of the account, while we wait.

    With `seconds_per_day` a simulated day takes that many real seconds at least.
    """

    def __init__(self, transport: Transport, wake: WakeUp, seconds_per_day: float) -> None:
        """Ask the simulator's control through `transport`; nothing is asked before the first use."""
        self._transport = transport
        self._wake = wake
        self._seconds_per_day = seconds_per_day
        self._facts: _Facts | None = None
        self._in_doubt = False
        self._debt_s = 0.0

    def now(self) -> datetime:
        """Return the simulated time; while the simulator is away, that which it told last.

        Raises: GatewayError, it has never told any.
        """
        return self._known().now

    def monotonic(self) -> float:
        """Return simulated seconds.

        Raises: GatewayError, as `now`.
        """
        return self._known().now.timestamp()

    @property
    def ended(self) -> bool:
        """Return whether the market has come to the end of its data."""
        return self._facts is not None and self._facts.ended

    def wait(self, until: datetime) -> None:
        """Let the market go on to `until`, or to the first fill or change of an order of the account.

        Where more than a minute of real time is due before it moves, it returns after one, and only a moment on. A wait
        of a minute at most is a part of something that goes on: it takes a real second at most, the rest is due later.

        Raises: GatewayError, the simulator can't be asked; it is asked for its time before the next use.
        """
        before = self._known().now
        short = (until - before).total_seconds() <= _SHORT_S
        rest_s = min(self._debt_s, _SHORT_REST_S if short else _LONGEST_REST_S)
        if not self._wake.sleep(rest_s):
            return
        self._debt_s -= rest_s
        if self._debt_s > 0.0 and not short:
            until = before + timedelta(seconds=_MOMENT_S)
        if until <= before:
            return
        self._in_doubt = True
        self._facts = self._ask("POST", "/advance", write_json({"to": until.isoformat(), "stop_on_event": True}))
        self._in_doubt = False
        moved = min((self._facts.now - before).total_seconds(), LONGEST_STEP_S)
        self._debt_s += self._seconds_per_day * moved / DAY_S

    def _known(self) -> _Facts:
        if self._facts is not None and not self._in_doubt:
            return self._facts
        try:
            self._facts = self._ask("GET", "/clock", None)
            self._in_doubt = False
        except GatewayError:
            # A halt has to be written down with the gateway away too.
            if self._facts is None:
                raise
        return self._facts

    def _ask(self, verb: str, path: str, body: bytes | None) -> _Facts:
        call = f"{verb} /sim{path}"
        answer = self._transport.exchange(verb, path, None, body, _READ_S)
        if answer.status != _GOOD:
            raise OutcomeUnknown(call, "this gateway is not the simulated one", answer.status)
        try:
            value: Any = read_json(answer.body)
            return _Facts(datetime.fromisoformat(value["now"]).astimezone(UTC), value["ended"] is True)
        except (JsonError, KeyError, TypeError, ValueError) as error:
            raise OutcomeUnknown(call, "the answer is of no use") from error

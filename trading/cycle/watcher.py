"""Two threads beside the loop, which hear people and signals whatever the loop is doing."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import FrameType, MappingProxyType
from typing import Protocol

from trading.background import repeated
from trading.cycle.operator_requests import OperatorRequests

LOOK_S = 0.1
# Requests are files: half a second is soon enough.
REQUESTS_S = 0.5
# start.sh kills after 20 s, Docker and systemd later: who is killed can't say any more who ended it.
END_WITHIN_S = 17.0
STOPPED_BY = MappingProxyType(
    {
        signal.SIGTERM: "the signal SIGTERM, as start.sh, Docker and systemd send it",
        signal.SIGINT: "Ctrl-C",
    }
)
"""who asks for the end of the process by a signal"""


class WakeUp(Protocol):
    """What ends the loop's waits."""

    @property
    def stopping(self) -> bool:
        """Return whether the process has to end."""

    def request_stop(self, by: str = "") -> None:
        """Ask the process to end; safe in a signal handler. `by` says in words who asks."""

    def wake(self) -> None:
        """End the present wait."""


@dataclass(frozen=True, slots=True)
class OnStop:
    """What follows when somebody asks the process to end.

    `asked` is called at once, and `force_end`, which ends the process, where it still runs `END_WITHIN_S` later.
    """

    asked: Callable[[], object]
    force_end: Callable[[], object]


class Watcher:
    """Halts and flattens within half a second, wakes the loop for all else, and ends a process that won't stop."""

    def __init__(
        self,
        wake: WakeUp,
        requests: OperatorRequests,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        on_stop: OnStop,
    ) -> None:
        """Take `now` from a clock that asks nobody, and `monotonic` from a real one."""
        self._wake = wake
        self._requests = requests
        self._now = now
        self._monotonic = monotonic
        self._on_stop = on_stop
        self._asked_at: float | None = None

    def look_for_requests(self) -> None:
        """Take up what can't wait for the loop, every `REQUESTS_S`."""
        if self._requests.take_up_urgent(self._now()):
            self._wake.wake()

    def look_for_stop(self) -> None:
        """See whether the process has to end, every `LOOK_S`."""
        if not self._wake.stopping:
            return
        self._wake.wake()
        if self._asked_at is None:
            self._asked_at = self._monotonic()
            self._on_stop.asked()
        elif self._monotonic() - self._asked_at >= END_WITHIN_S:
            # Everything that counts is committed; the next start goes on from there.
            self._on_stop.force_end()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look beside the block, and let SIGTERM and SIGINT ask for the end of the process."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            self._wake.request_stop(STOPPED_BY[signal.Signals(number)])

        before = {number: signal.signal(number, on_signal) for number in STOPPED_BY}
        try:
            # Each in a thread of its own: a request that waits for a locked file puts off no end.
            with (
                repeated(self.look_for_stop, LOOK_S, "stop watcher"),
                repeated(self.look_for_requests, REQUESTS_S, "request watcher"),
            ):
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

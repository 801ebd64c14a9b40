"""A thread beside the loop, which hears people and signals whatever the loop is doing."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType, MappingProxyType
from typing import Protocol

from trading.background import repeated
from trading.cycle.operator_requests import OperatorRequests

LOOK_S = 0.1
# Requests are files: half a second is soon enough.
REQUESTS_EVERY = 5
# The supervisor gives 25 s; a read that hangs must not turn a clean end into a killed one.
END_WITHIN_S = 22.0
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


class Watcher:
    """Halts and flattens within half a second, wakes the loop for all else, and ends a process that won't stop."""

    def __init__(
        self,
        wake: WakeUp,
        requests: OperatorRequests,
        now: Callable[[], datetime],
        end_process: Callable[[], object],
    ) -> None:
        """Take `now` from a clock that asks nobody; `end_process` at once, where the loop hangs at the end."""
        self._wake = wake
        self._requests = requests
        self._now = now
        self._end_process = end_process
        self._looks = 0
        self._stopping_s = 0.0

    def look(self) -> None:
        """Do what is due, every `LOOK_S`."""
        self._looks += 1
        if self._wake.stopping:
            self._wake.wake()
            self._stopping_s += LOOK_S
            if self._stopping_s >= END_WITHIN_S:
                # Everything that counts is committed; the next start goes on from there.
                self._end_process()
        if self._looks % REQUESTS_EVERY == 0 and self._requests.take_up_urgent(self._now()):
            self._wake.wake()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look beside the block, and let SIGTERM and SIGINT ask for the end of the process."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            self._wake.request_stop(STOPPED_BY[signal.Signals(number)])

        before = {number: signal.signal(number, on_signal) for number in STOPPED_BY}
        try:
            with repeated(self.look, LOOK_S, "watcher"):
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

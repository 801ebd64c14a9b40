"""Simulated time against real time: at speed 0 it stands until it is moved, else it runs `speed` times as fast."""

from __future__ import annotations

import time
from collections.abc import Callable


class RunningClock:
    """Tells where the simulated clock should be by now."""

    def __init__(
        self, speed: float, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        """Run `speed` simulated seconds a real one."""
        self.speed = speed
        self._monotonic = monotonic
        self._wall = wall
        self._real = monotonic()
        self._simulated = 0

    def set(self, instant: int) -> None:
        """Go on from `instant`."""
        self._real = self._monotonic()
        self._simulated = instant

    def due(self) -> int | None:
        """Return the instant that is reached by now, None for a clock that stands."""
        if self.speed <= 0.0:
            return None
        return self._simulated + int((self._monotonic() - self._real) * self.speed * 1_000_000)

    def real(self) -> float:
        """Return real seconds, for limits on calls."""
        return self._monotonic()

    def wall_ms(self) -> int:
        """Return the time of day, milliseconds since 1970: clients hold a heartbeat against their own clock."""
        return int(self._wall() * 1000)

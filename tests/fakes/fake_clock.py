"""A clock that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta


class FakeClock:
    """Time that moves only by waiting."""

    def __init__(self, now: datetime) -> None:
        self.time = now
        self.waits: list[datetime] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def wait(self, until: datetime) -> None:
        self.waits.append(until)
        self.time = max(self.time, until)

    def go(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

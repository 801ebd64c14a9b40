"""Real time for the dashboard: wall-clock time for what a person reads, monotonic time for every age and limit."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class WebClock(Protocol):
    """What the dashboard needs of time; tests pass one that they move by hand."""

    def now(self) -> datetime:
        """Return wall-clock time, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return wall-clock time, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

"""What the dashboard needs of time: wall-clock time for what a person reads, monotonic time for every age and limit."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class WebClock(Protocol):
    """`trading.monitoring.wall_clock.WallClock`, or one that a test moves by hand."""

    def now(self) -> datetime:
        """Return wall-clock time, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

"""The time of people, for what they type at a shell; trading has its own clock, which may be simulated."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Return after `seconds`."""
        time.sleep(seconds)

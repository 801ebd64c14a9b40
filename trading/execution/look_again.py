"""When the broker is to be looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

POLL_S = 5.0


@dataclass(slots=True)
class LooksAgain:
    """Something that asks for another look at a time."""

    look_again: datetime | None = None

    def again(self, at: datetime) -> None:
        """Ask for another look at `at`, or earlier if somebody asked for that."""
        self.look_again = at if self.look_again is None else min(self.look_again, at)

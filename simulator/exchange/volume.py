"""The volume rule: what our orders get of a symbol's trading while fills are partial."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import instants

SLICE_US = instants.MINUTE
"""in each minute of the session our orders get their share once"""


@dataclass(slots=True)
class _Taken:
    session: int
    minute: int
    in_minute: int = 0
    in_session: int = 0


class Participation:
    """Shares that our orders may still have: a fraction of the session's volume each minute, all of them together.

    Over a whole session they never get more than its volume.
    """

    def __init__(self, fraction: float) -> None:
        """Fill in parts of `fraction` of a session's volume; with 0 there is no limit."""
        self.fraction = fraction
        self._taken: dict[int, _Taken] = {}

    def room(self, column: int, session: int, minute: int, volume: float) -> int | None:
        """Return how many shares a fill in this minute may still have, None for any number."""
        if self.fraction <= 0.0:
            return None
        taken = self._of(column, session, minute)
        a_minute = max(1, int(volume * self.fraction)) - taken.in_minute
        return max(0, min(a_minute, max(1, int(volume)) - taken.in_session))

    def take(self, column: int, session: int, minute: int, quantity: int) -> None:
        """Count a fill."""
        if self.fraction > 0.0:
            taken = self._of(column, session, minute)
            taken.in_minute += quantity
            taken.in_session += quantity

    def _of(self, column: int, session: int, minute: int) -> _Taken:
        taken = self._taken.get(column)
        if taken is None or taken.session != session:
            taken = self._taken[column] = _Taken(session, minute)
        if taken.minute != minute:
            taken.minute, taken.in_minute = minute, 0
        return taken

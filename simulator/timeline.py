"""What is to happen at instants of simulated time."""

from __future__ import annotations

from collections.abc import Callable

Action = Callable[[], object]


class Timeline:
    """Actions in the order of their instants, then in that in which they were added."""

    def __init__(self) -> None:
        """Start with none."""
        self._entries: list[tuple[int, Action]] = []

    def add(self, at_us: int, action: Action) -> None:
        """Let `action` happen at `at_us`."""
        self._entries.append((at_us, action))
        self._entries.sort(key=lambda entry: entry[0])

    def next_us(self) -> int | None:
        """Return the next instant at which something is to happen, None when nothing is."""
        return self._entries[0][0] if self._entries else None

    def pop(self) -> Action:
        """Return the next action, and forget it.

        Raises:
            IndexError: there is none.
        """
        return self._entries.pop(0)[1]

"""How often visitors who are nobody did the same thing: counted and summed up, so that they can't fill a log."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

from webapp.clock import WebClock

FIRST_WINDOW_S = 60.0
LONGEST_WINDOW_S = 3600.0
QUIET_S = 3600.0
MOST_KINDS = 64
MOST_ADDRESSES = 5
_REST = ("other", "")

Kind = tuple[str, str]
"""what happened, and its cause"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What of one kind happened since `since` and stands in no line of its own."""

    kind: Kind
    count: int
    since: datetime
    addresses: tuple[str, ...]
    """the first few that it came from"""


@dataclass(slots=True)
class _Window:
    began_s: float
    since: datetime
    last_s: float
    length_s: float = FIRST_WINDOW_S
    told: int = 0
    count: int = 0
    addresses: dict[str, None] = field(default_factory=dict)


class Noise:
    """Tells what is worth a line of its own, and sums up the rest.

    The first sum of a kind comes after a minute and each one after twice the time of the one before, up to an hour;
    only an hour without any of it starts anew. However somebody paces what he sends, a kind makes no more than some
    ten lines in two hours: a log of 20 MB holds years of that.
    """

    def __init__(self, clock: WebClock) -> None:
        """Start with silence."""
        self._clock = clock
        self._windows: dict[Kind, _Window] = {}
        self._lock = threading.Lock()

    def is_news(self, kind: Kind, address: str, most: int = 1) -> bool:
        """Return whether this one is among the first `most` since it was quiet; else count it for the next sum."""
        now_s = self._clock.monotonic()
        with self._lock:
            window = self._window(kind, now_s)
            window.last_s = now_s
            if window.told < most:
                window.told += 1
                return True
            window.count += 1
            if len(window.addresses) < MOST_ADDRESSES:
                window.addresses[address] = None
            return False

    def due(self) -> tuple[Summary, ...]:
        """Return the sums whose time has come, each once."""
        now_s = self._clock.monotonic()
        sums = []
        with self._lock:
            for kind, window in self._windows.items():
                if window.count == 0 or now_s - window.began_s < window.length_s:
                    continue
                sums.append(Summary(kind, window.count, window.since, tuple(window.addresses)))
                window.began_s, window.since = now_s, self._clock.now()
                window.length_s = min(2.0 * window.length_s, LONGEST_WINDOW_S)
                window.count = 0
                window.addresses.clear()
        return tuple(sums)

    def rest(self) -> tuple[Summary, ...]:
        """Return what has been counted and not summed up yet, for the end."""
        with self._lock:
            return tuple(
                Summary(kind, window.count, window.since, tuple(window.addresses))
                for kind, window in self._windows.items()
                if window.count
            )

    def _window(self, kind: Kind, now_s: float) -> _Window:
        known = self._windows.get(kind)
        if known is None and len(self._windows) >= MOST_KINDS:
            kind = _REST
            known = self._windows.get(kind)
        if known is not None and (now_s - known.last_s < QUIET_S or known.count):
            return known
        made = self._windows[kind] = _Window(now_s, self._clock.now(), now_s)
        return made

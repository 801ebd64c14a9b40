"""How often the trading process looks while something is in its way.

With a simulated gateway it waits for the account's next event, since nothing can happen in between; but what a fault
hides shows later without one. A live system looks every few seconds while an order is open; here it is woken after
5, 10, 20 seconds and so on, for ten minutes after something was in the way.

Where it looks every few seconds by itself and nothing comes of it for a while, it is made to look less often: a
position that nobody covers all day would cost thousands of equal turns. Not after the first turn in whose way nothing
was any more, and not for a minute after a long trouble: what shows for the first time may need other looks soon.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drill.clock import RunClock

FIRST_S, LAST_S = 5.0, 320.0
SHORT_S = 10.0
IDLE_S = 120.0
SECOND_US = 1_000_000
PRE_OPEN_US = 100 * 60 * SECOND_US
MOST_LOOKS = 200
"""extra looks of one run: each costs as much as a turn"""
UNEVENTFUL = ((120.0, 0.0), (600.0, 15.0), (3600.0, 60.0), (float("inf"), 120.0))
"""while nothing was sent and nothing happened to the account for less than so many seconds: how long a wait in the
session lasts at least"""
LONG_S, SOON_S = 600.0, 60.0
"""after a trouble of so many seconds it looks for so many as often as it wants"""
PIECES = 6
"""a pause after a failure comes in short pieces, mostly more than these"""


Event = dict[str, object]


class Traffic(Protocol):
    """What is known of the trading process's calls."""

    calls: int
    """how many there were"""
    writes: int
    """how many of them wanted something to be done"""
    troubled: bool
    """whether something was in the way of one since it was last set to False"""


class Looks:
    """Notes each turn, and says how long the wait after it may be.

    A turn ends with a wait, and some waits are in the middle of one: which it was shows when the next turn begins.
    """

    def __init__(self, clock: RunClock, line: Traffic, note: Callable[..., Event]) -> None:
        """Watch `line`, and tell `note` of each turn whether something was in its way."""
        self._clock = clock
        self._line = line
        self._note = note
        self._next_s: float | None = None
        self._left = MOST_LOOKS
        self._waited: Event | None = None
        self._began = clock.now().isoformat()
        self._last = (0, 0)
        self._since = 0.0
        self._was_open = False
        self._over = False
        self._failed = False
        self._troubled_before = False
        self._trouble_at: float | None = None
        self._often_until = 0.0
        clock.wake.on_turn = self._begins
        clock.length_of = self._length_of
        clock.shortest_pause = self._shortest_pause

    def _begins(self) -> None:
        """A turn begins: the last wait, if nothing was asked since, was the end of the one before."""
        if self._waited is not None and self._waited["calls"] == self._line.calls:
            self._waited["kind"] = "turn"
        self._waited = None
        self._began = self._clock.now().isoformat()
        self._troubled_before = self._line.troubled or self._failed
        self._note_trouble(self._clock.monotonic())
        self._line.troubled = False
        self._over = False
        self._failed = False

    def _note_trouble(self, now_s: float) -> None:
        if self._troubled_before and self._trouble_at is None:
            self._trouble_at = now_s
        elif not self._troubled_before and self._trouble_at is not None:
            if now_s - self._trouble_at >= LONG_S:
                self._often_until = now_s + SOON_S
            self._trouble_at = None

    def turn_is_over(self, *, failed: bool = False) -> None:
        """The turn has done what it had to, or failed: the next wait is for the next one."""
        self._over = True
        self._failed = failed
        if failed:
            self._note("turn", good=False, calls=self._line.calls, began=self._began)

    def _length_of(self, seconds: float) -> float:
        """Note a wait, and return how long it is."""
        troubled = self._line.troubled
        self._waited = self._note("pause", good=not troubled, calls=self._line.calls, began=self._began)
        if not self._over:
            return seconds
        shortest_s = self._shortest_s()
        often = self._troubled_before or self._clock.monotonic() < self._often_until
        if often and not (troubled or self._failed):
            shortest_s = 0.0
        if seconds <= max(SHORT_S, shortest_s):
            self._waited["stretched"] = seconds < shortest_s
            return max(seconds, shortest_s)
        if troubled and self._next_s is None:
            self._next_s = FIRST_S
        if self._next_s is None or not self._left or not self._at_stake():
            return seconds
        longest_s = self._next_s
        self._next_s = None if longest_s >= LAST_S else 2.0 * longest_s
        self._left -= 1
        return min(longest_s, seconds)

    def _shortest_pause(self) -> float:
        """Return how long a pause after a failure lasts at least: where nothing is at stake, nobody need hurry."""
        if not self._over:
            return 0.0
        if self._at_stake():
            return self._shortest_s() / PIECES
        return 0.0 if self._before_the_open() else IDLE_S

    def _shortest_s(self) -> float:
        """Return how long a wait in the session lasts at least, by how long nothing has come of any."""
        exchange = self._clock.simulator.broker.exchange
        now_s, seen = exchange.now_us / SECOND_US, (self._line.writes, exchange.events)
        # What was before the open tells nothing of the session.
        if seen != self._last or not self._was_open:
            self._last, self._since = seen, now_s
        self._was_open = exchange.is_open
        shortest_s = next(shortest for until, shortest in UNEVENTFUL if now_s - self._since < until)
        boundary = exchange.next_boundary()
        return shortest_s if boundary is None else min(shortest_s, boundary / SECOND_US - now_s)

    def _before_the_open(self) -> bool:
        exchange = self._clock.simulator.broker.exchange
        boundary = exchange.next_boundary()
        soon_us = exchange.now_us + PRE_OPEN_US
        return not exchange.is_open and boundary is not None and boundary <= soon_us

    def _at_stake(self) -> bool:
        """Return whether the market is open, with an order or a position of the account."""
        exchange = self._clock.simulator.broker.exchange
        held = any(position.quantity for position in exchange.account.positions.values())
        return exchange.is_open and (held or bool(exchange.book.live))

"""Who is connected: a place for each, and the one who keeps us waiting longest goes when a new one needs his place."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from enum import Enum

MOST_PLACES = 64
"""each has a thread, and in a container those count against pids_limit"""
FEWEST_PLACES = 8
_FILES_OF_THE_APPLICATION = 48
_FILES_OF_A_VISITOR = 2


def places(files: int) -> int:
    """Return how many connections there may be at once where the process may have so many `files` open, -1: any number.

    The application has to be able to open its templates and databases while all places are taken.
    """
    if files < 0:
        return MOST_PLACES
    return max(FEWEST_PLACES, min(MOST_PLACES, (files - _FILES_OF_THE_APPLICATION) // _FILES_OF_A_VISITOR))


class Phase(Enum):
    """What happens on a connection."""

    SENDING = "the client has to send a request, or the rest of it"
    ANSWERED = "the application works on a whole request"
    TAKING = "the client has to take the answer"


class Visitor:
    """One connection. Its fields change under the crowd's lock only."""

    def __init__(self, sock: socket.socket, since_s: float) -> None:
        """Begin with a client that has to send."""
        self.sock = sock
        self.phase = Phase.SENDING
        self.since_s = since_s
        self.sent_away = False


class Crowd:
    """All connections of a server; safe to be called from several threads.

    A client that sends or takes a byte every few seconds loses nothing but its own place: each newcomer is let in at
    once, in place of the one who has kept us waiting longest, and one that is not done in time goes anyway. Only while
    the application works on a request is its connection left alone: what was asked for is done, and answered.
    """

    def __init__(self, most: int, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep at most `most` connections; a client has `limit_s` to send a request and as long to take the answer."""
        self._most = most
        self._limit_s = limit_s
        self._clock = clock
        self._all: set[Visitor] = set()
        self._changed = threading.Condition()

    def make_room(self, wait_s: float) -> bool:
        """Return whether there is a place for one more, somebody sent away for it; False: all are being answered."""
        with self._changed:
            if len(self._all) < self._most:
                return True
            self.send_slowest_away()
            return self._changed.wait_for(lambda: len(self._all) < self._most, wait_s)

    def enter(self, sock: socket.socket) -> Visitor:
        """Return the visitor on a new connection, whose socket stays the caller's to close.

        Raises: OSError, there is no file descriptor left.
        """
        # A handle of our own on the same connection: TLS makes another object of the caller's in the middle of its use.
        visitor = Visitor(sock.dup(), self._clock())
        with self._changed:
            self._all.add(visitor)
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """Free a visitor's place."""
        with self._changed:
            visitor.sock.close()
            self._all.discard(visitor)
            self._changed.notify_all()

    def begin(self, visitor: Visitor, phase: Phase) -> bool:
        """Note what happens now, and its time; return False for one who was sent away: his request is not obeyed."""
        with self._changed:
            visitor.phase = phase
            visitor.since_s = self._clock()
            self._changed.notify_all()
            return not visitor.sent_away

    def send_slowest_away(self) -> None:
        """Send the one away who has kept us waiting longest, if there is one."""
        with self._changed:
            candidates = self._waited_for()
            if candidates:
                _send_away(min(candidates, key=lambda visitor: visitor.since_s))

    def send_late_away(self) -> None:
        """Send everybody away who had his time."""
        with self._changed:
            earliest = self._clock() - self._limit_s
            for visitor in self._waited_for():
                if visitor.since_s < earliest:
                    _send_away(visitor)

    def part(self, wait_s: float) -> bool:
        """Send everybody away who has sent no whole request; return whether the others were done within `wait_s`."""
        with self._changed:
            for visitor in self._waited_for():
                if visitor.phase is Phase.SENDING:
                    _send_away(visitor)
            return self._changed.wait_for(lambda: not self._all, wait_s)

    def _waited_for(self) -> list[Visitor]:
        return [visitor for visitor in self._all if visitor.phase is not Phase.ANSWERED and not visitor.sent_away]


def _send_away(visitor: Visitor) -> None:
    """Wake the thread that serves a visitor; the thread itself closes the connection."""
    visitor.sent_away = True
    try:
        visitor.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return

"""Who is connected: a place for each, the longest silent one goes when a new one needs its place."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Visitor:
    """One connection; while its request is worked on it keeps its place."""

    socket: socket.socket
    silent_since_s: float = field(default_factory=time.monotonic)
    answered: bool = False
    taking: bool = False
    """the answer is made, and the client has to take it"""
    sent_away: bool = False


class Visitors:
    """All connections of a server; safe to be called from several threads."""

    def __init__(self, most: int) -> None:
        """Keep at most `most` connections."""
        self._most = most
        self._all: set[Visitor] = set()
        self._changed = threading.Condition()

    def enter(self, sock: socket.socket, wait_s: float) -> Visitor | None:
        """Return a new visitor, None where within `wait_s` no place got free: everybody is being answered.

        Where all places are taken, the visitor who has been silent longest has to go: thousands of connections that
        say nothing, or one byte a second, keep nobody out, nor do those that don't take what they asked for.
        """
        with self._changed:
            if len(self._all) >= self._most:
                self._send_longest_silent_away()
                if not self._changed.wait_for(lambda: len(self._all) < self._most, wait_s):
                    return None
            visitor = Visitor(sock)
            self._all.add(visitor)
            return visitor

    def leave(self, visitor: Visitor) -> None:
        """Free a visitor's place."""
        with self._changed:
            self._all.discard(visitor)
            self._changed.notify_all()

    def begin_answer(self, visitor: Visitor) -> bool:
        """Mark a visitor as being answered; return False for one who was sent away: his request is not obeyed."""
        with self._changed:
            visitor.answered = not visitor.sent_away
            return visitor.answered

    def begin_taking(self, visitor: Visitor) -> None:
        """Mark a visitor as one that has to take its answer: it has its time for that, unless others need its place."""
        with self._changed:
            visitor.taking = True
            visitor.silent_since_s = time.monotonic()
            self._changed.notify_all()

    def end_answer(self, visitor: Visitor) -> None:
        """Mark a visitor as silent until its next request."""
        with self._changed:
            visitor.answered = visitor.taking = False
            visitor.silent_since_s = time.monotonic()
            self._changed.notify_all()

    def part(self, wait_s: float) -> bool:
        """Send everybody away who is silent, and return whether the others got their answers within `wait_s`."""
        with self._changed:
            for visitor in self._all:
                if not visitor.answered:
                    _send_away(visitor)
            return self._changed.wait_for(lambda: not any(visitor.answered for visitor in self._all), wait_s)

    def _send_longest_silent_away(self) -> None:
        silent = [
            visitor for visitor in self._all if (visitor.taking or not visitor.answered) and not visitor.sent_away
        ]
        if silent:
            _send_away(min(silent, key=lambda visitor: visitor.silent_since_s))


def _send_away(visitor: Visitor) -> None:
    """Wake the thread that reads from a visitor; the thread itself closes the connection."""
    visitor.sent_away = True
    try:
        # Not ssl's own shutdown, which would change the object under the reading thread.
        socket.socket.shutdown(visitor.socket, socket.SHUT_RDWR)
    except OSError:
        return

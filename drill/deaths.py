"""Where the trading process dies: at its nth call, statement or commit. What is left are its files, as after a kill."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from drill.schedule import Kill
from drill.statements import written


class Death(BaseException):
    """The trading process is gone; nothing that it leaves on the way out may count."""

    def __init__(self, kill: Kill) -> None:
        """Say at which point."""
        super().__init__(kill.point)
        self.kill = kill


class StuckError(BaseException):
    """The trading process works and works, and its time does not move."""


class CutShortError(BaseException):
    """The run takes longer than it is worth: it ends here, and is judged by what has to hold at each moment alone."""


class Reaper:
    """Counts what the process does, and ends it where the schedule says; once dead, nothing of it works any more."""

    def __init__(self, kills: Sequence[Kill], on_death: Callable[[Kill], object]) -> None:
        """Tell `on_death` each death."""
        self._left = list(kills)
        self._counts: Counter[tuple[str, str | None]] = Counter()
        self._on_death = on_death
        self._dead: Death | None = None
        self._there = True
        self._armed = True

    def revive(self) -> None:
        """A new process begins; the counts go on."""
        self._dead = None
        self._there = True

    def gone(self) -> None:
        """The process has ended: until the next one begins nobody is there to be killed."""
        self._there = False

    def disarm(self) -> None:
        """Nobody dies any more, and nothing is counted."""
        self._left.clear()
        self._armed = False

    def check(self) -> None:
        """Let only the living go on.

        Raises: Death.
        """
        if self._dead is not None:
            raise self._dead

    def passing(self, point: str, *about: str) -> None:
        """Note that the process is at a point, and what it is doing there.

        Raises: Death, it is the one.
        """
        self.check()
        if not self._armed:
            return
        under_way = (None, *dict.fromkeys(about))
        for each in under_way:
            self._counts[point, each] += 1
        for kill in tuple(self._left):
            if kill.point == point and kill.about in under_way and self._counts[point, kill.about] == kill.nth:
                self.kill(kill)

    @property
    def counts(self) -> Counter[tuple[str, str | None]]:
        """Return how often a process was at each point where it could have died, in all and by what it did there."""
        return self._counts.copy()

    def kill(self, kill: Kill) -> None:
        """End the process here, unless this death has been or is not to be any more, or nobody is there.

        Raises: Death.
        """
        if kill not in self._left:
            return
        self._left.remove(kill)
        if not self._there:
            return
        self._on_death(kill)
        self._dead = Death(kill)
        raise self._dead

    def connect(self) -> Callable[..., sqlite3.Connection]:
        """Return what opens the database with this reaper looking on."""
        return partial(sqlite3.connect, factory=partial(_MortalConnection, self))


class _MortalConnection(sqlite3.Connection):
    """A connection of a process that can die at each statement, page of a copy, and before and after each commit."""

    def __init__(self, reaper: Reaper, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (sqlite3's own)
        reaper.passing("opening")
        super().__init__(*arguments, **options)
        self._reaper = reaper
        self._written: list[str] = []
        """what the open transaction has written so far"""

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401
        if sql == "ROLLBACK":
            # What was not committed is gone with the process in any case.
            return super().execute(sql, parameters)
        if sql != "COMMIT":
            self._passing_statement(sql, parameters)
            return super().execute(sql, parameters)
        self._reaper.passing("commit_before", *self._written)
        cursor = super().execute(sql, parameters)
        self._reaper.passing("commit_after", *self._written)
        return cursor

    def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:  # noqa: ANN401
        self._passing_statement(sql, ())
        return super().executemany(sql, parameters)

    def backup(self, target: sqlite3.Connection, **options: Any) -> None:  # noqa: ANN401
        """Copy page by page, and look after each."""
        self._reaper.passing("backup")
        options |= {"pages": 1, "progress": lambda *_: self._reaper.passing("backup")}
        super().backup(target, **options)

    def _passing_statement(self, sql: str, parameters: Sequence[object]) -> None:
        """A statement is under way: it counts for what it writes, and for what its transaction has written."""
        if not self.in_transaction:
            self._written = []
        self._written += written(sql, parameters)
        self._reaper.passing("statement", *self._written)

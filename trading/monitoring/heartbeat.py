"""The trading process's heartbeat: what the loop is doing, written each second by a thread that does nothing else.

The file says more than that the process lives: a loop that is stuck in a step is told from one whose gateway hangs.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from trading.background import repeated
from trading.model.account import hide_accounts
from trading.model.boot_time import BootTime
from trading.monitoring.sign_of_life import LONG_AGO_S, MOST_BYTES, STARTS, Beat
from trading.ports import Log

BEAT_S = 1.0
PUBLISHED_EVERY = 5
"""with so many beats what else is shown is brought up to date: numbers need not be as fresh as a sign of life"""
STEP_S = 60.0
"""what a step may take beside its calls and waits, unless it says otherwise"""
# A call that was not answered is so until it is asked again, after a pause, which is a minute at most while something
# is at stake. What is asked no more is unanswered no longer.
_STILL_SILENT_S = 90.0
# The file keeps its length, so that a full disk takes the next beat too.
_LENGTH = MOST_BYTES
_LONGEST_TEXT = 200
STUCK_BEATS = 120
"""so many beats with a stuck loop are enough: nothing but a new start helps then"""
EXIT_STUCK = 70
"""the exit code of a process whose loop got stuck: an error of the software itself, as sysexits.h has it"""


@dataclass(frozen=True, slots=True)
class _Task:
    """A call or a wait that goes on."""

    began: float
    limit_s: float
    call: str = ""


@dataclass(frozen=True, slots=True)
class _Silence:
    """A call without an answer: since when, by the two clocks, and when it was asked last."""

    began: float
    told: str
    asked: float


class Heartbeat:
    """`trading.ports.Progress`, kept in memory; every method may be called from any thread."""

    def __init__(self, monotonic: Callable[[], float], now: Callable[[], datetime]) -> None:
        """Begin with the step "starts". `monotonic` and `now` are real clocks."""
        self._monotonic, self._now = monotonic, now
        self._lock = threading.Lock()
        began = monotonic()
        self._step, self._step_began, self._step_limit_s = STARTS, began, 300.0
        self._moved = began
        self._tasks: dict[object, _Task] = {}
        self._silences: dict[str, _Silence] = {}
        self._answered_at = float("-inf")
        self._due_since: float | None = began
        self._whole, self._unproven = False, True
        self._unstored = ""
        self._ended = ("", "")

    @contextmanager
    def step(self, name: str, limit_s: float = STEP_S) -> Iterator[None]:
        """Do a step of the loop; one within another returns to that."""
        with self._lock:
            outer = (self._step, self._step_began, self._step_limit_s)
            self._step, self._step_limit_s = name, limit_s
            self._step_began = self._moved = self._monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._step, self._step_began, self._step_limit_s = outer
                self._moved = self._monotonic()

    @contextmanager
    def calling(self, call: str, limit_s: float, *, counts: bool = True) -> Iterator[None]:
        """Ask the gateway; a block that is left by an exception was not answered.

        Whether a call is answered is told by itself: that another one is says nothing of it. One that does not count,
        such as that for a simulated market's time, tells nothing of the gateway's other answers.
        """
        with self._lock:
            now = self._monotonic()
            silence = self._silences.get(call) or _Silence(now, self._now().isoformat(), now)
            self._silences[call] = replace(silence, asked=now)
        with self._task(limit_s, call):
            yield
            with self._lock:
                self._silences.pop(call, None)
                if counts:
                    self._answered_at = self._monotonic()

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Wait, for at most so long."""
        with self._task(max(seconds, 0.0)):
            yield

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Wait until the next cycle is due."""
        with self._lock:
            if self._whole:
                self._due_since = None
        try:
            with self.step("waits for the next cycle"):
                yield
        finally:
            with self._lock:
                if self._due_since is None:
                    self._due_since = self._monotonic()

    def cycle_ended(self, *, whole: bool) -> None:
        """Tell that a cycle came to its end."""
        with self._lock:
            self._whole = whole
            if whole:
                self._unproven = False
                self._due_since = self._monotonic()
                asked = {task.call for task in self._tasks.values()}
                self._silences = {call: silence for call, silence in self._silences.items() if call in asked}

    def unstored(self, problem: str) -> None:
        """Tell why the store can't be written; empty where it can."""
        told = hide_accounts(problem)[:_LONGEST_TEXT] if problem else ""
        with self._lock:
            self._unstored = told

    def end(self, by: str) -> None:
        """Tell that the process ends because somebody, `by` in words, asked for that."""
        with self._lock:
            self._ended = (self._now().isoformat(), hide_accounts(by)[:_LONGEST_TEXT])

    def beat(self) -> Beat:
        """Return what holds now."""
        with self._lock:
            now = self._monotonic()
            call, silence = self._silence(now)
            return Beat(
                step=self._step,
                step_s=round(now - self._step_began, 1),
                over_s=round(self._over_s(now), 1),
                call=call[:_LONGEST_TEXT],
                silence_s=0.0 if silence is None else round(now - silence.began, 1),
                silent_since="" if silence is None else silence.told,
                answers=silence is not None and self._answered_at > silence.began,
                answered_s=min(round(now - self._answered_at, 1), LONG_AGO_S),
                overdue_s=0.0 if self._due_since is None else round(now - self._due_since, 1),
                unproven=self._unproven,
                unstored=self._unstored,
                ended_at=self._ended[0],
                ended_by=self._ended[1],
            )

    @contextmanager
    def _task(self, limit_s: float, call: str = "") -> Iterator[None]:
        key = object()
        with self._lock:
            self._tasks[key] = _Task(self._monotonic(), limit_s, call)
        try:
            yield
        finally:
            with self._lock:
                del self._tasks[key]
                self._moved = self._monotonic()

    def _over_s(self, now: float) -> float:
        """Return how far the loop is past what it may take: of what goes on beside each other, the least."""
        if self._tasks:
            return min(now - task.began - task.limit_s for task in self._tasks.values())
        return now - self._moved - self._step_limit_s

    def _silence(self, now: float) -> tuple[str, _Silence | None]:
        """Return the call that has been without an answer for longest."""
        asked = {task.call for task in self._tasks.values()}
        for call in [call for call in self._silences if call not in asked]:
            if now - self._silences[call].asked > _STILL_SILENT_S:
                del self._silences[call]
        oldest = min(self._silences.items(), key=lambda item: item[1].began, default=None)
        return ("", None) if oldest is None else oldest


class HeartbeatFile:
    """Where the beats are written, over each other; what can't be written is lost and stops nothing."""

    def __init__(self, path: Path, boot_time: Callable[[], BootTime]) -> None:
        """Write to `path`; `boot_time` tells the moment of each beat."""
        self._path = path
        self._boot_time = boot_time

    def write(self, beat: Beat) -> bool:
        """Write one beat; return whether that was possible."""
        at = self._boot_time()
        told = {name: getattr(beat, name) for name in Beat.__slots__ if name != "age_s"}
        text = json.dumps({"boot_id": at.boot_id, "boot_s": at.seconds, **told}, ensure_ascii=False)
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                return os.pwrite(descriptor, text.encode("utf-8", "replace").ljust(_LENGTH)[:_LENGTH], 0) == _LENGTH
            finally:
                os.close(descriptor)
        return False


class Pulse:
    """The thread that writes the beats, and ends a process whose loop is stuck for good."""

    def __init__(
        self,
        heartbeat: Heartbeat,
        file: HeartbeatFile,
        publish: Callable[[], object],
        when_stuck: Callable[[Beat], object],
    ) -> None:
        """Call `publish` with every fifth one, and `when_stuck` once the loop has been stuck for two minutes."""
        self._heartbeat, self._file = heartbeat, file
        self._publish, self._when_stuck = publish, when_stuck
        self._beats = self._stuck = 0

    def look(self) -> None:
        """Write one beat. Beats are counted, not seconds: a machine that slept makes no loop a stuck one."""
        beat = self._heartbeat.beat()
        self._file.write(beat)
        self._stuck = self._stuck + 1 if beat.stuck else 0
        if self._stuck == STUCK_BEATS:
            self._when_stuck(beat)
        if self._beats % PUBLISHED_EVERY == 0:
            self._publish()
        self._beats += 1

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Write beats beside the block, and one at its end."""
        self.look()
        try:
            with repeated(self.look, BEAT_S, "heartbeat"):
                yield
        finally:
            self._file.write(self._heartbeat.beat())


def end_stuck(beat: Beat, log: Log, write_out: Callable[[], object]) -> None:
    """End the process, with what each thread was doing; start.sh starts it again, and it goes on from its records.

    `write_out` returns once the log's last line is written.
    """
    log.error("the loop is stuck; the process ends itself", step=beat.step, seconds=beat.step_s, call=beat.call)
    write_out()
    faulthandler.dump_traceback(sys.stderr)
    sys.stderr.flush()
    os._exit(EXIT_STUCK)

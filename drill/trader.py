"""The trading system as a process of its own, which kills itself at a point; its time comes through a pipe."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from drill.deaths import Reaper
from drill.schedule import Kill
from drill.sockets import MortalTransport, Traffic
from drill.voices import FileLog, NoMetrics, quiet
from trading.bootstrap import CONTROLS, DATABASE, Surroundings, assemble
from trading.config import Settings
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.watcher import OnStop, Watcher
from trading.gateway.clocks import WakeUp
from trading.model.boot_time import BootTime
from trading.monitoring.wall_clock import WallClock
from trading.store.database import Database
from trading.store.operator_requests import RequestsDatabase
from trading.store.records import SqliteStore

FAILED = 2
"""exit code of a process that had to be ended because it would not stop"""


@dataclass(frozen=True, slots=True)
class Life:
    """What one trading process is told at its start; `seed` makes its names and pauses."""

    settings: Settings
    now: datetime
    seed: str
    log: Path
    paced: bool = False
    kills: tuple[Kill, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """The process begins a turn: it has taken up whatever anybody wants. Nothing is told in return."""


@dataclass(frozen=True, slots=True)
class Over:
    """The turn has done what it had to, or failed: the next wait is for the next one. Nothing is told in return."""

    failed: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """The process waits until a time, or for so many seconds; `Told` is due when that is over."""

    until: datetime | float
    calls: int
    writes: int
    troubled: bool
    """what became of its calls (`drill.looks.Traffic`)"""


@dataclass(frozen=True, slots=True)
class Told:
    """What the process is told when a wait is over; one that is not mortal any more lives on at every point."""

    now: datetime
    wanted: bool
    stopping: bool
    mortal: bool


class Killer(Reaper):
    """Ends this process as nobody can notice or handle it, or asks it to end."""

    def __init__(self, kills: Sequence[Kill]) -> None:
        """Let it come to each of `kills`; the last one it comes to is its end."""
        super().__init__(kills, _nobody)

    def kill(self, kill: Kill) -> None:
        """Send the signal, once."""
        if kill not in self._left:
            return
        self._left.remove(kill)
        number = signal.SIGTERM if kill.by == "term" else signal.SIGKILL
        if kill.delay_s:
            threading.Timer(kill.delay_s, os.kill, (os.getpid(), number)).start()
        else:
            os.kill(os.getpid(), number)


def _nobody(_kill: Kill) -> None:
    """There is nobody left to be told."""


class PipedWake(WakeUp):
    """Tells the other end of the pipe when a turn begins."""

    def __init__(self, pipe: Connection, traffic: Traffic) -> None:
        """Begin with nobody wanting anything."""
        super().__init__()
        self._pipe = pipe
        self._traffic = traffic

    def taken_up(self) -> None:
        """A turn begins."""
        super().taken_up()
        self._traffic.troubled = False
        self._pipe.send(Turn())


class PipedClock:
    """`trading.ports.Clock` by the other end of a pipe: time moves only while the process waits."""

    def __init__(self, pipe: Connection, wake: WakeUp, killer: Reaper, traffic: Traffic, now: datetime) -> None:
        """Begin at `now`; `wake` and `killer` are told what comes with the time."""
        self._pipe = pipe
        self._wake = wake
        self._killer = killer
        self._traffic = traffic
        self._now = now

    @property
    def ended(self) -> bool:
        """Return that the run is over by its schedule, never by the end of the data."""
        return False

    def now(self) -> datetime:
        """Return the simulated time as it was told last."""
        return self._now

    def monotonic(self) -> float:
        """Return simulated seconds."""
        return self._now.timestamp()

    def wait(self, until: datetime) -> None:
        """Wait until a time, the account's first event, or until somebody wants something."""
        if not self._wake.wanted:
            self._ask(until)

    def pause(self, seconds: float) -> bool:
        """Let seconds pass, whatever happens to the account; False where somebody wants something before."""
        self._ask(seconds)
        return not self._wake.wanted

    def boot_time(self) -> BootTime:
        """Return the time of the machine that `drill.course` makes requests on."""
        return BootTime("drill", self.monotonic())

    def _ask(self, until: datetime | float) -> None:
        self._pipe.send(Wait(until, self._traffic.calls, self._traffic.writes, self._traffic.troubled))
        told: Told = self._pipe.recv()
        self._now = told.now
        if not told.mortal:
            self._killer.disarm()
        if told.stopping:
            self._wake.request_stop()
        if told.wanted:
            self._wake.wake()


def trade(life: Life, pipe: Connection) -> None:
    """Trade until told to stop, as `python -m trading run` does; this is what the process runs."""
    # Already there where the process was forked from one that has it.
    from drill.preloaded import CALENDAR

    quiet()
    traffic, killer = Traffic(), Killer(life.kills)
    wake = PipedWake(pipe, traffic)
    clock = PipedClock(pipe, wake, killer, traffic, life.now)
    log, chance = FileLog(clock.now, life.log), random.Random(life.seed)  # noqa: S311  (no secret)
    database = Database(life.settings.state_dir / DATABASE, chance=chance, connect=killer.connect())
    try:
        controls = RequestsDatabase(life.settings.state_dir / CONTROLS, boot=clock.boot_time)
        requests = OperatorRequests(controls, SqliteStore(database), log)
        surroundings = Surroundings(
            wake=wake,
            log=log,
            metrics=NoMetrics(lambda failed: pipe.send(Over(failed))),
            transport_to=partial(MortalTransport, reaper=killer, traffic=traffic),
            chance=chance,
            gateway_chance=chance,
            clock=clock,
            paced=life.paced,
            stopwatch=clock.monotonic,
            pause=clock.pause,
            now=clock.now,
            calendar=CALENDAR,
        )
        on_stop = OnStop(asked=lambda: None, force_end=partial(os._exit, FAILED))
        with Watcher(wake, requests, clock.now, WallClock().monotonic, on_stop).watching():
            assembly = assemble(life.settings, surroundings, database, requests)
            if assembly is not None:
                assembly.system.run()
                assembly.gateway.close()
        database.checkpoint()
    finally:
        database.close()
        log.close()

"""The real trading process against the simulated gateway, in one process and by one clock, with the API's limits kept.

The clock moves when everybody waits, by what the first of them waits for: what it shows is what the limits and the way
to the gateway cost, and nothing of what this machine takes to work.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from drill.clock import RunClock, TurnWake
from drill.voices import MemoryLog, NoMetrics
from simulator.clock import RunningClock
from simulator.config import Behaviour, SimulatorConfig, apply_settings
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.fakes.failing_connection import Disk
from tests.scenarios.lockstep_run import environ_of
from trading.bootstrap import BUNDLED_BARS, CONTROLS, DATABASE, PROJECT, Surroundings, assemble, trading_calendar
from trading.config import load_settings, with_overrides
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.watcher import REQUESTS_S, OnStop, Watcher
from trading.errors import NotSent
from trading.gateway.transport import HttpAnswer
from trading.market.bar_files import load_bars
from trading.market.panel import Panel
from trading.model.boot_time import BootTime
from trading.model.mode import Mode
from trading.store.database import Database
from trading.store.operator_requests import HALT_FILE, RequestsDatabase
from trading.store.records import SqliteStore

START = "2015-01-05"
CASH = 1_000_000.0
# With the rules of the strategy alone, entries of 60 symbols leave an hour before the second session's open.
ENTRIES_SENT = datetime(2015, 1, 6, 13, 30, 10, tzinfo=UTC)
# The session ages with the market, and nobody calls at night.
_BEHAVIOUR = ("session_clock=simulated", "idle_timeout_s=0", "sso_idle_timeout_s=0", "sso_lifetime_s=0")
# Real seconds in which nothing happens before the clock believes that everybody waits.
_STILL_S = 0.001
REFUSED = "connection refused: is the gateway running?"
_AFTER_HALT = timedelta(seconds=20)


def panel_of(symbols: int) -> Panel:
    """Return bars of so many symbols: the bundled ones, and copies of them under other names."""
    bundled = load_bars(BUNDLED_BARS)
    known = len(bundled.symbols)
    names = {symbol: column for column, symbol in enumerate(bundled.symbols[:symbols])}
    names |= {f"ZZ{number:03d}": number % known for number in range(known, symbols)}
    columns = [names[name] for name in sorted(names)]
    kept = (np.array(values[:, columns]) for values in (bundled.open, bundled.high, bundled.low, bundled.close))
    opens, highs, lows, closes = kept
    volumes = np.array(bundled.volume[:, columns])
    return Panel(tuple(sorted(names)), np.array(bundled.sessions), opens, highs, lows, closes, volumes)


class SharedTime(RunClock):
    """The market's time for all threads of a trading process at once."""

    def __init__(self, simulator: Simulator, wake: TurnWake) -> None:
        """Follow `simulator`; `wake` ends waits."""
        super().__init__(simulator, wake)
        self._guard = threading.Lock()
        self._waiting: list[float] = []
        self._working = 0
        self._steps = 0

    def wait(self, until: datetime) -> None:
        """Return at `until`, or when somebody wants something."""
        self._sleep((until - self.now()).total_seconds(), until_wanted=True)

    def pass_by(self, seconds: float) -> None:
        """Let seconds pass, whoever wants what."""
        self._sleep(seconds, until_wanted=False)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let the clock stand while the block runs."""
        with self._guard:
            self._working += 1
        try:
            yield
        finally:
            with self._guard:
                self._working -= 1
                self._steps += 1

    def _sleep(self, seconds: float, *, until_wanted: bool) -> None:
        due = self.monotonic() + seconds
        with self._guard:
            self._waiting.append(due)
            self._steps += 1
        while self.monotonic() < due and not (until_wanted and self.wake.wanted):
            seen = self._steps
            threading.Event().wait(_STILL_S)
            with self._guard:
                if seen == self._steps and not self._working and due == min(self._waiting) and due > self.monotonic():
                    self._advance(due, until_wanted=until_wanted)
        with self._guard:
            self._waiting.remove(due)
            self._steps += 1

    def _advance(self, due: float, *, until_wanted: bool) -> None:
        """Move to `due`, or to where something that happens on the way makes somebody want something."""
        until_us = int(due * 1_000_000) + 1
        while self.simulator.broker.now_us < until_us and not (until_wanted and self.wake.wanted):
            self._move(until_us, stop_on_event=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the gateway: when it left, what it asked, and how that was answered."""

    at: float
    verb: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the process: when it was over, whether it failed, and the mode that it left."""

    at: datetime
    failed: bool
    mode: Mode


class Way:
    """The transport: a call instead of a socket, which takes `way_s` by the clock."""

    def __init__(self, clock: SharedTime, way_s: float) -> None:
        """Lead to the clock's simulator."""
        self._clock = clock
        self._way_s = way_s
        self.calls: list[Call] = []
        self.down = False
        """whether nobody listens there"""

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange (`trading.gateway.transport.Transport`)."""
        call = f"{verb} {path}"
        if self.down:
            raise NotSent(call, REFUSED)
        with self._clock.at_work():
            left = self._clock.monotonic()
            answer = self._clock.simulator.handle(verb, f"/v1/api{path}", urlencode(query or {}), body or b"")
            self.calls.append(Call(left, verb, path, answer.status))
        if self._way_s:
            self._clock.pass_by(min(self._way_s, limit_s))
        return HttpAnswer(answer.status, answer.body)

    def close(self) -> None:
        """There is nothing to close."""


class PacedRun:
    """One trading process with a state folder of its own; `settings` are written like KEY=VALUE of `--set`."""

    def __init__(
        self, folder: Path, panel: Panel, *, start: str = START, way_s: float = 0.0, settings: Sequence[str] = ()
    ) -> None:
        """Start the gateway at the open of a session, logged in, and the process beside it."""
        config = SimulatorConfig(
            cash=CASH, start=start, auto_login=True, pacing=True, behaviour=apply_settings(Behaviour(), _BEHAVIOUR)
        )
        real = partial(self._seconds)
        simulator = Simulator(config, ReplayedMarket(panel), RunningClock(0.0, monotonic=real, wall=real))
        self.clock = SharedTime(simulator, TurnWake())
        self.way = Way(self.clock, way_s)
        self.disk = Disk()
        self.log = MemoryLog(self.clock.now)
        environ = environ_of(folder, panel.symbols, most=20)
        self._settings = with_overrides(load_settings(environ, PROJECT / "config.json"), settings)
        self.state = self._settings.state_dir
        self.state.mkdir(parents=True)
        self._calendar = trading_calendar()
        self.turns: list[Turn] = []
        self.start()

    def _seconds(self) -> float:
        return self.clock.monotonic() if hasattr(self, "clock") else 0.0

    def start(self) -> None:
        """Start the process on what its folder holds."""
        self.database = Database(self.state / DATABASE, chance=random.Random(1), connect=self.disk.connect())  # noqa: S311
        chance = random.Random(2)  # noqa: S311 - jitter, no secret
        surroundings = Surroundings(
            wake=self.clock.wake,
            log=self.log,
            metrics=NoMetrics(lambda failed: self._turn_is_over(failed=failed)),
            transport_to=lambda _url, _ca_bundle: self.way,
            chance=chance,
            gateway_chance=chance,
            clock=self.clock,
            paced=True,
            stopwatch=self.clock.monotonic,
            pause=self.clock.pass_by,
            calendar=self._calendar,
            now=self.clock.now,
        )
        boot = BootTime("bench", 0.0)
        self.requests = OperatorRequests(
            RequestsDatabase(self.state / CONTROLS, boot=lambda: boot), SqliteStore(self.database), self.log
        )
        assembly = assemble(self._settings, surroundings, self.database, self.requests)
        if assembly is None:
            raise SystemExit(1)
        self.system = assembly.system

    def _turn_is_over(self, *, failed: bool) -> None:
        self.turns.append(Turn(self.clock.now(), failed, SqliteStore(self.database).mode().mode))

    def halt_at(self, when: datetime) -> None:
        """Let somebody write the file HALT, which the process's watcher looks for as it does, and end it soon after."""
        on_stop = OnStop(asked=lambda: None, force_end=lambda: None)
        watcher = Watcher(self.clock.wake, self.requests, self.clock.now, self.clock.monotonic, on_stop)
        file = self.state / HALT_FILE
        self.clock.add(when.isoformat(), lambda: file.write_text("enough", encoding="utf-8"))
        # The file is written right after a look at it.
        self.clock.add((when + timedelta(seconds=REQUESTS_S)).isoformat(), watcher.look_for_requests)
        self.clock.add((when + _AFTER_HALT).isoformat(), self.clock.wake.request_stop)

    def end(self) -> None:
        """End the process; the gateway goes on."""
        self.database.close()

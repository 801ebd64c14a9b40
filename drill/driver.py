"""Runs one schedule: the real trading system and the simulated gateway in one process, by one clock."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from drill.deaths import CutShortError, Death, Reaper, StuckError
from drill.gateway import RunGateway
from drill.looks import Looks
from drill.schedule import Deed, Kill, Request, Schedule
from drill.transport import Line
from drill.voices import MemoryLog, NoMetrics
from drill.world import World
from simulator.core import TRUTH_FILE
from trading.bootstrap import CONTROLS, DATABASE, Assembly, Surroundings, assemble
from trading.config import Settings, load_settings, with_overrides
from trading.cycle.operator_requests import OperatorRequests
from trading.errors import TradingError
from trading.model.operator_request import RequestKind
from trading.store.boot_time import BootTime
from trading.store.database import Database
from trading.store.operator_requests import HALT_FILE, RequestsDatabase
from trading.store.records import SqliteStore
from trading.strategies.discovery import make_strategy

URL = "https://localhost:5055"
_GATEWAY_AWAY_S = 60.0
_RESUME_AFTER_S = 300.0
_MOST_DAYS = 12
EVENTS_FILE = "events.jsonl"


@dataclass(slots=True)
class Run:
    """What a run left: three files, and how it went."""

    schedule: Schedule
    truth: Path
    journal: Path
    events_file: Path
    events: list[dict[str, object]] = field(default_factory=list)
    """what the drill itself did, by time: starts, deaths, faults of the way, requests, the end of the faults"""
    log: list[str] = field(default_factory=list)
    """the trading system's own lines"""


class Driver:
    """Drives one schedule from its start to its end."""

    def __init__(self, schedule: Schedule, world: World, folder: Path) -> None:
        """Keep all state in `folder`, which is empty.

        Raises: SettingError, ConfigError: the schedule names a setting that isn't one.
        """
        self._schedule = schedule
        self._world = world
        self._settings = _settings(schedule, world, folder)
        self._state = self._settings.state_dir
        self._state.mkdir(parents=True, exist_ok=True)
        self._run = Run(schedule, folder / "gateway" / TRUTH_FILE, self._state / DATABASE, folder / EVENTS_FILE)
        self._gateway = RunGateway(schedule, world, folder / "gateway", self._note)
        self._clock = self._gateway.clock
        self._reaper = Reaper(schedule.kills, self._died)
        self._clock.check_alive = self._reaper.check
        self._line = Line(self._clock, self._reaper, schedule.client_faults, self._gateway_crashed, self._note)
        self._requests = RequestsDatabase(self._state / CONTROLS, boot=self._boot_time)
        self._log = MemoryLog(self._clock.now)
        self._chance = random.Random(f"{schedule.seed}/trader")  # noqa: S311  (names and pauses that can be repeated)
        Looks(self._clock, self._line, self._note)
        self._describe()
        self._plan()

    def run(self) -> Run:
        """Run it to its end, and return what it left."""
        try:
            while not self._clock.wake.stopping:
                self._live()
        finally:
            self._note("end")
            self._gateway.close()
        self._run.log = list(self._log.lines)
        lines = b"".join(msgspec.json.encode(event) + b"\n" for event in self._run.events)
        self._run.events_file.write_bytes(lines)
        return self._run

    # ---- one life of the trading process

    def _live(self) -> None:
        """Start the trading process and let it trade until it dies or the run is over."""
        self._reaper.revive()
        self._clock.wake.taken_up()
        self._note("start")
        away_s = 60.0
        try:
            self._trade()
        except Death as death:
            away_s = death.kill.away_s
        except StuckError:
            self._note("stuck")
            self._clock.wake.request_stop()
        except CutShortError:
            self._note("cut")
            self._clock.wake.request_stop()
        except TradingError as error:
            # Whatever is stored, a start has to come up by itself.
            self._note("no_start", error=str(error))
        self._reaper.gone()
        self._clock.pass_by(away_s)

    def _trade(self) -> None:
        database = Database(self._run.journal, chance=self._chance, connect=self._reaper.connect())
        try:
            assembly = self._assembled(database)
            if assembly is not None:
                assembly.system.run()
        finally:
            database.close()

    def _assembled(self, database: Database) -> Assembly | None:
        surroundings = Surroundings(
            wake=self._clock.wake,
            log=self._log,
            metrics=NoMetrics(),
            transport_to=self._line.transport_to,
            chance=self._chance,
            gateway_chance=self._chance,
            clock=self._clock,
            paced=self._schedule.paced,
            stopwatch=self._clock.monotonic,
            pause=self._clock.pause,
            now=self._clock.now,
            calendar=self._world.calendar,
        )
        requests = OperatorRequests(self._requests, SqliteStore(database), self._log)
        return assemble(self._settings, surroundings, database, requests)

    def _boot_time(self) -> BootTime:
        """One machine that never starts again, by the one clock."""
        return BootTime("drill", self._clock.monotonic())

    def _died(self, kill: Kill) -> None:
        self._note("death", point=kill.point, role=kill.role, away_s=kill.away_s)

    # ---- what happens when

    def _describe(self) -> None:
        """Write down what the checker can't know by itself: hours, when entries may leave, the conid of each symbol."""
        execution = self._settings.execution
        self._note(
            "window",
            after_close=execution.send_from == "after_close",
            pre_open_s=execution.pre_open_s,
            send_until_s=execution.send_until_s,
        )
        end = datetime.fromisoformat(self._schedule.ends_at)
        for day in self._world.days_from(date.fromisoformat(self._schedule.start), _MOST_DAYS):
            if day.open < end:
                self._note("hours", open=day.open.isoformat(), close=day.close.isoformat())
        contracts = self._clock.simulator.broker.contracts.by_symbol
        for symbol in self._schedule.symbols:
            self._note("contract", symbol=symbol, conid=contracts[symbol].conid)

    def _plan(self) -> None:
        schedule, add = self._schedule, self._clock.add
        add(schedule.faults_at, self._break)
        for kill in schedule.kills:
            if kill.at is not None:
                add(kill.at, partial(self._reaper.kill, kill))
        for deed in schedule.deeds:
            add(deed.at, partial(self._carry_out, deed))
        for request in schedule.requests:
            add(request.at, partial(self._ask, request))
        add(schedule.heals_at, self._heal)
        add(schedule.ends_at, self._clock.wake.request_stop)

    def _break(self) -> None:
        self._note("faults_on")
        if self._schedule.faults:
            self._gateway.break_now()

    def _heal(self) -> None:
        """End all that goes wrong; a person takes a halt back once everything has settled."""
        self._reaper.disarm()
        self._line.heal()
        self._gateway.heal()
        self._note("healed")
        if not self._schedule.is_clean:
            self._clock.add(_later(self._clock.now().isoformat(), _RESUME_AFTER_S), self._resume)

    def _resume(self) -> None:
        self._ask(Request(self._clock.now().isoformat(), "resume"))

    def _carry_out(self, deed: Deed) -> None:
        self._note("deed", do=deed.do, of=deed.of)
        self._gateway.carry_out(deed)

    def _ask(self, request: Request) -> None:
        self._note("request", asked=request.kind, by=request.by)
        if request.by == "file":
            (self._state / HALT_FILE).write_text("the drill", encoding="utf-8")
        else:
            kind = RequestKind(request.kind)
            with suppress(TradingError):
                self._requests.request(kind, "the drill", "drill", self._clock.now(), seen=self._newest_halt())
        self._clock.wake.wake()

    def _newest_halt(self) -> int:
        """Return the number of the newest halt, which a person who resumes has just been shown."""
        if not self._run.journal.exists():
            return 0
        with closing(sqlite3.connect(f"file:{self._run.journal}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT coalesce(max(id), 0) FROM halt").fetchone()
        return int(row[0])

    def _gateway_crashed(self) -> None:
        self._note("gateway_crash")
        self._gateway.restart()
        self._line.refuse_for(_GATEWAY_AWAY_S)

    def _note(self, kind: str, **facts: object) -> dict[str, object]:
        lines = self._clock.simulator.broker.log.count
        event: dict[str, object] = {"at": self._clock.now().isoformat(), "seq": lines, "kind": kind, **facts}
        self._run.events.append(event)
        return event


def _settings(schedule: Schedule, world: World, folder: Path) -> Settings:
    environ = {
        "GATEWAY": "simulated",
        "GATEWAY_URL": URL,
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "SIM_TICKERS": ",".join(schedule.symbols),
    }
    settings = with_overrides(load_settings(environ, world.config), schedule.settings)
    # A strategy's own settings are checked where it is made.
    make_strategy(settings)
    return settings


def _later(at: str, seconds: float) -> str:
    return (datetime.fromisoformat(at) + timedelta(seconds=seconds)).isoformat()


def run(schedule: Schedule, world: World, folder: Path) -> Run:
    """Run a schedule in an empty folder."""
    return Driver(schedule, world, folder).run()

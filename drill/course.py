"""What happens in a run besides trading: the gateway, what breaks and heals when, deeds by hand, requests."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from drill.gateway import RunGateway
from drill.schedule import Deed, Request, Schedule
from drill.world import World
from simulator.core import TRUTH_FILE
from trading.bootstrap import CONTROLS, DATABASE
from trading.config import Settings, load_settings, with_overrides
from trading.errors import TradingError
from trading.execution.planning import checks
from trading.model.boot_time import BootTime
from trading.model.difference import Remedy, Resolution
from trading.model.mode import Seen
from trading.model.operator_request import OperatorVerb
from trading.store.operator_requests import HALT_FILE, RequestsDatabase
from trading.strategies.discovery import make_strategy

_RESUME_AFTER_S = 300.0
_LOOKS_AGAIN_S = 60.0
_PATIENCE = timedelta(hours=1)
_PAYER_LOOKS_S = 3600.0
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


class Course(ABC):
    """Drives one schedule from its start to its end; who trades, and where, is a subclass's."""

    def __init__(self, schedule: Schedule, world: World, folder: Path, settings: Settings) -> None:
        """Keep all state in `folder`, which is empty.

        Raises: SettingError: the schedule names a setting of the broker that isn't one.
        """
        self._schedule = schedule
        self._world = world
        self._settings = settings
        self.state = settings.state_dir
        """the trading system's folder"""
        self.state.mkdir(parents=True, exist_ok=True)
        self._run = Run(schedule, folder / "gateway" / TRUTH_FILE, self.state / DATABASE, folder / EVENTS_FILE)
        self._gateway = RunGateway(schedule, world, folder / "gateway", self._note)
        self._clock = self._gateway.clock
        self._requests = RequestsDatabase(self.state / CONTROLS, boot=self.boot_time)
        self._asked_about_money = False

    def run(self) -> Run:
        """Run it to its end, and return what it left."""
        self._describe()
        self._plan()
        try:
            while not self._clock.wake.stopping:
                self._live()
        finally:
            self._note("end")
            self._close()
        self._run.log = self._log_lines()
        lines = b"".join(msgspec.json.encode(event) + b"\n" for event in self._run.events)
        self._run.events_file.write_bytes(lines)
        return self._run

    @abstractmethod
    def _live(self) -> None:
        """Start the trading process and let it trade until it dies or the run is over; then let its absence pass."""

    @abstractmethod
    def _log_lines(self) -> list[str]:
        """Return what the trading system logged."""

    def _close(self) -> None:
        self._gateway.close()

    def boot_time(self) -> BootTime:
        """One machine that never starts again, by the one clock."""
        return BootTime("drill", self._clock.monotonic())

    # ---- what happens when

    def _describe(self) -> None:
        """Write down what the checker can't know by itself: limits, hours, when entries may leave, conids."""
        execution = self._settings.execution
        self._note("limits", **_limits(self._settings))
        self._note(
            "window",
            after_close=execution.send_from == "after_close",
            pre_open_s=execution.pre_open_s,
            send_until_s=execution.send_until_s,
            allowed_questions=sorted(execution.allowed_questions),
            yield_s=self._settings.session.yield_s,
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
        self._gateway.heal()
        self._note("healed")
        if self._needs_a_person():
            self._later(_RESUME_AFTER_S, self._resume)

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        self._clock.add((self._clock.now() + timedelta(seconds=seconds)).isoformat(), action)

    def _needs_a_person(self) -> bool:
        """Return whether somebody may have to take a halt back in the end."""
        return not self._schedule.is_clean

    def _resume(self) -> None:
        # Until somebody is there it would be refused as too old; and what they find may hold entries back anew.
        if self._clock.nobody_there or not self._has_looked():
            self._clock.wake.wake()
            self._later(_LOOKS_AGAIN_S, self._resume)
            return
        self._ask(Request(self._clock.now().isoformat(), "resume"))

    def _has_looked(self) -> bool:
        """Return whether a turn went well since everything was healed, which nobody waits for more than an hour."""
        if self._clock.now() >= datetime.fromisoformat(self._schedule.heals_at) + _PATIENCE:
            return True
        kinds = (event["kind"] for event in reversed(self._run.events) if event["kind"] != "turn" or event["good"])
        return next((kind == "turn" for kind in kinds if kind in ("turn", "healed")), False)

    def _carry_out(self, deed: Deed) -> None:
        self._note("deed", do=deed.do, of=deed.of)
        self._gateway.carry_out(deed)
        if deed.do == "cash" and not self._asked_about_money:
            self._asked_about_money = True
            self._say_what_was_paid()

    def _say_what_was_paid(self) -> None:
        """Let the person who paid in or out look now and then, and say so where the trading system asks."""
        for number in self._numbers("SELECT number FROM flow WHERE state = 'unconfirmed'"):
            self._note("confirmed", flow=number)
            with suppress(TradingError):
                argument = Resolution(Remedy.FLOW, str(number)).text
                self._requests.request(OperatorVerb.RECONCILE, argument, "drill", self._clock.now())
            self._clock.wake.wake()
        self._later(_PAYER_LOOKS_S, self._say_what_was_paid)

    def _ask(self, request: Request) -> None:
        self._note("request", asked=request.kind, by=request.by)
        if request.by == "file":
            (self.state / HALT_FILE).write_text("the drill", encoding="utf-8")
        else:
            kind = OperatorVerb(request.kind)
            with suppress(TradingError):
                self._requests.request(kind, "the drill", "drill", self._clock.now(), seen=self._seen())
        self._clock.wake.wake()

    def _seen(self) -> Seen:
        """Return what a person who resumes has just been shown."""
        halts = self._numbers("SELECT coalesce(max(id), 0) FROM halt")
        latched = self._numbers("SELECT coalesce(max(id), 0) FROM mode_log WHERE fact = 'reducing'")
        return Seen(max(halts, default=0), max(latched, default=0))

    def _numbers(self, sql: str) -> list[int]:
        """Return what a question to the journal answers, nothing before there is one."""
        if not self._run.journal.exists():
            return []
        with closing(sqlite3.connect(f"file:{self._run.journal}?mode=ro", uri=True)) as connection:
            return [int(row[0]) for row in connection.execute(sql)]

    def _note(self, kind: str, **facts: object) -> dict[str, object]:
        lines = self._clock.simulator.broker.log.count
        event: dict[str, object] = {"at": self._clock.now().isoformat(), "seq": lines, "kind": kind, **facts}
        self._run.events.append(event)
        return event


def settings_of(schedule: Schedule, world: World, folder: Path, environ: dict[str, str]) -> Settings:
    """Return the trading system's settings for a schedule, its files in `folder`; `environ` names the gateway.

    Raises: ConfigError, the schedule names a setting that isn't one.
    """
    environ = environ | {
        "GATEWAY": "simulated",
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "SIM_TICKERS": ",".join(schedule.symbols),
    }
    settings = with_overrides(load_settings(environ, world.config), schedule.settings)
    # A strategy's own settings are checked where it is made.
    make_strategy(settings)
    return settings


def _limits(settings: Settings) -> dict[str, object]:
    """Return what no entry may go beyond, as it is configured."""
    risk, sizing = settings.risk, settings.sizing
    return {
        "standard": risk.profile == "standard",
        "max_positions": risk.max_positions,
        "max_exposure": risk.max_exposure,
        "max_position_size": sizing.max_position_size,
        "max_order_value": risk.max_order_value,
        "max_order_quantity": risk.max_order_quantity,
        "min_stop_distance": risk.min_stop_distance,
        "max_stop_distance": risk.max_stop_distance,
        "max_price_deviation": risk.max_price_deviation,
        "max_drawdown": float(risk.max_drawdown),
        "entries_a_minute": checks.MAX_ENTRIES_A_MINUTE,
        "entries_a_day": checks.MAX_ENTRIES_A_DAY,
    }

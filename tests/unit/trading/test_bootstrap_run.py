"""A whole trading process, put together as it runs: whose account it trades, and what it says while nobody answers."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.fakes.bars import random_panel
from tests.fakes.chance import seeded
from tests.fakes.fake_requests import FakeRequests
from tests.fakes.heartbeats import leave_beat
from tests.fakes.in_process import InProcessTransport
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from tests.fakes.raw_server import within
from tests.fakes.webhook_receiver import Receiver
from trading.bootstrap import DATABASE, Assembly, Surroundings, assemble, run, surroundings_of, trading_calendar
from trading.config import GatewaySettings, NotifySettings, Secret, Settings
from trading.cycle.operator_requests import OperatorRequests
from trading.errors import ConfigError, NotSent, SessionLost
from trading.gateway.clocks import WakeUp
from trading.gateway.transport import HttpAnswer, Transport
from trading.model.account import AccountKind
from trading.model.mode import Mode
from trading.model.status import StatusKey
from trading.monitoring.heartbeat import Heartbeat
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, METRICS_NAME, WAITING_NAME, read_beat
from trading.process import Life, living
from trading.store.boot_time import boot_time
from trading.store.database import Database
from trading.store.operator_requests import HALT_FILE
from trading.store.records import SqliteStore

URL = "https://localhost:5155"
NOW = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


class Nobody:
    """A gateway that is not there; a person ends the process once it was asked so many times."""

    def __init__(self, asked: int) -> None:
        self._left = asked

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGTERM)
        call = f"{verb} {path}"
        raise NotSent(call, "connection refused")

    def close(self) -> None:
        """There is nothing to close."""


class Patient(Nobody):
    """A gateway that is not there; a person ends the process once they were told something."""

    def __init__(self, receiver: Receiver, wanted: str) -> None:
        super().__init__(1)
        self._receiver = receiver
        self._wanted = wanted

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        self._receiver.wait_for(lambda text: self._wanted in text, 20.0)
        return super().exchange(verb, path, query, body, limit_s)


class Looking(Nobody):
    """A gateway that answers, and notes which call the heartbeat shows meanwhile."""

    def __init__(self, life: Life, seen: list[str]) -> None:
        super().__init__(0)
        self._life = life
        self._seen = seen

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        self._seen.append(self._life.heartbeat.beat().call)
        return HttpAnswer(200, b"{}")


class _Told:
    """A way to the gateway that notes each call, and what the loop does meanwhile."""

    def __init__(self, way: Transport, calls: list[str], look: Callable[[], object]) -> None:
        self._way = way
        self._calls = calls
        self._look = look

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        self._calls.append(f"{verb} {path}")
        self._look()
        return self._way.exchange(verb, path, query, body, limit_s)

    def close(self) -> None:
        """There is nothing to close."""


class Process:
    """What one trading process is put together from, over a simulator that somebody is logged in to."""

    def __init__(self, folder: Path, kind: str = "simulated", account_id: str = "", *, logged_in: bool = True) -> None:
        self.settings = Settings(
            account_id=account_id,
            tickers=("S00", "S01"),
            state_dir=folder / "state",
            log_dir=folder / "logs",
            gateway=GatewaySettings(kind=kind, url=URL),  # type: ignore[arg-type]
        )
        config = SimulatorConfig(auto_login=logged_in, pacing=False)
        self.simulator = Simulator(config, ReplayedMarket(random_panel(1)))
        self.calls: list[str] = []
        self.steps: set[str] = set()
        self.progress = Heartbeat(lambda: 0.0, lambda: NOW)
        self.wake = WakeUp()
        self.log, self.metrics = MemoryLog(), MemoryMetrics()
        self.database = Database(self.settings.state_dir / DATABASE)
        self.requests = FakeRequests()
        self.unstored: Callable[[str, str], object] = lambda _code, _text: None

    def transport_to(self, url: str, _ca_bundle: Path | None) -> Transport:
        return _Told(
            InProcessTransport(self.simulator, "/sim" if url.endswith("/sim") else "/v1/api"), self.calls, self._look
        )

    def _look(self) -> None:
        self.steps.add(self.progress.beat().step)

    def assemble(self) -> Assembly | None:
        surroundings = Surroundings(
            self.wake,
            self.log,
            self.metrics,
            self.transport_to,
            seeded(),
            pause=lambda _: None,
            progress=self.progress,
            unstored=lambda code, text: self.unstored(code, text),
        )
        requests = OperatorRequests(self.requests, SqliteStore(self.database), self.log)
        return assemble(self.settings, surroundings, self.database, requests)

    def assembled(self) -> Assembly:
        made = self.assemble()
        assert made is not None
        return made


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path)


def test_account_of_the_login_is_traded_where_none_is_named(process: Process) -> None:
    assembly = process.assembled()
    assert assembly.context.account_id == SimulatorConfig().account_id
    assert assembly.context.kind is AccountKind.SIMULATED
    assert process.database.fact("account") == assembly.context.account_id
    # Who waits for a login does not just start.
    assert "looks at the session" in process.steps


def test_named_account_is_traded_without_asking_the_gateway(tmp_path: Path) -> None:
    process = Process(tmp_path, "live", "DU7654321")
    assembly = process.assembled()
    assert (assembly.context.account_id, assembly.context.kind) == ("DU7654321", AccountKind.PAPER)
    assert process.calls == []


def test_live_account_that_was_not_released_is_observed_and_that_is_said(tmp_path: Path) -> None:
    process = Process(tmp_path, "live", "U7654321")
    assert process.assembled().context.observes
    assert ("warning", "observe mode") in [(level, event) for level, event, _ in process.log.lines]


def test_people_are_asked_to_log_in_at_the_address_that_is_configured(tmp_path: Path) -> None:
    process = Process(tmp_path, account_id=SimulatorConfig().account_id, logged_in=False)
    assert GatewaySettings().url not in URL
    with pytest.raises(SessionLost):
        process.assembled().system.run_cycle()
    assert f"{URL}," in (SqliteStore(process.database).value(StatusKey.SESSION_PERSON) or "")


def test_state_of_another_account_is_not_traded_on(process: Process) -> None:
    process.database.claim("DU7654321", "simulated")
    with pytest.raises(ConfigError):
        process.assemble()


def test_process_that_is_told_to_stop_before_it_knows_its_account_is_none(process: Process) -> None:
    process.wake.request_stop()
    assert process.assemble() is None


def test_what_a_person_wants_interrupts(process: Process) -> None:
    context = process.assembled().context
    assert not context.interrupted()
    process.wake.wake()
    assert context.interrupted()


def test_alert_that_can_not_be_stored_is_handed_to_who_tells_people(process: Process) -> None:
    untold: list[str] = []
    process.unstored = lambda _code, text: untold.append(text)
    context = process.assembled().context
    context.alerts.present("invariant", "storage", "it can be stored", NOW)
    assert untold == []
    with sqlite3.connect(process.database.path) as connection:
        connection.execute("DROP TABLE alert")
    connection.close()
    context.alerts.present("invariant", "storage", "the disk is full", NOW)
    assert untold == ["the disk is full"]


def test_process_meets_the_outside_as_it_lives(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.database.close()
    with living(process.settings, (), trading_calendar, "1.2.3") as life:
        met = surroundings_of(life, process.transport_to)
        assert (met.wake, met.log, met.metrics) == (life.wake, life.log, life.metrics)
        assert (met.progress, met.unstored, met.now) == (life.heartbeat, life.unstored, life.now)
        with life.heartbeat.step("looks at the session"):
            # Calls are told of while they last.
            seen: list[str] = []
            way = surroundings_of(life, lambda _url, _ca_bundle: Looking(life, seen)).transport_to(URL, None)
            way.exchange("POST", "/tickle", None, None, 5.0)
            assert seen == ["POST /tickle"]


def test_silence_before_a_start_is_told_by_the_whole_process(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    leave_beat(tmp_path / "state")
    os.utime(tmp_path / "state" / HEARTBEAT_NAME, (1_700_000_000.0, 1_700_000_000.0))
    receiver = Receiver()
    settings = Settings(
        account_id="DU1234567",
        tickers=("AAPL",),
        state_dir=tmp_path / "state",
        log_dir=tmp_path / "logs",
        notify=NotifySettings(urls=Secret(f"json://127.0.0.1:{receiver.port}/s3cret")),
    )
    with within(60.0):
        assert run(settings, lambda _url, _ca_bundle: Patient(receiver, "was silent from 2023-11-14")) == 0
    receiver.close()


def test_halt_is_shown_while_the_gateway_is_down(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / HALT_FILE).write_text("fire", encoding="utf-8")
    (state / WAITING_NAME).write_text("it begins", encoding="utf-8")
    settings = Settings(account_id="DU1234567", tickers=("AAPL",), state_dir=state, log_dir=tmp_path / "logs")
    assert run(settings, lambda _url, _ca_bundle: Nobody(3)) == 0
    shown = (state / METRICS_NAME).read_text(encoding="utf-8")
    assert 'trading_mode{mode="HALTED"} 1.0' in shown
    assert not (state / HALT_FILE).exists()
    # It speaks for itself now.
    assert not (state / WAITING_NAME).exists()
    database = Database(state / DATABASE, read_only=True)
    store = SqliteStore(database)
    assert store.mode().mode is Mode.HALTED
    # A clean end says when and by whom.
    beat = read_beat(state / HEARTBEAT_NAME, boot_time())
    assert beat is not None
    assert beat.ended_at
    assert "SIGTERM" in beat.ended_by
    database.close()


def test_account_is_waited_for_until_somebody_logs_in_or_ends_the_process(tmp_path: Path) -> None:
    settings = Settings(tickers=("AAPL",), state_dir=tmp_path / "state", log_dir=tmp_path / "logs")
    assert run(settings, lambda _url, _ca_bundle: Nobody(2)) == 0
    database = Database(tmp_path / "state" / DATABASE, read_only=True)
    assert database.fact("account") is None
    database.close()
    beat = read_beat(tmp_path / "state" / HEARTBEAT_NAME, boot_time())
    assert beat is not None
    assert "SIGTERM" in beat.ended_by

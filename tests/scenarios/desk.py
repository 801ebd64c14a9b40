"""A trading process that takes one step at a time, and a person beside it: real files, the simulator in the process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
import pytest

from simulator.config import Behaviour, SimulatorConfig, apply_settings
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.fakes.chance import seeded
from tests.fakes.in_process import InProcessTransport
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from tests.scenarios.lockstep_run import CASH, Records, Span
from trading.bootstrap import CONTROLS, DATABASE, Surroundings, assemble
from trading.cli.main import main
from trading.config import load_settings, with_overrides
from trading.cycle.operator_requests import OperatorRequests
from trading.gateway.clocks import WakeUp
from trading.gateway.transport import Transport
from trading.model.order import Role
from trading.store.database import Database
from trading.store.operator_requests import RequestsDatabase
from trading.store.records import SqliteStore

SPAN = Span(date(2016, 9, 6), sessions=45, symbols=30)
# The list of orders shows neither names nor parents, so that an order is found by its likeness alone.
NAMELESS = ("order_ref_in_orders=never", "parent_id_in_orders=false")
ENOUGH = 600


class Desk(Records):
    """A trading process that takes one step at a time, and a person at the command line beside it."""

    def __init__(self, bars: Path, capsys: pytest.CaptureFixture[str], settings: Sequence[str]) -> None:
        panel = SPAN.panel(bars)
        behaviour = apply_settings(Behaviour(), tuple(settings))
        start = SPAN.start.isoformat()
        config = SimulatorConfig(start=start, cash=CASH, auto_login=True, pacing=False, behaviour=behaviour)
        self.simulator = Simulator(config, ReplayedMarket(panel))
        self._capsys = capsys
        os.environ["SIM_TICKERS"] = ",".join(panel.symbols)
        self._settings = with_overrides(load_settings(os.environ, Path("config.json")), SPAN.settings)
        self.database = self._settings.state_dir / DATABASE
        self._controls = self._settings.state_dir / CONTROLS
        self._processes = self._decisions = 0
        self._start()

    def _start(self) -> None:
        self._processes += 1
        self._open = Database(self.database, chance=seeded(self._processes))
        log = MemoryLog()
        requests = OperatorRequests(RequestsDatabase(self._controls), SqliteStore(self._open), log)
        surroundings = Surroundings(WakeUp(), log, MemoryMetrics(), self._transport_to, chance=seeded())
        assembly = assemble(self._settings, surroundings, self._open, requests)
        assert assembly is not None
        self._system, self._clock = assembly.system, assembly.context.clock

    def _transport_to(self, url: str, _ca_bundle: Path | None) -> Transport:
        return InProcessTransport(self.simulator, "/sim" if url.endswith("/sim") else "/v1/api")

    def close(self) -> None:
        self._open.close()

    def restart(self) -> None:
        self.close()
        self._start()

    def back_up(self) -> Path:
        """Copy the database between two processes; return the copy."""
        self.close()
        copy = self.database.with_suffix(".backup")
        shutil.copy(self.database, copy)
        self._start()
        return copy

    def restore(self, copy: Path) -> None:
        """Put a copy in the database's place between two processes."""
        self.close()
        shutil.copy(copy, self.database)
        self._start()

    def break_once(self, fault: str, role: Role) -> None:
        """Let a fault meet the next order of that role."""
        body = {"faults": [{"id": fault, "selector": {"role": role, "method": "POST", "times": 1}}]}
        assert self.simulator.handle("POST", "/sim/faults", "", msgspec.json.encode(body)).status == 200

    def cycle(self) -> None:
        """Run one cycle, and let nothing happen after it."""
        self._system.run_cycle()

    def go_on_until(self, enough: Callable[[], bool]) -> None:
        """Run cycles, and let the market go on between them."""
        for _ in range(ENOUGH):
            next_at = self._system.run_cycle()
            if enough():
                return
            self._clock.wait(next_at)
        raise AssertionError(self.rows("SELECT coid, state, detail FROM intent"))

    def orders(self, role: Role, state: str) -> list[str]:
        sql = "SELECT coid FROM intent WHERE role = ? AND state = ? ORDER BY seq"
        return [row["coid"] for row in self.rows(sql, role, state)]

    def state_of(self, coid: str) -> str:
        return str(self.rows("SELECT state FROM intent WHERE coid = ?", coid)[0]["state"])

    def shown(self, *arguments: str) -> tuple[int, str]:
        """Run `reconcile` and return its exit code and what it says."""
        code = main(["reconcile", *arguments])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def decide(self, option: str, value: str) -> str:
        """Decide at the command line, let a cycle pass, and return the trading process's answer."""
        self.shown(option, value, "--wait", "0")
        self.cycle()
        self._decisions += 1
        progress = RequestsDatabase(self._controls).progress(self._decisions)
        assert progress is not None
        return progress.answer or ""


@contextmanager
def desk_in(
    folder: Path,
    bars: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Sequence[str] = NAMELESS,
) -> Iterator[Desk]:
    """Set up a trading process in a folder; `settings` are the broker's as NAME=VALUE."""
    monkeypatch.chdir(folder)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    for name, value in (
        ("GATEWAY", "simulated"),
        ("GATEWAY_URL", "https://localhost:5055"),
        ("STATE_DIR", str(folder / "state")),
        ("LOG_DIR", str(folder / "logs")),
        ("SIM_TICKERS", ""),
    ):
        monkeypatch.setenv(name, value)
    made = Desk(bars, capsys, settings)
    yield made
    made.close()

"""`doctor` as a person runs it, against the simulator as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scenarios.simulator.process import ROOT, Running, running
from tests.scenarios.start_run import free_port
from trading.store.database import prepare_folder

AT_NOON = "2014-03-03T17:00:00+00:00"
LINES = {
    "settings", "tickers", "cost", "folders", ".env", "files", "disk", "database", "trader", "dashboard", "gateway",
    "certificate", "clock", "calendar", "login", "account", "currency", "symbols", "data", "volume", "notify",
}  # fmt: skip


@dataclass
class Asked:
    """What it said, by line, with its exit code and the seconds that it took."""

    code: int
    lines: dict[str, dict[str, str]]
    took_s: float

    def verdict(self, name: str) -> str:
        return self.lines[name]["verdict"]

    def not_well(self) -> set[str]:
        return {name for name, line in self.lines.items() if line["verdict"] != "ok"}


class Desk:
    """A folder with a simulator, and `doctor` beside it."""

    def __init__(self, folder: Path, simulator: Running) -> None:
        self.folder = folder
        self.simulator = simulator

    def faults(self, *faults: dict[str, object]) -> None:
        done = self.simulator.post("/sim/faults", {"clear": True, "faults": list(faults)})
        assert len(done["faults"]) == len(faults)

    def doctor(self, **settings: str) -> Asked:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "GATEWAY": "simulated",
            "GATEWAY_URL": self.simulator.url,
            "DASHBOARD_PORT": str(free_port()),
            **settings,
        }
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "trading", "doctor", "--json"],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""
        lines = {line["name"]: line for line in json.loads(done.stdout)}
        return Asked(done.returncode, lines, time.monotonic() - began)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "config.json").write_text("{}", encoding="utf-8")
    state = folder / "state" / "simulated"
    prepare_folder(state)
    with running(state / "simulator") as simulator:
        simulator.advance(AT_NOON)
        yield Desk(folder, simulator)


@pytest.fixture
def desk(started: Desk) -> Desk:
    """The same simulator, logged in and without faults."""
    started.faults()
    started.simulator.session.get(f"{started.simulator.url}/sso/Dispatcher", timeout=10, allow_redirects=False)
    return started


def test_all_is_well_with_the_simulated_market(desk: Desk) -> None:
    asked = desk.doctor()
    assert (asked.code, asked.not_well()) == (0, set())
    assert set(asked.lines) == LINES
    assert asked.lines["symbols"]["text"] == "60 found"
    assert "1,000 USD costs about 2.00 USD = 0.20 %" in asked.lines["cost"]["text"]


def test_nothing_of_the_market_or_the_orders_is_changed(desk: Desk) -> None:
    before = desk.simulator.truth()
    clock = desk.simulator.get("/sim/clock")
    desk.doctor()
    assert desk.simulator.get("/sim/clock") == clock
    assert desk.simulator.truth() == before
    assert not (desk.folder / "state" / "simulated" / "trading.db").exists()


def rule(path: str, changes: dict[str, str]) -> dict[str, object]:
    """Return a fault that changes every answer to calls of a path."""
    return {"id": "rules", "selector": {"path": path}, "parameters": {"set": changes}}


def test_account_in_euros_without_dollars_has_to_convert_some(desk: Desk) -> None:
    summary = rule("/portfolio/*/summary", {"netliquidation.currency": "EUR"})
    desk.faults(summary)
    asked = desk.doctor()
    assert (asked.code, asked.verdict("currency")) == (0, "note")
    desk.faults(summary, rule("/portfolio/*/ledger", {"USD": "__drop__"}))
    asked = desk.doctor()
    assert (asked.code, asked.not_well()) == (1, {"currency"})
    assert asked.lines["currency"]["fix"].startswith("convert some first")


def test_delayed_data_and_another_login_are_told(desk: Desk) -> None:
    desk.faults({"id": "M06", "parameters": {"code": "D"}})
    assert desk.doctor().verdict("data") == "note"
    desk.faults({"id": "G01"})
    asked = desk.doctor()
    assert asked.code == 1
    assert asked.not_well() == {"login", "broker"}
    assert "log out of TWS" in asked.lines["login"]["fix"]


def test_not_logged_in_says_where_to_log_in(desk: Desk) -> None:
    desk.simulator.post("/v1/api/logout", {})
    asked = desk.doctor()
    assert (asked.code, asked.not_well()) == (1, {"login", "broker"})
    assert desk.simulator.url in asked.lines["login"]["fix"]
    assert "account" in asked.lines["broker"]["text"]


def test_gateway_that_hangs_is_told_in_time(desk: Desk) -> None:
    desk.faults({"id": "T05", "selector": {"path": "/tickle"}, "parameters": {"seconds": 30}})
    asked = desk.doctor()
    assert (asked.code, asked.not_well()) == (1, {"login", "broker"})
    assert "no answer" in asked.lines["login"]["text"]
    assert asked.took_s < 15.0


def test_another_certificate_is_not_trusted(desk: Desk) -> None:
    before = desk.simulator.certificate
    other = desk.folder / "other.pem"
    with running(desk.folder / "another"):
        other.write_bytes((desk.folder / "another" / "simulator-cert.pem").read_bytes())
    asked = desk.doctor(GATEWAY_CA_BUNDLE=str(other))
    assert before.read_bytes() != other.read_bytes()
    assert (asked.code, asked.not_well()) == (1, {"certificate", "broker"})
    assert "enter no password" in asked.lines["certificate"]["fix"]


def test_gateway_that_is_frozen_is_told_in_time_too(desk: Desk) -> None:
    # Its port is still open: the system takes connections for it.
    desk.simulator.process.send_signal(signal.SIGSTOP)
    try:
        asked = desk.doctor()
    finally:
        desk.simulator.process.send_signal(signal.SIGCONT)
    assert (asked.code, asked.not_well()) == (1, {"certificate", "broker"})
    assert "it said nothing for 3 s" in asked.lines["certificate"]["text"]
    assert asked.took_s < 15.0


def test_gateway_that_is_not_started_is_told_at_once(desk: Desk) -> None:
    asked = desk.doctor(GATEWAY_URL=f"https://localhost:{free_port()}")
    assert (asked.code, asked.not_well()) == (0, {"gateway", "broker"})
    assert asked.lines["gateway"]["fix"] == "start it: ./start.sh"

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.heartbeats import leave_beat
from tests.fakes.raw_server import answering, certificate, serving
from tests.unit.trading.cli.conftest import Shell
from trading.cli.doctor import processes
from trading.cli.doctor.findings import Finding, Verdict, ok
from trading.cli.doctor.processes import DashboardPort, Taken, asked, is_ours, judged, port
from trading.cli.environment import read_settings
from trading.config import DashboardSettings
from trading.model.mode import Mode
from trading.monitoring.verdicts import Health
from trading.store.database import Database, prepare_folder

ME = os.geteuid()
WELL = b'{"status":"ok"}\n'
UNWELL = json.dumps({"error": {"code": "silent", "message": "Silent."}, "next_step": "Start it."}).encode()


def only(found: Iterator[Finding]) -> Finding:
    [finding] = found
    return finding


def test_trader_that_never_ran_is_nothing_to_mend(shell: Shell) -> None:
    assert shell.folder.exists()
    assert only(processes.trader(read_settings(), ME)) == Finding("trader", Verdict.OK, "has not run yet")


def test_trader_is_known_by_its_sign_of_life(shell: Shell) -> None:
    prepare_folder(shell.state)
    leave_beat(shell.state)
    assert only(processes.trader(read_settings(), ME)).verdict == "ok"
    leave_beat(shell.state, silent_s=1000.0)
    silent = only(processes.trader(read_settings(), ME))
    assert (silent.verdict, "silent for" in silent.text) == ("note", True)


def test_trader_that_can_not_write_its_records_is_to_be_mended_while_it_runs(shell: Shell) -> None:
    prepare_folder(shell.state)
    leave_beat(shell.state, unstored="storage: trading.db was deleted or moved away while it was in use: put it back")
    lost = only(processes.trader(read_settings(), ME))
    assert lost.verdict == "bad"
    assert "trading.db was deleted or moved away while it was in use: put it back" in lost.text
    leave_beat(shell.state, silent_s=1000.0, unstored="storage: trading.db was deleted")
    assert "silent for" in only(processes.trader(read_settings(), ME)).text


def test_trader_that_was_stopped_is_told_with_how_to_start_it() -> None:
    stopped = Health(ok=False, code="stopped", text="Stopped.", next_step="Start it")
    found = judged(stopped, replace(stopped, text="Stopped. Stops stay."), True)
    assert (found.verdict, found.text, found.fix) == ("note", "Stopped. Stops stay.", "Start it")


def test_trader_that_runs_and_can_not_trade_says_why() -> None:
    runs = Health(ok=True, code="ok", text="Runs.")
    ready = Health(ok=False, code="halted", text="Nothing is bought.", cause="by Mary", next_step="Resume")
    found = judged(runs, ready, True)
    assert (found.verdict, found.text, found.fix) == ("note", "runs. Nothing is bought. By Mary", "Resume")
    assert judged(runs, ready, False) == ok("trader", "runs")


def test_facts_are_read_of_this_users_database_alone(shell: Shell) -> None:
    assert processes.kept_facts(read_settings(), ME) == ({}, None)
    database = Database(shell.state / "trading.db")
    database.claim("DU1234567", "simulated")
    database.close()
    facts, mode = processes.kept_facts(read_settings(), ME)
    assert (facts["account"], mode) == ("DU1234567", Mode.RECONCILING)
    assert processes.kept_facts(read_settings(), ME + 1) == ({}, None)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 100)
    assert processes.kept_facts(read_settings(), ME) == ({}, None)


@pytest.mark.parametrize(
    ("taken", "verdict", "fix"),
    [
        (Taken.NOBODY, "ok", ""),
        (Taken.OURS, "ok", ""),
        (Taken.ANOTHER, "bad", "stop that program (lsof -i :5056 names it), or change DASHBOARD_PORT"),
        (Taken.UNUSABLE, "bad", "change DASHBOARD_HOST or DASHBOARD_PORT"),
    ],
)
def test_port_of_the_dashboard_is_judged_by_who_has_it(taken: Taken, verdict: str, fix: str) -> None:
    found = port(DashboardPort("[::1]:5056", taken, "Permission denied"))
    assert (found.verdict, found.fix) == (verdict, fix)
    assert "[::1]:5056" in found.text


@pytest.mark.parametrize("body", [WELL, UNWELL])
def test_dashboard_is_known_by_what_it_says_of_its_health(body: bytes) -> None:
    assert is_ours(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b'{"status":"up"}', b'{"error":"no"}', b'{"error":{"code":"x","message":"y"}}', b"\xff",
    ],
)  # fmt: skip
def test_another_program_says_something_else(body: bytes) -> None:
    assert not is_ours(body)


def test_free_port_is_free_afterwards_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    settings = DashboardSettings(port=number)
    assert asked(settings) == asked(settings) == DashboardPort(f"127.0.0.1:{number}", Taken.NOBODY)


@pytest.mark.parametrize(("body", "taken"), [(WELL, Taken.OURS), (UNWELL, Taken.OURS), (b"hello", Taken.ANOTHER)])
def test_whoever_has_the_port_is_asked_who_it_is(body: bytes, taken: Taken) -> None:
    with serving(answering(body)) as server:
        assert asked(DashboardSettings(port=server.port)).taken is taken
        assert asked(DashboardSettings(host="0.0.0.0", port=server.port)).taken is taken  # noqa: S104 - a setting
        assert f"Host: localhost:{server.port}".encode() in server.received[0]


def test_dashboard_over_tls_is_known_by_its_own_certificate(tmp_path: Path) -> None:
    ours, context = certificate(tmp_path / "ours", "192.0.2.1")
    other, _ = certificate(tmp_path / "other")
    with serving(answering(WELL), tls=context) as server:
        assert asked(DashboardSettings(port=server.port, tls_cert=ours)).taken is Taken.OURS
        assert asked(DashboardSettings(port=server.port, tls_cert=other)).taken is Taken.ANOTHER


def test_address_of_another_machine_can_not_be_listened_on() -> None:
    found = asked(DashboardSettings(host="192.0.2.1"))
    assert (found.taken, found.where) == (Taken.UNUSABLE, "192.0.2.1:5056")
    assert found.why

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.trading.cli.conftest import Shell
from trading.cli.doctor.command import shown
from trading.cli.doctor.examination import ORDER
from trading.cli.doctor.findings import bad, note, ok
from trading.store.database import Database

FRESH = {
    "settings": "ok", "tickers": "ok", "cost": "ok", "folders": "ok", ".env": "ok", "files": "ok", "disk": "ok",
    "database": "ok", "trader": "ok", "dashboard": "ok", "notify": "ok", "gateway": "note", "broker": "note",
}  # fmt: skip


def findings(shell: Shell) -> dict[str, str]:
    return {found["name"]: found["verdict"] for found in json.loads(shell.run("doctor", "--json").out)}


@pytest.fixture
def free_ports(shell: Shell) -> None:
    """Ports that nobody listens on, as those of gateway and dashboard."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        gateway, dashboard = one.getsockname()[1], other.getsockname()[1]
    text = f"GATEWAY_URL=https://127.0.0.1:{gateway}\nDASHBOARD_PORT={dashboard}\n"
    (shell.folder / ".env").write_text(text, encoding="utf-8")
    (shell.folder / ".env").chmod(0o600)


@pytest.mark.usefixtures("free_ports")
def test_fresh_machine_is_fine_but_for_the_gateway_that_is_not_started(shell: Shell) -> None:
    found = findings(shell)
    assert found == FRESH
    assert list(found) == [name for name in ORDER if name in FRESH]
    done = shell.run("doctor")
    assert done.code == 0
    assert len(done.out.splitlines()) == len(FRESH) + 1
    assert not shell.state.exists()


@pytest.mark.usefixtures("free_ports")
def test_live_system_that_may_trade_no_symbol_is_not_ready(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY", "live")
    monkeypatch.delenv("TICKERS", raising=False)
    found = findings(shell)
    assert (found["tickers"], found["calendar"]) == ("bad", "ok")
    assert shell.run("doctor").code == 1
    monkeypatch.setenv("TICKERS", "AAPL,MSFT")
    assert findings(shell)["tickers"] == "ok"


def test_parameter_of_the_strategy_that_cannot_be_used_is_found(shell: Shell) -> None:
    (shell.folder / "config.json").write_text('{"strategy": {"trend_mean_reversion": {"atr_period": 0}}}')
    done = shell.run("doctor", "--settings")
    assert done.code == 2
    assert done.err.startswith("strategy.trend_mean_reversion.atr_period = 0: must be")


@pytest.mark.usefixtures("free_ports")
def test_damaged_database_is_found_and_left_as_it_is(shell: Shell) -> None:
    shell.state.mkdir(parents=True)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 1000)
    done = shell.run("doctor")
    assert done.code == 1
    assert "trading.db is damaged" in done.out
    assert (shell.state / "trading.db").read_bytes() == b"rubbish" * 1000


@pytest.mark.usefixtures("free_ports")
def test_database_of_another_account_is_found(shell: Shell) -> None:
    database = Database(shell.state / "trading.db")
    database.claim("DU7654321", "simulated")
    database.close()
    assert findings(shell)["database"] == "bad"


def test_settings_alone_need_nothing_that_looks_at_the_gateway(shell: Shell, project_root: Path) -> None:
    told = "import sys; from trading.cli.main import main; main(['doctor', '--settings']); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(project_root)}
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, env=environment, cwd=shell.folder
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "trading.cli.doctor.command" in loaded
    assert not {"trading.cli.doctor.examination", "trading.gateway", "requests", "pandas"} & loaded


def test_settings_alone_touch_nothing_else(shell: Shell) -> None:
    done = shell.run("doctor", "--settings", "--json")
    assert (done.code, [found["name"] for found in json.loads(done.out)]) == (0, ["settings"])


def test_table_has_a_line_for_each_finding_with_what_to_do() -> None:
    lines = shown([ok("disk", "fine"), note("clock", "late"), bad("login", "nobody", "log in")]).splitlines()
    assert lines[0].split() == ["Check", "Found", "To", "do"]
    assert [line.split()[:2] for line in lines[1:]] == [["disk", "ok"], ["clock", "note"], ["login", "bad"]]
    assert lines[3].endswith("log in")

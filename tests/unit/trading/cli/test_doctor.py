from __future__ import annotations

import json
import socket

import pytest

from tests.fakes.notices import NOON, notice
from tests.unit.trading.cli.conftest import Shell
from trading.cli.doctor import check_disk, check_folders
from trading.cli.environment import read_settings
from trading.model.notice import Outcome, Part
from trading.store.database import Database
from trading.store.notices import SqliteNotices


def findings(shell: Shell) -> dict[str, str]:
    return {found["name"]: found["verdict"] for found in json.loads(shell.run("doctor", "--json").out)}


@pytest.fixture
def closed_port(shell: Shell) -> int:
    """A port that nobody listens on, as the gateway's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    (shell.folder / ".env").write_text(f"GATEWAY_URL=https://127.0.0.1:{port}\n", encoding="utf-8")
    (shell.folder / ".env").chmod(0o600)
    return port


@pytest.mark.usefixtures("closed_port")
def test_fresh_machine_is_fine_but_for_the_gateway_that_is_not_started(shell: Shell) -> None:
    assert findings(shell) == {
        "settings": "ok", "symbols": "ok", "folders": "ok", ".env": "ok", "disk": "ok", "database": "ok",
        "trader": "ok", "notify": "ok", "gateway": "note",
    }  # fmt: skip
    assert shell.run("doctor").code == 0
    assert not shell.state.exists()


@pytest.mark.usefixtures("closed_port")
def test_live_system_that_may_trade_no_symbol_is_not_ready(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY", "live")
    monkeypatch.delenv("TICKERS", raising=False)
    assert findings(shell)["symbols"] == "bad"
    assert shell.run("doctor").code == 1
    monkeypatch.setenv("TICKERS", "AAPL,MSFT")
    assert findings(shell)["symbols"] == "ok"


def test_parameter_of_the_strategy_that_cannot_be_used_is_found(shell: Shell) -> None:
    (shell.folder / "config.json").write_text('{"strategy": {"trend_mean_reversion": {"atr_period": 0}}}')
    done = shell.run("doctor", "--settings")
    assert done.code == 2
    assert done.err.startswith("strategy.trend_mean_reversion.atr_period = 0: must be")


def test_listening_gateway_is_seen(shell: Shell, closed_port: int) -> None:
    with socket.create_server(("127.0.0.1", closed_port)):
        assert findings(shell)["gateway"] == "ok"


@pytest.mark.usefixtures("closed_port")
def test_damaged_database_is_found(shell: Shell) -> None:
    shell.state.mkdir(parents=True)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 1000)
    done = shell.run("doctor")
    assert done.code == 1
    assert "trading.db" in done.out
    assert (shell.state / "trading.db").read_bytes() == b"rubbish" * 1000


@pytest.mark.usefixtures("closed_port")
def test_database_of_another_account_is_found(shell: Shell) -> None:
    database = Database(shell.state / "trading.db")
    database.claim("DU7654321", "simulated")
    database.close()
    assert findings(shell)["database"] == "bad"


@pytest.mark.usefixtures("closed_port")
def test_running_trader_is_not_disturbed(shell: Shell) -> None:
    database = Database(shell.state / "trading.db")
    assert findings(shell)["database"] == "ok"
    database.close()


def test_settings_that_others_can_read_are_noted(shell: Shell, closed_port: int) -> None:
    (shell.folder / ".env").chmod(0o644)
    assert closed_port
    assert findings(shell)[".env"] == "note"


def test_settings_alone_touch_nothing_else(shell: Shell) -> None:
    done = shell.run("doctor", "--settings", "--json")
    assert (done.code, [found["name"] for found in json.loads(done.out)]) == (0, ["settings"])


def test_folder_that_is_a_file_is_found(shell: Shell) -> None:
    (shell.folder / "state").write_text("", encoding="utf-8")
    assert check_folders(read_settings()).verdict == "bad"


def test_disk_is_looked_at_where_the_state_will_be(shell: Shell) -> None:
    assert shell.folder.exists()
    assert check_disk(read_settings()).text.endswith("MB free")


@pytest.mark.usefixtures("closed_port")
def test_whom_people_are_told_through_is_shown_without_what_is_secret(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "json://ann:s3cret@host/s3cret")
    done = shell.run("doctor")
    assert done.code == 0
    assert "json://host" in done.out
    assert "s3cret" not in done.out
    database = Database(shell.state / "trading.db")
    book = SqliteNotices(database, lambda: NOON.date())
    book.note([notice()], ())
    book.record("json://host", [(1, Part.TOLD)], Outcome.FAILED, NOON, "answered 500")
    database.close()
    found = {found["name"]: found for found in json.loads(shell.run("doctor", "--json").out)}["notify"]
    assert found["verdict"] == "note"
    assert "json://host: answered 500" in found["text"]
    assert found["fix"] == "python -m trading notify --test"


@pytest.mark.usefixtures("closed_port")
def test_damaged_database_keeps_the_addresses_from_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "json://host/x")
    shell.state.mkdir(parents=True)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 1000)
    assert findings(shell)["notify"] == "ok"


def test_address_that_can_not_be_used_is_one_line_before_anything_starts(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "nonsense")
    done = shell.run("doctor", "--settings")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("NOTIFY_URLS: address 1 of 1 can't be used")

"""What the composition root refuses before anything is sent, and the small things that it decides."""

from __future__ import annotations

import importlib.util
import json
import logging
import signal
import tomllib
from pathlib import Path

import msgspec
import pytest

from trading.bootstrap import CONTROLS, DATABASE, chosen_account, run, version
from trading.config import GatewaySettings, NotifySettings, Secret, Settings
from trading.errors import ConfigError, DataError, InstanceRunning
from trading.model.account import hide_accounts
from trading.monitoring.log import LOG_NAME
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, read_beat
from trading.store.boot_time import boot_time
from trading.store.database import Database, StateLock

PAPER, LIVE = "DU1234567", "U1234567"


def settings_in(folder: Path, *, tickers: tuple[str, ...] = ("AAPL",), strategy: str | None = None) -> Settings:
    return Settings(
        account_id=PAPER,
        tickers=tickers,
        state_dir=folder / "state",
        log_dir=folder / "logs",
        strategy_name=strategy or "trend_mean_reversion",
    )


def simulated_in(folder: Path) -> Settings:
    """Settings of a simulated gateway without symbols: all those of its bars are traded."""
    return Settings(
        state_dir=folder / "state", log_dir=folder / "logs", gateway=GatewaySettings(kind="simulated", url="https://h")
    )


@pytest.mark.parametrize("accounts", [(PAPER,), ("", PAPER)])
def test_only_paper_account_of_a_login_is_chosen_whether_it_is_selected_or_not(accounts: tuple[str, ...]) -> None:
    assert chosen_account(accounts) == PAPER


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ((LIVE,), "is a live one"),
        (("", LIVE), "is a live one"),
        ((PAPER, "DU7654321"), "several accounts"),
        ((PAPER, LIVE), "several accounts"),
    ],
)
def test_live_account_or_one_of_several_has_to_be_named(accounts: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        chosen_account(accounts)
    assert caught.value.path == "IBKR_ACCOUNT_ID"
    assert caught.value.value is None
    # An example would be masked in the log and on pages, as an account is.
    assert hide_accounts(str(caught.value)) == str(caught.value)


def test_version_is_that_of_the_project(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version() == project["version"]


def test_live_system_without_symbols_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        run(settings_in(tmp_path, tickers=()))
    assert caught.value.path == "TICKERS"
    assert not (tmp_path / "state").exists()


def test_unknown_strategy_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        run(settings_in(tmp_path, strategy="no_such_strategy"))
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("text", [None, "ticker,close\nAAPL,1\n"])
def test_simulated_bars_without_symbols_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    bars = tmp_path / "bars.csv"
    if text is not None:
        bars.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SIM_BARS", str(bars))
    with pytest.raises(DataError) as caught:
        run(simulated_in(tmp_path))
    assert caught.value.subject == str(bars)


def test_address_that_can_not_be_used_does_not_start(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    wrong = msgspec.structs.replace(settings, notify=NotifySettings(urls=Secret("json://h/x?needs=apprise")))
    if importlib.util.find_spec("apprise") is not None:
        wrong = msgspec.structs.replace(settings, notify=NotifySettings(urls=Secret("nonsense://s3cret")))
    with pytest.raises(ConfigError) as caught:
        run(wrong)
    assert caught.value.path == "NOTIFY_URLS"
    assert "s3cret" not in str(caught.value)
    assert not (tmp_path / "state").exists()


def test_second_process_on_the_same_state_does_not_start(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "state")
    try:
        with pytest.raises(InstanceRunning) as caught:
            run(settings_in(tmp_path))
    finally:
        lock.release()
    assert caught.value.folder == str(tmp_path / "state")
    assert not (tmp_path / "state" / DATABASE).exists()


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    """A folder in which a start was refused, since its state is another account's."""
    database = Database(tmp_path / "state" / DATABASE)
    database.claim("DU7654321", "live")
    database.close()
    with pytest.raises(ConfigError):
        run(settings_in(tmp_path))
    return tmp_path


def test_state_of_another_account_is_not_traded_on(refused: Path) -> None:
    assert not (refused / "state" / CONTROLS).exists()
    database = Database(refused / "state" / DATABASE, read_only=True)
    try:
        assert database.fact("account") == "DU7654321"
    finally:
        database.close()


def test_refused_start_is_shown_on_pages_and_in_the_log_with_its_reason(refused: Path) -> None:
    beat = read_beat(refused / "state" / HEARTBEAT_NAME, boot_time())
    assert beat is not None
    assert beat.ended_at
    assert beat.ended_by == (
        "itself: IBKR_ACCOUNT_ID = '…': trading.db belongs to …: set that, or give another STATE_DIR"
    )
    lines = [json.loads(line) for line in (refused / "logs" / LOG_NAME).read_text(encoding="utf-8").splitlines()]
    errors = [line["problem"] for line in lines if line["level"] == "error"]
    assert len(errors) == 1
    assert "belongs to DU***4321" in errors[0]


def test_refused_start_gives_the_lock_back(refused: Path) -> None:
    StateLock(refused / "state").release()


def test_refused_start_leaves_signals_and_logging_as_they_were(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    handlers = list(logging.getLogger().handlers)
    database = Database(tmp_path / "state" / DATABASE)
    database.claim("DU7654321", "live")
    database.close()
    with pytest.raises(ConfigError):
        run(settings_in(tmp_path))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert logging.getLogger().handlers == handlers

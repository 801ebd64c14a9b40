"""Which variables count, and what is said of names that are none of ours."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from trading.config import OPTIONS
from trading.config.environment import NAMES, load_here, read_environment, unread
from trading.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def refusal(file: Path, text: str, environ: dict[str, str] | None = None) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_environment(file, environ or {})
    return str(caught.value).removeprefix(str(file))


def test_process_goes_over_the_file_and_empty_counts_as_absent(file: Path) -> None:
    file.write_text("A=file\nB=file\nC=\nexport D='quoted'\n", encoding="utf-8")
    assert read_environment(file, {"A": "process", "B": "", "E": ""}) == {"A": "process", "B": "file", "D": "quoted"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MAX_POSITION", "MAX_POSITIONS"),
        ("TICKER", "TICKERS"),
        ("max_drawdown", "MAX_DRAWDOWN"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("DASHBOARD_PASWORD", "DASHBOARD_PASSWORD"),
        ("DASHBOARD_PASSWORD_FILES", "DASHBOARD_PASSWORD_FILE"),
        ("SIM_TICKER", "SIM_TICKERS"),
    ],
)
def test_name_that_nearly_is_one_of_ours_is_refused_in_the_file_and_in_the_process(
    file: Path, name: str, meant: str
) -> None:
    said = f"no such setting; did you mean {meant}?"
    assert refusal(file, f"{name}=3\n") == f": {name}: {said}"
    if name.isupper():
        assert refusal(file, "", {name: "3"}) == f"{name}: {said}"


@pytest.mark.parametrize("name", ["DRY_RUN", "PAPER_TRADING", "READ_ONLY", "TRADING_MODE", "dry_run", "Trading_Mode"])
def test_name_that_elsewhere_keeps_a_system_from_trading_is_refused_wherever_it_stands(file: Path, name: str) -> None:
    assert f"{name}: nothing here reads it" in refusal(file, f"{name}=true\n")
    assert refusal(file, "", {name: "1"}).startswith(f"{name}: nothing here reads it: take it away")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("MAX_DAILY_LOSS", "risk.max_daily_loss"),
        ("RISK_MAX_DAILY_LOSS", "risk.max_daily_loss"),
        ("risk_max_daily_loss", "risk.max_daily_loss"),
        ("RISK_PER_TRADE", "risk.risk_per_trade"),
        ("SIZING_RISK_PER_TRADE", "risk.risk_per_trade"),
        ("ACCOUNT_RULES", "risk.account_rules"),
        ("RESET_ZONE", "session.reset_zone"),
        ("QUIET_HOURS", "notify.quiet_hours"),
        ("NOTIFY_QUIET_HOURS", "notify.quiet_hours"),
        ("RISK_PROFILE", "risk.profile"),
        ("EXECUTION_SEND_FROM", "execution.send_from"),
    ],
)
def test_key_of_the_configuration_written_as_a_variable_is_sent_to_its_place(file: Path, name: str, key: str) -> None:
    said = f"{name}: is {key} of config.json: set it there"
    assert refusal(file, f"{name}=0.01\n") == f": {said}"
    assert refusal(file, "", {name: "0.01"}) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("RISK_MAX_POSITIONS", "nothing reads it: the variable is MAX_POSITIONS"),
        ("ACCOUNT_ID", "nothing reads it: the variable is IBKR_ACCOUNT_ID"),
        ("HOST", "nothing reads it: the variable is DASHBOARD_HOST or GATEWAY_HOST"),
        ("SIMULATOR_CASH", "nothing reads it: the variable is SIM_CASH"),
        ("PROFILE", "is risk.profile of config.json: set it there"),
        ("MAX_DAILY_LOS", "no such setting; did you mean risk.max_daily_loss of config.json?"),
    ],
)
def test_name_that_sounds_like_a_key_is_refused_in_the_file(file: Path, name: str, said: str) -> None:
    assert refusal(file, f"{name}=3\n") == f": {name}: {said}"


@pytest.mark.parametrize(
    "name", ["STOP_ATR", "stop_atr", "STRATEGY_STOP_ATR", "STRATEGY_MINE_STOP_ATR", "MINE_STOP_ATR"]
)
def test_parameter_of_a_strategy_written_as_a_variable_is_sent_to_its_place(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text('{"strategy": {"mine": {"stop_atr": 2, "period": 9}}}', encoding="utf-8")
    (tmp_path / ".env").write_text(f"{name}=3\n", encoding="utf-8")
    for environ in ({}, {name: "3"}):
        with pytest.raises(ConfigError) as caught:
            load_here(environ, tmp_path)
        assert str(caught.value) == f"{name}: is strategy.mine.stop_atr of config.json: set it there"
        (tmp_path / ".env").unlink(missing_ok=True)
    assert load_here({"PERIOD": "3", name: ""}, tmp_path).strategies == {"mine": {"stop_atr": 2, "period": 9}}


def test_what_other_programs_may_have_in_the_process_is_theirs(file: Path) -> None:
    names = (
        "HOST",
        "PORT",
        "URL",
        "PASSWORD",
        "START",
        "NAME",
        "PROFILE",
        "SECTORS",
        "SEND_FROM",
        "WAIT_S",
        "ACCOUNT_ID",
    )
    assert read_environment(file, dict.fromkeys(names, "x")) == dict.fromkeys(names, "x")


def test_comment_that_compose_made_the_value_is_refused(file: Path) -> None:
    assert refusal(file, "", {"DASHBOARD_PASSWORD": "# at least twelve"}).startswith(
        "DASHBOARD_PASSWORD: begins with #"
    )
    assert read_environment(file, {"ANYTHING": "# x"}) == {"ANYTHING": "# x"}


def test_names_of_others_are_nobodys_business(file: Path) -> None:
    names = ("COMPOSE_PROJECT_NAME", "TZ", "PYTHONUNBUFFERED", "TRADING_CPUS", "EDITOR", "MY_OWN")
    file.write_text("".join(f"{name}=x\n" for name in names), encoding="utf-8")
    environ = {"PATH": "/bin", "HOME": "/root", "LOGNAME": "me", "HOSTNAME": "h", "HTTPS_PROXY": "p", "LC_ALL": "C"}
    assert read_environment(file, environ) == dict.fromkeys(names, "x") | environ
    assert unread(names) == ("EDITOR", "MY_OWN")


def test_every_key_that_is_no_variable_is_refused_as_one(file: Path) -> None:
    keys = [option.key for option in OPTIONS if option.env is None]
    assert len(keys) > 30
    for key in keys:
        for name in {key.rpartition(".")[2].upper(), key.replace(".", "_").upper()}:
            assert f"{name}: is {key} of config.json" in refusal(file, f"{name}=1\n")


def test_file_of_many_names_that_are_not_ours_is_read_or_refused_at_once(file: Path) -> None:
    began = time.process_time()
    many = "".join(f"MY_{number}=1\n" for number in range(80_000))
    assert refusal(file, many) == ": sets more than 500 variables: that is no settings file"
    file.write_text("".join(f"MAX_QWERTY_UIOP{number}=1\n" for number in range(500)), encoding="utf-8")
    assert len(read_environment(file, {})) == 500
    assert time.process_time() - began < 1.0


def test_every_variable_is_known_and_no_two_are_alike_enough_to_be_taken_for_each_other(file: Path) -> None:
    file.write_text("".join(f"{name}=x\n" for name in sorted(NAMES)), encoding="utf-8")
    assert read_environment(file, dict.fromkeys(NAMES, "x")).keys() == NAMES
    assert {"IBKR_ACCOUNT_ID_FILE", "METRICS_TOKEN_FILE", "GATEWAY_KEYSTORE_PASSWORD_FILE"} <= NAMES
    assert "TICKERS_FILE" not in NAMES

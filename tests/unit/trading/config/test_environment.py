"""Which variables count, and what is said of names that are none of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading.config.environment import NAMES, read_environment, unread
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


@pytest.mark.parametrize("name", ["DRY_RUN", "PAPER_TRADING", "READ_ONLY"])
def test_name_that_elsewhere_keeps_a_system_from_trading_is_refused_in_the_file(file: Path, name: str) -> None:
    assert f"{name}: nothing here reads it" in refusal(file, f"{name}=true\n")
    assert read_environment(file.with_name("none"), {name: "1"}) == {name: "1"}


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


def test_every_variable_is_known_and_no_two_are_alike_enough_to_be_taken_for_each_other(file: Path) -> None:
    file.write_text("".join(f"{name}=x\n" for name in sorted(NAMES)), encoding="utf-8")
    assert read_environment(file, dict.fromkeys(NAMES, "x")).keys() == NAMES
    assert {"IBKR_ACCOUNT_ID_FILE", "METRICS_TOKEN_FILE", "GATEWAY_KEYSTORE_PASSWORD_FILE"} <= NAMES
    assert "TICKERS_FILE" not in NAMES

"""What start.sh gets to know of the settings, and what it refuses to start with."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from deploy.settings import assignments
from tests.fakes.chance import seeded
from tests.unit.deploy.conftest import Script
from trading.config.env_file import parse_env
from trading.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path, project_root: Path) -> Path:
    (tmp_path / "config.json").write_bytes((project_root / "config.json").read_bytes())
    return tmp_path


def lines(folder: Path, role: str = "trader", **environ: str) -> dict[str, str]:
    """Return what the shell makes of the lines: by name, with `export` before it where it is exported."""
    found = {}
    for line in assignments(role, environ, folder):
        name, _, written = line.rpartition("=") if line.endswith("=''") else line.partition("=")
        found[name] = shlex.split(written)[0]
    return found


def refusal(folder: Path, role: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        list(assignments(role, environ, folder))
    return str(caught.value)


def test_simulated_state_is_a_folder_of_its_own(folder: Path) -> None:
    live, simulated = lines(folder, STATE_DIR="kept"), lines(folder, STATE_DIR="kept", GATEWAY="simulated")
    assert (live["STATE_DIR"], live["RUN_STATE"]) == ("kept", "kept")
    assert (simulated["STATE_DIR"], simulated["RUN_STATE"]) == ("kept", "kept/simulated")
    assert live["export GATEWAY_CA_BUNDLE"] == "kept/gateway/root/gateway.pem"
    assert simulated["export GATEWAY_CA_BUNDLE"] == "kept/simulated/simulator/simulator-cert.pem"


def test_demo_is_slow_enough_to_watch_unless_somebody_says_otherwise(folder: Path) -> None:
    assert lines(folder, GATEWAY="simulated")["export SIM_SECONDS_PER_DAY"] == "1.5"
    assert lines(folder, GATEWAY="simulated", SIM_SECONDS_PER_DAY="0")["export SIM_SECONDS_PER_DAY"] == "0"
    assert "export SIM_SECONDS_PER_DAY" not in lines(folder)


def test_file_is_exported_but_for_secrets_and_what_the_environment_sets(folder: Path) -> None:
    text = "MAX_POSITIONS=7\nMIN_PRICE=6\nHTTPS_PROXY='it\\s; $(x) \"'\nDASHBOARD_PASSWORD=long and secret\n"
    (folder / ".env").write_text(text, encoding="utf-8")
    found = lines(folder, MIN_PRICE="9")
    assert found["export MAX_POSITIONS"] == "7"
    assert found["export HTTPS_PROXY"] == 'it\\s; $(x) "'
    assert "export MIN_PRICE" not in found
    assert "secret" not in str(found)
    assert found["PASSWORD_GIVEN"] == "yes"


def test_every_line_is_one_for_the_shell(folder: Path) -> None:
    script = "\n".join(assignments("trader", {"GATEWAY_CORS": "a'b\"; touch x; $(touch y)"}, folder))
    done = subprocess.run(
        ["/bin/bash", "-euc", f'{script}\nprintf %s "$GATEWAY_CORS"'], cwd=folder, capture_output=True, check=True
    )
    assert done.stdout == b"a'b\"; touch x; $(touch y)"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json"]


def test_gateway_of_another_machine_is_none_to_start_here(folder: Path) -> None:
    environ = {"GATEWAY_URL": "https://gateway.example:5055"}
    assert "isn't started here" in refusal(folder, "all", **environ)
    found = lines(folder, **environ)
    assert (found["GATEWAY_NAME"], found["GATEWAY_PORT"]) == ("localhost", "5055")
    assert lines(folder, GATEWAY_URL="https://[::1]")["GATEWAY_PORT"] == "443"


def test_address_that_this_machine_has_not_is_refused_where_the_part_listens(folder: Path) -> None:
    environ = {"DASHBOARD_HOST": "192.0.2.1"}
    assert "DASHBOARD_HOST = '192.0.2.1': this machine can't listen there" in refusal(folder, "web", **environ)
    assert lines(folder, **environ)
    environ = {"GATEWAY": "simulated", "GATEWAY_HOST": "192.0.2.1"}
    assert "GATEWAY_HOST = '192.0.2.1'" in refusal(folder, "gateway", **environ)
    assert lines(folder, "gateway", GATEWAY_HOST="192.0.2.1", GATEWAY="live")


def test_bars_have_to_be_there_for_the_simulated_gateway(folder: Path) -> None:
    assert "SIM_BARS = 'none.csv'" in refusal(folder, "gateway", GATEWAY="simulated", SIM_BARS="none.csv")
    assert lines(folder, "trader", GATEWAY="simulated", SIM_BARS="none.csv")


def test_symbols_of_the_simulated_market_are_given_by_commas_whatever_they_hold(folder: Path) -> None:
    found = lines(folder, GATEWAY="simulated", SIM_TICKERS="brk b, AAPL")
    assert found["SIM_SYMBOLS"] == "AAPL,BRK B"
    assert lines(folder, GATEWAY="simulated")["SIM_SYMBOLS"] == ""


def test_script_says_one_line_and_ends_with_2(script: Script) -> None:
    code, said = script("settings.py", "trader", GATEWAY="paper")
    assert (code, said) == (2, "start.sh: GATEWAY = 'paper': must be one of live, simulated\n")


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://[::1]:5055", "[::1]"), ("https://127.0.0.1:5055", "127.0.0.1"), ("https://localhost:5055", "localhost")],
)
def test_gateway_of_this_machine_is_asked_under_the_name_that_the_trading_loop_uses(
    folder: Path, url: str, name: str
) -> None:
    assert lines(folder, GATEWAY_URL=url)["GATEWAY_NAME"] == name


@pytest.mark.parametrize(("host", "name"), [("::1", "[::1]"), ("127.0.0.1", "localhost"), ("0.0.0.0", "localhost")])  # noqa: S104 - a container's
def test_dashboard_on_ipv6_alone_is_named_by_its_address(folder: Path, host: str, name: str) -> None:
    assert lines(folder, DASHBOARD_HOST=host)["DASHBOARD_NAME"] == name


@pytest.mark.parametrize(
    ("host", "asked"),
    [("127.0.0.1", "127.0.0.1:5056"), ("0.0.0.0", "127.0.0.1:5056"), ("::1", "[::1]:5056"), ("::", "[::1]:5056")],  # noqa: S104
)
def test_health_is_asked_for_where_the_dashboard_listens(folder: Path, host: str, asked: str) -> None:
    given = {"DASHBOARD_TLS_CERT": "", "DASHBOARD_HOST": host}
    assert lines(folder, **given)["DASHBOARD_AT"] == asked


# ---- TRADING_PYTHON, which start.sh has to know before there is a Python that could read the file

TOKENS = (
    "TRADING_PYTHON", "TRADING_PYTHON", "export ", "export\t", "EXPORT ", "OTHER", "=", "=", "=", " ", "  ", "\t", "#",
    " #", "\t#", "'", '"', "'", '"', "/opt/a b/python", "/usr/bin/python3", "$HOME", "\\", "\r", "\x01", "é", "`id`",
)  # fmt: skip
WRITTEN = (
    "TRADING_PYTHON=/a/python",
    "TRADING_PYTHON=/a/python # mine",
    "TRADING_PYTHON=/a/python# mine",
    "TRADING_PYTHON=/a/python \t # mine",
    "TRADING_PYTHON=/a/python\t# mine",
    "\tTRADING_PYTHON \t= \t/a/python\t \r",
    "export TRADING_PYTHON=/a/python\r",
    " export \t TRADING_PYTHON = '/a b/python' # mine\r",
    'TRADING_PYTHON="/a b/python"\t#mine',
    "TRADING_PYTHON='/a #b/$python\\x' #",
    'TRADING_PYTHON="/a/$python"',
    'TRADING_PYTHON="/a\\python"',
    "TRADING_PYTHON='/a/python\\'",
    "TRADING_PYTHON='/a/python",
    "TRADING_PYTHON='/a/python' x",
    "TRADING_PYTHON=/a/it's",
    "TRADING_PYTHON=$HOME/python",
    "TRADING_PYTHON=# /a/python",
    "TRADING_PYTHON= # /a/python",
    "TRADING_PYTHON=",
    "TRADING_PYTHON=''",
    "TRADING_PYTHON",
    "# TRADING_PYTHON=/a/python",
    "MY_TRADING_PYTHON=/a/python",
    "TRADING_PYTHON_2=/a/python",
    "\ufeffTRADING_PYTHON=/a/pythön",
    "\ufeff# notes\r\n\r\nMAX_POSITIONS=3\r\nTRADING_PYTHON=/a/python\r\nMIN_PRICE=5\r\n",
    "MAX_POSITIONS=3\n\ufeffTRADING_PYTHON=/a/python",
    "TRADING_PYTHON=/a/py\x07thon",
    "TRADING_PYTHON=-n",
    "TRADING_PYTHON=/a/py\tthon",
)


def of_start_sh(folder: Path, project_root: Path, texts: list[str]) -> list[str]:
    """Return what start.sh makes of TRADING_PYTHON in each of some texts."""
    for number, text in enumerate(texts):
        (folder / f"{number:04}.env").write_bytes(text.encode())
    each = 'for file in *.env; do printf "%s\\0" "$(python_of_env_file <"$file")"; done'
    script = f'source "$1/deploy/settings.sh"; cd "$2"; {each}'
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -euo pipefail; {script}", "bash", str(project_root), str(folder)],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def of_the_reader(text: str) -> str:
    """Return what the whole system makes of it, empty for what it refuses."""
    try:
        return parse_env(text.removeprefix("\ufeff"), ".env").get("TRADING_PYTHON", "")
    except ConfigError:
        return ""


def test_start_sh_reads_its_python_by_the_rules_of_the_whole_file(tmp_path: Path, project_root: Path) -> None:
    found = of_start_sh(tmp_path, project_root, list(WRITTEN))
    assert dict(zip(WRITTEN, found, strict=True)) == {text: of_the_reader(text) for text in WRITTEN}
    assert found.count("/a/python") == 6


def test_start_sh_reads_its_python_by_the_rules_however_a_line_is_put_together(
    tmp_path: Path, project_root: Path
) -> None:
    chance = seeded(5)
    texts = ["".join(chance.choices(TOKENS, k=chance.randint(2, 9))) for _ in range(1500)]
    texts += ["TRADING_PYTHON=" + "".join(chance.choices(TOKENS, k=chance.randint(1, 7))) for _ in range(1500)]
    found = of_start_sh(tmp_path, project_root, texts)
    expected = [of_the_reader(text) for text in texts]
    differ = [each for each in zip(texts, found, expected, strict=True) if each[1] != each[2]]
    assert differ == []
    assert sum(bool(value) for value in found) > 300


def test_file_that_has_no_end_holds_up_no_start(tmp_path: Path, project_root: Path) -> None:
    text = "# much\n" * 200_000 + "TRADING_PYTHON=/a/python\n"
    assert of_start_sh(tmp_path, project_root, [text]) == [""]

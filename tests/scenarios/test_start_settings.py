"""What start.sh says before anything starts: one clear line about settings, ports and files, and the exit code."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.start_run import ROOT, Run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.close()


def refused(run: Run, code: int, *arguments: str, **settings: str) -> str:
    """Return the one line that start.sh ends with; nothing has been started."""
    result, output = run.finished(*arguments, **settings)
    assert result == code, output
    assert output.count("\n") == 1, output
    assert run.starts("gateway") == run.starts("web") == run.starts("trader") == []
    return output


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_taken_gateway_port_is_named(run: Run, taken: int) -> None:
    line = refused(run, 1, GATEWAY_URL=f"https://localhost:{taken}")
    assert line == (
        f"start.sh: port {taken} is taken, so the gateway can't start: stop the program that uses it "
        f"(lsof -i :{taken} names it), or change GATEWAY_URL\n"
    )


@pytest.mark.parametrize("role", ["all", "web"])
def test_taken_dashboard_port_is_named(run: Run, taken: int, role: str) -> None:
    line = refused(run, 1, role, DASHBOARD_PORT=str(taken))
    assert f"port {taken} is taken, so the dashboard can't start" in line
    assert "change DASHBOARD_PORT" in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("GATEWAY=paper", "GATEWAY = 'paper': must be one of live, simulated"),
        ("DASHBOARD_PORT=web", "DASHBOARD_PORT = 'web': must be a whole number from 1 to 65,535"),
        ("DASHBOARD_PORT=70000", "DASHBOARD_PORT = 70000: must be a whole number from 1 to 65,535"),
        ("GATEWAY_URL=http://localhost:5055", "GATEWAY_URL = 'http://localhost:5055': must be an address like https://localhost:5055"),
        ("GATEWAY_WAIT_SECONDS=1m", "GATEWAY_WAIT_SECONDS = '1m': must be a whole number from 0 to 3,600 (s)"),
        ("\n# note\nMAX_POSITIONS 10", ".env line 3: is not NAME=VALUE: mend it, or put # before it"),
        ("METRICS_TOKEN='half", ".env line 1: the quotes around the value of METRICS_TOKEN don't match"),
        ("TRADING_PYTHON=/nowhere/python", "TRADING_PYTHON = '/nowhere/python': there is no such program"),
        ("TRADING_PYTHON=/bin/true", "TRADING_PYTHON = '/bin/true': is no Python 3.11 or newer; leave it empty for that of 'make setup'"),  # noqa: E501
        ("TRADING_PYTHON=/bin/sh", "TRADING_PYTHON = '/bin/sh': is no Python 3.11 or newer; leave it empty for that of 'make setup'"),  # noqa: E501
        ("GATEWAY_URL=https://localhost:5955\nDASHBOARD_PORT=5955", "DASHBOARD_PORT = 5955: the gateway has this port already (GATEWAY_URL): give one of them another"),  # noqa: E501
        ("SIM_CASH=much", "SIM_CASH = 'much': must be a number above 0 and at most 1e+09 (USD)"),
        ("SIM_START=2014-02-30", "SIM_START = '2014-02-30': must be a day like 2014-03-03"),
        ("DASHBOARD_HOST=999.1.1.1", "DASHBOARD_HOST = '999.1.1.1': must be an address such as 127.0.0.1 or ::1, or the name of a host"),  # noqa: E501
        ("DASHBOARD_HOST=192.0.2.1", "DASHBOARD_HOST = '192.0.2.1': this machine can't listen there: Cannot assign requested address"),  # noqa: E501
        ("MAX_POSITION=3", ".env: MAX_POSITION: no such setting; did you mean MAX_POSITIONS?"),
        ("MAX_DAILY_LOSS=0.01", ".env: MAX_DAILY_LOSS: is risk.max_daily_loss of config.json: set it there"),
        ("DASHBOARD_PASSWORD= # long and secret", ".env line 1: what follows DASHBOARD_PASSWORD= would be its value: put the comment on a line of its own"),  # noqa: E501
        ("MAX_POSITIONS=3\nMAX_POSITIONS=4", ".env line 2: MAX_POSITIONS is set on line 1 already: keep one of them"),
        ("MAX_DRAWDOWN: 0.05", ".env line 1: is not NAME=VALUE: mend it, or put # before it"),
        ("SIM_BARS=/nowhere/bars.csv", "SIM_BARS = '/nowhere/bars.csv': there is no such file, or it can't be read"),
    ],
)  # fmt: skip
def test_bad_line_of_env_file_is_named(run: Run, text: str, line: str) -> None:
    for name in ("GATEWAY_URL", "DASHBOARD_PORT", "GATEWAY"):
        if name in text:
            del run.environment[name]
    if "TRADING_PYTHON" in text:
        del run.environment["TRADING_PYTHON"]
    (run.checkout / ".env").write_text(text + "\n", encoding="utf-8")
    assert refused(run, 2) == f"start.sh: {line}\n"


def test_gateway_on_another_machine_is_not_started_here(run: Run) -> None:
    line = refused(run, 2, GATEWAY_URL="https://gateway.example:5055")
    assert "a gateway on another machine isn't started here; run './start.sh trader' and './start.sh web'" in line


def test_bad_setting_of_a_part_is_said_before_anything_starts(run: Run) -> None:
    assert refused(run, 2, PART_SETTINGS="config: MAX_POSITIONS = 'ten'") == "config: MAX_POSITIONS = 'ten'\n"


def test_bad_setting_of_the_trading_loop_is_one_line_in_under_three_seconds(run: Run) -> None:
    (run.checkout / ".env").write_text("MAX_POSITIONS=ten\n", encoding="utf-8")
    line = refused(run, 2, TRADING_PYTHON=sys.executable, PYTHONPATH=str(ROOT))
    assert "MAX_POSITIONS" in line
    assert "ten" in line


def test_bad_setting_of_the_dashboard_is_one_line(run: Run) -> None:
    line = refused(run, 2, TRADING_PYTHON=sys.executable, PYTHONPATH=str(ROOT), DASHBOARD_PASSWORD="changeme")
    assert "DASHBOARD_PASSWORD" in line
    assert "changeme" not in line


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"SIM_TICKERS": "AAPL,NOSUCH"}, "SIM_TICKERS: the bars hold no NOSUCH; they hold 60 symbols, AAPL to XOM"),
        ({"SIM_START": "1999-01-01"}, "SIM_START: the bars begin on 2013-02-08"),
        ({"SIM_START": "2030-01-01"}, "SIM_START: the bars end on 2018-02-07"),
    ],
)
def test_market_that_the_bars_do_not_hold_is_refused_by_its_setting(
    run: Run, settings: dict[str, str], line: str
) -> None:
    bars = str(ROOT / "data" / "us_daily.csv.gz")
    said = refused(run, 2, TRADING_PYTHON=sys.executable, PYTHONPATH=str(ROOT), SIM_BARS=bars, **settings)
    assert said == f"simulator: {line}\n"


def test_missing_environment_leads_to_the_set_up(run: Run) -> None:
    if Path("/opt/venv/bin/python").exists():
        pytest.fail("this machine has the container's Python, so the case can't be made")
    del run.environment["TRADING_PYTHON"]
    assert refused(run, 2) == "start.sh: the Python environment is missing: run 'make setup' first\n"


def test_unknown_part_is_refused(run: Run) -> None:
    assert refused(run, 2, "everything") == (
        "start.sh: unknown part 'everything': use all, gateway, trader, web or healthcheck\n"
    )


def test_state_folder_that_cannot_be_made_is_named(run: Run) -> None:
    (run.folder / "file").touch()
    line = refused(run, 2, STATE_DIR=str(run.folder / "file" / "state"))
    assert "can't be made; give folders that user" in line


def test_env_file_that_is_none_is_one_line(run: Run) -> None:
    del run.environment["TRADING_PYTHON"]
    python = run.checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (run.checkout / ".env").mkdir()
    assert refused(run, 2) == "start.sh: .env: can't be read: Is a directory\n"
    (run.checkout / ".env").rmdir()
    (run.checkout / ".env").symlink_to("/proc/self/mem")
    assert refused(run, 2) == "start.sh: .env: can't be read: Input/output error\n"
    (run.checkout / ".env").unlink()
    (run.checkout / ".env").symlink_to("nowhere")
    assert "start.sh: .env: is a link that leads nowhere" in refused(run, 2)
    (run.checkout / ".env").unlink()
    os.mkfifo(run.checkout / ".env")
    assert "start.sh: .env: is no regular file, but a pipe or a device" in refused(run, 2)


@pytest.mark.parametrize("place", ["/nowhere/tmp", "/etc/passwd", "/proc/1"])
def test_folder_for_passing_files_that_cannot_be_used_is_replaced_by_one_of_our_own(run: Run, place: str) -> None:
    run.begin(TMPDIR=place).see("trader begins")
    output = run.output()
    assert f"start    | TMPDIR = '{place}' is no folder that can be written to; state/simulated/tmp is used\n" in output
    assert f"TMPDIR={run.checkout}/state/simulated/tmp" in run.seen_by("trader").splitlines()
    assert run.stop() == 0


def test_live_gateway_without_the_program_says_where_to_put_it(run: Run) -> None:
    line = refused(run, 2, GATEWAY="live")
    assert "unpack clientportal.gw.zip into" in line
    assert "or set GATEWAY=simulated" in line


def test_live_gateway_without_java_says_what_to_install(run: Run) -> None:
    commands = run.folder / "bin"
    commands.mkdir()
    for name in ("bash", "env", "dirname", "id", "mkdir", "chmod", "sed"):
        (commands / name).symlink_to(f"/usr/bin/{name}")
    (run.checkout / "gateway" / "bin").mkdir(parents=True)
    (run.checkout / "gateway" / "bin" / "run.sh").touch()
    line = refused(run, 2, GATEWAY="live", PATH=str(commands))
    assert "GATEWAY=live needs Java 17 or newer: install it" in line


@pytest.mark.parametrize(
    "line",
    [
        "TRADING_PYTHON={} # mine",
        "export TRADING_PYTHON = '{}'\t# mine",
        'TRADING_PYTHON="{}"\r',
        "\ufeffTRADING_PYTHON={}\r",
    ],
)
def test_python_of_the_env_file_runs_the_parts_however_its_line_is_written(run: Run, line: str) -> None:
    python = run.environment.pop("TRADING_PYTHON")
    (run.checkout / ".env").write_text(f"{line.format(python)}\nMAX_POSITIONS=7\n", encoding="utf-8", newline="")
    run.begin().see("trader begins")
    assert run.stop() == 0


def test_python_that_is_written_in_two_ways_is_refused_by_who_reads_the_whole_file(run: Run) -> None:
    python = run.environment.pop("TRADING_PYTHON")
    (run.checkout / ".env").write_text(f"TRADING_PYTHON={python}\nTRADING_PYTHON=/other\n", encoding="utf-8")
    assert refused(run, 2) == "start.sh: .env line 2: TRADING_PYTHON is set on line 1 already: keep one of them\n"


def test_env_file_reaches_the_parts_and_the_environment_wins_over_it(run: Run) -> None:
    (run.checkout / ".env").write_bytes(
        b"\xef\xbb\xbfMAX_POSITIONS=7\r\n"
        b"  export TICKERS = AAPL,MSFT   # mine\n"
        b"NOTHING_OF_OURS='it # is'\n"
        b'MIN_PRICE="5.5" # dollars\n'
        b"ALLOCATION_PER_TRADE=500\nMAX_DRAWDOWN=0.3\nPROFIT_THRESHOLD=\nIBKR_ACCOUNT_ID="
    )
    output = run.begin(ALLOCATION_PER_TRADE="250", MAX_DRAWDOWN="").see("trader begins")
    assert output.startswith("start    | .env: nothing here reads NOTHING_OF_OURS\n")
    seen = run.seen_by("trader").splitlines()
    expected = {
        "MAX_POSITIONS=7", "TICKERS=AAPL,MSFT", "NOTHING_OF_OURS=it # is", "MIN_PRICE=5.5", "ALLOCATION_PER_TRADE=250",
        "MAX_DRAWDOWN=0.3", f"GATEWAY_CA_BUNDLE={Path('state/simulated/simulator/simulator-cert.pem')}",
    }  # fmt: skip
    assert expected <= set(seen)
    assert not any(line.startswith(("PROFIT_THRESHOLD=", "IBKR_ACCOUNT_ID=")) for line in seen)
    assert run.stop() == 0


def test_secrets_reach_the_dashboard_alone(run: Run) -> None:
    (run.checkout / ".env").write_text("METRICS_TOKEN=of the file\n", encoding="utf-8")
    run.begin(DASHBOARD_PASSWORD="of the environment").see("trader begins")
    run.see("web begins")
    assert "DASHBOARD_PASSWORD=of the environment" in run.seen_by("web").splitlines()
    for part in ("gateway", "trader"):
        assert "DASHBOARD_PASSWORD" not in run.seen_by(part)
        # Who needs it reads the file.
        assert "METRICS_TOKEN" not in run.seen_by(part)
    assert run.stop() == 0


def test_addresses_of_notifications_reach_the_trading_process_alone(run: Run) -> None:
    run.begin(NOTIFY_URLS="json://host/of-the-environment").see("trader begins")
    run.see("web begins")
    assert "NOTIFY_URLS=json://host/of-the-environment" in run.seen_by("trader").splitlines()
    for part in ("gateway", "web"):
        assert "NOTIFY_URLS" not in run.seen_by(part)
    assert run.stop() == 0


def test_file_of_addresses_is_named_to_the_trading_process_alone(run: Run) -> None:
    (run.folder / "urls").write_text("json://host/x\njsons://host/y\n", encoding="utf-8")
    run.begin(NOTIFY_URLS_FILE=str(run.folder / "urls")).see("trader begins")
    run.see("web begins")
    assert "NOTIFY_URLS_FILE" in run.seen_by("trader")
    for part in ("gateway", "web"):
        assert "NOTIFY_URLS" not in run.seen_by(part)
    assert run.stop() == 0


def test_addresses_in_the_env_file_are_read_by_who_needs_them(run: Run) -> None:
    (run.checkout / ".env").write_text("NOTIFY_URLS='json://host/of-the-file'\n", encoding="utf-8")
    run.begin().see("trader begins")
    run.see("web begins")
    for part in ("gateway", "web", "trader"):
        assert "of-the-file" not in run.seen_by(part)
    assert run.stop() == 0


def test_bad_address_is_one_line_without_it_before_anything_starts(run: Run) -> None:
    line = refused(run, 2, NOTIFY_URLS="json://host/s3cret https://host/s3cret")
    assert line.startswith("start.sh: NOTIFY_URLS: address 2 of 2 begins with https://")
    assert "s3cret" not in line


def test_folders_and_env_file_are_closed_to_others(run: Run) -> None:
    (run.checkout / ".env").write_text("MAX_POSITIONS=7\n", encoding="utf-8")
    (run.checkout / ".env").chmod(0o644)
    run.begin().see("trader begins")
    assert run.stop() == 0
    modes = {
        name: stat.S_IMODE((run.checkout / name).stat().st_mode)
        for name in (".env", "state", "logs", "state/simulated")
    }
    assert modes == {".env": 0o600, "state": 0o700, "logs": 0o700, "state/simulated": 0o700}


def test_health_check_says_whether_the_dashboard_answers(run: Run) -> None:
    code, output = run.finished("healthcheck")
    assert code == 1
    assert "refused" in output
    run.begin().see("web begins")
    system = run.process
    run.environment["DASHBOARD_PORT"] = str(run.dashboard_port)
    assert run.finished("healthcheck")[0] == 0
    run.process = system
    assert run.stop() == 0


@pytest.mark.parametrize("role", ["trader", "web", "gateway"])
def test_one_part_alone_is_the_process_itself(run: Run, role: str) -> None:
    run.begin(role).see(f"^{role} begins$")
    assert run.process is not None
    assert run.starts(role)[0][0] == run.process.pid
    assert run.stop() == -signal.SIGTERM

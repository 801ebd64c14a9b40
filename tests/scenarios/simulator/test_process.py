from __future__ import annotations

import contextlib
import socket
import ssl
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests
from requests import exceptions

from tests.scenarios.simulator.process import ACCOUNT, BARS, ROOT, command, running

AAPL = 265598


def test_state_outlives_a_kill_and_the_same_start_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.get("/v1/api/iserver/accounts")
        first.place(conid=AAPL, side="BUY", orderType="MKT", quantity=10, cOID="one")
        first.advance("close")
        first.place(conid=AAPL, side="SELL", orderType="STP", price=60.0, quantity=10, tif="GTC")
        before, clock = first.truth(), first.get("/sim/clock")
        first.process.kill()
    with running(tmp_path) as second:
        *known, login = second.truth().splitlines(keepends=True)
        assert (b"".join(known), b'"event":"login"' in login) == (before, True)
        assert second.get("/sim/clock") == clock
        [position] = second.get(f"/v1/api/portfolio/{ACCOUNT}/positions/0")
        assert position["position"] == 10.0
        second.get("/v1/api/iserver/accounts")
        answer = second.place(conid=AAPL, side="BUY", orderType="MKT", quantity=1, cOID="one")
        assert "already registered" in answer["error"]


def test_same_calls_give_the_same_truth_to_the_byte(tmp_path: Path) -> None:
    logs = []
    for name in ("a", "b"):
        with running(tmp_path / name) as simulator:
            simulator.get("/v1/api/iserver/accounts")
            for coid in ("one", "two"):
                simulator.place(conid=AAPL, side="BUY", orderType="LMT", price=75.5, quantity=10, cOID=coid)
                simulator.advance("next_close", stop_on_event=True)
            logs.append(simulator.truth())
    assert logs[0] == logs[1]
    assert logs[0].count(b'"kind":"order"') == 2


def test_line_that_a_crash_cut_short_is_dropped(tmp_path: Path) -> None:
    with running(tmp_path) as simulator:
        simulator.advance("close")
        before = simulator.truth()
    with (tmp_path / "truth.jsonl").open("ab") as log:
        log.write(b'{"seq":2,"at":"2014-03-03T21:00:00Z","kind":"clo')
    with running(tmp_path) as simulator:
        *known, login = simulator.truth().splitlines(keepends=True)
        assert (b"".join(known), b'"event":"login"' in login) == (before, True)


def test_sigterm_ends_it_with_success(tmp_path: Path) -> None:
    with running(tmp_path) as simulator:
        simulator.get("/sim/clock")
        simulator.process.terminate()
        assert simulator.process.wait(timeout=10) == 0


def test_certificate_is_verified_for_each_name_and_its_key_is_private(tmp_path: Path) -> None:
    with running(tmp_path) as simulator:
        for host in ("localhost", "127.0.0.1"):
            answer = requests.get(
                f"https://{host}:{simulator.port}/sim/clock", verify=str(simulator.certificate), timeout=5
            )
            assert answer.status_code == 200
        assert stat.S_IMODE((tmp_path / "simulator-key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--bars", "nowhere.csv"), "nowhere.csv: no such file"),
        (("--start", "2030-01-01"), "the bars end on 2018-02-07"),
        (("--start", "soon"), "'soon' is no day"),
        (("--speed", "-1"), "'-1' is not a number of 0 or more"),
        (("--port", "70000"), "'70000' is not a port"),
        (("--account", "DU 1"), "is no account id"),
        (("--set", "questions.size=1"), "no such setting"),
        (("--faults", "nowhere.json"), "nowhere.json"),
    ],
)
def test_bad_argument_is_one_clear_line_and_exit_2(options: tuple[str, str], says: str) -> None:
    done = subprocess.run(command(*options), capture_output=True, text=True, cwd=ROOT, check=False, timeout=30)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_state_of_another_account_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    options = ("--state", str(tmp_path), "--bars", str(BARS), "--start", "2014-03-03", "--account", "DU7654321")
    done = subprocess.run(command(*options), capture_output=True, text=True, cwd=ROOT, check=False, timeout=30)
    assert done.returncode == 2
    assert "account DU1234567, not DU7654321" in done.stderr


def test_taken_port_is_one_clear_line_and_exit_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ("--port", str(taken.getsockname()[1]), "--state", str(tmp_path), "--bars", str(BARS))
        done = subprocess.run(command(*options), capture_output=True, text=True, cwd=ROOT, check=False, timeout=30)
    assert done.returncode == 1
    assert "can't listen on 127.0.0.1" in done.stderr


def test_faults_of_the_wire_reach_the_client(tmp_path: Path) -> None:
    with running(tmp_path) as simulator:
        faults = [
            {"id": "T04", "selector": {"path": "/tickle", "nth": 1}},
            {"id": "H09", "selector": {"path": "/tickle", "nth": 2}},
        ]
        simulator.post("/sim/faults", {"faults": faults})
        for _ in range(2):
            with pytest.raises((exceptions.ConnectionError, exceptions.ChunkedEncodingError)):
                simulator.session.get(f"{simulator.url}/v1/api/tickle", timeout=5)
        assert simulator.get("/v1/api/tickle")["iserver"]["authStatus"]["authenticated"] is True


def test_running_clock_runs_by_itself(tmp_path: Path) -> None:
    with running(tmp_path, "--speed", "3600") as simulator:
        before = simulator.get("/sim/clock")["now_ms"]
        time.sleep(0.3)
        assert simulator.get("/sim/clock")["now_ms"] - before > 600_000


def test_plain_http_port_speaks_http(tmp_path: Path) -> None:
    arguments = command("--port", "0", "--state", str(tmp_path), "--bars", str(BARS), "--plain-http", "--speed", "0")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split("127.0.0.1:")[1].split(",")[0]
        answer = requests.get(f"http://127.0.0.1:{port}/v1/api/tickle", timeout=5)
        process.kill()
    assert (answer.status_code, answer.content) == (401, b"")


def test_client_that_speaks_no_tls_is_turned_away_and_the_rest_served(tmp_path: Path) -> None:
    with running(tmp_path) as simulator:
        with socket.create_connection(("127.0.0.1", simulator.port)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert not plain.recv(100).startswith(b"HTTP")
        old = ssl.create_default_context(cafile=str(simulator.certificate))
        with (
            socket.create_connection(("127.0.0.1", simulator.port)) as raw,
            old.wrap_socket(raw, server_hostname="localhost") as tls,
        ):
            assert tls.version() in ("TLSv1.2", "TLSv1.3")
        assert simulator.get("/sim/clock")["ended"] is False

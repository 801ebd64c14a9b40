"""The web server as it really runs: gunicorn in a process of its own, on a port of its own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from trading.monitoring.wall_clock import WallClock
from webapp import worker

PASSWORD = "correct-horse-battery"
CLOCK = WallClock()
START_S = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(project: Path, folder: Path, port: int, **environ: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "DASHBOARD_PORT": str(port),
        "DASHBOARD_PASSWORD": PASSWORD,
        **environ,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "webapp/gunicorn.conf.py"]
    return subprocess.Popen(command, cwd=project, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def port(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running dashboard."""
    number = free_port()
    process = start(project_root, tmp_path_factory.mktemp("web"), number)
    try:
        deadline = CLOCK.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", number), 1).close()
                break
            except OSError:
                assert process.poll() is None
                assert CLOCK.monotonic() < deadline
        yield number
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


@dataclass(frozen=True, slots=True)
class Unending:
    """A request whose body does not come to its end."""

    connection: socket.socket
    began: float


@pytest.fixture(scope="module", autouse=True)
def unending(port: int) -> Iterator[Unending]:
    """Sent before the other tests and looked at in the last, so that its time limit passes meanwhile."""
    with socket.create_connection(("127.0.0.1", port), 5) as slow:
        slow.settimeout(worker.REQUEST_LIMIT_S + 10)
        slow.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\npassword="
        )
        yield Unending(slow, CLOCK.monotonic())


def ask(port: int, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_the_server_header_has_no_version(port: int) -> None:
    assert ask(port, "GET", "/login").headers["Server"] == "gunicorn"


def test_oversized_requests_are_refused_before_the_app_sees_them(port: int) -> None:
    assert ask(port, "GET", "/login?token=" + "x" * 32_000).status in (400, 414)
    assert ask(port, "GET", "/login", Cookie="x" * 64_000).status in (400, 431)


def test_other_clients_are_served_while_slow_ones_dribble(port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(b"GET /login HTT")
        began = CLOCK.monotonic()
        assert ask(port, "GET", "/login").status == 200
        assert CLOCK.monotonic() - began < 1.0
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("password", ["admin", "changeme", "too-short"])
def test_a_weak_password_is_exit_2_with_one_line_and_no_port(project_root: Path, tmp_path: Path, password: str) -> None:
    number = free_port()
    process = start(project_root, tmp_path, number, DASHBOARD_PASSWORD=password)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert said.startswith("webapp: DASHBOARD_PASSWORD")
    assert password not in said.replace("DASHBOARD_PASSWORD", "")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", number), 1)


def test_a_request_that_never_ends_is_cut(unending: Unending) -> None:
    while unending.connection.recv(4096):
        pass
    assert CLOCK.monotonic() - unending.began < worker.REQUEST_LIMIT_S + 5

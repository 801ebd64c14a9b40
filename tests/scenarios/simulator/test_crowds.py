"""The simulator's server against crowds, dawdlers and nonsense; signals in the middle of a call."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from requests import exceptions

from simulator.server.listener import MOST_CONNECTIONS
from tests.scenarios.simulator.process import BARS, ROOT, Running, command, running, wait_for_port
from trading.market.bar_files import load_bars, write_bars

CROWD = 1000
FUZZED = 2000
MAXIMUM_WAIT_S = 3.0


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    write_bars(load_bars(BARS).select(("AAPL", "KO")), path)
    return path


@pytest.fixture
def simulator(tmp_path: Path, bars: Path) -> Iterator[Running]:
    with running(tmp_path, "--bars", str(bars)) as started:
        yield started


@pytest.fixture
def plain(bars: Path) -> Iterator[Running]:
    options = ("--port", "0", "--bars", str(bars), "--speed", "0", "--pacing", "off", "--plain-http", "--auto-login")
    with (
        subprocess.Popen(
            command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        ) as process,
        requests.Session() as session,
    ):
        session.trust_env = False
        try:
            yield Running(process, wait_for_port(process), Path(), session)
        finally:
            process.kill()


def seconds_of_a_call(simulator: Running) -> float:
    """Return how long a new client waits for its first answer."""
    begun = time.monotonic()
    with requests.Session() as fresh:
        fresh.trust_env = False
        answer = fresh.get(f"{simulator.url}/v1/api/tickle", timeout=30, verify=str(simulator.certificate))
    assert answer.status_code == 200
    return time.monotonic() - begun


def test_thousand_silent_connections_keep_nobody_out(simulator: Running) -> None:
    with contextlib.ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(socket.create_connection(("127.0.0.1", simulator.port), timeout=10))
        assert seconds_of_a_call(simulator) < MAXIMUM_WAIT_S
        assert seconds_of_a_call(simulator) < MAXIMUM_WAIT_S


def test_connections_that_send_a_byte_now_and_then_keep_nobody_out(plain: Running) -> None:
    with contextlib.ExitStack() as crowd:
        slow = [
            crowd.enter_context(socket.create_connection(("127.0.0.1", plain.port), timeout=10))
            for _ in range(CROWD // 2)
        ]
        url = f"http://127.0.0.1:{plain.port}/v1/api/tickle"
        for byte in b"GET /v1":
            for client in slow:
                with contextlib.suppress(OSError):
                    client.sendall(bytes([byte]))
            begun = time.monotonic()
            assert requests.get(url, timeout=30).status_code == 200
            assert time.monotonic() - begun < MAXIMUM_WAIT_S


def test_clients_that_do_not_take_their_answers_keep_nobody_out(plain: Running) -> None:
    path = b"/v1/api/iserver/marketdata/history?conid=265598&period=1y&bar=1d"
    assert requests.get(f"http://127.0.0.1:{plain.port}{path.decode()}", timeout=30).json()["points"] > 200
    calls = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path * 2000
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS + 20):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", plain.port))
            client.setblocking(False)
            with contextlib.suppress(OSError):
                client.send(calls)
        begun = time.monotonic()
        assert requests.get(f"http://127.0.0.1:{plain.port}/v1/api/tickle", timeout=30).status_code == 200
        assert time.monotonic() - begun < MAXIMUM_WAIT_S


def test_clients_side_by_side_with_kept_connections_are_all_served(simulator: Running) -> None:
    statuses: list[int] = []

    def client() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(5):
                url = f"{simulator.url}/v1/api/iserver/auth/status"
                answer = session.get(url, timeout=60, verify=str(simulator.certificate))
                statuses.append(answer.status_code)

    threads = [threading.Thread(target=client) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 500


def test_requests_sent_ahead_are_answered_in_order(plain: Running) -> None:
    paths = ("/v1/api/tickle", "/v1/api/nothing", "/sim/clock", "/v1/api/iserver/auth/status")
    data = b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths)
    with socket.create_connection(("127.0.0.1", plain.port), timeout=10) as client:
        client.sendall(data + b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: client.recv(65_536), b""))
    parts = answers.split(b"HTTP/1.1 ")[1:]
    assert [part[:3] for part in parts] == [b"200", b"404", b"200", b"200", b"302"]
    assert [b"ssoExpires" in parts[0], b"<html>" in parts[1], b"phase" in parts[2]] == [True, True, True]


PIECES = (
    b"GET", b"POST", b"DELETE", b"HEAD", b" ", b"/", b"/v1/api/tickle", b"/v1/api/iserver/account/DU1234567/orders",
    b"/v1/portal/iserver/marketdata/history?conid=265598&period=1d&bar=1min", b"/v1/api/iserver/marketdata/snapshot",
    b"/sso/Login", b"/v1/api/ws", b"?conids=265598,x&fields=31", b"%00", b"%ff", b"?", b"&", b"=", b"\r\n",
    b" HTTP/1.1", b"\r\n\r\n", b"\n", b"Host: localhost", b"Content-Length: 5", b"Content-Length: -1",
    b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Upgrade: websocket", b"Sec-WebSocket-Key: x",
    b"Cookie: api={;;=", b":", b"{}", b"[]",
    b'{"orders":[{"conid":265598,"side":"BUY","orderType":"LMT","price":1e400,"quantity":-1,"tif":"DAY"}]}',
    b'{"orders":[{}]}', b'{"confirmed":true}', b"null", b"\xff\xfe", b"\0", b"5\r\nhello\r\n0\r\n\r\n", b"x" * 3000,
)  # fmt: skip


def nonsense(draws: random.Random) -> bytes:
    """Return a request that is nearly one: at times a whole one with a strange part, at times no request at all."""
    parts = [draws.choice(PIECES) for _ in range(draws.randint(1, 12))]
    if draws.random() < 0.5:
        body = b"".join(parts)
        path = draws.choice([piece for piece in PIECES if piece.startswith(b"/") and piece != b"/v1/api/ws"])
        method = draws.choice((b"GET", b"POST", b"DELETE", b"PUT"))
        return method + b" " + path + b" HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    return b"".join(parts)


def test_two_thousand_pieces_of_nonsense_neither_break_nor_stop_it(plain: Running) -> None:
    draws = random.Random(11)  # noqa: S311  (a seeded fuzz, no secret)
    broken = []
    for number in range(FUZZED):
        data = nonsense(draws)
        with socket.create_connection(("127.0.0.1", plain.port), timeout=10) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := client.recv(65_536):
                    answer += chunk
        statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
        if any(status[:1] == b"5" for status in statuses):
            broken.append((number, data, answer))
    assert broken == []
    assert plain.session.get(f"http://127.0.0.1:{plain.port}/v1/api/tickle", timeout=10).status_code == 200
    plain.process.terminate()
    assert plain.process.stdout is not None
    assert plain.process.stderr is not None
    assert (plain.process.stdout.read(), plain.process.stderr.read()) == ("", "")
    assert plain.process.wait(10) == 0


def test_call_that_is_being_answered_at_sigterm_is_still_answered(tmp_path: Path, bars: Path) -> None:
    fault = {"id": "T06", "selector": {"path": "/tickle"}, "parameters": {"seconds": 1.0}}
    with running(tmp_path, "--bars", str(bars)) as simulator:
        simulator.post("/sim/faults", {"faults": [fault]})
        threading.Timer(0.3, simulator.process.terminate).start()
        assert simulator.get("/v1/api/tickle")["session"]
        assert simulator.process.wait(10) == 0


def test_second_sigterm_ends_it_without_waiting(tmp_path: Path, bars: Path) -> None:
    fault = {"id": "T06", "selector": {"path": "/tickle"}, "parameters": {"seconds": 4.0}}
    with running(tmp_path, "--bars", str(bars)) as simulator:
        simulator.post("/sim/faults", {"faults": [fault]})
        for seconds in (0.3, 0.8):
            threading.Timer(seconds, simulator.process.send_signal, (signal.SIGTERM,)).start()
        begun = time.monotonic()
        with pytest.raises(exceptions.ConnectionError):
            simulator.get("/v1/api/tickle")
        assert simulator.process.wait(10) == 0
        assert time.monotonic() - begun < 3.0


def test_ipv6_is_spoken(tmp_path: Path, bars: Path) -> None:
    with running(tmp_path, "--bars", str(bars), "--host", "::1") as simulator:
        answer = requests.get(
            f"https://[::1]:{simulator.port}/sim/clock", verify=str(simulator.certificate), timeout=10
        )
        assert answer.status_code == 200


def test_old_tls_is_refused(simulator: Running) -> None:
    context = ssl.create_default_context(cafile=str(simulator.certificate))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", simulator.port)) as raw, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(raw, server_hostname="localhost")


def test_state_is_for_one_process_at_a_time(tmp_path: Path, bars: Path) -> None:
    with running(tmp_path, "--bars", str(bars)) as simulator:
        before = simulator.truth()
        options = (
            "--port",
            "0",
            "--state",
            str(tmp_path),
            "--bars",
            str(bars),
            "--start",
            "2014-03-03",
            "--speed",
            "0",
        )
        done = subprocess.run(command(*options), capture_output=True, text=True, cwd=ROOT, check=False, timeout=30)
        assert done.returncode == 1
        assert "another simulator" in done.stderr
        assert done.stderr.count("\n") == 1
        assert simulator.truth() == before
        assert json.loads(before.splitlines()[0])["kind"] == "start"

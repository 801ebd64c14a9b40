from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from simulator.core import Simulator
from simulator.server.listener import MOST_WEBSOCKETS, Server
from tests.unit.simulator.support import Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


@contextlib.contextmanager
def serving(simulator: Simulator) -> Iterator[int]:
    """Serve a simulator on a free port, and end in order."""
    made = Server(simulator, "127.0.0.1", 0, None)
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made.port
    made.stop()
    thread.join(5)
    assert not thread.is_alive()


def status_of(port: int, path: str, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.fixture
def port() -> Iterator[int]:
    with serving(start({"ABC": [FLAT]}).simulator) as made:
        yield made


def test_connection_is_kept_for_the_next_call(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/v1/api/iserver/auth/status")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (200, "keep-alive")
        assert b'"authenticated":true' in answer.read()
    connection.close()


def test_head_has_no_body_and_options_is_answered(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for method, status in (("HEAD", 302), ("OPTIONS", 204)):
        connection.request(method, "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"")
    connection.close()


def test_malformed_request_gets_its_status_and_the_connection_ends(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_page_of_another_site_cannot_use_the_control(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/sim/advance", body="{}", headers={"Origin": "https://example.com"})
    answer = connection.getresponse()
    assert answer.status == 403
    answer.read()
    connection.close()


def test_many_clients_are_served_at_once(port: int) -> None:
    statuses: list[int] = []

    def call() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(20):
            connection.request("POST", "/v1/api/tickle", body="{}")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 160


class Broken:
    """Fails as only a defect does."""

    def __call__(self) -> object:
        raise ZeroDivisionError


class Told(logging.Handler):
    """Keeps what was logged, and lets others wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.event.set()


def test_defect_of_the_clock_is_one_line_and_calls_are_answered_on() -> None:
    client = start({"ABC": [FLAT]}, speed=1.0)
    client.broker.timeline.add(client.broker.now_us, Broken())
    told = Told()
    logging.getLogger("simulator").addHandler(told)
    try:
        with serving(client.simulator) as port:
            assert told.event.wait(5)
            assert status_of(port, "/v1/api/tickle") == 200
    finally:
        logging.getLogger("simulator").removeHandler(told)
    [line] = told.lines
    assert line.startswith("defect in 'clock': ZeroDivisionError")


def test_defect_in_a_connection_is_one_line_and_the_others_are_served(caplog: pytest.LogCaptureFixture) -> None:
    client = start({"ABC": [FLAT]})
    client.broker.session.username = Broken()  # type: ignore[assignment]  # what no JSON can say
    key = "Upgrade: websocket\r\nSec-WebSocket-Key: x"
    with serving(client.simulator) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
            stream.sendall(f"GET /v1/api/ws HTTP/1.1\r\nHost: localhost\r\n{key}\r\n\r\n".encode())
            assert b" 101 " in b"".join(iter(lambda: stream.recv(4096), b""))
        assert status_of(port, "/v1/api/tickle") == 200
    [line] = caplog.messages
    assert line.startswith("defect in 'connection': TypeError")


def test_connection_that_is_in_the_box_opens_no_websocket() -> None:
    client = start({"ABC": [FLAT]})
    client.broker.pacing.box(client.broker.clock.real(), 60.0)
    with serving(client.simulator) as port:
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "x"}
        assert status_of(port, "/v1/api/ws", headers) == 429


def test_websocket_too_many_is_refused_and_calls_are_answered_on() -> None:
    key = "Upgrade: websocket\r\nSec-WebSocket-Key: x"
    request = f"GET /v1/api/ws HTTP/1.1\r\nHost: localhost\r\n{key}\r\n\r\n".encode()
    with serving(start({"ABC": [FLAT]}).simulator) as port, contextlib.ExitStack() as stack:
        for _ in range(MOST_WEBSOCKETS):
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            stream.sendall(request)
            assert b" 101 " in stream.recv(40)
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "x"}
        assert status_of(port, "/v1/api/ws", headers) == 503
        assert status_of(port, "/v1/api/tickle") == 200

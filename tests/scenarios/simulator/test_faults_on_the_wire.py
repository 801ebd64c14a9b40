"""Faults that only a real connection shows: a shut port, certificates, dead connections, a dying program, frames."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from requests import exceptions
from websocket import (
    WebSocket,
    WebSocketConnectionClosedException,
    WebSocketPayloadException,
    WebSocketTimeoutException,
    create_connection,
)

from tests.scenarios.simulator.process import Json, Running, running

TICKLE = "/v1/api/tickle"
CRASHED = 70
AAPL = 265598
PATIENCE_S = 5.0


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One simulator for all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("state")) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Running) -> Iterator[Running]:
    yield started
    started.post("/sim/faults", {"clear": True})


def plan(simulator: Running, fault: str, path: str | None = TICKLE.removeprefix("/v1/api"), **parameters: Json) -> None:
    selector = {"path": path, "nth": 1} if path is not None else {}
    answer = simulator.post("/sim/faults", {"faults": [{"id": fault, "selector": selector, "parameters": parameters}]})
    assert "faults" in answer, answer


def can_connect(simulator: Running) -> bool:
    try:
        socket.create_connection(("127.0.0.1", simulator.port), timeout=2).close()
    except ConnectionRefusedError:
        return False
    return True


def is_reset(simulator: Running) -> bool:
    """Return whether a new connection is reset, while it is made or right after that."""
    try:
        with socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as came:
            return bool(came.recv(1))
    except ConnectionResetError:
        return True


def wait_until_served(simulator: Running, limit_s: float = 10.0) -> None:
    until = time.monotonic() + limit_s
    while not can_connect(simulator):
        assert time.monotonic() < until
        time.sleep(0.05)


def go_on(simulator: Running, seconds: int) -> None:
    """Let simulated time go on."""
    now = datetime.fromisoformat(simulator.get("/sim/clock")["now"])
    simulator.advance((now + timedelta(seconds=seconds)).isoformat())


def tickle(simulator: Running) -> int:
    return simulator.session.get(simulator.url + TICKLE, timeout=10).status_code


def test_shut_port_refuses_connections_and_opens_again(simulator: Running) -> None:
    plan(simulator, "T01", seconds=1.5)
    with pytest.raises(exceptions.ConnectionError):
        tickle(simulator)
    # The port is shut within a moment; until then connections are reset.
    time.sleep(0.4)
    assert not can_connect(simulator)
    wait_until_served(simulator)
    assert tickle(simulator) == 200


def test_some_connections_are_reset_as_they_come(simulator: Running) -> None:
    plan(simulator, "T01", connections=2)
    with pytest.raises(exceptions.ConnectionError):
        tickle(simulator)
    assert [is_reset(simulator) for _ in range(2)] == [True, True]
    assert tickle(simulator) == 200


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [("new_key", "self-signed"), ("expired", "expired"), ("wrong_host", "Hostname mismatch")],
)
def test_other_certificate_is_not_trusted(simulator: Running, certificate: str, cause: str) -> None:
    plan(simulator, "T13", certificate=certificate, seconds=1.5)
    with pytest.raises(exceptions.ConnectionError):
        tickle(simulator)
    shown = ssl.get_server_certificate(("127.0.0.1", simulator.port))
    trusting = ssl.create_default_context(cadata=shown)
    # Whoever trusted it would see what else is wrong with it.
    context = trusting if certificate != "new_key" else ssl.create_default_context(cafile=str(simulator.certificate))
    with (
        socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as raw,
        pytest.raises(ssl.SSLCertVerificationError, match=cause),
    ):
        context.wrap_socket(raw, server_hostname="localhost")
    time.sleep(1.5)
    assert tickle(simulator) == 200


def test_call_is_broken_off_in_its_body(simulator: Running) -> None:
    plan(simulator, "T03", bytes=10)
    context = ssl.create_default_context(cafile=str(simulator.certificate))
    head = f"POST {TICKLE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".encode()
    with (
        socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        tls.sendall(head + b"x" * 9)
        tls.settimeout(0.3)
        with pytest.raises(TimeoutError):
            tls.recv(1)
        tls.settimeout(5)
        tls.sendall(b"x")
        with suppress(ConnectionResetError):
            assert tls.recv(1) == b""
    assert tickle(simulator) == 200


def test_half_open_connection_is_reset_after_it_was_idle(simulator: Running) -> None:
    plan(simulator, "T12", idle_s=0.2)
    context = ssl.create_default_context(cafile=str(simulator.certificate))
    request = f"GET {TICKLE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with (
        socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        tls.sendall(request)
        assert b" 200 OK" in tls.recv(10_000)
        time.sleep(0.5)
        tls.sendall(request)
        # What is a reset below is an end for whoever reads TLS.
        with suppress(ConnectionResetError):
            assert tls.recv(10_000) == b""
    assert tickle(simulator) == 200


def test_late_answer_comes_on_the_same_connection(simulator: Running) -> None:
    plan(simulator, "T06", seconds=0.3)
    began = time.monotonic()
    assert tickle(simulator) == 200
    assert time.monotonic() - began >= 0.3
    assert tickle(simulator) == 200


def test_partition_ends_with_the_simulated_clock(simulator: Running) -> None:
    plan(simulator, "T11", seconds=600, silence_s=0.1)
    for _ in range(2):
        with pytest.raises(exceptions.ConnectionError):
            tickle(simulator)
    go_on(simulator, 600)
    assert tickle(simulator) == 200


def test_slow_start_is_over_when_its_time_is(simulator: Running) -> None:
    plan(simulator, "G13", seconds=60)
    answer = simulator.session.get(simulator.url + TICKLE, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    go_on(simulator, 60)
    assert "session" in simulator.get(TICKLE)


@pytest.mark.parametrize(("at", "applied"), [("before", 0), ("applied", 1), ("answer", 1)])
def test_dead_program_has_done_the_call_or_not(tmp_path: Path, at: str, applied: int) -> None:
    with running(tmp_path) as simulator:
        simulator.get("/v1/api/iserver/accounts")
        simulator.post(
            "/sim/faults", {"faults": [{"id": "G06", "selector": {"role": "entry"}, "parameters": {"at": at}}]}
        )
        order = {"conid": AAPL, "side": "BUY", "orderType": "LMT", "price": 100.0, "quantity": 1}
        # Of an answer that ends in its head, requests makes a status without a body.
        with pytest.raises(exceptions.RequestException):
            simulator.place(**order, cOID="a")
        assert simulator.process.wait(10) == CRASHED
    with running(tmp_path) as again:
        lines = [json.loads(line) for line in again.truth().splitlines()]
        kinds = [line["kind"] for line in lines]
        assert kinds.count("fault") == 1
        assert kinds.count("order") + kinds.count("question") == applied


def stream_of(simulator: Running) -> WebSocket:
    """Return a websocket that has been greeted."""
    context = ssl.create_default_context(cafile=str(simulator.certificate))
    stream = create_connection(
        f"wss://localhost:{simulator.port}/v1/api/ws", timeout=PATIENCE_S, sslopt={"context": context}
    )
    while json.loads(stream.recv()).get("topic") != "sts":
        pass
    return stream


def test_websocket_drops(simulator: Running) -> None:
    with closing(stream_of(simulator)) as stream:
        plan(simulator, "G11", None, how="drop")
        stream.send("tic")
        with pytest.raises((WebSocketConnectionClosedException, ConnectionError, ssl.SSLError)):
            stream.recv()


def test_websocket_stalls_in_silence(simulator: Running) -> None:
    with closing(stream_of(simulator)) as stream:
        plan(simulator, "G11", None, how="stall", seconds=1.0)
        stream.send("tic")
        stream.settimeout(0.5)
        with pytest.raises(WebSocketTimeoutException):
            stream.recv()
        stream.settimeout(5)
        assert json.loads(stream.recv())["topic"] == "tic"


def test_websocket_floods_and_replays(simulator: Running) -> None:
    with closing(stream_of(simulator)) as stream:
        plan(simulator, "G11", None, how="flood", copies=50)
        stream.send("tic")
        assert len({stream.recv() for _ in range(50)}) == 1
        simulator.post("/sim/faults", {"clear": True})
        plan(simulator, "G11", None, how="replay")
        stream.send("tic")
        first = stream.recv()
        stream.send("ech+hb")
        assert stream.recv() == first


def test_websocket_brings_garbage_and_goes_on(simulator: Running) -> None:
    with closing(stream_of(simulator)) as stream:
        plan(simulator, "G11", None, how="garbage")
        stream.send("tic")
        with pytest.raises(WebSocketPayloadException, match="cannot decode"):
            stream.recv()
        simulator.post("/sim/faults", {"clear": True})
        stream.send("tic")
        assert json.loads(stream.recv())["topic"] == "tic"

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from simulator.messages import Break, Response, Wire
from simulator.server.http import Connection
from simulator.server.misbehaviour import CRASH_CODE, GARBAGE, Misbehaviour, disturb

ANSWER = Response(200, b'{"a":1}')


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give a client's socket and the server's end of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname(), timeout=5) as client:
        server = listener.accept()[0]
        with server:
            yield client, server


def read_all(client: socket.socket) -> bytes:
    data = b""
    while part := client.recv(100_000):
        data += part
    return data


def received(wire: Wire) -> bytes:
    with connected() as (client, server):
        assert Misbehaviour(None).act(Connection(server), ANSWER, wire, keep_alive=False) is False
        server.close()
        return read_all(client)


@pytest.mark.parametrize("broken", [Break.RESET, Break.REFUSED, Break.CERTIFICATE])
def test_reset_is_a_reset(broken: Break) -> None:
    with pytest.raises(ConnectionResetError):
        received(Wire(broken))


def test_silence_ends_without_a_byte() -> None:
    assert received(Wire(Break.SILENT, 0.01)) == b""


@pytest.mark.parametrize("wire", [Wire(Break.LATE), Wire(Break.SLOW), Wire(Break.SLOW, 0.001, count=20)])
def test_late_and_slow_answers_are_whole(wire: Wire) -> None:
    assert received(wire).endswith(b'{"a":1}')


def test_slow_answer_is_over_after_its_time() -> None:
    # Byte by byte it would take more than an hour.
    assert received(Wire(Break.SLOW, 30.0, count=1)).endswith(b'{"a":1}')


def test_cut_answer_is_shorter_than_its_length_says() -> None:
    data = received(Wire(Break.CUT, count=2))
    assert b"Content-Length: 7" in data
    assert data.endswith(b'\r\n\r\n{"')


def test_cut_chunk_is_shorter_than_its_length_says() -> None:
    data = received(Wire(Break.CUT, count=2, detail="chunked"))
    assert b"Transfer-Encoding: chunked" in data
    assert b"Content-Length" not in data
    assert data.endswith(b'\r\n\r\n7\r\n{"')


def test_connection_goes_on_after_a_late_answer() -> None:
    with connected() as (client, server):
        assert Misbehaviour(None).act(Connection(server), ANSWER, Wire(Break.LATE), keep_alive=True)
        assert b"Connection: keep-alive" in client.recv(1000)


def test_half_open_connection_is_reset_at_the_first_request_after_its_time() -> None:
    with connected() as (client, server):
        wire, goes_on = Wire(Break.HALF_OPEN, 0.05), []

        def serve() -> None:
            goes_on.append(Misbehaviour(None).act(Connection(server), ANSWER, wire, keep_alive=True))
            server.close()

        thread = threading.Thread(target=serve)
        thread.start()
        assert client.recv(1000).endswith(b'{"a":1}')
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        thread.join(5)
        client.settimeout(5)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert goes_on == [False]


def test_half_open_connection_goes_on_when_the_next_request_comes_in_time() -> None:
    with connected() as (client, server):
        client.sendall(b"GET")
        assert Misbehaviour(None).act(Connection(server), ANSWER, Wire(Break.HALF_OPEN, 5.0), keep_alive=True)


def test_connections_are_turned_away_by_number_or_for_a_time() -> None:
    for wire, turned in ((Wire(Break.REFUSED, 5.0, 2), [True, True, False]), (Wire(Break.REFUSED, 5.0), [True] * 3)):
        made = Misbehaviour(None)
        with connected() as (_, server):
            made.act(Connection(server), ANSWER, wire, keep_alive=True)
        assert [made.turns_away() for _ in range(3)] == turned
        assert (made.shut_for_s() > 4.0) is all(turned)


def test_crash_ends_the_program_after_some_bytes_of_the_answer() -> None:
    program = (
        "import socket, sys\n"
        "from simulator.messages import Break, Response, Wire\n"
        "from simulator.server.http import Connection\n"
        "from simulator.server.misbehaviour import Misbehaviour\n"
        "sock = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "Misbehaviour(None).act(Connection(sock), Response(200, b'x'), Wire(Break.CRASH, count=8), keep_alive=True)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-c", program, str(listener.getsockname()[1])]
        with subprocess.Popen(command) as process:
            client = listener.accept()[0]
            with client:
                assert read_all(client) == b"HTTP/1.1"
            assert process.wait(10) == CRASH_CODE


@pytest.mark.parametrize(
    ("wire", "frames"),
    [
        (Wire(Break.SILENT, 0.01), b"\x81\x011"),
        (Wire(Break.FLOOD, count=3), b"\x81\x011" * 3),
        (Wire(Break.GARBAGE), b"\x81" + bytes([len(GARBAGE)]) + GARBAGE),
    ],
)
def test_message_of_the_websocket_is_held_back_flooded_or_garbage(wire: Wire, frames: bytes) -> None:
    with connected() as (client, server):
        assert disturb(server, b"1", wire)
        server.close()
        assert read_all(client) == frames


def test_websocket_is_dropped() -> None:
    with connected() as (client, server):
        assert not disturb(server, b"1", Wire(Break.RESET))
        server.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)

from __future__ import annotations

import socket

import pytest

from simulator.messages import Break, Response, Wire
from simulator.server.http import Connection
from simulator.server.misbehaviour import misbehave


def received(wire: Wire) -> bytes:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as client:
        server = listener.accept()[0]
        misbehave(Connection(server), Response(200, b'{"a":1}'), wire)
        server.close()
        data = b""
        while part := client.recv(1000):
            data += part
        return data


def test_reset_is_a_reset() -> None:
    with pytest.raises(ConnectionResetError):
        received(Wire(Break.RESET))


def test_silence_ends_without_a_byte() -> None:
    assert received(Wire(Break.SILENT, 0.01)) == b""


@pytest.mark.parametrize("broken", [Break.LATE, Break.SLOW])
def test_late_and_slow_answers_are_whole(broken: Break) -> None:
    assert received(Wire(broken, 0.0)).endswith(b'{"a":1}')


def test_cut_answer_is_shorter_than_its_length_says() -> None:
    data = received(Wire(Break.CUT, count=2))
    assert b"Content-Length: 7" in data
    assert data.endswith(b'\r\n\r\n{"')

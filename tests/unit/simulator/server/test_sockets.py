from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
import websocket

from simulator.server.listener import Server
from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


@pytest.fixture
def client() -> Client:
    return start({"ABC": [FLAT, FLAT]})


@pytest.fixture
def stream(client: Client) -> Iterator[websocket.WebSocket]:
    server = Server(client.simulator, "127.0.0.1", 0, None)
    thread = threading.Thread(target=server.serve)
    thread.start()
    connection = websocket.create_connection(f"ws://127.0.0.1:{server.port}/v1/api/ws", timeout=5)
    yield connection
    connection.shutdown()  # type: ignore[no-untyped-call]  # the package types its methods only in part
    server.stop()
    thread.join(5)


def next_frame(stream: websocket.WebSocket) -> websocket.ABNF:
    frame: websocket.ABNF = stream.recv_frame()  # type: ignore[no-untyped-call]  # typed only in part
    return frame


def next_of(stream: websocket.WebSocket, topic: str) -> Json:
    while True:
        message = json.loads(stream.recv())
        if message.get("topic") == topic:
            return message


def test_greeting_orders_and_fills_come_over_the_socket(client: Client, stream: websocket.WebSocket) -> None:
    assert next_of(stream, "act")["args"]["selectedAccount"] == ACCOUNT
    stream.send("sor+{}")
    assert next_of(stream, "sor")["args"] == []
    client.order(client.conid("ABC"), "BUY", "MKT", 10, cOID="a")
    [row] = next_of(stream, "sor")["args"]
    assert (row["order_ref"], row["status"]) == ("a", "Filled")


def test_ping_is_answered_and_the_close_too(stream: websocket.WebSocket) -> None:
    next_of(stream, "sts")
    stream.ping("x")
    assert next_frame(stream).opcode == websocket.ABNF.OPCODE_PONG
    stream.send_close(1000)
    assert next_frame(stream).opcode == websocket.ABNF.OPCODE_CLOSE


def test_logout_closes_with_1000(client: Client, stream: websocket.WebSocket) -> None:
    next_of(stream, "sts")
    client.post("/logout")
    frame = next_frame(stream)
    while frame.opcode != websocket.ABNF.OPCODE_CLOSE:
        frame = next_frame(stream)
    assert isinstance(frame.data, bytes)
    assert frame.data[:2] == (1000).to_bytes(2, "big")

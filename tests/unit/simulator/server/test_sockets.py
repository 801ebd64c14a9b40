from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import websocket

from simulator.server.listener import Server
from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


@pytest.fixture
def client() -> Client:
    return start({"ABC": [FLAT, FLAT]})


@pytest.fixture
def url(client: Client) -> Iterator[str]:
    server = Server(client.simulator, "127.0.0.1", 0, None)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"ws://127.0.0.1:{server.port}/v1/api/ws"
    server.stop()
    thread.join(5)
    assert not thread.is_alive()


@contextmanager
def connected(url: str, **options: Json) -> Iterator[websocket.WebSocket]:
    connection = websocket.create_connection(url, timeout=10, **options)
    try:
        yield connection
    finally:
        connection.shutdown()  # type: ignore[no-untyped-call]  # the package types its methods only in part


@pytest.fixture
def stream(url: str) -> Iterator[websocket.WebSocket]:
    with connected(url) as made:
        yield made


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


def test_every_listener_is_told_of_every_fill_once_while_many_orders_arrive(client: Client, url: str) -> None:
    coids = [f"order-{number}" for number in range(60)]
    with ExitStack() as stack:
        listeners = [stack.enter_context(connected(url)) for _ in range(10)]
        for listener in listeners:
            next_of(listener, "sts")
            listener.send('str+{"realtimeUpdatesOnly":true}')
            next_of(listener, "str")
        threads = [threading.Thread(target=buy, args=(client, coids[first::3])) for first in range(3)]
        for thread in threads:
            thread.start()
        for listener in listeners:
            heard: list[str] = []
            while len(heard) < len(coids):
                heard += [row["order_ref"] for row in next_of(listener, "str")["args"]]
            assert sorted(heard) == sorted(coids)
        for thread in threads:
            thread.join()


def buy(client: Client, coids: list[str]) -> None:
    for coid in coids:
        client.order(client.conid("ABC"), "BUY", "MKT", 1, cOID=coid)


def test_session_of_another_login_waits_until_it_names_this_one(client: Client, url: str) -> None:
    session = client.post("/tickle")["session"]
    with connected(url, cookie=f'api={{"session":"{"0" * 32}"}}') as stranger:
        assert json.loads(stranger.recv()) == {"message": "waiting for session"}
        stranger.send(json.dumps({"session": session}))
        assert next_of(stranger, "sts")["args"]["authenticated"] is True
    with connected(url, cookie=f'api={{"session":"{session}"}}') as known:
        assert next_of(known, "sts")["args"]["authenticated"] is True


def test_server_that_stops_says_goodbye_with_1001(client: Client) -> None:
    server = Server(client.simulator, "127.0.0.1", 0, None)
    thread = threading.Thread(target=server.serve)
    thread.start()
    with connected(f"ws://127.0.0.1:{server.port}/v1/api/ws") as listener:
        next_of(listener, "sts")
        server.stop()
        frame = next_frame(listener)
        while frame.opcode != websocket.ABNF.OPCODE_CLOSE:
            frame = next_frame(listener)
        assert isinstance(frame.data, bytes)
        assert frame.data[:2] == (1001).to_bytes(2, "big")
    thread.join(5)

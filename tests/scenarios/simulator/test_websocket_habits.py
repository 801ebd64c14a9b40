"""How published scripts talk to the websocket: without a cookie, with odd frames, with the older heartbeat."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator

import pytest
from websocket import WebSocket, create_connection

from tests.scenarios.simulator.process import ACCOUNT, Json, Running, running

AAPL = 265598
PATIENCE_S = 10.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a gateway with one order that works."""
    with running(tmp_path_factory.mktemp("state"), "--cash", "100000") as started:
        started.get("/v1/api/iserver/accounts")
        started.place(conid=AAPL, orderType="LMT", price=60.0, side="BUY", quantity=1, tif="GTC")
        yield started


@pytest.fixture
def socket(gateway: Running) -> Iterator[WebSocket]:
    context = ssl.create_default_context(cafile=str(gateway.certificate))
    url = f"wss://localhost:{gateway.port}/v1/api/ws"
    made = create_connection(url, timeout=PATIENCE_S, sslopt={"context": context})
    yield made
    made.close()


def told(socket: WebSocket, topic: str) -> Json:
    """Return the next message of a topic; others may come between."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        message = json.loads(socket.recv())
        if message.get("topic") == topic:
            return message
    raise TimeoutError(topic)


def test_greeting_comes_to_a_client_without_a_cookie(socket: WebSocket) -> None:
    greeting = [json.loads(socket.recv()) for _ in range(3)]
    assert [message["topic"] for message in greeting] == ["system", "act", "sts"]
    assert greeting[1]["args"]["selectedAccount"] == ACCOUNT
    assert greeting[2]["args"]["authenticated"] is True


def test_session_sent_as_the_first_frame_does_no_harm(socket: WebSocket, gateway: Running) -> None:
    session = gateway.post("/v1/api/tickle", None)["session"]
    socket.send(json.dumps({"session": session}))
    socket.send(f'smd+{AAPL}+{{"fields":["31","83"]}}')
    assert told(socket, f"smd+{AAPL}")["31"] == "74.77"


def test_heartbeats_of_both_kinds_are_answered(socket: WebSocket) -> None:
    socket.send("tic")
    assert told(socket, "tic")["alive"] is True
    socket.send("ech+hb")
    assert socket.recv() == "ech+hb"


@pytest.mark.parametrize("frame", ["sor", "sor+{}", 'sor+{"filters":["Submitted"]}'])
def test_orders_in_every_spelling(socket: WebSocket, frame: str) -> None:
    socket.send(frame)
    [row] = told(socket, "sor")["args"]
    assert (row["price"], row["status"], row["acct"]) == (60.0, "Submitted", ACCOUNT)


@pytest.mark.parametrize(("begin", "end"), [("spl", "upl{}"), ("spl+{}", "upl+{}")])
def test_profit_in_every_spelling(socket: WebSocket, begin: str, end: str) -> None:
    socket.send(begin)
    assert told(socket, "spl")["args"][f"{ACCOUNT}.Core"]["nl"] == 100_000.0
    socket.send(end)
    socket.send("tic")
    assert told(socket, "tic")["alive"] is True


def test_quotes_of_an_exchange_and_their_end(socket: WebSocket, gateway: Running) -> None:
    socket.send(f'smd+{AAPL}@SMART+{{"fields":["31"]}}')
    first = json.loads(socket.recv())
    while not str(first.get("topic", "")).startswith("smd+"):
        first = json.loads(socket.recv())
    assert (first["conid"], first["31"]) == (AAPL, "74.77")
    socket.send(f"umd+{AAPL}@SMART+{{}}")
    gateway.advance("close")
    socket.send("spl")
    assert json.loads(socket.recv())["topic"] == "spl"

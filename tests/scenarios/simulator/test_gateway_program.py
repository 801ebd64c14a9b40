"""IBKR's own gateway program with the simulator as its upstream: login, calls, orders and websocket through it."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import websocket

from tests.scenarios.simulator.gateway_program import MISSING, Gateway, gateway, program
from tests.scenarios.simulator.process import ACCOUNT, BARS, ROOT, Json, command, wait_for_port

HOME = program()
AAPL = 265598
pytestmark = pytest.mark.skipif(HOME is None, reason=MISSING)


def eventually(happens: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class Upstream:
    """The simulator behind the program, seen without it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.session = requests.Session()
        self.session.trust_env = False

    def events(self) -> list[str]:
        truth = self.session.get(f"http://127.0.0.1:{self.port}/sim/truth", timeout=10).content
        lines = (json.loads(line) for line in truth.splitlines())
        return [line["event"] for line in lines if line["kind"] == "session"]


def log_in(through: Gateway) -> requests.Response:
    assert through.call("POST", "/v1/api/tickle", data="").status_code == 401
    assert through.call("GET", "/").headers["Location"].startswith("/sso/Login")
    form = {"username": "somebody", "password": "made-up"}
    assert b"second factor" in through.call("POST", "/sso/Login", data=form).content
    return through.call("POST", "/sso/Dispatcher", data={"confirmed": "true"})


def is_authenticated(through: Gateway) -> bool:
    answer = through.call("POST", "/v1/api/tickle", json={})
    status: Json = answer.json()["iserver"]["authStatus"] if answer.status_code == 200 else {}
    return bool(status.get("authenticated"))


def trade(through: Gateway) -> None:
    assert through.call("GET", "/v1/api/iserver/accounts").json()["selectedAccount"] == ACCOUNT
    order = {"conid": AAPL, "side": "BUY", "orderType": "MKT", "quantity": 10, "tif": "DAY", "cOID": "through"}
    path = f"/v1/api/iserver/account/{ACCOUNT}/orders"
    [question] = through.call("POST", path, json={"orders": [order]}).json()
    reply = f"/v1/api/iserver/reply/{question['id']}"
    [placed] = through.call("POST", reply, json={"confirmed": True}).json()
    status = through.call("GET", f"/v1/api/iserver/account/order/status/{placed['order_id']}").json()
    assert status["order_status"] == "Filled"


def next_of(stream: websocket.WebSocket, topic: str) -> Json:
    while True:
        message = json.loads(stream.recv())
        if message.get("topic") == topic:
            return message["args"]


def listen(through: Gateway) -> None:
    stream = websocket.create_connection(
        f"wss://localhost:{through.port}/v1/api/ws",
        timeout=10,
        sslopt={"ca_certs": str(through.certificate), "cert_reqs": ssl.CERT_REQUIRED},
    )
    try:
        # The program opens its own way on only now: what is sent before the greeting may be lost.
        assert next_of(stream, "sts")["authenticated"] is True
        stream.send("sor+{}")
        assert next_of(stream, "sor")[0]["order_ref"] == "through"
    finally:
        stream.close()


@pytest.mark.parametrize(
    ("choices", "chain"),
    [
        ((), ["login"]),
        # The program then opens the brokerage session itself, by the answer to a challenge.
        (("login_opens_brokerage=false", "init_challenges=true"), ["login", "init"]),
        (("login_opens_brokerage=false",), ["login", "init"]),
    ],
)
def test_program_logs_in_trades_streams_and_logs_out(
    tmp_path: Path, choices: tuple[str, ...], chain: list[str]
) -> None:
    assert HOME is not None
    options = (
        "--plain-http",
        "--port",
        "0",
        "--bars",
        str(BARS),
        "--start",
        "2014-03-03",
        "--speed",
        "0",
        "--pacing",
        "off",
    )
    settings = [word for choice in choices for word in ("--set", choice)]
    with subprocess.Popen(command(*options, *settings), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            upstream = Upstream(wait_for_port(process))
            with gateway(HOME, tmp_path / "gateway", upstream.port) as through:
                done = log_in(through)
                assert (done.status_code, done.content) == (200, b"Client login succeeds")
                assert eventually(lambda: is_authenticated(through))
                assert upstream.events() == chain
                trade(through)
                listen(through)
                assert through.call("POST", "/v1/api/logout", json={}).json() == {"status": True}
                assert through.call("POST", "/v1/api/tickle", json={}).status_code == 401
                assert upstream.events() == [*chain, "logout"]
            upstream.session.close()
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("form", "confirmed"),
    [({"username": "a", "password": "wrong"}, "true"), ({"username": "a", "password": "b"}, "false")],
)
def test_login_that_fails_is_none_for_the_program(tmp_path: Path, form: dict[str, str], confirmed: str) -> None:
    assert HOME is not None
    options = ("--plain-http", "--port", "0", "--bars", str(BARS), "--start", "2014-03-03", "--speed", "0")
    with subprocess.Popen(command(*options), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            upstream = Upstream(wait_for_port(process))
            with gateway(HOME, tmp_path / "gateway", upstream.port) as through:
                through.call("POST", "/sso/Login", data=form)
                done = through.call("POST", "/sso/Dispatcher", data={"confirmed": confirmed})
                assert done.status_code == 401
                assert b"Client login succeeds" not in done.content
                assert through.call("GET", "/v1/api/iserver/accounts").status_code == 401
            assert upstream.events() == []
            upstream.session.close()
        finally:
            process.kill()

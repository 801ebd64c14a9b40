"""Points on the real way to a gateway, at which a process may die."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill.deaths import Death, Reaper
from drill.schedule import Kill
from drill.sockets import EXECUTION, MortalTransport, Traffic
from drill.world import World
from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.server.listener import Server
from simulator.server.tls import ensure_certificate, server_context

BUY = {"conid": 1, "side": "BUY", "orderType": "LMT", "price": 1.0, "quantity": 1, "tif": "DAY", "cOID": "x"}
ORDERS = "/iserver/account/DU1234567/orders"


class Noting(Reaper):
    """Keeps where it was."""

    def __init__(self, *kills: Kill) -> None:
        super().__init__(kills, lambda _kill: None)
        self.passed: list[tuple[str, ...]] = []

    def passing(self, point: str, *about: str) -> None:
        self.passed.append((point, *about))
        super().passing(point, *about)


class Gateway:
    """A simulated gateway over HTTPS, that sends no session tickets."""

    def __init__(self, world: World, folder: Path) -> None:
        config = SimulatorConfig(start="2014-04-22", auto_login=True, pacing=False, state_dir=folder)
        self.simulator = Simulator(config, world.market)
        self.certificate, key = ensure_certificate(folder)
        context = server_context(self.certificate, key)
        context.num_tickets = 0
        self.server = Server(self.simulator, "127.0.0.1", 0, context)
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()

    def transport(self, reaper: Reaper, traffic: Traffic | None = None) -> MortalTransport:
        url = f"https://127.0.0.1:{self.server.port}"
        return MortalTransport(url, self.certificate, reaper, traffic or Traffic())

    def requests(self) -> int:
        return sum(json.loads(line)["kind"] == "request" for line in self.simulator.broker.log.lines().splitlines())

    def close(self) -> None:
        self.server.stop()
        self.thread.join()
        self.simulator.close()


@pytest.fixture
def gateway(world: World, tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(world, tmp_path)
    yield made
    made.close()


def test_call_passes_each_of_its_steps_once_with_its_role(gateway: Gateway) -> None:
    reaper = Noting()
    transport = gateway.transport(reaper)
    for path in (ORDERS, ORDERS):
        transport.exchange("POST", path, None, json.dumps({"orders": [BUY]}).encode(), 5.0)
    steps = ["call_before", "call_connected", "call_sent", "call_answered", "call_after"]
    assert reaper.passed == [(step, "entry") for step in steps] * 2
    transport.close()


@pytest.mark.parametrize(("point", "arrived"), [("call_connected", 0), ("call_answered", 1)])
def test_gateway_has_what_was_sent_before_the_point_and_nothing_else(
    gateway: Gateway, point: str, arrived: int
) -> None:
    transport = gateway.transport(Noting(Kill(point, role="entry")))  # type: ignore[arg-type]
    with pytest.raises(Death):
        transport.exchange("POST", ORDERS, None, json.dumps({"orders": [BUY]}).encode(), 5.0)
    transport.close()
    assert gateway.requests() == arrived


def test_calls_are_counted_and_one_that_was_not_well_is_told(gateway: Gateway) -> None:
    traffic = Traffic()
    transport = gateway.transport(Noting(), traffic)
    transport.exchange("POST", "/tickle", None, None, 5.0)
    assert (traffic.calls, traffic.troubled) == (1, False)
    transport.exchange("GET", "/no/such/path", None, None, 5.0)
    assert (traffic.calls, traffic.troubled) == (2, True)
    transport.exchange("POST", "/tickle", None, None, 5.0)
    assert traffic.troubled
    transport.close()


def test_execution_is_news_once(gateway: Gateway) -> None:
    deed = {"do": "trade", "symbol": "MSFT", "side": "BUY", "quantity": 5}
    gateway.simulator.handle("POST", "/sim/account", body=json.dumps(deed).encode())
    reaper = Noting()
    transport = gateway.transport(reaper)
    transport.exchange("GET", "/iserver/accounts", None, None, 5.0)
    # The first list is empty: the gateway only begins to fetch it.
    for _ in range(3):
        transport.exchange("GET", "/iserver/account/trades", None, None, 5.0)
    last = [about for point, *about in reaper.passed if point == "call_after"]
    assert last == [["read"], ["read"], ["read", EXECUTION], ["read"]]
    transport.close()

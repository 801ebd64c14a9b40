"""The client under the documented limits of the simulated gateway: sixty symbols, cold and steady, and never a 429."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import pytest

from simulator.clock import RunningClock
from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.pacing import Limit
from simulator.server.tempo import Tempo
from tests.fakes.chance import seeded
from trading.errors import GatewayError
from trading.gateway import Gateway, connect
from trading.gateway.memory import ProcessMemory
from trading.gateway.transport import HttpAnswer
from trading.market.bar_files import load_bars
from trading.model.order import OrderTicket, OrderType, Side, Tif
from trading.model.outcome import Questioned
from trading.model.request import CancelOrder, ReplyToQuestion, SubmitOrders

ACCOUNT = "DU1234567"
SYMBOLS = 60
BARS = 120
START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
# How long a request may be on its way before it counts at the gateway.
LATEST_ARRIVAL_S = 0.3


class SharedTime:
    """Real seconds of client and gateway alike: whoever waits moves them on for both."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return 1000.0 + self._elapsed

    def now(self) -> datetime:
        return datetime.fromtimestamp(START.timestamp() + self._elapsed, UTC)

    def wait(self, until: datetime) -> None:
        self._move(until.timestamp() - START.timestamp())

    def pass_by(self, seconds: float) -> None:
        self._move(self._elapsed + seconds)

    def _move(self, elapsed: float) -> None:
        # Other threads have their turn, as if somebody really waited.
        threading.Event().wait(0.0002)
        with self._lock:
            self._elapsed = max(self._elapsed, elapsed)


@dataclass
class LimitedTransport:
    """Calls with the time that they take on their way; `refused` are those that got a 429, and when."""

    simulator: Simulator
    time: SharedTime
    arrivals: random.Random = field(default_factory=seeded)
    refused: list[tuple[float, str]] = field(default_factory=list)
    served: int = 0

    def __post_init__(self) -> None:
        self._tempo = Tempo(enabled=True, wait=self.time.pass_by)

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        whole = f"/v1/api{path}"
        self.time.pass_by(self.arrivals.random() * LATEST_ARRIVAL_S)
        answer = self._tempo.answer(
            whole,
            lambda: self.simulator.handle(verb, whole, urlencode(query or {}), body or b""),
            lambda: self.simulator.refuse(verb, whole, Limit.CHARTS),
        )
        self.served += 1
        if answer.status == 429:
            self.refused.append((self.time.monotonic(), f"{verb} {path}"))
        return HttpAnswer(answer.status, answer.body)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Stage:
    """One simulated gateway with its limits, and as many client processes as a test starts."""

    transport: LimitedTransport
    symbols: tuple[str, ...]
    memory: ProcessMemory = field(default_factory=ProcessMemory)

    def start(self) -> Gateway:
        return connect(
            "https://localhost:5055",
            ca_bundle=None,
            clock=self.transport.time,
            rng=seeded(),
            paced=True,
            transport_to=lambda _url, _ca_bundle: self.transport,
            memory=self.memory,
        )

    def next_close(self) -> date:
        answer = self.transport.simulator.handle("POST", "/sim/advance", body=b'{"to": "next_close"}')
        assert answer.status == 200
        return datetime.fromisoformat(json.loads(answer.body)["now"]).date()


@pytest.fixture(scope="module")
def market(bundled_bars: Path) -> ReplayedMarket:
    panel = load_bars(bundled_bars)
    return ReplayedMarket(panel.select(panel.symbols[:SYMBOLS]))


@pytest.fixture
def stage(market: ReplayedMarket) -> Stage:
    time = SharedTime()
    config = SimulatorConfig(
        account_id=ACCOUNT, start="2015-06-01", speed=0.0, auto_login=True, pacing=True, seed=1, cash=100_000.0
    )
    simulator = Simulator(config, market, RunningClock(0.0, time.monotonic))
    return Stage(LimitedTransport(simulator, time), market.panel.symbols)


def look(gateway: Gateway) -> None:
    """Read what a turn reads."""
    broker = gateway.broker(ACCOUNT)
    gateway.session.keep_alive()
    broker.orders()
    broker.executions(1)
    broker.positions()
    broker.account()


def decide(gateway: Gateway, symbols: tuple[str, ...], session: date) -> None:
    """Read what a decision reads, and quotes of everything."""
    contracts, missing = gateway.market_data.contracts(symbols)
    panel, skipped = gateway.market_data.daily_bars(contracts.values(), session, BARS)
    quotes = gateway.market_data.quotes([contract.conid for contract in contracts.values()])
    assert (missing, skipped) == ({}, {})
    assert panel.sessions[-1].item() == session
    assert panel.symbols == symbols
    assert len(quotes) == len(symbols)


def trade(gateway: Gateway, symbol: str) -> None:
    """Send a bracket and cancel it."""
    broker = gateway.broker(ACCOUNT)
    conid = gateway.market_data.contracts([symbol])[0][symbol].conid
    entry = OrderTicket(conid, Side.BUY, OrderType.LIMIT, Tif.DAY, 1, limit_price=1.0, coid=f"ab-{symbol}")
    outcome = broker.send(broker.prepare(SubmitOrders((entry,))))
    while isinstance(outcome, Questioned):
        reply = ReplyToQuestion(outcome.reply_id, confirmed=True, coids=(f"ab-{symbol}",))
        outcome = broker.send(broker.prepare(reply))
    for order in broker.orders().orders:
        broker.send(broker.prepare(CancelOrder(order.order_id)))


def test_sixty_symbols_cold_and_steady_cause_no_refusal(stage: Stage) -> None:
    gateway = stage.start()
    session = stage.next_close()
    look(gateway)
    decide(gateway, stage.symbols, session)
    for _ in range(3):
        session = stage.next_close()
        look(gateway)
        decide(gateway, stage.symbols, session)
        for symbol in stage.symbols[:3]:
            trade(gateway, symbol)
        for _ in range(10):
            look(gateway)
    assert stage.transport.refused == []
    assert stage.transport.served > 400


def test_a_process_that_starts_right_after_another_causes_no_refusal(stage: Stage) -> None:
    session = stage.next_close()
    for _ in range(4):
        gateway = stage.start()
        look(gateway)
        decide(gateway, stage.symbols, session)
        look(gateway)
    assert stage.transport.refused == []


def test_many_threads_at_once_cause_no_refusal(stage: Stage) -> None:
    gateway = stage.start()
    look(gateway)
    broker = gateway.broker(ACCOUNT)
    began = stage.transport.time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        for reading in [pool.submit(broker.positions) for _ in range(150)]:
            reading.result()
    assert stage.transport.refused == []
    assert stage.transport.time.monotonic() - began >= 15.0


def test_in_the_penalty_box_there_is_one_probe_a_minute_and_nothing_else_over_a_restart_too(stage: Stage) -> None:
    gateway = stage.start()
    look(gateway)
    time = stage.transport.time
    stage.transport.simulator.broker.pacing.box(time.monotonic(), 900.0)
    began = time.monotonic()
    for turn in range(400):
        if turn % 100 == 50:
            gateway = stage.start()
        with pytest.raises(GatewayError):
            look(gateway)
        time.pass_by(2.0)
    assert time.monotonic() - began < 900.0
    calls = [call for _, call in stage.transport.refused]
    assert set(calls) == {"POST /tickle"}
    assert 8 <= len(calls) <= 14
    assert all(later - earlier >= 60.0 for (earlier, _), (later, _) in pairwise(stage.transport.refused))
    time.pass_by(120.0)
    look(gateway)
    assert len(stage.transport.refused) == len(calls)

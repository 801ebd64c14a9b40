"""The simulator killed, cut short and out of disk: what was answered is in its log, and the log goes on to the byte."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest
import requests
from requests import exceptions

from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.scenarios.simulator.process import ACCOUNT, BARS, ROOT, Running, command, running, wait_for_port
from tests.unit.simulator.support import QUIET, Client, Row, panel_of
from trading.market.bar_files import load_bars, write_bars

AAPL = 265598
KILLS = 20
FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few symbols, so that a start takes no longer than it must."""
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    write_bars(load_bars(BARS).select(("AAPL", "KO")), path)
    return path


class Trader:
    """Sends orders one after the other, and remembers which of them were answered."""

    def __init__(self) -> None:
        self.sent = 0
        self.answered: dict[str, str] = {}

    def trade(self, simulator: Running) -> None:
        """Go on until the simulator is gone."""
        simulator.get("/v1/api/iserver/accounts")
        while True:
            coid = f"order-{self.sent}"
            self.sent += 1
            kind = {"orderType": "MKT"} if self.sent % 3 else {"orderType": "LMT", "price": 60.0, "tif": "GTC"}
            rows = simulator.place(conid=AAPL, side="BUY" if self.sent % 2 else "SELL", quantity=1, cOID=coid, **kind)
            if isinstance(rows, list):
                self.answered[coid] = rows[0]["order_id"]
            if self.sent % 5 == 0:
                simulator.advance("close", stop_on_event=True)
            if self.sent % 7 == 0 and isinstance(rows, list):
                path = f"/v1/api/iserver/account/{ACCOUNT}/order/{rows[0]['order_id']}"
                simulator.session.delete(simulator.url + path, timeout=10)


@pytest.mark.timeout(300)
def test_log_goes_on_to_the_byte_over_twenty_kills_with_orders_under_way(tmp_path: Path, bars: Path) -> None:
    draws = random.Random(5)  # noqa: S311  (a seeded schedule, no secret)
    trader = Trader()
    before = b""
    log = tmp_path / "truth.jsonl"
    for _ in range(KILLS):
        with running(tmp_path, "--bars", str(bars), "--set", "questions.size_limit=0") as simulator:
            assert simulator.truth().startswith(before)
            timer = threading.Timer(draws.uniform(0.02, 0.4), simulator.process.kill)
            timer.start()
            with pytest.raises((exceptions.ConnectionError, exceptions.ChunkedEncodingError)):
                trader.trade(simulator)
            timer.join()
            assert simulator.process.wait(10) == -9
            data = log.read_bytes()
            before = data[: data.rfind(b"\n") + 1]
    lines = [json.loads(line) for line in before.splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    ordered = Counter(ticket["coid"] for line in lines if line["kind"] == "order" for ticket in line["tickets"])
    ids = {t["coid"]: str(t["order_id"]) for line in lines if line["kind"] == "order" for t in line["tickets"]}
    assert max(ordered.values()) == 1
    assert len(set(ids.values())) == len(ids)
    assert {coid: ids.get(coid) for coid in trader.answered} == trader.answered
    # At most the one order that was under way at each kill is there without an answer.
    assert len(ids) - len(trader.answered) <= KILLS
    assert len(trader.answered) > KILLS
    assert [line["epoch"] for line in lines if line["kind"] == "session"] == list(range(1, KILLS + 1))


def test_log_cut_at_any_byte_of_its_last_line_is_gone_on_with(tmp_path: Path) -> None:
    market = ReplayedMarket(panel_of({"ABC": [FLAT, FLAT]}))
    config = SimulatorConfig(behaviour=QUIET, auto_login=True, pacing=False, cash=100_000.0, state_dir=tmp_path)
    log = tmp_path / "truth.jsonl"
    first = Client(Simulator(config, market))
    first.get("/iserver/accounts")
    first.order(first.conid("ABC"), "BUY", "LMT", 10, price=95.0, cOID="a")
    first.advance("close")
    first.order(first.conid("ABC"), "SELL", "LMT", 10, price=200.0, tif="GTC", cOID="b")
    whole = log.read_bytes()
    start_of_last = whole.rfind(b"\n", 0, -1) + 1
    for cut in range(start_of_last, len(whole)):
        log.write_bytes(whole[:cut])
        again = Simulator(config, market)
        again.close()
        data = log.read_bytes()
        assert data.startswith(whole[:start_of_last])
        assert data.count(b"\n") == whole.count(b"\n")
        assert b'"login"' in data[start_of_last:]


def test_order_that_cannot_be_logged_is_not_answered_and_the_end_is_one_line(tmp_path: Path, bars: Path) -> None:
    state = tmp_path / "state"
    room = 20_000
    options = ("--port", "0", "--state", str(state), "--bars", str(bars), "--start", "2014-03-03", "--speed", "0")
    choices = ("--auto-login", "--pacing", "off", "--set", "questions.market_order=false")
    with (
        subprocess.Popen(
            command(*options, *choices),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        ) as process,
        requests.Session() as session,
    ):
        simulator = Running(process, wait_for_port(process), state / "simulator-cert.pem", session)
        session.verify, session.trust_env = str(simulator.certificate), False
        trader = Trader()
        with pytest.raises(exceptions.ConnectionError):
            trader.trade(simulator)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(10) == 1
    assert "can't write" in said
    assert "File too large" in said
    assert said.count("\n") == 1
    assert trader.answered
    with running(state, "--bars", str(bars), "--set", "questions.market_order=false") as again:
        truth = again.truth()
    logged = {t["coid"] for line in truth.splitlines() for t in json.loads(line).get("tickets", [])}
    assert trader.answered.keys() <= logged

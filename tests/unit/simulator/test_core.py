from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from simulator.clock import RunningClock
from simulator.config import SettingError, SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Row, panel_of, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


class Monotonic:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def running(speed: float, state_dir: Path | None = None) -> tuple[Client, Monotonic]:
    real = Monotonic()
    config = SimulatorConfig(behaviour=QUIET, auto_login=True, pacing=False, speed=speed, state_dir=state_dir)
    market = ReplayedMarket(panel_of({"ABC": [FLAT, FLAT]}))
    client = Client(Simulator(config, market, RunningClock(speed, real)))
    client.get("/iserver/accounts")
    return client, real


def test_clock_begins_at_the_open_of_the_first_day() -> None:
    assert start({"ABC": [FLAT, FLAT]}, start="2014-03-04").clock()["now"] == "2014-03-04T14:30:00Z"
    assert start({"ABC": [FLAT]}, start="2014-03-01").clock()["now"] == "2014-03-03T14:30:00Z"


def test_start_after_the_last_bar_is_refused() -> None:
    with pytest.raises(SettingError, match="2014-03-03"):
        start({"ABC": [FLAT]}, start="2014-03-04")


def test_calls_need_what_the_real_one_needs() -> None:
    client = start({"ABC": [FLAT]})
    simulator = Simulator(SimulatorConfig(behaviour=QUIET, pacing=False), client.broker.market)
    stranger = Client(simulator)
    for path in ("/iserver/accounts", "/portfolio/accounts", "/nothing", "/tickle"):
        response = stranger.call("GET", f"/v1/api{path}")
        assert (response.status, response.body) == (401, b"")
    assert stranger.call("GET", "/nothing").status == 404
    stranger.call("POST", "/sim/account", {"do": "login"})
    assert stranger.call("GET", "/v1/api/nothing").body.startswith(b"<html>")
    assert stranger.get("/iserver/account/orders")["error"] == "Bad Request: Please query /accounts first"
    stranger.call("POST", "/sim/account", {"do": "lose_session"})
    assert stranger.get("/iserver/accounts")["error"] == "Bad Request: no bridge"
    assert stranger.get("/portfolio/accounts")[0]["id"] == ACCOUNT


def test_portal_is_another_name_of_the_api() -> None:
    client = start({"ABC": [FLAT]})
    assert client.call("GET", "/v1/portal/iserver/accounts").body == client.call("GET", "/v1/api/iserver/accounts").body


def test_running_clock_goes_on_between_calls_and_fills_on_its_way() -> None:
    client, real = running(60.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0)
    real.now = 64.0
    assert client.trades() == []
    real.now = 66.0
    assert client.trades()[0]["trade_time"] == "20140303-15:35:00"


def test_running_clock_leaves_marks_that_a_restart_goes_on_from(tmp_path: Path) -> None:
    client, real = running(60.0, tmp_path)
    real.now = 10.0
    client.simulator.tick()
    client.simulator.close()
    again, _ = running(60.0, tmp_path)
    assert again.clock()["now"] == "2014-03-03T14:40:00Z"


def test_nightly_reset_ends_the_brokerage_session() -> None:
    behaviour = msgspec.structs.replace(QUIET, nightly_reset=True)
    client = start({"ABC": [FLAT, FLAT]}, behaviour=behaviour)
    client.advance("2014-03-04T04:59:00Z")
    assert "accounts" in client.get("/iserver/accounts")
    client.advance("2014-03-04T05:01:00Z")
    assert client.get("/iserver/accounts")["error"] == "Bad Request: no bridge"
    assert client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})["authenticated"] is True
    assert "accounts" in client.get("/iserver/accounts")

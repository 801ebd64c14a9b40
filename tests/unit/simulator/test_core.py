from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from simulator.clock import RunningClock
from simulator.config import SettingError, SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.pacing import Limit
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


def test_login_outlives_the_reset_or_not_as_chosen() -> None:
    for ends_login, status in ((False, 200), (True, 401)):
        behaviour = msgspec.structs.replace(QUIET, nightly_reset=True, reset_ends_login=ends_login)
        client = start({"ABC": [FLAT, FLAT]}, behaviour=behaviour)
        client.advance("next_close")
        assert client.call("GET", "/v1/api/portfolio/accounts").status == status
        [reset] = [line for line in client.truth() if line.get("event") == "reset"]
        assert reset["at"] == "2014-03-04T05:00:00Z"


def test_calls_are_refused_during_the_reset_and_the_maintenance() -> None:
    behaviour = msgspec.structs.replace(
        QUIET, nightly_reset=True, reset_region="zug", reset_minutes=10.0, saturday_maintenance_minutes=60.0
    )
    client = start({"ABC": [FLAT] * 6}, behaviour=behaviour)
    for instant, status in (
        ("2014-03-03T22:59:00Z", 200),
        ("2014-03-03T23:00:00Z", 503),
        ("2014-03-03T23:09:59Z", 503),
        ("2014-03-03T23:10:00Z", 200),
        ("2014-03-08T05:00:00Z", 500),
        ("2014-03-08T06:00:00Z", 200),
    ):
        client.advance(instant)
        assert (instant, client.call("POST", "/v1/api/tickle").status) == (instant, status)
    assert client.call("GET", "/sso/Login").status == 200


def test_reset_is_at_its_instant_while_the_clock_runs_and_after_a_restart(tmp_path: Path) -> None:
    market = ReplayedMarket(panel_of({"ABC": [FLAT, FLAT, FLAT]}))
    behaviour = msgspec.structs.replace(QUIET, nightly_reset=True)
    config = SimulatorConfig(behaviour=behaviour, auto_login=True, pacing=False, speed=3600.0, state_dir=tmp_path)
    for night in ("2014-03-04T05:00:00Z", "2014-03-05T05:00:00Z"):
        real = Monotonic()
        client = Client(Simulator(config, market, RunningClock(3600.0, real)))
        real.now = 20.0
        client.simulator.tick()
        client.simulator.close()
        lines = map(json.loads, (tmp_path / "truth.jsonl").read_bytes().splitlines())
        resets = [line["at"] for line in lines if line.get("event") == "reset"]
        assert resets[-1] == night


def test_calls_over_the_limits_are_in_the_truth_log() -> None:
    client = start({"ABC": [FLAT]}, pacing=True)
    for path in ("/iserver/account/orders", "/iserver/account/orders/"):
        client.call("GET", f"/v1/portal{path}")
    assert client.simulator.refuse("GET", "/iserver/marketdata/history", Limit.CHARTS).status == 429
    lines = [line for line in client.truth() if line["kind"] == "limited"]
    assert [(line["method"], line["path"], line["limit"]) for line in lines] == [
        ("GET", "/iserver/account/orders/", "call"),
        ("GET", "/iserver/marketdata/history", "charts"),
    ]


def test_ping_pong_with_a_competing_login() -> None:
    behaviour = msgspec.structs.replace(QUIET, competitor_returns_s=30.0, session_clock="simulated")
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    client.call("POST", "/sim/account", {"do": "compete"})
    for minute in range(3):
        assert client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})["authenticated"] is True
        client.advance(f"2014-03-03T14:{31 + minute}:00Z")
        status = client.post("/iserver/auth/status")
        assert (status["authenticated"], status["competing"]) == (False, True)


def test_session_ages_in_real_time_however_fast_the_market_runs() -> None:
    client, real = running(1000.0)
    for minute in range(1, 25):
        real.now = 60.0 * minute
        assert client.post("/tickle")["iserver"]["authStatus"]["authenticated"] is True
    assert client.clock()["now"] > "2014-03-15"
    real.now += 360.0
    assert client.post("/tickle")["iserver"]["authStatus"]["authenticated"] is False

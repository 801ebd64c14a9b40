"""A real trading process, a real gateway that misbehaves, and what pages, programs and people are told of it."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from tests.fakes.webhook_receiver import Receiver
from tests.scenarios.lockstep_run import ROOT, Span, World, environ_of, lockstep_world
from trading.monitoring.sign_of_life import HEARTBEAT_NAME
from webapp.app import create_app
from webapp.services import EXTENSION

SPAN = Span(date(2015, 1, 5), sessions=30, symbols=6)
ORDERS = "/iserver/account/orders"
PATIENCE_S = 60.0
LONG_AGO = 1_700_000_000.0


class Told:
    """What the dashboard says of a trading process that it knows by its files alone."""

    def __init__(self, world: World) -> None:
        settings = {
            **environ_of(world.folder, world.panel.symbols, f"https://localhost:{world.port}"),
            "DASHBOARD_PASSWORD": "correct-horse-battery",
        }
        self.app = create_app(settings)
        self.client: FlaskClient = self.app.test_client()

    def close(self) -> None:
        self.app.extensions[EXTENSION].audit.close()

    def alive(self) -> int:
        return self.client.get("/healthz").status_code

    def ready(self) -> dict[str, Any]:
        answer = self.client.get("/readyz")
        told: dict[str, Any] = answer.get_json()
        return {"code": "ready", **told} if answer.status_code == 200 else {**told, **told["error"]}

    def metric(self, name: str) -> float:
        text = self.client.get("/metrics").get_data(as_text=True)
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found is not None
        return float(found[1])

    def wait_for(self, code: str) -> dict[str, Any]:
        """Wait until /readyz gives a reason; the loop is alive at every look meanwhile, if it was."""
        return until(lambda: answer if (answer := self.ready())["code"] == code else None, code)


def until(found: Callable[[], dict[str, Any] | None], what: str) -> dict[str, Any]:
    ends = time.monotonic() + PATIENCE_S
    while (value := found()) is None:
        assert time.monotonic() < ends, what
        time.sleep(0.2)
    return value


def break_calls(world: World, fault: str, path: str | None, **parameters: object) -> None:
    """Switch a fault on for every call of a path, None for every call, until it is switched off."""
    selector = {"path": path} if path else {}
    tell(world, {"faults": [{"id": fault, "selector": selector, "parameters": parameters}]})


def tell(world: World, plan: dict[str, object]) -> None:
    certificate = world.folder / "state" / "simulated" / "simulator" / "simulator-cert.pem"
    answer = requests.post(f"https://localhost:{world.port}/sim/faults", json=plan, verify=str(certificate), timeout=10)
    assert answer.status_code == 200, answer.text


@contextmanager
def trading(world: World) -> Iterator[subprocess.Popen[bytes]]:
    trader = world.start_trader()
    try:
        yield trader
    finally:
        trader.send_signal(signal.SIGCONT)
        trader.kill()
        trader.wait()


def silent_for_long(world: World) -> None:
    """Let the last sign of life of a process that is over have been given long ago."""
    os.utime(world.database.parent / HEARTBEAT_NAME, (LONG_AGO, LONG_AGO))


def last_sign(world: World) -> float:
    return (world.database.parent / HEARTBEAT_NAME).stat().st_mtime


@pytest.fixture
def world(tmp_path: Path, bundled_bars: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A market of which a day takes a quarter of an hour: most of the time the loop waits for the next event."""
    with lockstep_world(tmp_path, bundled_bars, SPAN) as made:
        made.environ["SIM_SECONDS_PER_DAY"] = "900"
        monkeypatch.chdir(ROOT)
        yield made


@pytest.fixture
def told(world: World) -> Iterator[Told]:
    made = Told(world)
    yield made
    made.close()


def test_a_slow_market_is_not_a_silent_one_and_a_clean_stop_says_who_and_when(world: World, told: Told) -> None:
    with trading(world) as trader:
        told.wait_for("ready")
        began = time.monotonic()
        while time.monotonic() - began < 20.0:
            assert told.alive() == 200
            assert told.ready()["code"] == "ready"
            time.sleep(0.5)
        trader.send_signal(signal.SIGTERM)
        assert trader.wait(25) == 0
        # At once, and not when silence is noticed.
        assert told.alive() == 503
        stopped = told.ready()
        assert stopped["code"] == "stopped"
        assert "the signal SIGTERM" in stopped["message"]
        assert (told.metric("trading_alive"), told.metric("trading_gateway_up")) == (0.0, 0.0)


def test_a_frozen_process_is_noticed_after_fifteen_seconds_and_is_well_again_at_once(world: World, told: Told) -> None:
    with trading(world) as trader:
        told.wait_for("ready")
        os.kill(trader.pid, signal.SIGSTOP)
        began = time.monotonic()
        silent = told.wait_for("silent")
        assert 10.0 < time.monotonic() - began < 25.0
        assert "has been silent for" in silent["message"]
        assert told.alive() == 503
        os.kill(trader.pid, signal.SIGCONT)
        told.wait_for("ready")
        assert told.alive() == 200


def test_a_gateway_that_hangs_is_said_to_hang_while_the_loop_is_alive(world: World, told: Told) -> None:
    # From the first call on nothing comes back, as from a gateway program whose upstream hangs.
    break_calls(world, "T05", None, seconds=300)
    with trading(world):
        down = told.wait_for("gateway_down")
        assert "no answer to" in down["message"]
        assert "Since 20" in down["message"]
        assert "stops stay at the broker" in down["message"].lower()
        assert told.alive() == 200
        assert told.metric("trading_gateway_up") == 0.0
        tell(world, {"clear": True})
        told.wait_for("ready")
        assert told.metric("trading_gateway_up") == 1.0


def test_one_question_that_hangs_is_told_from_then_on_and_at_no_moment_well_before_it_is_answered(
    world: World, told: Told
) -> None:
    break_calls(world, "T05", ORDERS, seconds=300)
    with trading(world):
        told.wait_for("gateway_down")
        codes = set()
        began = time.monotonic()
        while time.monotonic() - began < 40.0:
            assert told.alive() == 200
            codes.add(told.ready()["code"])
            time.sleep(0.3)
        assert codes <= {"gateway_down", "unanswered"}
        unanswered = told.wait_for("unanswered")
        assert f"no answer to GET {ORDERS}" in unanswered["message"]
        assert "log in again" in unanswered["next_step"]
        assert told.metric("trading_gateway_up") == 0.0
        tell(world, {"clear": True})
        told.wait_for("ready")
        until(lambda: {} if told.metric("trading_gateway_up") == 1.0 else None, "up again")


def test_a_reading_that_fails_for_ever_is_a_present_error_with_its_words_and_one_alert(
    world: World, told: Told
) -> None:
    break_calls(world, "H05", ORDERS, status=500, error="Internal Error")
    with trading(world):
        trouble = told.wait_for("trouble")
        assert ORDERS in trouble["message"]
        assert "Since 20" in trouble["message"]
        assert trouble["next_step"]
        assert told.alive() == 200
        assert (told.metric("trading_trouble"), told.metric("trading_ready")) == (1.0, 0.0)
        until(lambda: {} if told.metric("trading_gateway_up") == 0.0 else None, "the gateway counts as down")
        until(lambda: {} if world.rows("SELECT * FROM alert WHERE code = 'trouble'") else None, "an alert")
        tell(world, {"clear": True})
        told.wait_for("ready")
        until(lambda: {} if told.metric("trading_trouble") == 0.0 else None, "no trouble any more")
    assert len(world.rows("SELECT * FROM alert WHERE code = 'trouble'")) == 1


def test_stop_while_every_call_hangs_says_who_asked_for_it_and_is_no_death_to_the_next_start(
    world: World, told: Told
) -> None:
    receiver = Receiver()
    world.environ["NOTIFY_URLS"] = f"json://127.0.0.1:{receiver.port}/s3cret"
    break_calls(world, "T05", None, seconds=300)
    with trading(world) as trader:
        told.wait_for("gateway_down")
        trader.send_signal(signal.SIGTERM)
        began = time.monotonic()
        while trader.poll() is None:
            # It still runs and may be in the middle of an order.
            assert told.ready()["code"] != "stopped" or trader.wait(3) == 0
            time.sleep(0.5)
        # Well before start.sh would kill it.
        assert time.monotonic() - began < 19.0
        assert trader.returncode == 0
    stopped = told.ready()
    assert stopped["code"] == "stopped"
    assert "by the signal SIGTERM" in stopped["message"]
    tell(world, {"clear": True})
    # As if the next start came much later.
    silent_for_long(world)
    with trading(world):
        told.wait_for("ready")
        stop_told = receiver.text
    assert "died or hung" not in stop_told
    receiver.close()


def test_process_that_is_killed_is_told_of_unless_somebody_had_asked_it_to_stop(world: World, told: Told) -> None:
    receiver = Receiver()
    world.environ["NOTIFY_URLS"] = f"json://127.0.0.1:{receiver.port}/s3cret"
    break_calls(world, "T05", None, seconds=300)
    with trading(world) as trader:
        told.wait_for("gateway_down")
        trader.send_signal(signal.SIGTERM)
        # A second Ctrl-C lets start.sh kill it.
        time.sleep(1.0)
        assert trader.poll() is None
        trader.kill()
        trader.wait()
    silent_for_long(world)
    with trading(world) as trader:
        until(lambda: {} if last_sign(world) > LONG_AGO else None, "the next process lives")
        told.wait_for("gateway_down")
        trader.kill()
        trader.wait()
        assert "died or hung" not in receiver.text
    silent_for_long(world)
    with trading(world):
        receiver.wait_for(lambda text: "died or hung" in text, PATIENCE_S)
    receiver.close()


def test_state_of_another_account_is_refused_with_its_reason_on_every_page(world: World, told: Told) -> None:
    with trading(world):
        told.wait_for("ready")
    with sqlite3.connect(world.database) as connection:
        connection.execute("UPDATE fact SET value = 'DU7654321' WHERE key = 'account'")
    connection.close()
    with trading(world) as trader:
        assert trader.wait(PATIENCE_S) == 2
    refused = told.ready()
    assert refused["code"] == "stopped"
    assert "by itself: IBKR_ACCOUNT_ID = '…': trading.db belongs to …: set that" in refused["message"]
    log = (world.folder / "logs" / "trading.log").read_text(encoding="utf-8")
    assert "belongs to DU***4321" in log.splitlines()[-1]

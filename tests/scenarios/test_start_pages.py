"""start.sh with the real parts: what pages say of a trading process that died, and what is left of one that hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.scenarios.real_start import LIMIT_S, RealStart
from trading.cycle.watcher import END_WITHIN_S
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, read_beat
from trading.store.boot_time import boot_time


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealStart]:
    made = RealStart(tmp_path)
    yield made
    made.close()


def said(real: RealStart, page: str) -> tuple[int, dict[str, Any]]:
    answer = requests.get(f"http://127.0.0.1:{real.dashboard_port}{page}", timeout=10)
    return answer.status_code, answer.json()


def until(found: Callable[[], bool], what: Callable[[], str]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not found():
        assert time.monotonic() < limit, what()
        time.sleep(0.1)


def test_dead_trading_process_is_shown_at_once_and_the_next_one_as_soon_as_it_lives(real: RealStart) -> None:
    real.begin(RESTART_SECONDS="4")
    real.trades()
    until(lambda: said(real, "/healthz")[0] == 200, real.output)
    os.kill(real.trader(), signal.SIGKILL)
    died = time.monotonic()
    until(lambda: said(real, "/healthz")[0] == 503, real.output)
    # Its silence would show only after fifteen.
    assert time.monotonic() - died < 3.0
    for page in ("/healthz", "/readyz"):
        code, told = said(real, page)
        assert (code, told["error"]["code"]) == (503, "not_started")
        assert "It ended (exit 137); it is started again in " in told["error"]["message"]
    until(lambda: said(real, "/healthz")[0] == 200, real.output)
    # Not while it was only about to be started, nor while it began.
    assert time.monotonic() - died > 4.0
    assert not (real.checkout / "state" / "simulated" / "waiting").exists()
    # And it stays well.
    for _ in range(20):
        assert said(real, "/healthz")[0] == 200
        time.sleep(0.3)
    assert real.stop() == 0


def test_stop_while_the_gateway_hangs_needs_no_kill_and_leaves_who_asked_for_it(real: RealStart) -> None:
    real.begin()
    real.trades()
    state = real.checkout / "state" / "simulated"
    hangs = {"faults": [{"id": "T05", "selector": {}, "parameters": {"seconds": 300}}]}
    certificate = state / "simulator" / "simulator-cert.pem"
    address = f"https://localhost:{real.gateway_port}/sim/faults"
    assert requests.post(address, json=hangs, verify=str(certificate), timeout=10).status_code == 200
    until(lambda: said(real, "/readyz")[1].get("error", {}).get("code") == "gateway_down", real.output)
    asked = time.monotonic()
    assert real.stop() == 0
    assert time.monotonic() - asked > END_WITHIN_S - 1.0
    assert "did not stop in time" not in real.output()
    assert "stopped before the loop came to its end" in real.output()
    beat = read_beat(state / HEARTBEAT_NAME, boot_time())
    assert beat is not None
    assert beat.ended_by.startswith("the signal SIGTERM")

"""What pages say while start.sh, with the real parts, starts the trading process again."""

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

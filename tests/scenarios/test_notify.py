"""Notifications of a real trading process against a real simulator, received by a real server."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import requests

from tests.fakes.raw_server import Peer, serving
from tests.fakes.webhook_receiver import Receiver
from tests.scenarios.lockstep_run import Span, World, lockstep_world

SPAN = Span(date(2016, 9, 6), sessions=40, symbols=12)
SECRET = "5tRaNg3-t0k3n"
LIMIT_S = 60.0
# Slow enough that there are sessions left when the last message was received.
A_DAY_S = "0.3"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def wait_for(wanted: Callable[[], object], world: World, limit_s: float = LIMIT_S) -> None:
    give_up = time.monotonic() + limit_s
    while not wanted():
        assert time.monotonic() < give_up, world.console()
        time.sleep(0.05)


def log_in(world: World) -> None:
    """Log in at the gateway's page, as a person does."""
    bundle = world.database.parent / "simulator" / "simulator-cert.pem"
    for path, fields in (("Login", {"username": "ann", "password": "anything"}), ("Dispatcher", {"confirmed": "true"})):
        answer = requests.post(
            f"https://localhost:{world.port}/sso/{path}",
            data=fields,
            verify=str(bundle),
            allow_redirects=False,
            timeout=10,
        )
        assert answer.status_code in (200, 302), answer.status_code


def ended(trader: subprocess.Popen[bytes], world: World, limit_s: float = 10.0) -> float:
    """Ask a trader to stop; return how long that took."""
    began = time.monotonic()
    trader.send_signal(signal.SIGTERM)
    assert trader.wait(limit_s) == 0, world.console()
    return time.monotonic() - began


def test_login_halt_and_daily_summary_are_told_and_no_secret_is_kept(
    tmp_path: Path, bundled_bars: Path, receiver: Receiver
) -> None:
    urls = f"json://ann:{SECRET}@127.0.0.1:{receiver.port}/hook/{SECRET}"
    with lockstep_world(tmp_path, bundled_bars, SPAN, logged_in=False) as world:
        trader = world.start_trader(NOTIFY_URLS=urls, SIM_SECONDS_PER_DAY=A_DAY_S)
        try:
            told = receiver.wait_for(lambda text: "Login needed: nobody is logged in" in text, LIMIT_S)
            assert "Trading (simulated): login needed" in told
            assert "on 2016-09-0" in told
            log_in(world)
            told = receiver.wait_for(lambda text: "Close of 2016-09" in text, LIMIT_S)
            assert "equity " in told
            assert "For the next session: " in told
            (world.database.parent / "HALT").write_text("enough for today", encoding="utf-8")
            told = receiver.wait_for(lambda text: "enough for today" in text, LIMIT_S)
            assert "Halted by " in told
            wait_for(lambda: not world.rows("SELECT 1 FROM delivery WHERE outcome = 'sending'"), world)
            ended(trader, world)
        finally:
            trader.kill()
            trader.wait()
        files = [file for file in (tmp_path / "logs").iterdir()] + [tmp_path / "trader.txt"]
        files += list(world.database.parent.glob("trading.db*"))
        assert [file.name for file in files if SECRET.encode() in file.read_bytes()] == []
        assert {row["channel"] for row in world.rows("SELECT channel FROM delivery")} == {"json://127.0.0.1"}
        assert {path for path, _ in receiver.heads} == {f"/hook/{SECRET}"}


def test_what_could_not_be_delivered_is_told_after_a_restart(
    tmp_path: Path, bundled_bars: Path, receiver: Receiver
) -> None:
    port = receiver.port
    receiver.close()
    urls = f"json://127.0.0.1:{port}/hook"
    with lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        trader = world.start_trader(NOTIFY_URLS=urls, SIM_SECONDS_PER_DAY=A_DAY_S)
        try:
            wait_for(lambda: world.fact("market_now"), world)
            (world.database.parent / "HALT").write_text("nobody hears this yet", encoding="utf-8")
            failed = "SELECT 1 FROM delivery JOIN notice USING (number) WHERE code = 'halted' AND outcome = 'failed'"
            wait_for(lambda: world.rows(failed), world)
        finally:
            trader.kill()
            trader.wait()
        assert "connection refused" in world.rows("SELECT detail FROM delivery WHERE outcome = 'failed'")[0]["detail"]
        server = Receiver(port)
        trader = world.start_trader(NOTIFY_URLS=urls, SIM_SECONDS_PER_DAY=A_DAY_S)
        try:
            server.wait_for(lambda text: "nobody hears this yet" in text, LIMIT_S)
            wait_for(lambda: not world.rows(failed), world)
            ended(trader, world)
            assert server.text.count("nobody hears this yet") == 1
        finally:
            trader.kill()
            trader.wait()
            server.close()


def hangs(peer: Peer) -> None:
    peer.request()
    peer.silence(120.0)


def drips(peer: Peer) -> None:
    peer.request()
    peer.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000, 0.5)


@pytest.mark.parametrize("behaviour", [hangs, drips])
def test_server_that_hangs_delays_neither_the_loop_nor_the_end(
    tmp_path: Path, bundled_bars: Path, behaviour: Callable[[Peer], None]
) -> None:
    with serving(behaviour) as server, lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        trader = world.start_trader(NOTIFY_URLS=f"json://127.0.0.1:{server.port}/hook", SIM_SECONDS_PER_DAY=A_DAY_S)
        try:
            wait_for(lambda: server.received, world)
            decided = len(world.rows("SELECT 1 FROM decision"))
            began = time.monotonic()
            wait_for(lambda: len(world.rows("SELECT 1 FROM decision")) >= decided + 5, world)
            # Five sessions at a third of a second each, while the server has not answered.
            assert time.monotonic() - began < 9.0
            assert not world.rows("SELECT 1 FROM delivery WHERE outcome <> 'sending'")
            assert ended(trader, world) < 4.0
        finally:
            trader.kill()
            trader.wait()

"""The trading process of a run of kill points: what kills it, and the clock that comes through a pipe."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from drill.schedule import Kill
from drill.sockets import Traffic
from drill.trader import Killer, PipedClock, PipedWake, Told, Turn, Wait

NOW = datetime(2014, 4, 22, 13, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ROOT = Path(__file__).resolve().parents[3]
DIES = """
import signal, time
from drill.schedule import Kill
from drill.trader import Killer
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
killer = Killer({kills})
try:
    killer.passing("call_sent", "entry")
    print(len(asked), flush=True)
    killer.passing("call_after", "entry")
    time.sleep(5.0)
finally:
    print("noticed", flush=True)
"""


def ended(kills: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", DIES.format(kills=kills)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("kills", "output"),
    [
        ('[Kill("call_sent", role="entry")]', ""),
        ('[Kill("call_sent", by="term"), Kill("call_after")]', "1\n"),
        ('[Kill("call_sent", delay_s=0.3)]', "0\n"),
    ],
)
def test_process_is_gone_at_the_point_and_notices_nothing(kills: str, output: str) -> None:
    assert ended(kills) == (-signal.SIGKILL, output)


def test_process_that_is_not_mortal_any_more_lives_on() -> None:
    killer = Killer([Kill("statement", 2)])
    killer.passing("statement")
    killer.disarm()
    killer.passing("statement")
    killer.kill(Kill("statement", 2))
    assert killer.counts["statement", None] == 1


class Desk:
    """Both ends of a pipe."""

    def __init__(self) -> None:
        self.far, near = Pipe()
        self.traffic = Traffic(7, troubled=True)
        self.killer = Killer([Kill("statement", 2)])
        self.wake = PipedWake(near, self.traffic)
        self.clock = PipedClock(near, self.wake, self.killer, self.traffic, NOW)


def while_answered(far: Connection, told: Told, do: Callable[[], object]) -> object:
    """Do something that waits, and return what the other end was sent."""
    heard: list[object] = []

    def answer() -> None:
        heard.append(far.recv())
        far.send(told)

    thread = threading.Thread(target=answer)
    thread.start()
    do()
    thread.join()
    return heard[0]


def test_time_moves_only_while_the_process_waits() -> None:
    desk = Desk()
    told = Told(LATER, wanted=False, stopping=False, mortal=True)
    assert (desk.clock.now(), desk.clock.ended) == (NOW, False)
    assert while_answered(desk.far, told, lambda: desk.clock.wait(LATER)) == Wait(LATER, 7, 0, troubled=True)
    assert desk.clock.now() == LATER
    assert desk.clock.monotonic() == desk.clock.boot_time().seconds == LATER.timestamp()
    assert while_answered(desk.far, told, lambda: desk.clock.pause(5.0)) == Wait(5.0, 7, 0, troubled=True)
    assert not desk.wake.wanted


def test_what_somebody_wants_comes_with_the_time_and_is_forgotten_once_it_is_taken_up() -> None:
    desk = Desk()
    told = Told(LATER, wanted=True, stopping=False, mortal=False)
    while_answered(desk.far, told, lambda: desk.clock.wait(LATER))
    assert desk.wake.wanted
    # Nobody is asked for more time before that.
    desk.clock.wait(LATER + timedelta(hours=1))
    desk.wake.taken_up()
    assert desk.far.recv() == Turn()
    assert (desk.wake.wanted, desk.traffic.troubled) == (False, False)
    desk.killer.passing("statement")
    assert desk.killer.counts["statement", None] == 0


def test_end_of_the_run_ends_the_process() -> None:
    desk = Desk()
    while_answered(desk.far, Told(LATER, wanted=False, stopping=True, mortal=True), lambda: desk.clock.pause(1.0))
    assert desk.wake.stopping

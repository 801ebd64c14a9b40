from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.fake_requests import FakeRequests
from tests.fakes.memory_metrics import MemoryLog
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.watcher import END_WITHIN_S, LOOK_S, OnStop, Watcher
from trading.model.mode import Mode
from trading.model.operator_request import OperatorVerb
from trading.store.database import Database
from trading.store.records import SqliteStore

NOW = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


class WakeUp:
    def __init__(self) -> None:
        self.stopping = False
        self.stopped_by = ""
        self.woken = 0

    def request_stop(self, by: str = "") -> None:
        self.stopping, self.stopped_by = True, by

    def wake(self) -> None:
        self.woken += 1


class House:
    def __init__(self, database: Database) -> None:
        self.store = SqliteStore(database)
        self.requests = FakeRequests()
        self.wake = WakeUp()
        self.seconds = 1000.0
        self.told: list[str] = []
        taker = OperatorRequests(self.requests, self.store, MemoryLog())
        on_stop = OnStop(asked=lambda: self.told.append("asked"), force_end=lambda: self.told.append("ended"))
        self.watcher = Watcher(self.wake, taker, lambda: NOW, lambda: self.seconds, on_stop)

    def after(self, seconds: float) -> list[str]:
        """Look for a stop some seconds later; return what followed until now."""
        self.seconds += seconds
        self.watcher.look_for_stop()
        return self.told


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(tmp_path / "trading.db")
    yield House(database)
    database.close()


def test_halt_is_in_force_at_the_next_look_though_the_loop_does_nothing(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.watcher.look_for_requests()
    assert house.store.mode().mode is Mode.HALTED
    assert house.wake.woken == 1
    house.watcher.look_for_requests()
    assert house.wake.woken == 1


def test_loop_is_woken_for_what_is_its_own(house: House) -> None:
    house.requests.ask(OperatorVerb.RESUME)
    house.watcher.look_for_requests()
    assert house.wake.woken == 1
    assert house.requests.answers == []


def test_loop_that_is_to_stop_is_woken_at_each_look_and_ended_where_it_hangs(house: House) -> None:
    assert house.after(100.0) == []
    assert house.wake.woken == 0
    house.wake.request_stop()
    # Asked for at once, and once.
    assert house.after(0.0) == ["asked"]
    assert house.after(END_WITHIN_S - 0.1) == ["asked"]
    assert house.wake.woken == 2
    assert house.after(0.1) == ["asked", "ended"]


def test_process_is_ended_by_the_seconds_that_passed_and_not_by_looks_which_a_busy_machine_puts_off(
    house: House,
) -> None:
    house.wake.request_stop()
    house.after(0.0)
    assert house.after(END_WITHIN_S) == ["asked", "ended"]


def test_loop_that_hangs_is_ended_well_before_start_sh_kills_it(project_root: Path) -> None:
    script = (project_root / "deploy" / "supervise.sh").read_text(encoding="utf-8")
    killed_after_s = float(script.partition("\nSTOP_S=")[2].split()[0])
    # What it then says of itself may take up to two seconds.
    assert killed_after_s > END_WITHIN_S + LOOK_S + 2.0


def test_threads_look_and_signals_ask_for_the_end(house: House) -> None:
    before = signal.getsignal(signal.SIGTERM)
    taken, asked = threading.Event(), threading.Event()
    house.wake.wake = taken.set  # type: ignore[method-assign]
    house.requests.make_file()
    with house.watcher.watching():
        assert taken.wait(30)
        signal.raise_signal(signal.SIGTERM)
        house.wake.wake = asked.set  # type: ignore[method-assign]
        assert asked.wait(30)
    assert house.wake.stopping
    assert house.wake.stopped_by.startswith("the signal SIGTERM")
    assert house.store.mode().mode is Mode.HALTED
    assert signal.getsignal(signal.SIGTERM) == before


def test_request_that_waits_for_a_locked_file_puts_off_no_end(house: House) -> None:
    held, asked = threading.Event(), threading.Event()

    def hangs() -> datetime:
        held.wait(30)
        return NOW

    house.wake.wake = asked.set  # type: ignore[method-assign]
    taker = OperatorRequests(house.requests, house.store, MemoryLog())
    watcher = Watcher(house.wake, taker, hangs, lambda: 0.0, OnStop(lambda: None, lambda: None))
    with watcher.watching():
        house.wake.request_stop()
        assert asked.wait(30)
        held.set()

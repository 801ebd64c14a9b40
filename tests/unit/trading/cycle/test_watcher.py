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
from trading.cycle.watcher import END_WITHIN_S, LOOK_S, REQUESTS_EVERY, Watcher
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
        self.ended = threading.Event()
        taker = OperatorRequests(self.requests, self.store, MemoryLog())
        self.watcher = Watcher(self.wake, taker, lambda: NOW, self.ended.set)

    def look(self, times: int) -> None:
        for _ in range(times):
            self.watcher.look()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(tmp_path / "trading.db")
    yield House(database)
    database.close()


def test_halt_is_in_force_within_half_a_second_though_the_loop_does_nothing(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.look(REQUESTS_EVERY)
    assert house.store.mode().mode is Mode.HALTED
    assert house.wake.woken == 1
    house.look(10 * REQUESTS_EVERY)
    assert house.wake.woken == 1


def test_loop_is_woken_for_what_is_its_own(house: House) -> None:
    house.requests.ask(OperatorVerb.RESUME)
    house.look(REQUESTS_EVERY)
    assert house.wake.woken == 1
    assert house.requests.answers == []


def test_loop_that_is_to_stop_is_woken_at_each_look_and_ended_where_it_hangs(house: House) -> None:
    house.wake.request_stop()
    looks = round(END_WITHIN_S / LOOK_S)
    house.look(looks - 2)
    assert house.wake.woken == looks - 2
    assert not house.ended.is_set()
    house.look(3)
    assert house.ended.is_set()


def test_thread_looks_and_signals_ask_for_the_end(house: House) -> None:
    before = signal.getsignal(signal.SIGTERM)
    taken = threading.Event()
    house.wake.wake = taken.set  # type: ignore[method-assign]
    house.requests.make_file()
    with house.watcher.watching():
        assert taken.wait(30)
        signal.raise_signal(signal.SIGTERM)
    assert house.wake.stopping
    assert house.wake.stopped_by.startswith("the signal SIGTERM")
    assert house.store.mode().mode is Mode.HALTED
    assert signal.getsignal(signal.SIGTERM) == before

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.failing_connection import Disk
from trading.errors import DataError
from trading.model.contract import ContractPin
from trading.store.database import Database
from trading.store.gateway_memory import PENALTY_END, StoredGatewayMemory
from trading.store.records import SqliteStore

END = datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
PIN = ContractPin("BRK.B", 72063691, "NYSE", "USD")


def test_what_was_kept_is_there_in_the_next_process(path: Path) -> None:
    database = Database(path)
    memory = StoredGatewayMemory(SqliteStore(database))
    assert memory.penalty_end() is None
    assert memory.pin("BRK.B") is None
    memory.keep_penalty_end(END)
    memory.keep_pins([PIN])
    database.close()

    database = Database(path)
    memory = StoredGatewayMemory(SqliteStore(database))
    assert memory.penalty_end() == END
    assert memory.pin("BRK.B") == PIN
    memory.keep_penalty_end(None)
    assert memory.penalty_end() is None
    database.close()


def test_many_pins_wait_for_the_disk_once_and_those_that_are_kept_not_at_all(path: Path) -> None:
    disk = Disk()
    database = Database(path, connect=disk.connect())
    memory = StoredGatewayMemory(SqliteStore(database))
    pins = [ContractPin(f"A{number}", number, "NYSE", "USD") for number in range(1, 100)]
    memory.keep_pins(pins)
    memory.keep_pins(pins)
    assert disk.waits == 1
    assert all(memory.pin(pin.symbol) == pin for pin in pins)
    database.close()


@pytest.mark.parametrize("text", ["soon", "2026-11-24T15:15:00", ""])
def test_an_end_that_cannot_be_read_suspends_nothing(store: SqliteStore, text: str) -> None:
    store.keep({PENALTY_END: text})
    assert StoredGatewayMemory(store).penalty_end() is None


@pytest.mark.parametrize("text", ["", "x NYSE USD", "1", "1 NYSE", "-1 NYSE USD"])
def test_a_pin_that_cannot_be_read_is_not_taken_for_none(store: SqliteStore, text: str) -> None:
    store.keep({"pin.AAPL": text})
    with pytest.raises(DataError):
        StoredGatewayMemory(store).pin("AAPL")

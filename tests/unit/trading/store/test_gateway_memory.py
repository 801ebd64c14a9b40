from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

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
    memory.keep_pin(PIN)
    database.close()

    database = Database(path)
    memory = StoredGatewayMemory(SqliteStore(database))
    assert memory.penalty_end() == END
    assert memory.pin("BRK.B") == PIN
    memory.keep_penalty_end(None)
    assert memory.penalty_end() is None
    database.close()


@pytest.mark.parametrize("text", ["soon", "2026-11-24T15:15:00", ""])
def test_an_end_that_cannot_be_read_suspends_nothing(store: SqliteStore, text: str) -> None:
    store.set_value(PENALTY_END, text)
    assert StoredGatewayMemory(store).penalty_end() is None


@pytest.mark.parametrize("text", ["", "x NYSE USD", "1", "1 NYSE", "-1 NYSE USD"])
def test_a_pin_that_cannot_be_read_is_not_taken_for_none(store: SqliteStore, text: str) -> None:
    store.set_value("pin.AAPL", text)
    with pytest.raises(DataError):
        StoredGatewayMemory(store).pin("AAPL")

from __future__ import annotations

from datetime import UTC, datetime

from trading.gateway.memory import ProcessMemory
from trading.model.contract import ContractPin

END = datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
PIN = ContractPin("AAPL", 265598, "NASDAQ", "USD")


def test_what_was_kept_is_there_until_the_process_ends() -> None:
    memory = ProcessMemory()
    assert (memory.penalty_end(), memory.pin("AAPL")) == (None, None)
    memory.keep_penalty_end(END)
    memory.keep_pins([PIN])
    assert (memory.penalty_end(), memory.pin("AAPL"), memory.pin("IBM")) == (END, PIN, None)
    memory.keep_penalty_end(None)
    assert memory.penalty_end() is None

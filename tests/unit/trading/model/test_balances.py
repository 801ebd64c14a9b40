from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from trading.model.balances import BalanceMemory, Balances, Flow, FlowState

AT = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


def test_memory_is_the_same_after_it_was_written_and_read() -> None:
    reading = Balances(AT, 9_000.25, 10_000.5, {265598: -3.0})
    memory = BalanceMemory(reading, Balances(AT, 1.0, 2.0))
    assert msgspec.json.decode(msgspec.json.encode(memory), type=BalanceMemory) == memory


def test_nobody_has_said_anything_about_a_flow_at_first() -> None:
    assert Flow(1, AT, 500.0, 10_500.0).state is FlowState.UNCONFIRMED

"""What the loop does while trading.db can't be written, or is damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.fakes.failing_connection import BUSY, CORRUPT, FULL, READ_ONLY
from tests.fakes.trading_context import DECIDED
from tests.fakes.trading_loop import LoopParts
from trading.errors import InvariantBroken
from trading.model.mode import Mode
from trading.model.operator_request import OperatorVerb
from trading.model.order import BrokerStatus, OrderType, Side
from trading.store.file_errors import why

CANNOT_WRITE = pytest.mark.parametrize("failure", [BUSY, FULL, READ_ONLY], ids=["busy", "full", "read-only"])


def fail_from(loop: LoopParts, turn: int, failure: sqlite3.Error, *, until: int) -> None:
    """Let the disk fail in some turns, and end the loop one turn after them."""

    def over() -> bool:
        loop.disk.failure = failure if turn <= loop.turns + 1 <= until else None
        return loop.turns > until

    loop.over = over


@CANNOT_WRITE
def test_nothing_is_sent_while_nothing_can_be_written(loop: LoopParts, failure: sqlite3.Error) -> None:
    system = loop.start()
    loop.disk.failure = failure
    for _ in range(3):
        with pytest.raises(InvariantBroken):
            system.run_cycle()
    assert loop.broker.arrived == []


@CANNOT_WRITE
def test_storage_that_fails_is_shown_as_reconciling_with_its_cause_and_heals_by_itself(
    loop: LoopParts, failure: sqlite3.Error
) -> None:
    shown: list[tuple[Mode | None, str]] = []
    system = loop.start()
    fail_from(loop, 1, failure, until=3)
    stop = loop.over

    def over() -> bool:
        shown.append((loop.metrics.mode, loop.store.mode().reason))
        return stop()

    loop.over = over
    system.run()
    assert (Mode.RECONCILING, f"storage: trading.db: {why(failure, Path('trading.db'))}") in shown
    assert loop.store.mode().mode is Mode.ACTIVE
    assert loop.metrics.mode is Mode.ACTIVE
    assert loop.decided() == [DECIDED]
    assert len(loop.broker.live(Side.BUY)) == len(loop.broker.submits()) > 0
    assert loop.rows("SELECT * FROM halt") == []


@CANNOT_WRITE
def test_storage_that_fails_under_an_open_position_heals_with_its_stop_in_place(
    loop: LoopParts, failure: sqlite3.Error
) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.end(loop.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    sent = len(loop.broker.arrived)
    fail_from(loop, loop.turns + 1, failure, until=loop.turns + 3)
    stop = loop.over

    def over() -> bool:
        if loop.disk.failure is not None:
            assert len(loop.broker.arrived) == sent
        return stop()

    loop.over = over
    system.run()
    assert loop.store.mode().mode is Mode.ACTIVE
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}


def test_person_is_told_of_it_once(loop: LoopParts) -> None:
    system = loop.start()
    fail_from(loop, 1, FULL, until=6)
    system.run()
    assert loop.notes.codes() == ["invariant"]
    assert loop.lines("invariant broken") == ["error"]


def test_damaged_file_halts(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    loop.requests.ask(OperatorVerb.RESUME)
    fail_from(loop, 1, CORRUPT, until=2)
    system.run()
    assert loop.store.mode().mode is Mode.HALTED
    assert "malformed" in loop.store.mode().reason
    assert loop.metrics.mode is Mode.HALTED
    system.run_cycle()
    assert loop.broker.live() == []


def test_halt_that_can_not_be_stored_is_in_force_and_is_stored_later(loop: LoopParts) -> None:
    system = loop.start()
    loop.disk.failure = FULL
    loop.requests.ask(OperatorVerb.HALT, "earnings")
    with pytest.raises(InvariantBroken):
        system.run_cycle()
    assert loop.store.mode().mode is Mode.HALTED
    loop.disk.failure = None
    system.run_cycle()
    assert loop.broker.submits() == []
    assert [row["reason"] for row in loop.rows("SELECT reason FROM halt")] == ["earnings"]
    assert [kind for kind, _ in loop.requests.answers] == [OperatorVerb.HALT]

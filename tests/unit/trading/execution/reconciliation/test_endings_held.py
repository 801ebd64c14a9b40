"""An entry of which a part has filled, and whose stop may wait for the rest of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import CLOSE, IN_SESSION, OPEN, entry, shows, stop, target
from tests.unit.trading.execution.reconciliation.test_endings import Judge
from trading.execution.reading.evidence import since_of
from trading.execution.reconciliation.endings import HELD
from trading.model.order import BrokerStatus, IntentState

ENTRY, STOP, TARGET = entry(filled=4), stop("E-S", 2, parent="E"), target("E-T", 3, parent="E")
WAITS, WORKS = BrokerStatus.PRE_SUBMITTED, BrokerStatus.SUBMITTED
SECOND = timedelta(seconds=1)


@pytest.fixture
def judge(books: OrderBooks) -> Judge:
    return Judge(books)


def since(judge: Judge) -> list[datetime]:
    return [each.at for each in judge.evidence.of(since_of(HELD, ENTRY.coid))]


def look(judge: Judge, status: BrokerStatus | None, now: datetime = IN_SESSION, filled: int = 4) -> None:
    """Look at the entry, with its target as it is shown, or in no list."""
    made = replace(ENTRY, filled=filled)
    row = shows(ENTRY, filled_quantity=float(filled), remaining_quantity=9.0 - filled)
    children = (STOP, TARGET) if status is not None else (STOP, replace(TARGET, state=IntentState.REJECTED))
    shown = () if status is None else (shows(TARGET, status),)
    assert judge(made, row, shows(STOP, WAITS), *shown, before=children, now=now) is None


@pytest.mark.parametrize(
    ("status", "now", "filled", "held"),
    [
        (WAITS, IN_SESSION, 4, True),
        (WAITS, OPEN, 4, True),
        (WAITS, OPEN - SECOND, 4, False),
        (WAITS, CLOSE - SECOND, 4, True),
        (WAITS, CLOSE, 4, False),
        (WORKS, IN_SESSION, 4, False),
        (None, IN_SESSION, 4, True),
        (WAITS, IN_SESSION, 0, False),
    ],
)
def test_stop_of_an_entry_that_filled_in_part_may_wait_unless_its_target_works(
    judge: Judge, status: BrokerStatus | None, now: datetime, filled: int, *, held: bool
) -> None:
    look(judge, status, now, filled)
    assert since(judge) == ([now] if held else [])


def test_it_is_kept_since_when_and_forgotten_once_the_target_works(judge: Judge) -> None:
    look(judge, WAITS)
    look(judge, WAITS, IN_SESSION + 5 * SECOND)
    assert since(judge) == [IN_SESSION]
    look(judge, WORKS, IN_SESSION + 10 * SECOND)
    assert since(judge) == []


def test_order_without_children_waits_for_nothing(judge: Judge) -> None:
    assert judge(ENTRY, shows(ENTRY, filled_quantity=4.0)) is None
    assert since(judge) == []

"""Children that the broker holds back although a part of their entry has filled."""

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
from trading.model.record import IntentRecord

ENTRY, STOP, TARGET = entry(filled=4), stop("E-S", 2, parent="E"), target("E-T", 3, parent="E")
WAITS = BrokerStatus.PRE_SUBMITTED


@pytest.fixture
def judge(books: OrderBooks) -> Judge:
    return Judge(books)


@pytest.mark.parametrize(
    ("made", "child", "status", "now", "held"),
    [
        (ENTRY, TARGET, WAITS, IN_SESSION, True),
        (ENTRY, TARGET, WAITS, OPEN, True),
        (ENTRY, TARGET, WAITS, OPEN - timedelta(seconds=1), False),
        (ENTRY, TARGET, WAITS, CLOSE, False),
        (ENTRY, TARGET, BrokerStatus.SUBMITTED, IN_SESSION, False),
        (ENTRY, STOP, WAITS, IN_SESSION, False),
        (replace(ENTRY, filled=0), TARGET, WAITS, IN_SESSION, False),
        (replace(ENTRY, state=IntentState.FILLED), TARGET, WAITS, IN_SESSION, False),
        (ENTRY, replace(TARGET, intent=replace(TARGET.intent, parent_coid=None)), WAITS, IN_SESSION, False),
    ],
)
def test_target_that_waits_in_regular_hours_tells_that_the_children_of_an_entry_are_held(
    judge: Judge, made: IntentRecord, child: IntentRecord, status: BrokerStatus, now: datetime, *, held: bool
) -> None:
    assert judge(child, shows(child, status), before=(made,), now=now) is None
    assert [each.at for each in judge.evidence.of(since_of(HELD, child.coid))] == ([now] if held else [])


def test_it_is_forgotten_once_the_target_works(judge: Judge) -> None:
    judge(TARGET, shows(TARGET, WAITS), before=(ENTRY,))
    later = IN_SESSION + timedelta(seconds=5)
    judge(TARGET, shows(TARGET, WAITS), before=(ENTRY,), now=later)
    assert [each.at for each in judge.evidence.of(since_of(HELD, TARGET.coid))] == [IN_SESSION]
    judge(TARGET, shows(TARGET), before=(ENTRY,), now=later)
    assert judge.evidence.of(since_of(HELD, TARGET.coid)) == ()

"""Rows of one order that contradict each other, between those that say that it is inactive."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import IN_SESSION, entry, shows
from tests.unit.trading.execution.reconciliation.test_endings import Judge
from trading.execution.reconciliation.endings import INACTIVE_AFTER_S
from trading.model.order import BrokerOrder, BrokerStatus, IntentState

ENTRY = entry()
INACTIVE, LIVE = shows(ENTRY, BrokerStatus.INACTIVE), shows(ENTRY)
HALF = timedelta(seconds=INACTIVE_AFTER_S / 2)


@pytest.fixture
def judge(books: OrderBooks) -> Judge:
    return Judge(books)


@pytest.mark.parametrize(("between", "rejected"), [((INACTIVE, LIVE), True), ((INACTIVE,), True), ((LIVE,), False)])
def test_rows_that_contradict_each_other_do_not_let_the_time_of_an_inactive_order_begin_anew(
    judge: Judge, between: tuple[BrokerOrder, ...], *, rejected: bool
) -> None:
    assert judge(ENTRY, INACTIVE) is None
    assert judge(ENTRY, *between, now=IN_SESSION + HALF) is None
    ending = judge(ENTRY, INACTIVE, now=IN_SESSION + 2 * HALF)
    assert (ending is not None and ending.state is IntentState.REJECTED) is rejected

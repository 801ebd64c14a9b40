from __future__ import annotations

from datetime import datetime

import pytest

from tests.fakes.trading_states import ACCOUNT, CLOSE, OPEN, PRE_OPEN, after, moment, observing
from trading.execution.state import AccountGuard
from trading.model.account import AccountKind

LIVE = AccountKind.LIVE


@pytest.mark.parametrize(
    ("guard", "observes"),
    [
        (AccountGuard("U1234567", LIVE, "", "U1234567"), True),
        (AccountGuard("U1234567", LIVE, "U7654321", "U1234567"), True),
        (AccountGuard("U1234567", LIVE, "U1234567", "U1234567"), False),
        (AccountGuard(ACCOUNT, AccountKind.PAPER, "", ACCOUNT), False),
        (AccountGuard(ACCOUNT, AccountKind.SIMULATED, "", ACCOUNT), False),
    ],
)
def test_live_account_is_observed_until_it_is_released_by_its_own_id(guard: AccountGuard, observes: bool) -> None:  # noqa: FBT001
    assert guard.observes is observes
    assert observing().observes


@pytest.mark.parametrize(
    ("now", "liquid"),
    [(PRE_OPEN, False), (after(-0.001, OPEN), False), (OPEN, True), (after(-0.001, CLOSE), True), (CLOSE, False)],
)
def test_regular_hours_go_from_the_open_to_the_close(now: datetime, liquid: bool) -> None:  # noqa: FBT001
    assert moment(now).times.liquid is liquid

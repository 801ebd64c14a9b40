from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.trading_states import AAPL, ACCOUNT, CLOSE, MSFT, OPEN, PRE_OPEN, after, moment, observing, own, target
from trading.execution.planning.state import AccountGuard
from trading.model.account import AccountKind
from trading.model.order import IntentState
from trading.ports import Sighting

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


@pytest.mark.parametrize(
    ("held", "ours", "others"),
    [
        ({AAPL: 9.0}, 904.5, 0.0),
        ({AAPL: 12.0}, 904.5, 301.5),
        # What the list lacks of ours may be there all the same.
        ({}, 904.5, 0.0),
        # Nobody says what they are worth, and a short sale is no money.
        ({AAPL: 9.0, MSFT: 50.0}, 904.5, 0.0),
        ({AAPL: -3.0}, 904.5, 0.0),
    ],
)
def test_shares_are_worth_the_closes_that_were_decided_on(held: dict[int, float], ours: float, others: float) -> None:
    state = moment(PRE_OPEN, positions=[own()], held=held)
    assert (state.shares_value(own=True), state.shares_value(own=False)) == (ours, others)


@pytest.mark.parametrize(
    ("held", "said", "executed", "shares"),
    [
        # Nothing is missing: the row of the target was wrong, or the list is older.
        (9.0, 9, 0, 9),
        (12.0, 9, 0, 9),
        # Two of somebody else's, and what the target left.
        (2.0, 9, 0, 0),
        (5.0, 6, 0, 3),
        (5.0, 6, 2, 5),
        (5.0, 6, 6, 5),
    ],
)
def test_shares_that_a_sale_of_ours_is_said_to_have_sold_are_not_ours_where_some_are_missing(
    held: float, said: int, executed: int, shares: int
) -> None:
    sold = replace(target(quantity=9), state=IntentState.FILLED, filled=executed)
    told = {f"told:{sold.coid}": (Sighting(f"9 {said} - -", after(-60, PRE_OPEN)),)}
    made = moment(PRE_OPEN, positions=[own()], held={AAPL: held})
    state = replace(made, journal=replace(made.journal, records=(sold,)), sightings=told)
    assert state.own_shares_shown(AAPL) == shares
    assert state.shares_for_stops(AAPL) == shares

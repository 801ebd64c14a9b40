"""Money that comes and goes is told from trades, gains and lists that lag; absurd figures wait for a second reading."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_states import AAPL, PRE_OPEN
from trading.execution import balances
from trading.execution.balances import FLOW_APART, JUMP_APART, TRADE_APART, weighed
from trading.model.account import AccountState
from trading.model.alarm import AlarmCode
from trading.model.balances import BalanceMemory, Balances, Doubt, Flow

FIRST = Balances(PRE_OPEN, 50_000.0, 100_000.0, {AAPL: 5.0})
KNOWN = BalanceMemory(FIRST)
SECOND = timedelta(seconds=1)


def later(after: timedelta, unbooked: float = 0.0, equity: float = 0.0, **changes: object) -> Balances:
    """Return a reading with so much more, of money and of equity."""
    at = PRE_OPEN + timedelta(hours=12) + after
    made = replace(FIRST, at=at, unbooked=FIRST.unbooked + unbooked, equity=FIRST.equity + equity)
    return replace(made, **changes)  # type: ignore[arg-type]


def flows(*readings: Balances, settled: bool = True) -> tuple[list[float], BalanceMemory]:
    """Return the flows that readings show one after the other, and what is remembered in the end."""
    memory, found = KNOWN, []
    for reading in readings:
        result = weighed(memory, reading, settled=settled)
        memory = result.memory
        found.append(result.flow)
    return found, memory


def account(equity: float, cash: float = 50_000.0, currency: str = "USD") -> AccountState:
    return AccountState("DU1234567", currency, equity, cash, cash, cash)


def doubted(memory: BalanceMemory) -> Doubt | None:
    return balances.doubt(memory, account(100_000.0))


# ---- flows


@pytest.mark.parametrize("amount", [-25_000.0, 25_000.0, 600.0, -500.0])
def test_money_that_two_readings_show_is_a_flow_once(amount: float) -> None:
    paid = [later(after, amount, amount) for after in (timedelta(0), FLOW_APART, FLOW_APART * 2)]
    found, memory = flows(*paid)
    assert found == [0.0, amount, 0.0]
    assert doubted(memory) is None


@pytest.mark.parametrize(("apart", "taken"), [(-SECOND, False), (timedelta(0), True), (SECOND, True)])
def test_two_readings_have_to_be_so_far_apart(apart: timedelta, *, taken: bool) -> None:
    found, memory = flows(later(timedelta(0), 2_000.0, 2_000.0), later(FLOW_APART + apart, 2_000.0, 2_000.0))
    assert found == [0.0, 2_000.0 if taken else 0.0]
    assert (doubted(memory) is None) is taken


def test_cash_that_lags_behind_executions_is_no_flow() -> None:
    # A purchase is booked before the cash shows it, and shows it before a second reading counts.
    early, late = later(timedelta(0), 9_000.0), later(FLOW_APART - SECOND, 0.0)
    assert flows(early, late, later(FLOW_APART * 3)) == ([0.0, 0.0, 0.0], BalanceMemory(replace(FIRST)))


def test_readings_that_disagree_are_no_flow() -> None:
    steps = [later(FLOW_APART * number, 1_000.0 * number, 0.0) for number in range(1, 5)]
    assert flows(*steps)[0] == [0.0] * 4


@pytest.mark.parametrize(("amount", "flow"), [(499.99, 0.0), (500.0, 500.0), (500.01, 500.01), (-499.99, 0.0)])
def test_dividends_interest_and_fees_are_gains_and_losses(amount: float, flow: float) -> None:
    paid = [later(after, amount) for after in (timedelta(0), FLOW_APART)]
    found, memory = flows(*paid)
    assert found == [0.0, flow]
    # What was small does not add up to a flow later on.
    assert memory.agreed is not None
    assert memory.agreed.unbooked == FIRST.unbooked + amount


def test_small_change_does_not_wait_for_anything() -> None:
    _, memory = flows(later(timedelta(0), 499.99, 499.99))
    assert doubted(memory) is None
    found = doubted(flows(later(timedelta(0), 500.01))[1])
    assert found is not None
    assert found.text == "cash changed by +500.01 USD without a trade that is known: a second reading is awaited"
    assert (found.value, found.limit) == pytest.approx((500.01, 500.0))


def test_where_shares_changed_too_a_trade_may_still_be_told_of() -> None:
    found, _ = flows(
        *(later(after, 3_000.0, shares={AAPL: -10.0}) for after in (timedelta(0), FLOW_APART, TRADE_APART))
    )
    assert found == [0.0, 0.0, 3_000.0]


def test_reading_with_orders_that_are_not_proven_confirms_nothing_and_is_doubted() -> None:
    paid = [later(FLOW_APART * number, 5_000.0) for number in range(1, 5)]
    found, memory = flows(*paid, settled=False)
    assert found == [0.0] * 4
    assert doubted(memory) is not None
    assert weighed(BalanceMemory(), FIRST, settled=False).memory == BalanceMemory()
    assert weighed(BalanceMemory(), FIRST, settled=True).memory == KNOWN


# ---- jumps


@pytest.mark.parametrize(
    ("equity", "jumps"),
    [(9_999.99, False), (10_000.0, False), (10_000.01, True), (-10_000.0, False), (-10_000.01, True)],
)
def test_equity_that_jumps_waits_for_a_second_reading(equity: float, *, jumps: bool) -> None:
    _, memory = flows(later(timedelta(0), equity=equity))
    assert (doubted(memory) is not None) is jumps


@pytest.mark.parametrize(("apart", "taken"), [(-SECOND, False), (timedelta(0), True), (SECOND, True)])
def test_jump_is_taken_once_two_readings_agree(apart: timedelta, *, taken: bool) -> None:
    jumped = [later(timedelta(0), equity=-20_000.0), later(JUMP_APART + apart, equity=-20_500.0)]
    found, memory = flows(*jumped)
    assert found == [0.0, 0.0]
    assert (doubted(memory) is None) is taken


def test_readings_that_jump_apart_agree_on_nothing() -> None:
    wild = [later(JUMP_APART * number, equity=100_000.0 * number) for number in range(1, 6)]
    assert doubted(flows(*wild)[1]) is not None
    assert doubted(flows(*wild, later(JUMP_APART * 9))[1]) is None


def test_withdrawal_explains_the_equity_that_went_with_it() -> None:
    _, memory = flows(later(timedelta(0), -25_000.0, -26_000.0))
    found = doubted(memory)
    assert found is not None
    assert not found.lasting
    _, memory = flows(later(timedelta(0), -25_000.0, -90_000.0))
    found = doubted(memory)
    assert found is not None
    assert (found.lasting, found.limit) == (True, balances.MAX_JUMP)


# ---- equity that is none


@pytest.mark.parametrize("equity", [0.0, -5.0, math.nan, math.inf])
def test_equity_that_is_none_is_in_doubt_and_teaches_nothing(equity: float) -> None:
    found = balances.doubt(KNOWN, account(equity))
    assert found is not None
    assert found.text.endswith("nothing is bought")
    assert [alarm.code for alarm in balances.balance_alarms(found, ())] == [AlarmCode.EQUITY]
    assert balances.doubt(KNOWN, account(0.01)) is None


def test_balances_that_are_missing_or_have_no_dollars_are_told_elsewhere() -> None:
    assert balances.doubt(KNOWN, None) is None
    assert balances.doubt(KNOWN, account(0.0, 0.0, "EUR")) is None


# ---- what a person has to say


@pytest.mark.parametrize(
    ("amount", "equity", "waits"),
    [
        (999.99, 100_000.0, False),
        (1_000.0, 100_000.0, False),
        (1_000.01, 100_000.0, True),
        (-1_000.01, 100_000.0, True),
        (math.nan, 100_000.0, True),
        (500.0, math.nan, True),
        (500.0, -1.0, True),
    ],
)
def test_more_than_a_hundredth_of_equity_waits_for_a_person(amount: float, equity: float, *, waits: bool) -> None:
    flow = Flow(3, PRE_OPEN, amount, equity)
    assert balances.waits_for_a_person(flow) is waits
    alarms = balances.balance_alarms(None, (flow,))
    assert [(alarm.code, alarm.subject) for alarm in alarms] == [(AlarmCode.FLOW, "3")] * waits

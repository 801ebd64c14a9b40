"""Money that comes and goes is told from trades, gains and figures that lag; absurd ones wait for a second reading."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.trading_states import AAPL, ACCOUNT, PRE_OPEN, reading
from trading.execution.planning import balances
from trading.execution.planning.balances import FLOW_APART, JUMP_APART, TRADE_APART, weighed
from trading.execution.reading.snapshot import Reading
from trading.model.account import AccountState
from trading.model.alarm import AlarmCode
from trading.model.balances import BalanceMemory, Balances, Booked, Doubt, Flow
from trading.model.order import Execution, ExecutionList, Side

FIRST = Balances(PRE_OPEN, 50_000.0, 100_000.0)
KNOWN = BalanceMemory(FIRST)
SECOND = timedelta(seconds=1)
NOW = timedelta(0)


def later(after: timedelta, unbooked: float = 0.0, equity: float = 0.0) -> Balances:
    """Return a reading with so much more, of money and of equity."""
    at = PRE_OPEN + timedelta(hours=12) + after
    return replace(FIRST, at=at, unbooked=FIRST.unbooked + unbooked, equity=FIRST.equity + equity)


def flows(*readings: Balances, settled: bool = True) -> tuple[list[float], BalanceMemory]:
    """Return the flows that readings show one after the other, and what is remembered in the end."""
    memory, found = KNOWN, []
    for each in readings:
        result = weighed(memory, each, settled=settled)
        memory = result.memory
        found.append(result.flow)
    return found, memory


def account(equity: float, cash: float = 50_000.0, currency: str = "USD") -> AccountState:
    return AccountState("DU1234567", currency, equity, cash, cash, cash)


def doubted(memory: BalanceMemory, after: timedelta = NOW) -> Doubt | None:
    return balances.doubt(memory, account(100_000.0), later(after).at)


def traded(
    name: str, side: Side, quantity: int, price: float, at: datetime, commission: float | None = None
) -> Execution:
    return Execution(name, ACCOUNT, AAPL, "AAPL", side, quantity, price, commission, at, None, None)


# ---- flows


@pytest.mark.parametrize("amount", [-25_000.0, 25_000.0, 600.0, -500.0, -99_000.0, 900_000.0])
def test_money_that_two_readings_show_is_a_flow_once(amount: float) -> None:
    paid = [later(after, amount, amount) for after in (NOW, FLOW_APART, FLOW_APART * 2)]
    found, memory = flows(*paid)
    assert found == [0.0, amount, 0.0]
    assert doubted(memory) is None


@pytest.mark.parametrize(("apart", "taken"), [(-SECOND, False), (NOW, True), (SECOND, True)])
def test_two_readings_have_to_be_so_far_apart(apart: timedelta, *, taken: bool) -> None:
    found, memory = flows(later(NOW, 2_000.0, 2_000.0), later(FLOW_APART + apart, 2_000.0, 2_000.0))
    assert found == [0.0, 2_000.0 if taken else 0.0]
    assert (doubted(memory) is None) is taken


@pytest.mark.parametrize(("apart", "taken"), [(-SECOND, False), (NOW, True), (SECOND, True)])
def test_own_orders_that_are_not_proven_do_not_hold_a_flow_up_without_end(apart: timedelta, *, taken: bool) -> None:
    paid = [later(after, 2_000.0, 2_000.0) for after in (NOW, FLOW_APART, TRADE_APART + apart)]
    assert flows(*paid, settled=False)[0] == [0.0, 0.0, 2_000.0 if taken else 0.0]
    assert weighed(BalanceMemory(), FIRST, settled=False).memory == KNOWN


@pytest.mark.parametrize(
    ("amount", "followed", "flow"),
    [
        (-2_000.0, -999.99, 0.0),
        (-2_000.0, -1_000.0, -2_000.0),
        (-2_000.0, -1_000.01, -2_000.0),
        (2_000.0, 999.99, 0.0),
        (2_000.0, 1_000.0, 2_000.0),
        (2_000.0, -1_000.0, 0.0),
        (-25_000.0, -32_400.0, -25_000.0),
    ],
)
def test_equity_is_the_arbiter(amount: float, followed: float, flow: float) -> None:
    found, memory = flows(*(later(after, amount, followed) for after in (NOW, FLOW_APART)))
    assert found == [0.0, flow]
    assert doubted(memory) is None


@pytest.mark.parametrize("amount", [-25_000.0, 1_980.0, 300_000.0, -60_000.0])
def test_trade_in_whatever_is_no_flow_and_no_doubt(amount: float) -> None:
    memory = KNOWN
    for number in range(5):
        # Prices go on, and the equity with them.
        found = weighed(memory, later(FLOW_APART * number, amount, -400.0 * number), settled=True)
        memory = found.memory
        assert (found.flow, doubted(memory)) == (0.0, None)
    assert memory.agreed == later(FLOW_APART * 4, amount, -1_600.0)


def test_trades_one_after_the_other_are_each_measured_anew_and_hide_no_payment() -> None:
    trades = [later(timedelta(minutes=number), -4_000.0 * number) for number in range(1, 5)]
    paid = [later(FLOW_APART + after, -26_000.0, -10_000.0) for after in (NOW, FLOW_APART)]
    found, memory = flows(*trades, *paid)
    assert found == [*[0.0] * 5, -10_000.0]
    assert doubted(memory) is None


@pytest.mark.parametrize("amount", [-25_000.0, 25_000.0])
def test_equity_may_be_shown_to_follow_some_minutes_after_the_cash(amount: float) -> None:
    paid = [later(NOW, amount), later(FLOW_APART / 3, amount, amount), later(FLOW_APART, amount, amount)]
    assert flows(*paid)[0] == [0.0, 0.0, amount]


@pytest.mark.parametrize("amount", [-30_000.0, 30_000.0])
@pytest.mark.parametrize("trade", [-95_000.0, -35_000.0, 35_000.0, 95_000.0])
def test_payment_beside_a_larger_trade_by_hand_is_a_flow(amount: float, trade: float) -> None:
    memory, found = KNOWN, []
    for after in (NOW, FLOW_APART, FLOW_APART * 2):
        known = trade if memory.agreed == FIRST or memory.doubted is not None else 0.0
        result = weighed(memory, later(after, amount + trade, amount), settled=True, traded=known)
        memory = result.memory
        found.append(result.flow)
    assert found == [0.0, pytest.approx(amount), 0.0]
    assert doubted(memory) is None


@pytest.mark.parametrize("others", [-35_000.0, 35_000.0, 2_000.0])
def test_trades_of_others_change_nothing_where_they_explain_nothing(others: float) -> None:
    for shown in (later(NOW, -2_000.0, -2_000.0), later(NOW, 2_000.0), later(NOW, 0.0, 500.0)):
        assert weighed(KNOWN, shown, settled=True, traded=others) == weighed(KNOWN, shown, settled=True)


def test_trades_of_others_are_those_since_the_reading_that_are_not_booked() -> None:
    before, after = PRE_OPEN - SECOND, PRE_OPEN + SECOND
    listed = ExecutionList(
        (
            traded("0001a.01.01.01", Side.BUY, 10, 90.0, after, commission=1.0),
            traded("0002a.01.01.01", Side.SELL, 5, 40.0, after),
            traded("0002a.01.01.02", Side.SELL, 5, 50.0, after),
            traded("0003a.01.01.01", Side.BUY, 7, 90.0, after),
            traded("0004a.01.01.01", Side.BUY, 7, 90.0, before),
        )
    )
    snapshot = replace(reading(after), executions=Reading(listed, after))
    booked = Booked(fills=frozenset({"0003a.01.01."}))
    assert balances.traded_by_others(snapshot, booked, KNOWN) == -901.0 + 250.0
    assert balances.traded_by_others(snapshot, booked, BalanceMemory()) == 0.0
    assert balances.traded_by_others(reading(after, failed=["executions"]), booked, KNOWN) == 0.0


@pytest.mark.parametrize("amount", [-90_000.0, -25_000.0, 25_000.0, -2_000.0])
@pytest.mark.parametrize("trade", [-700.0, 700.0, 6_000.0])
def test_money_whose_equity_follows_when_a_trade_has_moved_cash_again_is_a_flow(amount: float, trade: float) -> None:
    shown = [later(NOW, amount)]
    after = [later(FLOW_APART / 2 + each, amount + trade, amount - 1.0) for each in (NOW, FLOW_APART)]
    found, memory = flows(*shown, *after)
    assert found == [0.0, 0.0, pytest.approx(amount)]
    assert doubted(memory) is None


@pytest.mark.parametrize("amount", [-25_000.0, 25_000.0, -2_000.0])
@pytest.mark.parametrize("trade", [-9_000.0, 700.0, 30_000.0])
def test_trades_while_money_waits_for_a_second_reading_are_no_part_of_it(amount: float, trade: float) -> None:
    paid = [later(NOW, amount, amount)]
    traded = [later(FLOW_APART * part, amount + trade * moves, amount) for part, moves in ((0.3, 1), (0.6, 2), (1, 2))]
    found, memory = flows(*paid, *traded)
    assert found == [0.0, 0.0, 0.0, pytest.approx(amount)]
    assert doubted(memory) is None


@pytest.mark.parametrize("fell", [0.0, -400.0, -1_500.0])
def test_loss_while_two_trades_move_cash_stays_a_loss(fell: float) -> None:
    traded = [later(NOW, -9_000.0), *(later(FLOW_APART / 2 + each, -13_000.0, fell) for each in (NOW, FLOW_APART))]
    found, memory = flows(*traded)
    assert found == [0.0, 0.0, 0.0]
    assert memory.agreed == traded[-1]


@pytest.mark.parametrize("amount", [-8_000.0, 8_000.0, -25_000.0])
def test_equity_may_be_shown_to_move_some_minutes_before_the_cash(amount: float) -> None:
    early = [later(after, 0.0, amount) for after in (NOW, JUMP_APART, FLOW_APART / 3)]
    late = [later(FLOW_APART / 2 + after, amount, amount) for after in (NOW, FLOW_APART)]
    found, _ = flows(later(-FLOW_APART), *early, *late)
    assert found == [0.0, 0.0, 0.0, 0.0, 0.0, amount]


def test_what_equity_did_long_before_explains_no_cash() -> None:
    fell = [later(-TRADE_APART * 2), later(-TRADE_APART - SECOND, 0.0, -8_000.0)]
    bought = [later(after, -8_000.0, -8_000.0) for after in (NOW, FLOW_APART)]
    assert flows(*fell, *bought)[0] == [0.0] * 4


def test_cash_that_lags_behind_executions_is_no_flow() -> None:
    # A purchase is booked before the cash shows it, and shows it before a second reading counts.
    early, late = later(NOW, 9_000.0), later(FLOW_APART - SECOND, 0.0)
    found, memory = flows(early, late, later(FLOW_APART * 3))
    assert (found, memory) == ([0.0, 0.0, 0.0], KNOWN)


def test_readings_that_disagree_are_no_flow_and_a_doubt_that_is_told_at_last() -> None:
    steps = [later(FLOW_APART * number, 1_000.0 * number, 1_000.0 * number) for number in range(1, 9)]
    found, memory = flows(*steps)
    assert found == [0.0] * 8
    for after, lasting in ((-SECOND, False), (NOW, False), (SECOND, True)):
        found_doubt = doubted(memory, FLOW_APART + TRADE_APART + after)
        assert found_doubt is not None
        assert found_doubt.lasting is lasting
        alarms = balances.balance_alarms(found_doubt, ())
        assert [alarm.code for alarm in alarms] == [AlarmCode.EQUITY] * lasting


@pytest.mark.parametrize(("amount", "flow"), [(499.99, 0.0), (502.5, 0.0), (502.52, 502.52), (-497.51, 0.0)])
def test_dividends_interest_and_fees_are_gains_and_losses(amount: float, flow: float) -> None:
    paid = [later(after, amount, amount) for after in (NOW, FLOW_APART)]
    found, memory = flows(*paid)
    assert found == [0.0, flow]
    # What was small does not add up to a flow later on.
    assert memory.agreed is not None
    assert memory.agreed.unbooked == FIRST.unbooked + amount


def test_small_change_does_not_wait_for_anything() -> None:
    _, memory = flows(later(NOW, 499.99, 499.99))
    assert doubted(memory) is None
    found = doubted(flows(later(NOW, 600.0, 600.0))[1])
    assert found is not None
    assert found.text == "cash and value changed by +600.00 USD without a trade of ours: a second reading is awaited"
    assert (found.value, found.limit) == pytest.approx((600.0, 503.0))


# ---- an account in another currency


def test_dollars_that_are_converted_leave_the_account_that_is_traded() -> None:
    # Equity is the dollars and the own shares there, whatever was bought for the dollars.
    dollars = BalanceMemory(Balances(PRE_OPEN, 20_000.0, 20_000.0))
    after = Balances(PRE_OPEN + FLOW_APART, 9_000.0, 9_000.0)
    first = weighed(dollars, after, settled=True)
    second = weighed(first.memory, replace(after, at=after.at + FLOW_APART), settled=True)
    assert (second.flow, second.before) == (-11_000.0, 20_000.0)


# ---- jumps


@pytest.mark.parametrize(
    ("equity", "jumps"),
    [(9_999.99, False), (10_000.0, False), (10_000.01, True), (-10_000.0, False), (-10_000.01, True)],
)
def test_equity_that_jumps_waits_for_a_second_reading(equity: float, *, jumps: bool) -> None:
    _, memory = flows(later(NOW, equity=equity))
    assert (doubted(memory) is not None) is jumps


@pytest.mark.parametrize(("apart", "taken"), [(-SECOND, False), (NOW, True), (SECOND, True)])
def test_jump_is_taken_once_two_readings_agree(apart: timedelta, *, taken: bool) -> None:
    jumped = [later(NOW, equity=-20_000.0), later(JUMP_APART + apart, equity=-20_500.0)]
    found, memory = flows(*jumped)
    assert found == [0.0, 0.0]
    assert (doubted(memory) is None) is taken


def test_readings_that_jump_apart_agree_on_nothing() -> None:
    wild = [later(JUMP_APART * number, equity=100_000.0 * number) for number in range(1, 6)]
    assert doubted(flows(*wild)[1]) is not None
    assert doubted(flows(*wild, later(JUMP_APART * 9))[1]) is None


def test_equity_that_creeps_is_no_jump_and_is_shown_in_its_order() -> None:
    memory, equity = KNOWN, 0.0
    for number in range(40):
        equity += 400.0
        memory = weighed(memory, later(TRADE_APART * number, 50.0, equity), settled=False).memory
        assert doubted(memory) is None
    found = doubted(weighed(memory, later(TRADE_APART * 41, 50.0, 60_000.0), settled=False).memory)
    assert found is not None
    assert found.text.startswith("the account's value went from 116,000.00 to 160,000.00 USD")


def test_withdrawal_explains_the_equity_that_went_with_it() -> None:
    _, memory = flows(later(NOW, -25_000.0, -26_000.0))
    found = doubted(memory)
    assert found is not None
    assert not found.lasting
    _, memory = flows(later(NOW, -25_000.0, -90_000.0))
    found = doubted(memory)
    assert found is not None
    assert (found.lasting, found.limit) == (True, balances.MAX_JUMP)


@pytest.mark.parametrize(("left", "lasting"), [(14.43, False), (490.0, False), (510.0, True)])
def test_what_is_off_by_next_to_nothing_of_what_was_there_is_no_jump(left: float, *, lasting: bool) -> None:
    # All but a position's gain was paid out: against the nothing that was to be left any gain is without bound.
    emptied = (later(NOW, -100_000.5, left - 100_000.0), later(FLOW_APART, -100_000.5, left - 100_000.0))
    found, memory = flows(emptied[0])
    doubt = doubted(memory)
    assert doubt is not None
    assert doubt.lasting is lasting
    found, memory = flows(*emptied)
    assert found == [0.0, -100_000.5]


@pytest.mark.parametrize(("follows", "amount"), [(True, -94_000.0), (False, -2_000.0)])
def test_cash_that_was_taken_for_a_trade_beside_a_doubt_is_a_payment_once_equity_follows(
    follows: bool,  # noqa: FBT001
    amount: float,
) -> None:
    minute = timedelta(minutes=1)
    doubt = (-2_000.0, -2_100.0)
    moved = (-94_000.0, -94_100.0) if follows else (-94_000.0, -2_100.0)
    readings = [later(NOW, *doubt), later(4 * minute, -94_000.0, -2_100.0), later(5 * minute, *moved)]
    found, memory = flows(*readings, later(5 * minute + FLOW_APART, *moved))
    assert [each for each in found if each] == [amount]
    assert doubted(memory) is None


# ---- equity that is none


@pytest.mark.parametrize("equity", [0.0, -5.0, math.nan, math.inf, balances.MAX_WORTH])
def test_equity_that_is_none_is_in_doubt_and_teaches_nothing(equity: float) -> None:
    found = balances.doubt(KNOWN, account(equity), PRE_OPEN)
    assert found is not None
    assert found.text.endswith("nothing is bought")
    assert [alarm.code for alarm in balances.balance_alarms(found, ())] == [AlarmCode.EQUITY]
    assert balances.doubt(KNOWN, account(0.01), PRE_OPEN) is None
    assert balances.doubt(KNOWN, account(balances.MAX_WORTH - 1.0), PRE_OPEN) is None
    assert balances.doubt(KNOWN, account(5.0, cash=math.nan), PRE_OPEN) is not None


def test_balances_that_are_missing_or_have_no_dollars_are_told_elsewhere() -> None:
    assert balances.doubt(KNOWN, None, PRE_OPEN) is None
    assert balances.doubt(KNOWN, account(0.0, 0.0, "EUR"), PRE_OPEN) is None


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

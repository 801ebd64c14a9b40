from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import MSFT, PRE_OPEN, SYMBOLS, entry, moment, planned, shows, stop
from tests.unit.trading.execution.entry_moments import before, code
from trading.config import Settings
from trading.execution.planning.buying_power import account_alarms, other_entries, spendable_now
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import Reading
from trading.model.account import AccountState
from trading.model.alarm import AlarmCode
from trading.model.decision import DayTrade, RiskState
from trading.model.order import BrokerOrder, IntentState, Role

NONE, PDT, CASH = (settings_of(f"risk.account_rules={rules}") for rules in ("none", "pdt", "cash"))


def told(state: TradingState, **facts: object) -> TradingState:
    """Return the moment with other balances."""
    account = state.snapshot.account.value
    assert account is not None
    shown: AccountState = replace(account, **facts)  # type: ignore[arg-type]
    return replace(state, snapshot=replace(state.snapshot, account=Reading(shown, PRE_OPEN)))


def by_hand(quantity: float = 50.0) -> BrokerOrder:
    """Return a purchase of another, of MSFT at 38."""
    row = shows(entry("H", 99, conid=MSFT, limit=38.0))
    return replace(row, total_quantity=quantity, remaining_quantity=quantity, order_ref="by hand")


# 901.09 for the entry of 9 at 100.01, with its commission.
@pytest.mark.parametrize(
    ("settled", "refused"),
    [(901.08, True), (901.09, False), (901.10, False), (None, True), (float("nan"), True), (-1.0, True)],
)
def test_entry_of_a_cash_account_is_for_settled_cash(settled: float | None, *, refused: bool) -> None:
    for settings, cash_account in ((CASH, False), (NONE, True), (PDT, True)):
        state = told(before(settings=settings), settled_cash=settled, cash_account=cash_account)
        assert code(state) == ("buying_power" if refused else None)
    assert code(told(before(settings=NONE), settled_cash=settled)) is None


@pytest.mark.parametrize("state", [IntentState.WORKING, IntentState.UNKNOWN, IntentState.PLANNED])
def test_settled_cash_is_counted_less_what_own_entries_may_still_take(state: IntentState) -> None:
    other = entry("F", 9, conid=MSFT, quantity=10, limit=38.0, state=state)
    beside = before(PRE_OPEN, other, stop("F-S", 10, conid=MSFT, quantity=10, parent="F"), settings=CASH)
    assert code(told(beside, settled_cash=901.09 + 381.0)) is None
    assert code(told(beside, settled_cash=901.09 + 380.99)) == "buying_power"


def test_settled_cash_is_counted_less_what_purchases_of_others_may_take() -> None:
    beside = before(orders=[by_hand(10.0)], settings=CASH)
    assert code(told(beside, settled_cash=901.09 + 380.0)) is None
    assert code(told(beside, settled_cash=901.09 + 379.99)) == "buying_power"


@pytest.mark.parametrize(
    ("settings", "facts", "left"),
    [
        (NONE, {}, 10_000.0),
        (CASH, {"settled_cash": 4_000.0}, 4_000.0),
        (NONE, {"settled_cash": 4_000.0, "cash_account": True}, 4_000.0),
        (NONE, {"settled_cash": 4_000.0}, 10_000.0),
        (CASH, {"settled_cash": None}, 0.0),
        (CASH, {"available_funds": 500.0}, 500.0),
        (PDT, {"cash": -20.0}, -20.0),
    ],
)
def test_decision_spends_what_the_check_will_let_pass(
    settings: Settings, facts: dict[str, object], left: float
) -> None:
    works = entry("F", 9, conid=MSFT, quantity=10, limit=38.0, state=IntentState.UNKNOWN)
    assert spendable_now(told(moment(PRE_OPEN, settings=settings), **facts)) == left
    taken = moment(PRE_OPEN, works, orders=[shows(works), by_hand()], settings=settings)
    assert spendable_now(told(taken, **facts)) == pytest.approx(left - 381.0 - 1_900.0)


def test_balances_that_can_not_be_read_leave_it_open() -> None:
    assert spendable_now(moment(PRE_OPEN, failed=["account"])) is None
    assert account_alarms(moment(PRE_OPEN, failed=["account"], settings=CASH)) == ()


def test_sales_and_stops_are_no_entries_and_what_is_over_takes_nothing() -> None:
    over, due = entry("F", 8, state=IntentState.FILLED), planned(entry("G", 9))
    state = moment(PRE_OPEN, entry(), over, due, stop())
    assert [record.coid for record in other_entries(state)] == ["E", "G"]
    assert [record.coid for record in other_entries(state, "E")] == ["G"]
    assert all(record.intent.role is Role.ENTRY for record in other_entries(state))


@pytest.mark.parametrize(
    ("settings", "facts", "subjects"),
    [
        (NONE, {}, []),
        (NONE, {"settled_cash": None}, []),
        (CASH, {}, []),
        (CASH, {"cash_account": True}, []),
        (NONE, {"cash_account": True}, ["cash"]),
        (PDT, {"cash_account": True}, ["cash"]),
        (CASH, {"settled_cash": None}, ["settled"]),
        (NONE, {"cash_account": True, "settled_cash": None}, ["cash", "settled"]),
    ],
)
def test_what_is_to_be_set_for_a_cash_account_is_told(
    settings: Settings, facts: dict[str, object], subjects: list[str]
) -> None:
    alarms = account_alarms(told(moment(PRE_OPEN, settings=settings), **facts))
    assert [(alarm.code, alarm.subject) for alarm in alarms] == [(AlarmCode.ACCOUNT_RULES, each) for each in subjects]


def day_trades(number: int) -> RiskState:
    trades = tuple(DayTrade(SYMBOLS[MSFT], PRE_OPEN.date()) for _ in range(number))
    return RiskState(peak=10_000.0, prior_equity=10_000.0, day_trades=trades)


@pytest.mark.parametrize(
    ("settings", "counted", "left", "refused"),
    [
        (PDT, 2, None, False),
        (PDT, 3, None, True),
        (PDT, 0, 1, False),
        (PDT, 0, 0, True),
        (PDT, 3, 1, True),
        (NONE, 3, 0, False),
        (settings_of("risk.account_rules=pdt", "risk.pdt_ends=2014-03-03"), 3, 0, False),
        (settings_of("risk.account_rules=pdt", "risk.pdt_ends=2014-03-04"), 3, 0, True),
        (settings_of("risk.account_rules=pdt", "risk.pdt_equity=10000"), 3, 0, False),
        (settings_of("risk.account_rules=pdt", "risk.pdt_equity=10000.01"), 3, 0, True),
    ],
)
def test_entry_that_could_become_a_day_trade_too_many_is_refused(
    settings: Settings, counted: int, left: int | None, *, refused: bool
) -> None:
    state = told(before(settings=settings, risk=day_trades(counted)), day_trades_left=left)
    assert code(state) == ("day_trades" if refused else None)


@pytest.mark.parametrize(("counted", "refused"), [(1, False), (2, True)])
def test_other_entries_that_may_be_live_may_become_day_trades_too(counted: int, *, refused: bool) -> None:
    other = entry("F", 9, conid=MSFT, quantity=10, limit=38.0)
    its_stop = stop("F-S", 10, conid=MSFT, quantity=10, parent="F")
    state = before(PRE_OPEN, other, its_stop, settings=PDT, risk=day_trades(counted))
    assert code(state) == ("day_trades" if refused else None)

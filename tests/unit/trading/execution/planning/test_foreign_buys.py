from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.trading_states import (
    AAPL,
    ACCOUNT,
    MSFT,
    OPEN,
    PRE_OPEN,
    SYMBOLS,
    Facts,
    after,
    approved,
    bid,
    decided,
    entry,
    moment,
    own,
    shows,
    stop,
    usually,
)
from trading.execution.planning.entries import passes, plan_entries
from trading.execution.planning.foreign_buys import ForeignBuys, foreign_buys
from trading.execution.planning.plan import Plan, Submit
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import Reading
from trading.execution.sending.door import may_leave
from trading.model.account import BrokerPosition, PositionList
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.order import BrokerOrder, BrokerStatus, IntentState, OrderType, Side, Tif

NAN = math.nan
ELSEWHERE = 4711


def theirs(**changes: object) -> BrokerOrder:
    """Return a purchase by hand of 100 MSFT at 38."""
    made = BrokerOrder(
        order_id=99,
        account_id=ACCOUNT,
        conid=MSFT,
        symbol=SYMBOLS[MSFT],
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        tif=Tif.DAY,
        status=BrokerStatus.SUBMITTED,
        total_quantity=100.0,
        filled_quantity=0.0,
        remaining_quantity=100.0,
        limit_price=38.0,
        stop_price=None,
        average_price=None,
        order_ref="by hand",
        parent_id=None,
        oca_group=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def beside(*orders: BrokerOrder, **facts: object) -> TradingState:
    return moment(PRE_OPEN, **usually(facts, orders=orders))


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, 3800.0),
        ({"filled_quantity": 40.0, "remaining_quantity": 60.0}, 2280.0),
        ({"order_ref": None}, 3800.0),
        ({"side": Side.SELL}, 0.0),
        ({"status": BrokerStatus.CANCELLED}, 0.0),
        ({"status": BrokerStatus.FILLED, "remaining_quantity": 0.0}, 0.0),
        ({"asset_class": "STK"}, 3800.0),
        ({"asset_class": "OPT"}, 0.0),
        ({"status": BrokerStatus.INACTIVE}, 0.0),
        ({"status": BrokerStatus.OTHER}, 3800.0),
        ({"currency": "USD"}, 3800.0),
        ({"currency": None}, 3800.0),
        ({"limit_price": 9.9e9}, 9.9e11),
    ],
)
def test_live_purchase_of_shares_by_another_counts_with_what_is_left_of_it(changes: Facts, value: float) -> None:
    assert foreign_buys(beside(theirs(**changes))) == ForeignBuys(value, ())


def test_several_count_together_and_our_own_are_none() -> None:
    ours = entry()
    state = moment(PRE_OPEN, ours, orders=[shows(ours), theirs(), theirs(order_id=98, limit_price=10.0)])
    assert foreign_buys(state) == ForeignBuys(4800.0, ())
    # One that has our name and is not bound yet is ours too.
    unbound = entry("E2", None, state=IntentState.UNKNOWN)
    row = shows(replace(unbound, order_id=77))
    assert foreign_buys(moment(PRE_OPEN, unbound, orders=[row])) == ForeignBuys(0.0, ())


@pytest.mark.parametrize(
    ("changes", "facts", "value"),
    [
        # The dearest of what is known: the stop that sets it off, the offer, the last price and the close.
        ({"stop_price": 41.0}, {}, 4100.0),
        ({"stop_price": 30.0}, {}, 3800.0),
        ({}, {"quotes": [bid(39.0, PRE_OPEN, conid=MSFT)]}, 3900.0),
        ({}, {}, 3800.0),
    ],
)
def test_order_without_a_limit_counts_at_its_worst_price(changes: Facts, facts: Facts, value: float) -> None:
    for limit in (None, NAN, 0.0, -38.0, math.inf):
        order = theirs(order_type=OrderType.MARKET, limit_price=limit, **changes)
        assert foreign_buys(beside(order, **facts)) == ForeignBuys(value, ())


@pytest.mark.parametrize("changes", [{"limit_price": None}, {"remaining_quantity": math.inf}])
def test_order_that_tells_no_value_counts_nothing_and_is_named(changes: Facts) -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", **changes)
    assert foreign_buys(beside(order, theirs(order_id=98))) == ForeignBuys(3800.0, ("ELSE",))


@pytest.mark.parametrize("changes", [{"limit_price": 1e10}, {"remaining_quantity": 1e300}])
def test_purchase_of_more_than_any_account_is_worth_is_none_that_tells_a_value(changes: Facts) -> None:
    assert foreign_buys(beside(theirs(**changes))) == ForeignBuys(0.0, ("MSFT",))


def test_order_in_another_currency_counts_nothing_and_is_named_for_dollars_alone_are_known() -> None:
    toyota = theirs(conid=ELSEWHERE, symbol="7203", limit_price=2900.0, currency="JPY")
    assert foreign_buys(beside(toyota, theirs(order_id=98))) == ForeignBuys(3800.0, ("7203",))
    made = beside(toyota, quotes=[bid(100.5, PRE_OPEN)])
    assert may_leave(Submit((entry().intent, stop(parent="E").intent), Step.ENTRY), made) is None
    inactive = replace(toyota, status=BrokerStatus.INACTIVE)
    assert foreign_buys(beside(inactive)) == ForeignBuys(0.0, ())


@pytest.mark.parametrize(("price", "found"), [(12.0, (1200.0, ())), (None, (0.0, ("ELSE",))), (NAN, (0.0, ("ELSE",)))])
def test_brokers_price_of_a_position_is_a_price_too(price: float | None, found: tuple[float, tuple[str, ...]]) -> None:
    state = beside(theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=None))
    row = BrokerPosition(ELSEWHERE, "ELSE", 5.0, 11.0, price, "STK")
    shown = replace(state.snapshot, positions=Reading(PositionList((row,)), PRE_OPEN))
    assert foreign_buys(replace(state, snapshot=shown)) == ForeignBuys(*found)


def test_position_that_can_not_be_read_gives_no_price() -> None:
    state = beside(theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=None), failed=["positions"])
    assert foreign_buys(state).unpriced == ("ELSE",)


@pytest.mark.parametrize(
    ("limit", "expected"),
    # 900.09 for the entry itself, of 10,000; what it takes of the cash has a commission more.
    [(90.98, None), (90.99, "buying_power"), (95.0, "buying_power"), (None, None)],
)
def test_entry_is_for_the_money_that_purchases_of_others_leave(limit: float | None, expected: str | None) -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=limit)
    made = beside(order, quotes=[bid(100.5, PRE_OPEN)])
    denied = may_leave(Submit((entry().intent, stop(parent="E").intent), Step.ENTRY), made)
    assert (None if denied is None else denied.code) == expected


def test_their_purchases_count_as_exposure_where_there_is_more_cash_than_equity() -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=91.0)
    made = beside(order, quotes=[bid(100.5, PRE_OPEN)])
    account = made.snapshot.account.value
    assert account is not None
    for limit, expected in ((90.99, None), (91.0, "exposure")):
        snapshot = beside(replace(order, limit_price=limit)).snapshot
        rich = Reading(replace(account, cash=20_000.0, available_funds=20_000.0), PRE_OPEN)
        denied = may_leave(
            Submit((entry().intent, stop(parent="E").intent), Step.ENTRY),
            replace(made, snapshot=replace(snapshot, account=rich)),
        )
        assert (None if denied is None else denied.code) == expected


@pytest.mark.parametrize(("limit", "codes"), [(90.98, None), (90.99, {"AAPL": "buying_power"})])
def test_entry_waits_while_purchases_of_others_are_all_that_is_in_its_way(
    limit: float, codes: dict[str, str] | None
) -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=limit)
    plan = Plan()
    plan_entries(beside(order, decision=decided(approved()), quotes=[bid(100.5, PRE_OPEN)]), plan)
    assert [type(command) for command in plan.commands] == ([Submit] if codes is None else [])
    assert {symbol: denied.code for symbol, denied in plan.waiting.items()} == (codes or {})
    assert plan.look_again is not None or codes is None


@pytest.mark.parametrize(("cash", "passing"), [(901.09, True), (901.08, False), (0.0, False), (-1.0, False)])
def test_entry_that_would_be_refused_without_them_too_waits_for_no_purchase_of_others(
    cash: float, *, passing: bool
) -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=91.0)
    made = beside(order, quotes=[bid(100.5, PRE_OPEN)])
    account = made.snapshot.account.value
    assert account is not None
    poor = Reading(replace(account, cash=cash, available_funds=cash), PRE_OPEN)
    denied = may_leave(
        Submit((entry().intent, stop(parent="E").intent), Step.ENTRY),
        replace(made, snapshot=replace(made.snapshot, account=poor)),
    )
    assert denied is not None
    assert (denied.code, passes(denied, ())) == ("buying_power", passing)
    assert not passes(denied, ("AAPL",))


def test_purchase_without_a_price_is_said_while_there_are_entries_to_send() -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=None)
    for decision, codes in ((decided(approved()), [AlarmCode.MANUAL]), (None, [])):
        plan = Plan()
        plan_entries(beside(order, decision=decision, quotes=[bid(100.5, PRE_OPEN)]), plan)
        assert [alarm.code for alarm in plan.alarms] == codes
        assert bool(plan.commands) is (decision is not None)


@pytest.mark.parametrize(("now", "said"), [(after(-120, OPEN), True), (after(-119, OPEN), False)])
def test_purchase_without_a_price_is_said_no_more_once_entries_are_too_late(now: datetime, *, said: bool) -> None:
    order = theirs(conid=ELSEWHERE, symbol="ELSE", limit_price=None)
    plan = Plan()
    plan_entries(moment(now, orders=[order], decision=decided(approved())), plan)
    assert bool(plan.alarms) is said


def test_their_order_for_what_we_hold_counts_as_theirs() -> None:
    state = beside(theirs(conid=AAPL, symbol="AAPL", limit_price=None), positions=[own()])
    assert foreign_buys(state) == ForeignBuys(10_050.0, ())

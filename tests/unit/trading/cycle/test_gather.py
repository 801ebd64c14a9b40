"""The view that one decision looks at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.fakes.bars import bars_of
from tests.fakes.orders import NOW, bracket, fill, market_exit, request
from tests.fakes.trading_desk import CONIDS, DECIDED, INCREMENTS, SESSION, Office
from trading.cycle.gather import Market, read_market, stop_outs, view_of, with_stop_outs
from trading.execution.book import BrokerBook, read_book
from trading.market.bars import build_panel
from trading.model.decision import Holding, RiskState, StopOut
from trading.model.order import IntentState

NAME = "TS-test-0001-abc"
STOP = f"{NAME}-S"
FRIDAY = date(2014, 2, 28)
BAR = (100.0, 101.0, 99.0, 100.5, 1_000.0)
LOWER = (38.0, 39.0, 37.0, 38.25, 1_000.0)


@pytest.fixture
def office() -> Office:
    """AAPL has bars on Friday and Monday, MSFT only on Friday."""
    made = Office()
    series = {"AAPL": bars_of([BAR, BAR], [FRIDAY, DECIDED]), "MSFT": bars_of([LOWER], [FRIDAY])}
    made.market_data.panel = build_panel(series)
    return made


def read(office: Office) -> BrokerBook:
    return read_book(office.broker, office.clock.now(), 7)


def market(office: Office, session: date = DECIDED, *symbols: str) -> Market:
    return read_market(office.desk(), session, symbols or ("AAPL", "MSFT"), 50)


def buy(office: Office) -> None:
    """Own ten shares whose stop works as order 7002 at the broker."""
    plan = bracket(NAME)
    office.journal.plan(plan)
    coids = [intent.coid for intent in plan]
    office.journal.about(coids, request(), IntentState.SENDING, 1, NOW)
    for number, coid in enumerate(coids):
        office.journal.bind(coid, 7001 + number, NOW)
    office.journal.execute(NAME, fill("0001.0001.01.01", plan[0], 10, 100.0), NOW)


def sell(office: Office, coid: str, at: datetime, shares: int = 10) -> None:
    """Let the broker execute a leg and the journal count it."""
    record = office.journal.records[coid]
    name = f"0002.{len(office.broker.fills):04d}.01.01"
    execution = replace(fill(name, record.intent, shares, 95.0, time=at), order_id=record.order_id)
    office.broker.fills.append(execution)
    office.journal.execute(coid, execution, at)


def found(office: Office, after: date | None, through: date = SESSION) -> tuple[StopOut, ...]:
    return stop_outs(office.journal.intents(), read(office), after, through)


def test_session_without_any_bar_has_no_view(office: Office) -> None:
    tomorrow = market(office, SESSION)
    assert view_of(office.desk(), tomorrow, read(office), None) is None


def test_symbol_without_a_contract_is_skipped_with_the_reason(office: Office) -> None:
    read_one = market(office, DECIDED, "AAPL", "ZZZZ")
    assert read_one.skipped == {"ZZZZ": "no such stock"}
    view = view_of(office.desk(), read_one, read(office), None)
    assert view is not None
    assert view.skipped == {"ZZZZ": "no such stock"}


def test_view_is_of_the_markets_session_and_the_brokers_account(office: Office) -> None:
    office.broker.cash = 12_345.0
    view = view_of(office.desk(), market(office), read(office), None)
    assert view is not None
    assert view.panel.day(view.row) == DECIDED
    assert (view.cash, view.equity) == (12_345.0, 12_345.0)
    assert view.increments == {"AAPL": INCREMENTS, "MSFT": INCREMENTS}
    assert view.holdings == ()


def test_own_position_is_a_holding_with_the_plan_of_its_entry(office: Office) -> None:
    buy(office)
    view = view_of(office.desk(), market(office), read(office), None)
    assert view is not None
    assert view.holdings == (Holding("AAPL", 10, SESSION, 100.0, 95.02, 105.03, exit_pending=False),)


def test_shares_that_are_not_ours_are_no_holding(office: Office) -> None:
    office.broker.held[CONIDS["MSFT"]] = 100
    view = view_of(office.desk(), market(office), read(office), None)
    assert view is not None
    assert view.holdings == ()


def test_exit_under_way_is_pending(office: Office) -> None:
    buy(office)
    office.journal.plan([market_exit("TS-test-0002-abc")])
    view = view_of(office.desk(), market(office), read(office), None)
    assert view is not None
    assert [holding.exit_pending for holding in view.holdings] == [True]


def test_stop_that_sold_the_whole_position_is_a_stop_out(office: Office) -> None:
    buy(office)
    sell(office, STOP, NOW)
    assert found(office, DECIDED) == (StopOut("AAPL", SESSION),)


def test_stop_out_is_counted_by_the_day_in_new_york(office: Office) -> None:
    buy(office)
    late = datetime.combine(SESSION, NOW.timetz()) + timedelta(hours=12)
    sell(office, STOP, late)
    assert late.date() > SESSION
    assert found(office, DECIDED) == (StopOut("AAPL", SESSION),)


def test_stop_that_sold_a_part_is_none_yet(office: Office) -> None:
    buy(office)
    sell(office, STOP, NOW, shares=4)
    assert found(office, DECIDED) == ()


def test_stop_that_sold_in_several_fills_is_one_stop_out(office: Office) -> None:
    buy(office)
    for shares in (3, 3, 4):
        sell(office, STOP, NOW, shares)
    assert found(office, DECIDED) == (StopOut("AAPL", SESSION),)


def test_stop_that_sold_over_two_sessions_is_one_stop_out_on_the_day_of_the_last_share(office: Office) -> None:
    buy(office)
    sell(office, STOP, NOW, shares=4)
    sell(office, STOP, NOW + timedelta(days=1), shares=6)
    wednesday = SESSION + timedelta(days=1)
    assert found(office, DECIDED, through=SESSION) == ()
    assert found(office, DECIDED, through=wednesday) == (StopOut("AAPL", wednesday),)


def test_target_is_no_stop_out(office: Office) -> None:
    buy(office)
    sell(office, f"{NAME}-T", NOW)
    assert found(office, DECIDED) == ()


def test_stop_out_that_the_last_decision_knew_is_not_new(office: Office) -> None:
    buy(office)
    sell(office, STOP, NOW)
    assert found(office, SESSION) == ()
    assert found(office, None) == (StopOut("AAPL", SESSION),)


def test_stop_out_after_the_session_that_is_decided_on_waits(office: Office) -> None:
    buy(office)
    sell(office, STOP, NOW)
    assert found(office, None, through=DECIDED) == ()


def test_sale_that_is_not_ours_is_no_stop_out(office: Office) -> None:
    buy(office)
    foreign = office.journal.records[STOP].intent
    office.broker.fills.append(replace(fill("0009.0001.01.01", foreign, 10, 95.0), order_id=9999))
    assert found(office, DECIDED) == ()


def test_view_remembers_old_stop_outs_and_the_new_ones(office: Office) -> None:
    old = StopOut("GE", date(2014, 2, 3))
    office.store.set_risk_state(RiskState(stop_outs=(old,)), reason="test", actor="risk", now=NOW)
    office.market_data.panel = build_panel({"AAPL": bars_of([BAR], [SESSION])})
    buy(office)
    sell(office, STOP, NOW)
    view = view_of(office.desk(), market(office, SESSION), read(office), DECIDED)
    assert view is not None
    assert view.risk.stop_outs == (old, StopOut("AAPL", SESSION))


def test_stop_out_is_remembered_once() -> None:
    old = StopOut("GE", date(2014, 2, 3))
    assert with_stop_outs(RiskState(stop_outs=(old,)), [old]).stop_outs == (old,)

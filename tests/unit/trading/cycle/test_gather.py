"""The view that one decision looks at."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from trading.execution.book import BrokerBook, read_book

from tests.fakes.bars import bars_of
from tests.fakes.orders import NOW, bracket, fill, market_exit, request
from tests.fakes.trading_desk import CONIDS, DECIDED, INCREMENTS, SESSION, Office
from trading.cycle.gather import Market, read_market, view_of
from trading.market.panel import build_panel
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


def sell(office: Office, coid: str, at: datetime) -> None:
    """Let a leg sell all shares. The broker's row names neither the order nor us: children have no name there."""
    office.journal.execute(coid, fill("0002.0002.01.01", office.journal.records[coid].intent, 10, 95.0, time=at), at)
    office.store.record_closed_trades()


def test_session_without_any_bar_has_no_view(office: Office) -> None:
    tomorrow = market(office, SESSION)
    assert view_of(office.desk(), tomorrow, read(office)) is None


def test_symbol_without_a_contract_is_skipped_with_the_reason(office: Office) -> None:
    read_one = market(office, DECIDED, "AAPL", "ZZZZ")
    assert read_one.skipped == {"ZZZZ": "no such stock"}
    view = view_of(office.desk(), read_one, read(office))
    assert view is not None
    assert view.skipped == {"ZZZZ": "no such stock"}


def test_view_is_of_the_markets_session_and_the_brokers_account(office: Office) -> None:
    office.broker.cash = 12_345.0
    view = view_of(office.desk(), market(office), read(office))
    assert view is not None
    assert view.panel.day(view.row) == DECIDED
    assert (view.cash, view.equity) == (12_345.0, 12_345.0)
    assert view.increments == {"AAPL": INCREMENTS, "MSFT": INCREMENTS}
    assert view.holdings == ()


def test_own_position_is_a_holding_with_the_plan_of_its_entry(office: Office) -> None:
    buy(office)
    view = view_of(office.desk(), market(office), read(office))
    assert view is not None
    assert view.holdings == (Holding("AAPL", 10, SESSION, 100.0, 95.02, 105.03, exit_pending=False),)


def test_shares_that_are_not_ours_are_no_holding(office: Office) -> None:
    office.broker.held[CONIDS["MSFT"]] = 100
    view = view_of(office.desk(), market(office), read(office))
    assert view is not None
    assert view.holdings == ()


def test_exit_under_way_is_pending(office: Office) -> None:
    buy(office)
    office.journal.plan([market_exit("TS-test-0002-abc")])
    view = view_of(office.desk(), market(office), read(office))
    assert view is not None
    assert [holding.exit_pending for holding in view.holdings] == [True]


def test_view_remembers_old_stop_outs_and_the_new_ones(office: Office) -> None:
    old = StopOut("GE", date(2014, 2, 3))
    office.store.set_risk_state(RiskState(stop_outs=(old,)), reason="test", actor="risk", now=NOW)
    office.market_data.panel = build_panel({"AAPL": bars_of([BAR], [SESSION])})
    buy(office)
    sell(office, STOP, NOW)
    view = view_of(office.desk(), market(office, SESSION), read(office))
    assert view is not None
    assert view.risk.stop_outs == (old, StopOut("AAPL", SESSION))

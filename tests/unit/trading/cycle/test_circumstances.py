"""What the checks before a POST look at."""

from __future__ import annotations

from datetime import date

import pytest
from trading.cycle.circumstances import blocked, circumstances, closes_of
from trading.execution.book import BrokerBook, read_book
from trading.execution.desk import Circumstances

from tests.fakes.fake_broker import ACCOUNT
from tests.fakes.orders import bracket, fill, market_exit, request
from tests.fakes.trading_desk import CONIDS, DECIDED, Office, approved, decision_of
from trading.cycle.session_keeper import SessionView
from trading.model.decision import Decision
from trading.model.mode import OPERATOR, Mode
from trading.model.order import MAYBE_LIVE, IntentState

AAPL = CONIDS["AAPL"]
NAME = "TS-test-0001-abc"
VIEW = SessionView(usable=True, epoch=3, new_epoch=False, accounts=(ACCOUNT, "DU7654321"), skew_s=1.5)


@pytest.fixture
def office() -> Office:
    return Office()


def read(office: Office) -> BrokerBook:
    return read_book(office.broker, office.clock.now(), 7)


def look(office: Office, decision: Decision | None = None, view: SessionView = VIEW) -> Circumstances:
    newest = office.calendar.session(DECIDED)
    assert newest is not None
    return circumstances(office.desk(), view, read(office), newest, decision, (4, 10**9))


def reasons(office: Office) -> dict[int, str]:
    journal = office.journal
    return blocked(office.desk(), journal.intents(states=MAYBE_LIVE), journal.own_positions(), read(office))


def buy(office: Office, shares: int = 10) -> None:
    """Own shares by an entry of ours; what the broker holds is the test's business."""
    plan = bracket(NAME)
    office.journal.plan(plan)
    office.journal.about([NAME], request(), IntentState.SENDING, 1, office.clock.now())
    office.journal.bind(NAME, 7001, office.clock.now())
    office.journal.execute(NAME, fill("0001.0001.01.01", plan[0], shares, 100.0), office.clock.now())


def test_circumstances_are_those_of_this_cycle(office: Office) -> None:
    at = look(office)
    assert at.now == office.clock.now()
    assert at.mode is Mode.ACTIVE
    assert (at.epoch, at.skew_s) == (3, 1.5)
    assert at.newest_session == DECIDED
    assert at.selected_account == ACCOUNT
    assert (at.uncovered_shares, at.free_bytes) == (4, 10**9)


def test_mode_is_read_anew(office: Office) -> None:
    office.store.halts.raise_halt(OPERATOR, "test", reason="test", actor="mary", now=office.clock.now())
    assert look(office).mode is Mode.HALTED


def test_without_accounts_none_is_selected(office: Office) -> None:
    nobody = SessionView(usable=True, epoch=1, new_epoch=True, accounts=(), skew_s=None)
    assert look(office, view=nobody).selected_account is None


def test_contracts_are_those_of_entries_and_own_positions(office: Office) -> None:
    assert look(office).contracts == {}
    buy(office)
    at = look(office, decision_of(approved("MSFT", limit=38.0)))
    assert sorted(at.contracts) == ["AAPL", "MSFT"]
    assert at.contracts["MSFT"].conid == CONIDS["MSFT"]


def test_closes_are_those_that_signals_were_made_on() -> None:
    assert closes_of(decision_of(approved("AAPL"), session=date(2014, 3, 3))) == {"AAPL": 100.5}
    assert closes_of(decision_of(exits=(("MSFT", 3),))) == {}
    assert closes_of(None) == {}


def test_own_shares_alone_block_nothing(office: Office) -> None:
    buy(office)
    office.broker.held[AAPL] = 10
    assert reasons(office) == {}


# Without shares the broker shows no row at all.
@pytest.mark.parametrize("held", [4, 15, -10, 0])
def test_other_shares_than_own_ones_block_their_contract(office: Office, held: int) -> None:
    buy(office)
    office.broker.held[AAPL] = held
    assert reasons(office) == {AAPL: f"manual: the broker has {held} shares, own are 10"}


def test_shares_that_were_never_ours_block_their_contract(office: Office) -> None:
    office.broker.held[CONIDS["XOM"]] = 100
    assert reasons(office) == {CONIDS["XOM"]: "manual: the broker has 100 shares, own are 0"}


def test_somebody_elses_live_order_blocks_its_contract(office: Office) -> None:
    order_id = office.broker.place_foreign(CONIDS["MSFT"])
    assert list(reasons(office)) == [CONIDS["MSFT"]]
    office.broker.fill(order_id, 1.0)
    office.broker.held.clear()
    assert reasons(office) == {}


def test_own_working_order_blocks_nothing(office: Office) -> None:
    order_id = office.broker.place_foreign(AAPL)
    exit_ = market_exit(NAME)
    office.journal.plan([exit_])
    office.journal.about([NAME], request(), IntentState.SENDING, 1, office.clock.now())
    office.journal.bind(NAME, order_id, office.clock.now())
    assert reasons(office) == {}


def test_order_whose_fate_is_not_proven_restricts_its_contract(office: Office) -> None:
    office.journal.plan([market_exit(NAME)])
    office.journal.about([NAME], request(), IntentState.SENDING, 1, office.clock.now())
    office.journal.transition(NAME, IntentState.UNKNOWN, "read timed out", office.clock.now())
    assert reasons(office) == {AAPL: f"restricted: what became of {NAME} is not proven"}
    assert look(office).blocked == reasons(office)

"""What a turn looks at: the market, the view of one decision, and the state that commands follow from."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.fakes.bars import bars_of
from tests.fakes.broker_account import ACCOUNT
from tests.fakes.fake_market_data import CONIDS, INCREMENTS, FakeMarketData
from tests.fakes.trading_context import (
    CLOSE,
    DECIDED,
    OPEN,
    PRE_OPEN,
    SESSION,
    ContextParts,
    decision_of,
)
from tests.fakes.trading_states import approved
from trading.cycle.balances import known_money
from trading.cycle.gather import Market, market_times, open_session, read_market, refreshed, trading_state, view_of
from trading.cycle.session_keeper import SessionView
from trading.decision import MarketView
from trading.errors import GatewayError, NotSent, OutcomeUnknown, Refused, SessionLost
from trading.execution.planning.state import TradingState
from trading.market.panel import build_panel
from trading.model.contract import Contract
from trading.model.decision import Decision, Holding, RiskState, StopOut
from trading.model.mode import Mode
from trading.model.order import BrokerStatus

FRIDAY = date(2014, 2, 28)
BAR = (100.0, 101.0, 99.0, 100.5, 1_000.0)
LOWER = (38.0, 39.0, 37.0, 38.25, 1_000.0)
VIEW = SessionView(usable=True, epoch=3, new_epoch=False, accounts=(ACCOUNT, "DU7654321"), skew_s=1.5)


class FailingMarketData(FakeMarketData):
    """Fails with an error wherever it is asked."""

    def __init__(self, whole: FakeMarketData, error: GatewayError) -> None:
        super().__init__(whole.panel, whole.clock)
        self.error = error

    def contracts(self, symbols: object) -> tuple[dict[str, Contract], dict[str, str]]:
        raise self.error


@pytest.fixture
def parts(parts: ContextParts) -> ContextParts:
    """AAPL has bars on Friday and Monday, MSFT only on Friday."""
    series = {"AAPL": bars_of([BAR, BAR], [FRIDAY, DECIDED]), "MSFT": bars_of([LOWER], [FRIDAY])}
    parts.market_data.panel = build_panel(series)
    return parts


def market(parts: ContextParts, session: date = DECIDED, *symbols: str) -> Market:
    return read_market(parts.context(), session, symbols or ("AAPL", "MSFT"), 50)


def seen(parts: ContextParts, through: Market) -> MarketView | None:
    return view_of(parts.context(), through, look(parts))


def view(parts: ContextParts, through: Market) -> MarketView:
    found = seen(parts, through)
    assert found is not None
    return found


def look(parts: ContextParts, decision: Decision | None = None, session: SessionView = VIEW) -> TradingState:
    context, snapshot = parts.context(), parts.snapshot()
    return trading_state(
        context,
        session,
        snapshot,
        parts.journal.view(parts.clock.now()),
        decision,
        known_money(context, snapshot.account.value),
        reconciled=True,
        free_bytes=10**9,
    )


# ---- the view of a decision


def test_session_without_any_bar_has_no_view(parts: ContextParts) -> None:
    assert seen(parts, market(parts, SESSION)) is None


def test_without_balances_there_is_no_view(parts: ContextParts) -> None:
    parts.broker.failing = {"account"}
    assert seen(parts, market(parts)) is None


def test_symbol_without_a_contract_is_skipped_with_the_reason(parts: ContextParts) -> None:
    read_one = market(parts, DECIDED, "AAPL", "ZZZZ")
    assert read_one.skipped == {"ZZZZ": "no such stock"}
    assert view(parts, read_one).skipped == {"ZZZZ": "no such stock"}


def test_view_is_of_the_markets_session_and_the_brokers_account(parts: ContextParts) -> None:
    parts.broker.cash = 12_345.0
    found = view(parts, market(parts))
    assert found.panel.day(found.row) == DECIDED
    assert (found.cash, found.equity) == (12_345.0, 12_345.0)
    assert found.increments == {"AAPL": INCREMENTS, "MSFT": INCREMENTS}
    assert found.holdings == ()


def test_own_position_is_a_holding_with_the_plan_of_its_entry(parts: ContextParts) -> None:
    parts.buy("AAPL", 10)
    assert view(parts, market(parts)).holdings == (
        Holding("AAPL", 10, SESSION, 100.0, 95.0, 105.0, exit_pending=False),
    )


def test_shares_that_are_not_ours_are_no_holding(parts: ContextParts) -> None:
    parts.broker.held[CONIDS["MSFT"]] = 100
    assert view(parts, market(parts)).holdings == ()


def test_exit_under_way_is_pending(parts: ContextParts) -> None:
    parts.buy()
    parts.clock.time += timedelta(days=1)
    parts.account_turns().run(parts.view(), decision_of(exits=(("AAPL", 9),), session=SESSION), balances=True)
    assert [holding.exit_pending for holding in view(parts, market(parts)).holdings] == [True]


def test_view_has_what_entries_may_spend(parts: ContextParts) -> None:
    parts.broker.told = {"settled_cash": 4_000.0}
    assert view(parts, market(parts)).spendable == 10_000.0
    parts.broker.told |= {"cash_account": True}
    assert view(parts, market(parts)).spendable == 4_000.0


def test_view_remembers_old_stop_outs_and_the_new_ones(parts: ContextParts) -> None:
    old = StopOut("GE", date(2014, 2, 3))
    parts.store.set_risk_state(RiskState(stop_outs=(old,)), reason="test", actor="risk", now=PRE_OPEN)
    parts.market_data.panel = build_panel({"AAPL": bars_of([BAR], [SESSION])})
    entry = parts.buy()
    parts.clock.time = OPEN
    parts.broker.fill(entry.order_id + 1, 95.0)
    parts.account_turns().run(parts.view(), None, balances=True)
    parts.store.record_closed_trades()
    assert view(parts, market(parts, SESSION)).risk.stop_outs == (old, StopOut("AAPL", SESSION))


# ---- where a time lies


@pytest.mark.parametrize(
    ("at", "liquid"),
    [(OPEN - timedelta(seconds=1), False), (OPEN, True), (CLOSE - timedelta(seconds=1), True), (CLOSE, False)],
)
def test_session_is_open_from_its_open_to_its_close(
    parts: ContextParts,
    at: datetime,
    liquid: bool,  # noqa: FBT001
) -> None:
    found = open_session(parts.context(), at)
    assert (found is not None) is liquid
    assert market_times(parts.context(), at).liquid is liquid


def test_newest_session_is_the_last_one_whose_bar_has_settled(parts: ContextParts) -> None:
    settled = CLOSE + timedelta(seconds=900)
    assert market_times(parts.context(), settled - timedelta(seconds=1)).newest.day == DECIDED
    assert market_times(parts.context(), settled).newest.day == SESSION


def test_no_session_is_open_beyond_the_calendar(parts: ContextParts) -> None:
    assert open_session(parts.context(), datetime(2016, 3, 1, 15, tzinfo=OPEN.tzinfo)) is None


# ---- the state that commands follow from


def test_state_is_of_this_turn(parts: ContextParts) -> None:
    state = look(parts)
    assert (state.now, state.epoch, state.skew_s, state.free_bytes) == (PRE_OPEN, 3, 1.5, 10**9)
    assert (state.guard.selected, state.guard.account_id) == (ACCOUNT, ACCOUNT)
    assert not state.flatten
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=PRE_OPEN)
    assert look(parts).mode is Mode.HALTED
    parts.store.halts.set_flatten("2", reason="test", actor="mary", now=PRE_OPEN)
    assert look(parts).flatten


def test_without_accounts_none_is_selected(parts: ContextParts) -> None:
    nobody = SessionView(usable=True, epoch=1, new_epoch=True, accounts=(), skew_s=None)
    assert look(parts, session=nobody).guard.selected is None


def test_contracts_and_quotes_are_read_for_what_may_be_sent_and_what_is_held(parts: ContextParts) -> None:
    assert look(parts).contracts == {}
    parts.buy()
    state = look(parts, decision_of(approved("MSFT", limit=37.5)))
    assert sorted(state.contracts) == ["AAPL", "MSFT"]
    assert CONIDS["MSFT"] in state.quotes


def test_contracts_of_entries_are_not_read_outside_the_window(parts: ContextParts) -> None:
    parts.clock.time = CLOSE
    assert look(parts, decision_of(approved("MSFT", limit=37.5))).contracts == {}


@pytest.mark.parametrize("kind", [NotSent, Refused, OutcomeUnknown, SessionLost])
def test_contracts_that_can_not_be_read_leave_the_rest_of_the_state(
    parts: ContextParts, kind: type[GatewayError]
) -> None:
    parts.buy()
    assert look(parts).unread == ()
    parts.market_data = FailingMarketData(parts.market_data, kind("GET /x", "no"))
    state = look(parts)
    assert (state.contracts, state.unread) == ({}, ("GET /x: no",))
    assert len(state.journal.positions) == 1


def test_shares_without_a_stop_count_in_regular_hours(parts: ContextParts) -> None:
    entry = parts.buy("AAPL", 9)
    parts.broker.end(entry.order_id + 1, BrokerStatus.CANCELLED)
    assert look(parts).uncovered_shares == 0
    parts.clock.time = OPEN
    assert look(parts).uncovered_shares == 9


def test_all_evidence_is_among_it(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    evidence.record(f"breach:{CONIDS['AAPL']}", "price through the stop", PRE_OPEN)
    evidence.record("TS-test-0001-abc", "not listed", PRE_OPEN)
    assert dict(look(parts).sightings) == {
        subject: evidence.of(subject) for subject in (f"breach:{CONIDS['AAPL']}", "TS-test-0001-abc")
    }


def test_refreshed_state_has_the_time_the_mode_and_the_journal_of_now(parts: ContextParts) -> None:
    state = look(parts)
    parts.clock.go(7)
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=PRE_OPEN)
    journal = parts.journal.view(parts.clock.now())
    fresh = refreshed(parts.context(), state, journal)
    assert (fresh.now, fresh.mode, fresh.journal) == (PRE_OPEN + timedelta(seconds=7), Mode.HALTED, journal)
    assert fresh.snapshot is state.snapshot

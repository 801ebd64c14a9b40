"""What executions did to the cash, each once; what came or went, with peak and prior close that move with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_context import OPEN, ContextParts
from trading.errors import InvariantBroken
from trading.model.balances import BalanceMemory, Balances, FlowState
from trading.model.decision import RiskState
from trading.model.order import Execution, Side
from trading.store.balances import BALANCES_FACT, SqliteBalances

XOM = 13977
THEIRS = Execution("0000e1a7.1.01.01", "DU1234567", XOM, "XOM", Side.BUY, 10.0, 95.5, None, OPEN, None, 900)
SOON = OPEN + timedelta(hours=1)
MEMORY = BalanceMemory(Balances(OPEN, 10_000.0, 10_000.0))


@pytest.fixture
def book(parts: ContextParts) -> SqliteBalances:
    return parts.balances


def test_nothing_is_booked_and_remembered_at_first(book: SqliteBalances) -> None:
    booked = book.booked(SOON)
    assert (booked.cash, booked.shares, booked.sure) == (0.0, {}, True)
    assert book.memory() == BalanceMemory()
    assert book.unconfirmed() == ()


def test_trade_of_others_counts_once_with_its_commission_and_by_its_newest_version(book: SqliteBalances) -> None:
    book.note_trades([THEIRS])
    book.note_trades([THEIRS, replace(THEIRS, commission=1.0)])
    assert (book.booked(SOON).cash, book.booked(SOON).shares) == (-956.0, {XOM: 10.0})
    book.note_trades([replace(THEIRS, execution_id="0000e1a7.1.01.02", side=Side.SELL, quantity=4.0)])
    assert (book.booked(SOON).cash, book.booked(SOON).shares) == (382.0, {XOM: -4.0})
    book.note_trades([replace(THEIRS, commission=1.0)])
    assert book.booked(SOON).cash == 382.0


def test_same_list_again_writes_nothing(parts: ContextParts, book: SqliteBalances) -> None:
    book.note_trades([THEIRS])
    book.remember(MEMORY)
    before = parts.database.changes
    book.note_trades([THEIRS])
    book.remember(MEMORY)
    assert parts.database.changes == before


def test_execution_of_ours_counts_as_ours_alone(parts: ContextParts, book: SqliteBalances) -> None:
    parts.buy()
    listed = parts.broker.executions(7).executions
    book.note_trades([replace(each, price=1.0) for each in listed])
    cash = sum(-each.quantity * each.price - (each.commission or 0.0) for each in listed)
    assert book.booked(SOON).cash == pytest.approx(cash)


def test_trade_without_a_price_makes_nothing_sure_for_a_week(book: SqliteBalances) -> None:
    book.note_trades([replace(THEIRS, price=0.0)])
    assert not book.booked(SOON).sure
    assert not book.booked(OPEN + timedelta(days=7)).sure
    assert book.booked(OPEN + timedelta(days=7, seconds=1)).sure


def test_flow_moves_peak_and_prior_close_and_is_shown(parts: ContextParts, book: SqliteBalances) -> None:
    parts.store.set_risk_state(
        RiskState(100_000.0, 80_000.0, {"drawdown_halt": OPEN.date()}), reason="", actor="", now=OPEN
    )
    book.record_flow(MEMORY, -20_000.0, 60_000.0, SOON)
    assert parts.store.risk_state() == RiskState(75_000.0, 60_000.0, {"drawdown_halt": OPEN.date()})
    assert book.memory() == MEMORY
    (flow,) = book.unconfirmed()
    assert (flow.number, flow.at, flow.amount, flow.equity) == (1, SOON, -20_000.0, 60_000.0)


def test_flow_that_a_person_confirms_stays_and_is_asked_for_no_more(parts: ContextParts, book: SqliteBalances) -> None:
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=OPEN)
    book.record_flow(MEMORY, 5_000.0, 15_000.0, SOON)
    assert book.settle(2, FlowState.CONFIRMED, actor="ann", now=SOON) is None
    assert book.settle(1, FlowState.CONFIRMED, actor="ann", now=SOON) is not None
    assert book.settle(1, FlowState.REFUSED, actor="ann", now=SOON) is None
    assert book.unconfirmed() == ()
    assert parts.store.risk_state() == RiskState(15_000.0, 15_000.0)


def test_flow_that_was_none_is_taken_back(parts: ContextParts, book: SqliteBalances) -> None:
    parts.store.set_risk_state(RiskState(12_000.0, 10_000.0), reason="", actor="", now=OPEN)
    book.record_flow(MEMORY, 5_000.0, 15_000.0, SOON)
    book.settle(1, FlowState.REFUSED, actor="ann", now=SOON)
    risk = parts.store.risk_state()
    assert (risk.peak, risk.prior_equity) == pytest.approx((12_000.0, 10_000.0))


def test_what_is_kept_outlives_the_process(parts: ContextParts) -> None:
    parts.balances.record_flow(MEMORY, 5_000.0, 15_000.0, SOON)
    parts.reopen()
    assert parts.balances.memory() == MEMORY
    assert len(parts.balances.unconfirmed()) == 1


def test_memory_that_is_none_is_told(parts: ContextParts, book: SqliteBalances) -> None:
    with parts.database.transaction() as connection:
        connection.execute("INSERT INTO fact (key, value) VALUES (?, '{')", (BALANCES_FACT,))
    with pytest.raises(InvariantBroken, match="corrupt"):
        book.memory()
    with pytest.raises(InvariantBroken, match="not for pages"):
        parts.store.keep({BALANCES_FACT: "{}"})

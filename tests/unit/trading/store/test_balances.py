"""What own executions did to the cash; what came or went, with peak and prior close that move with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_context import OPEN, SESSION, ContextParts, decision_of
from trading.errors import InvariantBroken
from trading.model.balances import BalanceMemory, Balances, FlowState
from trading.model.decision import RiskState
from trading.model.execution_id import fill_key
from trading.risk_manager import RiskManager, Standing
from trading.store.balances import BALANCES_FACT, SqliteBalances
from trading.store.units import utc_text
from trading.strategies.discovery import make_strategy

SOON = OPEN + timedelta(hours=1)
MEMORY = BalanceMemory(Balances(OPEN, 10_000.0, 10_000.0))


def worth(equity: float) -> BalanceMemory:
    return BalanceMemory(Balances(SOON, equity, equity))


@pytest.fixture
def book(parts: ContextParts) -> SqliteBalances:
    return parts.balances


def test_nothing_is_booked_and_remembered_at_first(book: SqliteBalances) -> None:
    booked = book.booked(SOON)
    assert (booked.cash, booked.sure) == (0.0, True)
    assert book.memory() == BalanceMemory()
    assert book.unconfirmed() == ()


def test_same_memory_again_writes_nothing(parts: ContextParts, book: SqliteBalances) -> None:
    book.remember(MEMORY)
    before = parts.database.changes
    book.remember(MEMORY)
    assert parts.database.changes == before


def test_own_executions_are_booked_with_their_commissions(parts: ContextParts, book: SqliteBalances) -> None:
    parts.buy()
    listed = parts.broker.executions(7).executions
    cash = sum(-each.quantity * each.price - (each.commission or 0.0) for each in listed)
    assert book.booked(SOON).cash == pytest.approx(cash)
    assert book.booked(SOON).fills == {fill_key(each.execution_id) for each in listed}
    assert not book.booked(SOON + timedelta(days=10)).fills


def test_own_execution_that_makes_no_sense_leaves_nothing_sure_for_a_week(
    parts: ContextParts, book: SqliteBalances
) -> None:
    parts.buy()
    with parts.database.transaction() as connection:
        connection.execute("UPDATE execution SET doubt = 'no price', price = ?, at = ?", (2**62, utc_text(OPEN)))
    assert not book.booked(SOON).sure
    assert not book.booked(OPEN + timedelta(days=7)).sure
    assert book.booked(OPEN + timedelta(days=7, seconds=1)).sure


def test_flow_moves_peak_and_prior_close_and_is_shown(parts: ContextParts, book: SqliteBalances) -> None:
    parts.store.set_risk_state(
        RiskState(100_000.0, 80_000.0, {"drawdown_halt": OPEN.date()}), reason="", actor="", now=OPEN
    )
    book.record_flow(worth(60_000.0), -20_000.0, 80_000.0, SOON)
    assert parts.store.risk_state() == RiskState(75_000.0, 60_000.0, {"drawdown_halt": OPEN.date()})
    assert book.memory() == worth(60_000.0)
    (flow,) = book.unconfirmed()
    assert (flow.number, flow.at, flow.amount, flow.equity) == (1, SOON, -20_000.0, 60_000.0)
    assert (flow.factor, flow.peak, flow.prior) == (0.75, 100_000.0, 80_000.0)


def test_flow_that_a_person_confirms_stays_and_is_asked_for_no_more(parts: ContextParts, book: SqliteBalances) -> None:
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=OPEN)
    book.record_flow(worth(15_000.0), 5_000.0, 10_000.0, SOON)
    assert book.settle(2, FlowState.CONFIRMED, actor="ann", now=SOON) is None
    assert book.settle(1, FlowState.CONFIRMED, actor="ann", now=SOON) is not None
    assert book.settle(1, FlowState.REFUSED, actor="ann", now=SOON) is None
    assert book.unconfirmed() == ()
    assert parts.store.risk_state() == RiskState(15_000.0, 15_000.0)


def test_flow_that_was_none_is_taken_back(parts: ContextParts, book: SqliteBalances) -> None:
    parts.store.set_risk_state(RiskState(12_000.0, 10_000.0), reason="", actor="", now=OPEN)
    book.record_flow(worth(15_000.0), 5_000.0, 10_000.0, SOON)
    book.settle(1, FlowState.REFUSED, actor="ann", now=SOON)
    risk = parts.store.risk_state()
    assert (risk.peak, risk.prior_equity) == pytest.approx((12_000.0, 10_000.0))


def decided(parts: ContextParts, equity: float, before: RiskState) -> Standing:
    """Let a decision meet an equity, and keep it."""
    settings = parts.settings
    manager = RiskManager(settings.risk, settings.sizing, make_strategy(settings))
    standing = manager.assess(SESSION, equity, before)
    decision = replace(decision_of(), equity=equity, risk=standing.risk)
    parts.store.record_equity(decision.session, equity, equity, 0, standing.drawdown)
    parts.store.record_decision(decision, SOON + timedelta(hours=1))
    return standing


@pytest.mark.parametrize(("amount", "equity"), [(-2_600.0, 10_000.0), (1_000.0, 11_000.0)])
def test_flow_that_was_none_after_a_decision_neither_latches_nor_hides_a_loss(
    parts: ContextParts, book: SqliteBalances, amount: float, equity: float
) -> None:
    before = RiskState(10_000.0, 10_000.0)
    parts.store.set_risk_state(before, reason="", actor="", now=OPEN)
    book.record_flow(worth(equity), amount, equity - amount, SOON)
    decided(parts, equity, parts.store.risk_state())
    book.settle(1, FlowState.REFUSED, actor="ann", now=SOON + timedelta(hours=2))
    risk = parts.store.risk_state()
    assert (risk.peak, risk.prior_equity) == (equity, equity)
    settings = parts.settings
    found = RiskManager(settings.risk, settings.sizing, make_strategy(settings)).assess(SESSION, 0.945 * equity, risk)
    assert (found.drawdown, found.daily_loss) == pytest.approx((0.055, 0.055))
    assert dict(found.risk.latches) == {}


def test_later_flow_forgets_what_an_earlier_one_that_was_none_did_to_it(
    parts: ContextParts, book: SqliteBalances
) -> None:
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=OPEN)
    book.record_flow(worth(12_000.0), 2_000.0, 10_000.0, SOON)
    book.record_flow(worth(6_000.0), -6_000.0, 12_000.0, SOON + timedelta(hours=1))
    for number in (1, 2):
        book.settle(number, FlowState.REFUSED, actor="ann", now=SOON + timedelta(hours=2))
    risk = parts.store.risk_state()
    assert (risk.peak, risk.prior_equity) == pytest.approx((10_000.0, 10_000.0))
    rows = parts.rows("SELECT peak, prior FROM flow WHERE number = 2")
    assert [tuple(row) for row in rows] == [(pytest.approx(10_000.0), pytest.approx(10_000.0))]


def test_what_is_kept_outlives_the_process(parts: ContextParts) -> None:
    parts.balances.record_flow(worth(15_000.0), 5_000.0, 10_000.0, SOON)
    parts.reopen()
    assert parts.balances.memory() == worth(15_000.0)
    assert len(parts.balances.unconfirmed()) == 1


def test_memory_that_is_none_is_told(parts: ContextParts, book: SqliteBalances) -> None:
    with parts.database.transaction() as connection:
        connection.execute("INSERT INTO fact (key, value) VALUES (?, '{')", (BALANCES_FACT,))
    with pytest.raises(InvariantBroken, match="corrupt"):
        book.memory()
    with pytest.raises(InvariantBroken, match="not for pages"):
        parts.store.keep({BALANCES_FACT: "{}"})


def test_flow_that_cannot_be_read_is_told(parts: ContextParts, book: SqliteBalances) -> None:
    book.record_flow(worth(15_000.0), 5_000.0, 10_000.0, SOON)
    with parts.database.transaction() as connection:
        connection.execute("UPDATE flow SET at = 'soon'")
    with pytest.raises(InvariantBroken, match="the kept flow 1 can't be read"):
        book.unconfirmed()


def test_nothing_is_kept_of_a_flow_that_peak_and_prior_close_cannot_take(
    parts: ContextParts, book: SqliteBalances
) -> None:
    book.remember(MEMORY)
    with parts.database.transaction() as connection:
        connection.execute("INSERT INTO fact (key, value) VALUES ('risk', 'x')")
    with pytest.raises(InvariantBroken, match="risk state can't be read"):
        book.record_flow(worth(15_000.0), 5_000.0, 10_000.0, SOON)
    with pytest.raises(InvariantBroken, match="before there is a reading"):
        book.record_flow(BalanceMemory(), 5_000.0, 10_000.0, SOON)
    assert (book.unconfirmed(), book.memory()) == ((), MEMORY)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.bars import bars_of, days, random_panel, without
from tests.fakes.stages import system_of, view_of
from trading.decision import DecisionSystem, MarketView, decide
from trading.errors import DataError
from trading.market.fills import cents, commission
from trading.market.panel import Panel, build_panel
from trading.model.decision import Decision, ExitReason, Holding, RiskState

STANDARD = system_of("max_position_size=0.3", "max_order_quantity=5000")
SMALL = system_of("MAX_POSITIONS=3", "ALLOCATION_PER_TRADE=0", "MAX_POSITION_SIZE=0.4", "risk.max_exposure=0.7")


def holding(symbol: str, row: int, *, quantity: int = 10, pending: bool = False) -> Holding:
    return Holding(symbol, quantity, days(row + 1)[row], 50.0, 40.0, 80.0, pending)


def busy_view(seed: int = 0, *held: str, row: int = 60) -> MarketView:
    panel = random_panel(seed, symbols=12)
    return view_of(panel, row, holdings=tuple(holding(symbol, row - 3) for symbol in held))


def poisoned(panel: Panel, row: int) -> Panel:
    """Return the panel with other bars after `row`."""
    arrays = []
    for array in (panel.open, panel.high, panel.low, panel.close, panel.volume):
        changed = array.copy()
        changed[row + 1 :] = changed[row + 1 :] * 3.0
        arrays.append(changed)
    return Panel(panel.symbols, panel.sessions, *arrays)


@settings(max_examples=40)
@given(st.integers(0, 1000), st.integers(0, 79))
def test_same_view_gives_the_same_decision_whatever_comes_later(seed: int, row: int) -> None:
    panel = random_panel(seed, symbols=6)
    row = min(row, len(panel.sessions) - 1)
    first = decide(view_of(panel, row), STANDARD)
    assert decide(view_of(panel, row), system_of("max_position_size=0.3", "max_order_quantity=5000")) == first
    assert decide(view_of(poisoned(panel, row), row), STANDARD) == first
    cut = panel.cut(panel.day(row))
    assert decide(view_of(cut, len(cut.sessions) - 1), STANDARD) == first


@settings(max_examples=60)
@given(
    st.integers(0, 1000),
    st.integers(25, 79),
    st.floats(0, 200_000).map(lambda value: round(value, 2)),
    st.integers(0, 3),
    st.integers(1, 400),
)
def test_decision_never_exceeds_a_limit(seed: int, row: int, cash: float, positions: int, quantity: int) -> None:
    panel = random_panel(seed, symbols=10)
    row = min(row, len(panel.sessions) - 1)
    held = tuple(holding(symbol, row - 2, quantity=quantity) for symbol in panel.symbols[:positions])
    view = view_of(panel, row, cash=cash, holdings=held)
    decision = decide(view, SMALL)
    closes = [value for item in held if (value := last(panel, row, item.symbol)) is not None]
    spent = cents(
        sum(cents(e.quantity * e.limit_price) + commission(e.quantity, e.limit_price) for e in decision.entries)
    )
    invested = sum(quantity * close for close in closes) + sum(e.quantity * e.limit_price for e in decision.entries)
    assert spent <= cash + 1e-6
    assert not decision.entries or invested <= 0.7 * view.equity + 1e-6
    assert len(decision.entries) <= max(0, 3 - positions)
    for entry in decision.entries:
        assert 1 <= entry.quantity <= 500
        assert entry.quantity * entry.limit_price <= min(0.4 * view.equity, 25_000) + 1e-6
        assert entry.quantity * (entry.limit_price - entry.stop_price) <= 0.01 * view.equity + 1e-6
        assert 0 < entry.stop_price < entry.limit_price < entry.target_price
    assert_complete(decision, view)


def last(panel: Panel, row: int, symbol: str) -> float | None:
    closes = panel.close[: row + 1, panel.column(symbol)]
    known = closes[~np.isnan(closes)]
    return float(known[-1]) if len(known) else 50.0


def assert_complete(decision: Decision, view: MarketView) -> None:
    """Hold that each signal is an entry or a denial, and each symbol without one has its reason."""
    held = {item.symbol for item in view.holdings}
    signals = {verdict.symbol for verdict in decision.verdicts if verdict.signal is not None}
    answered = [entry.symbol for entry in decision.entries] + [denial.symbol for denial in decision.denials]
    assert sorted(answered) == sorted(signals)
    assert not signals & held
    for verdict in decision.verdicts:
        assert [verdict.signal is not None, bool(verdict.reasons), verdict.held].count(True) == 1


def test_decision_is_the_record_of_its_session() -> None:
    view = busy_view(0, "S00", "S01")
    decision = decide(view, STANDARD)
    assert decision.session == view.panel.day(60)
    assert (decision.cash, decision.equity) == (view.cash, view.equity)
    assert [verdict.symbol for verdict in decision.verdicts] == list(view.panel.symbols)
    assert decision.risk.peak == view.equity
    assert decision.risk.prior_equity == view.equity
    assert_complete(decision, view)


def test_held_symbol_is_no_candidate_and_shows_its_exit() -> None:
    panel = random_panel(0, symbols=12)
    row = 60
    held = tuple(holding(symbol, row - 8) for symbol in panel.symbols if panel.has_bar(symbol, row))
    decision = decide(view_of(panel, row, holdings=held), STANDARD)
    assert decision.entries == ()
    assert decision.denials == ()
    sold = {order.symbol: order.reason for order in decision.exits}
    assert sold
    shown = {verdict.symbol: verdict.exit_reason for verdict in decision.verdicts if verdict.held}
    assert {symbol: reason for symbol, reason in shown.items() if reason is not None} == sold


def test_position_without_a_bar_counts_at_its_last_close_and_is_kept() -> None:
    rows = [(50.0, 51.0, 49.0, 50.0, 1e6)] * 40
    whole = bars_of(rows)
    panel = build_panel({"A": without(whole, [39]), "B": whole})
    view = view_of(panel, 39, cash=1000.0, holdings=(holding("A", 20),))
    assert view.equity == 1500.0
    decision = decide(view, STANDARD)
    assert decision.exits == ()
    assert [verdict.held for verdict in decision.verdicts] == [True, False]


def test_sell_signal_still_takes_a_slot() -> None:
    panel = random_panel(0, symbols=12)
    row = 60
    buys = STANDARD.screener.screen(panel, row).buys
    assert buys
    kept = [symbol for symbol in panel.symbols if panel.has_bar(symbol, row) and symbol != buys[0].symbol][:3]
    held = tuple(holding(symbol, row - 8) for symbol in kept)
    decision = decide(view_of(panel, row, holdings=held), SMALL)
    assert [order.reason for order in decision.exits if order.reason is ExitReason.TIME_STOP]
    assert {denial.code for denial in decision.denials} == {"max_positions"}


def test_latch_refuses_entries_and_lets_exits_go_on() -> None:
    panel = random_panel(0, symbols=12)
    row = 60
    buys = STANDARD.screener.screen(panel, row).buys
    kept = [symbol for symbol in panel.symbols if panel.has_bar(symbol, row) and symbol != buys[0].symbol][:3]
    view = view_of(
        panel, row, holdings=tuple(holding(symbol, row - 8) for symbol in kept), risk=RiskState(peak=1_000_000.0)
    )
    decision = decide(view, STANDARD)
    assert decision.reducing
    assert decision.exits
    assert decision.entries == ()
    assert {denial.code for denial in decision.denials} == {"drawdown_halt"}
    assert decision.risk.latches == {"drawdown_halt": panel.day(row)}
    assert decision.drawdown == pytest.approx(1 - view.equity / 1_000_000.0)


def test_skipped_symbol_is_no_candidate_and_keeps_its_reason() -> None:
    view = busy_view(0)
    first = STANDARD.screener.screen(view.panel, view.row).buys[0].symbol
    skipped = view_of(view.panel, view.row, skipped={first: "bars are stale"})
    decision = decide(skipped, STANDARD)
    assert first not in {entry.symbol for entry in decision.entries} | {denial.symbol for denial in decision.denials}
    assert decision.skipped == {first: "bars are stale"}
    (shown,) = [verdict for verdict in decision.verdicts if verdict.symbol == first]
    assert [reason.code for reason in shown.reasons] == ["skipped"]
    assert_complete(decision, skipped)


@pytest.mark.parametrize("row", [-1, 80])
def test_row_outside_the_panel_is_an_error(row: int) -> None:
    with pytest.raises(DataError, match="no session"):
        decide(MarketView(random_panel(0), row, 1.0, 1.0, (), RiskState()), STANDARD)


def test_stages_share_one_strategy() -> None:
    made: DecisionSystem = system_of()
    assert made.strategy is made.screener.strategy
    assert made.strategy.name == "trend_mean_reversion"

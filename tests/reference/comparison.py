"""Runs engine and reference on the same bars and names the first thing in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from tests.reference import backtest_reference
from tests.reference.strategy_reference import Bars
from trading.backtest.engine import BacktestPlan, run_step
from trading.backtest.result import BacktestResult, ClosedTrade
from trading.config import load_settings, with_overrides
from trading.decision import DecisionSystem
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.account import EquityPoint
from trading.model.decision import Decision
from trading.strategies.discovery import make_strategy

CONFIG = Path(__file__).resolve().parents[2] / "config.json"
# A row of a report as plain values, its day first.
Row = tuple[Any, ...]


def panel_of(market: Mapping[str, Bars]) -> Panel:
    """Return the reference's bars as the system's panel."""
    return build_panel(
        {
            symbol: SymbolBars(
                dates=np.array(bars.dates, dtype="datetime64[D]"),
                open=np.array(bars.open, dtype=np.float64),
                high=np.array(bars.high, dtype=np.float64),
                low=np.array(bars.low, dtype=np.float64),
                close=np.array(bars.close, dtype=np.float64),
                volume=np.array(bars.volume, dtype=np.float64),
            )
            for symbol, bars in market.items()
        }
    )


@dataclass(frozen=True)
class Case:
    """One run of both: `parameters` by the reference's names."""

    market: Mapping[str, Bars]
    cash: float
    parameters: Mapping[str, float]
    start: str | None = None
    end: str | None = None


def first_difference(case: Case, panel: Panel | None = None) -> str | None:
    """Run both and return the first difference, decisions before trades of a later day; None when they are equal."""
    expected = backtest_reference.backtest(dict(case.market), case.cash, dict(case.parameters), case.start, case.end)
    decisions: list[Decision] = []
    result = run_engine(case, panel or panel_of(case.market), decisions)
    differences = [
        *_differing_rows("decision", map(_expected_decision, expected.decisions), map(_decision, decisions)),
        *_differing_rows("equity", map(_expected_equity, expected.equity), map(_equity, result.equity)),
        *_differing_rows("trade", map(_expected_trade, expected.trades), map(_trade, result.trades)),
    ]
    if differences:
        return min(differences)[1]
    return _differing_totals(expected, result)


def run_engine(case: Case, panel: Panel, decisions: list[Decision]) -> BacktestResult:
    """Run the step engine with the risk profile that knows only the limits of the strategy document."""
    assignments = [f"{name}={value!r}" for name, value in case.parameters.items()]
    settings = with_overrides(load_settings({}, CONFIG), ["risk.profile=strategy", *assignments])
    plan = BacktestPlan(
        cash=case.cash,
        slippage_bps=settings.execution.slippage_bps,
        start=None if case.start is None else date.fromisoformat(case.start),
        end=None if case.end is None else date.fromisoformat(case.end),
    )
    system = DecisionSystem.build(settings, make_strategy(settings))
    return run_step(panel, system, plan, on_decision=decisions.append)


def _differing_rows(kind: str, expected: Iterable[Row], found: Iterable[Row]) -> list[tuple[str, str]]:
    """Return (day, text) of the first row that differs; the day is the row's first item."""
    for wanted, seen in zip_longest(expected, found):
        if wanted != seen:
            day = min(row[0] for row in (wanted, seen) if row is not None)
            return [(day, f"{kind} of {day} differs\n  reference: {wanted}\n  engine:    {seen}")]
    return []


def _differing_totals(expected: backtest_reference.Result, result: BacktestResult) -> str | None:
    refusals = {code: count for code, count in expected.refusals.items() if count}
    if refusals != dict(result.refusals):
        return f"refusals differ\n  reference: {refusals}\n  engine:    {dict(result.refusals)}"
    halted = None if result.halted_on is None else result.halted_on.isoformat()
    if expected.halted_on != halted:
        return f"drawdown halt differs\n  reference: {expected.halted_on}\n  engine:    {halted}"
    still_open = [(position.symbol, position.quantity) for position in expected.open_positions]
    if still_open != [(position.symbol, position.quantity) for position in result.open_positions]:
        return f"open positions differ\n  reference: {still_open}\n  engine:    {result.open_positions}"
    return None


def _expected_decision(day: backtest_reference.DayDecision) -> Row:
    entries = [(entry.symbol, entry.quantity, entry.limit, entry.stop, entry.target) for entry in day.entries]
    return day.date, sorted(day.exits), entries, day.refused


def _decision(decision: Decision) -> Row:
    entries = [
        (entry.symbol, entry.quantity, entry.limit_price, entry.stop_price, entry.target_price)
        for entry in decision.entries
    ]
    exits = sorted((order.symbol, order.reason.value) for order in decision.exits)
    return decision.session.isoformat(), exits, entries, [(denial.symbol, denial.code) for denial in decision.denials]


def _expected_equity(row: backtest_reference.EquityRow) -> Row:
    return row.date, row.cash, row.equity, row.positions, round(row.drawdown, 6)


def _equity(point: EquityPoint) -> Row:
    return point.session.isoformat(), point.cash, point.equity, point.positions, round(point.drawdown, 6)


def _expected_trade(trade: backtest_reference.Trade) -> Row:
    return (
        trade.exit_date,
        trade.symbol,
        trade.quantity,
        trade.entry_date,
        trade.entry_price,
        trade.exit_price,
        trade.exit_reason,
        trade.commission,
        trade.pnl,
    )


def _trade(trade: ClosedTrade) -> Row:
    return (
        trade.exit_session.isoformat(),
        trade.symbol,
        trade.quantity,
        trade.entry_session.isoformat(),
        trade.entry_price,
        trade.exit_price,
        trade.exit_reason.value,
        trade.commission,
        trade.pnl,
    )

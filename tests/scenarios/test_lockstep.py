"""A run against the simulated gateway, over HTTPS or within one process, equals the backtest, to the cent."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.scenarios import in_process_run
from tests.scenarios.lockstep_run import Records, Span, equity_of, expected, lockstep_world, positions_of, trades_of
from trading.backtest.result import BacktestResult

LONG = Span(date(2015, 1, 5), sessions=250, symbols=60)
STANDARD = Span(date(2016, 9, 6), sessions=45, symbols=30, settings=())


FAULTY = Span(date(2015, 1, 5), sessions=60, symbols=30)
# An answer that is lost changes nothing that can fill. A question that is lost does: its order never was one.
NO_QUESTIONS = ("questions.stop_order=false", "questions.market_order=false", "questions.percent_from_market=0")
FAULTS = (
    {"id": "T03", "selector": {"method": "GET", "probability": 0.02}},
    {"id": "T04", "selector": {"method": "GET", "probability": 0.02}},
    {"id": "T04", "selector": {"method": "POST", "path": "/iserver/account/*/orders", "probability": 0.2}},
    {"id": "T05", "selector": {"method": "DELETE", "probability": 0.2}},
    {"id": "T09", "selector": {"path": "/iserver/account/*/orders", "probability": 0.3}},
    {"id": "T06", "selector": {"probability": 0.02}, "parameters": {"seconds": 3.0}},
    {"id": "T07", "selector": {"method": "GET", "probability": 0.02}},
)
LAST_YEAR = Span(date(2017, 2, 8), sessions=252, symbols=60)


def assert_equal(run: Records, result: BacktestResult) -> None:
    assert len(result.trades) > 10
    assert run.trades() == trades_of(result)
    assert run.equity() == equity_of(result)
    assert run.open_positions() == positions_of(result)
    assert run.order_denials() == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("span", [STANDARD, LONG], ids=["all limits", "250 sessions"])
def test_lockstep_run_equals_the_backtest(span: Span, tmp_path: Path, bundled_bars: Path) -> None:
    with lockstep_world(tmp_path, bundled_bars, span) as world:
        world.run_to_the_end(limit_s=540)
        assert_equal(world, expected(span, bundled_bars))


@pytest.mark.timeout(600)
def test_run_within_one_process_equals_the_backtest(tmp_path: Path, bundled_bars: Path) -> None:
    run = in_process_run.trade(tmp_path, LAST_YEAR.panel(bundled_bars), LAST_YEAR)
    assert_equal(run, expected(LAST_YEAR, bundled_bars))


@pytest.mark.timeout(600)
def test_run_over_a_broken_connection_equals_the_backtest(tmp_path: Path, bundled_bars: Path) -> None:
    run = in_process_run.trade(tmp_path, FAULTY.panel(bundled_bars), FAULTY, faults=FAULTS, behaviour=NO_QUESTIONS)
    assert_equal(run, expected(FAULTY, bundled_bars))
    shown = json.loads(run.simulator.handle("GET", "/sim/faults", "", b"").body)
    assert all(each["fired"] > 0 for each in shown["faults"]), shown

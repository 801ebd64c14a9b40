"""How fast the backtest is: simulated sessions a second, and how many times faster than the plain reference.

Run: python -m bench.bench_backtest [FILE]. Numbers are printed and never asserted: they depend on the machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.measure import timed
from tests.reference import backtest_reference
from tests.reference.strategy_reference import read_bars
from trading.backtest.engine import BacktestPlan, run_step
from trading.config import load_settings, with_overrides
from trading.decision import DecisionSystem
from trading.market.bar_files import load_bars
from trading.strategies.discovery import make_strategy

ROOT = Path(__file__).resolve().parents[1]
CASH = 100_000.0


def main(path: Path) -> None:
    """Measure loading, the first run (which compiles), a second one, and the reference on the same bars."""
    settings = with_overrides(load_settings({}, ROOT / "config.json"), ["risk.profile=strategy"])
    plan = BacktestPlan(CASH, settings.execution.slippage_bps)
    panel, load_s = timed(lambda: load_bars(path))

    def run() -> int:
        system = DecisionSystem.build(settings, make_strategy(settings))
        return len(run_step(panel, system, plan).trades)

    _, first_s = timed(run)
    trades, engine_s = timed(run)
    market = read_bars(path)
    expected, reference_s = timed(lambda: len(backtest_reference.backtest(market, CASH).trades))
    sessions = len(panel.sessions)
    click.echo(
        f"{path.name}: {len(panel.symbols)} symbols, {sessions} sessions, {trades} trades (reference {expected})"
    )
    click.echo(f"  load            {load_s:8.2f} s")
    click.echo(f"  step, first     {first_s:8.2f} s  compiled code loaded or made")
    click.echo(f"  step, again     {engine_s:8.2f} s  {sessions / engine_s:,.0f} sessions a second")
    click.echo(f"  reference       {reference_s:8.2f} s  {reference_s / engine_s:.1f} times as long")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data" / "us_daily.csv.gz")

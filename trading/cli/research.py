"""`backtest`, `screen` and `explain`: what the strategy did, would do, and why; from files alone."""

from __future__ import annotations

import difflib
import math
import os
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click
import msgspec
import numpy as np

from trading.backtest.engine import BacktestPlan, decision_rows, run_step
from trading.backtest.metrics import measure
from trading.backtest.report import RunRecord, report_files, summary, survivorship_warning, write_files
from trading.backtest.result import BacktestResult
from trading.cli.environment import read_settings
from trading.cli.explanation import explained, funnel
from trading.cli.output import json_text, say
from trading.cli.research_text import explain_text, screen_text, summary_text
from trading.config import Settings
from trading.decision import DecisionSystem, MarketView, decide
from trading.errors import ConfigError, DataError
from trading.market.panel import Panel
from trading.model.decision import Decision, RiskState
from trading.strategies.discovery import make_strategy, strategy_class
from trading.strategies.parameters import parse_parameters

BUNDLED_BARS = Path(__file__).resolve().parents[2] / "data" / "us_daily.csv.gz"
DEFAULT_CASH = 100_000.0


class Day(click.ParamType[date]):
    """A day written YYYY-MM-DD."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r}: a day is written YYYY-MM-DD, such as 2014-01-02", param, ctx)


class Amount(click.ParamType[float]):
    """An amount of USD above 0."""

    name = "USD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the amount."""
        try:
            amount = float(str(value))
        except ValueError:
            amount = math.nan
        if not 0.01 <= amount <= 1e12:  # noqa: PLR2004 - a cent, and what cents are still exact at
            self.fail(f"{value!r}: give an amount in USD from 0.01 to 1,000,000,000,000, such as 100000", param, ctx)
        return amount


_bars = click.option(
    "--bars",
    type=click.Path(path_type=Path),
    default=BUNDLED_BARS,
    metavar="FILE",
    help="Bars as CSV (gzip too) or Parquet: symbol,date,open,high,low,close,volume. [default: the bundled file]",
)
_set = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting for this run: a key of config.json, a variable, or a parameter of the strategy; repeatable.",
)
_cash = click.option("--cash", type=Amount(), default=DEFAULT_CASH, show_default=True, help="Cash of the account.")
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.command()
@_bars
@click.option("--start", type=Day(), help="First day of decision. [default: the data's first]")
@click.option("--end", type=Day(), help="Last day of decision. [default: the data's last]")
@_cash
@_set
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for trades.csv, equity.csv, summary.json."
)
@_json
def backtest(
    bars: Path,
    start: date | None,
    end: date | None,
    cash: float,
    assignments: tuple[str, ...],
    out: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Replay the strategy over a file of daily bars, with the decisions and fills that live trading has.

    Exit 0 done, 2 something given can't be used; the folder is then as it was.
    """
    settings = read_settings(assignments)
    system = DecisionSystem.build(settings, make_strategy(settings))
    if out is not None:
        _check_folder(out)
    if start is not None and end is not None and start > end:
        raise ConfigError("--start", start.isoformat(), f"must not be after --end = {end}")
    panel = _load(bars, assignments, settings)
    plan = BacktestPlan(cash=cash, slippage_bps=settings.execution.slippage_bps, start=start, end=end)
    result = _run(panel, system, plan)
    record = RunRecord(
        data_file=bars.name,
        data_digest=panel.digest(),
        symbols=len(panel.symbols),
        configuration=configuration_of(settings),
        warnings=_warnings(panel),
    )
    metrics = measure(result)
    files = report_files(result, summary(result, metrics, record))
    if out is not None:
        _write(out, files)
    if as_json:
        click.echo(files["summary.json"], nl=False)
    else:
        say(summary_text(result, metrics, record, out))


@click.command()
@_bars
@click.option("--date", "day", type=Day(), help="Screen after this day's close. [default: the data's last]")
@_cash
@_set
@_json
def screen(
    bars: Path,
    day: date | None,
    cash: float,
    assignments: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Show how many symbols each rule lets through on a day, and the candidates that are left, best first.

    The account is taken to be empty: all of it cash, nothing held.
    """
    _, system, panel = _prepare(bars, assignments)
    row = _row(panel, day)
    decision = _decide(panel, row, cash, system)
    found = system.screener.screen(panel, row)
    steps = funnel(found.signals, row)
    if as_json:
        values = {
            "session": decision.session,
            "symbols": len(panel.symbols),
            "funnel": steps,
            "candidates": found.buys,
            "entries": decision.entries,
            "denials": decision.denials,
            "warnings": _warnings(panel),
        }
        click.echo(json_text(values))
    else:
        say(screen_text(steps, found.buys, decision, _warnings(panel)))


@click.command()
@click.argument("symbol")
@_bars
@click.option("--date", "day", type=Day(), help="Explain after this day's close. [default: the data's last]")
@_cash
@_set
@_json
def explain(
    symbol: str,
    bars: Path,
    day: date | None,
    cash: float,
    assignments: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Show every rule for one SYMBOL on a day: what was measured, what is asked, and what would be ordered.

    The account is taken to be empty: all of it cash, nothing held.
    """
    settings, system, panel = _prepare(bars, assignments)
    symbol = symbol.strip().upper()
    if symbol not in panel:
        raise ConfigError("SYMBOL", symbol, f"has no bars in {bars.name}{_near(symbol, panel)}")
    decision = _decide(panel, _row(panel, day), cash, system)
    explanation = explained(symbol, panel, decision, system, settings.sizing)
    if as_json:
        click.echo(json_text(explanation))
    else:
        say(explain_text(explanation))


def configuration_of(settings: Settings) -> dict[str, object]:
    """Return everything that a backtest depends on, by group, with the strategy's parameters in full."""
    name = settings.strategy_name
    kind = strategy_class(name).Parameters
    parameters = parse_parameters(kind, name, settings.strategy_parameters)
    groups = {"rules": settings.rules, "sizing": settings.sizing, "risk": settings.risk}
    return {
        "strategy": {"name": name, name: msgspec.to_builtins(parameters)},
        **{group: msgspec.to_builtins(values) for group, values in groups.items()},
        "execution": {"slippage_bps": settings.execution.slippage_bps},
    }


def _prepare(bars: Path, assignments: tuple[str, ...]) -> tuple[Settings, DecisionSystem, Panel]:
    """Return the settings of a run, the decision that they make and the bars that it looks at."""
    settings = read_settings(assignments)
    system = DecisionSystem.build(settings, make_strategy(settings))
    return settings, system, _load(bars, assignments, settings)


def _load(bars: Path, assignments: tuple[str, ...], settings: Settings) -> Panel:
    """Read the bars, of all symbols or of those that `--set TICKERS=` names; a TICKERS of .env is for live trading."""
    from trading.market.bar_files import load_bars

    try:
        panel = load_bars(bars)
    except DataError as error:
        option = "--bars"
        raise ConfigError(option, str(bars), error.problem) from error
    if not any(text.partition("=")[0].strip() in {"TICKERS", "tickers"} for text in assignments):
        return panel
    for symbol in settings.tickers:
        if symbol not in panel:
            raise ConfigError("TICKERS", symbol, f"has no bars in {bars.name}{_near(symbol, panel)}")
    return panel.select(settings.tickers) if settings.tickers else panel


def _run(panel: Panel, system: DecisionSystem, plan: BacktestPlan) -> BacktestResult:
    """Run with a bar and the time left on a terminal; programs and files see nothing of it."""
    try:
        total = len(decision_rows(panel, plan.start, plan.end))
    except DataError as error:
        days = "--start, --end"
        raise ConfigError(days, None, error.problem) from error
    # Before the bar starts: it would take the time of measuring all bars for that of the first session.
    system.screener.signals(panel)
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=total, label="backtest", file=sys.stderr, hidden=hidden) as bar:
        return run_step(panel, system, plan, on_progress=lambda progress: bar.update(progress.done - bar.pos))


def _decide(panel: Panel, row: int, cash: float, system: DecisionSystem) -> Decision:
    return decide(MarketView(panel, row, cash, cash, (), RiskState()), system)


def _row(panel: Panel, day: date | None) -> int:
    if day is None:
        return len(panel.sessions) - 1
    row = panel.row(day)
    if row is None:
        before = int(np.searchsorted(panel.sessions, np.datetime64(day, "D"))) - 1
        near = panel.day(max(before, 0))
        raise ConfigError("--date", day.isoformat(), f"no symbol of the data has a bar on it; try {near}")
    return row


def _warnings(panel: Panel) -> tuple[str, ...]:
    warning = survivorship_warning(panel)
    return () if warning is None else (warning,)


def _near(symbol: str, panel: Panel) -> str:
    close = difflib.get_close_matches(symbol, panel.symbols, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _check_folder(folder: Path) -> None:
    """Refuse an output folder that can't be written before the work begins."""
    nearest = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise ConfigError("--out", str(folder), f"{nearest} is a file; name a folder")
    # The files are made beside the folder and renamed into it.
    wanted = {nearest, folder.absolute().parent} if nearest == folder.absolute() else {nearest}
    for place in sorted(wanted):
        if not os.access(place, os.W_OK | os.X_OK):
            raise ConfigError("--out", str(folder), f"{place} can't be written; name a folder that you own")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        write_files(folder, files)
    except OSError as error:
        raise ConfigError("--out", str(folder), f"can't be written: {error.strerror or error}") from error

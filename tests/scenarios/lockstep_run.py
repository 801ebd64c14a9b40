"""A real trading process against a real simulator process over HTTPS, on bars that end where the run shall end."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from trading.backtest.engine import BacktestPlan, run_step
from trading.backtest.result import BacktestResult
from trading.config import load_settings, with_overrides
from trading.decision import DecisionSystem
from trading.market.bar_files import load_bars, write_bars
from trading.market.panel import Panel
from trading.strategies.discovery import make_strategy

ROOT = Path(__file__).resolve().parents[2]
CASH = 10_000.0
IN_PROCESS = "https://localhost:5055"
"""the address of a gateway in the same process, where nothing listens"""
# A decision reads this many bars back at most; more only make the first reading longer.
BARS_BEFORE = 400
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """The sessions of a run and the symbols that it trades."""

    start: date
    sessions: int
    symbols: int
    settings: tuple[str, ...] = ("risk.profile=strategy",)

    def panel(self, bars: Path) -> Panel:
        """Return the bars of the run and those before it that a decision may read."""
        whole = load_bars(bars)
        first = whole.row(self.start)
        assert first is not None
        chosen = whole.select(whole.symbols[: self.symbols]) if self.symbols < len(whole.symbols) else whole
        return shortened(chosen.cut(whole.sessions[first + self.sessions - 1].item()), first - BARS_BEFORE)


def environ_of(folder: Path, symbols: Sequence[str], url: str = IN_PROCESS, *, most: int = 10) -> dict[str, str]:
    """Return the environment of a trading process that keeps all its files in `folder`, with `most` positions."""
    return {
        "GATEWAY": "simulated",
        "GATEWAY_URL": url,
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "SIM_TICKERS": ",".join(symbols),
        "MAX_POSITIONS": str(most),
    }


class Records:
    """What a trading process has written down in its database."""

    database: Path

    def fact(self, key: str) -> str | None:
        rows = self.rows("SELECT value FROM fact WHERE key = ?", key)
        return rows[0]["value"] if rows else None

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Return rows of trading.db; none while there is no such file or table yet."""
        try:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5.0) as connection:
                connection.row_factory = sqlite3.Row
                found = [dict(row) for row in connection.execute(sql, values)]
            connection.close()
        except sqlite3.OperationalError:
            return []
        return found

    def trades(self) -> list[tuple[object, ...]]:
        return [
            (
                row["symbol"],
                row["quantity"],
                row["entry_session"],
                row["entry_price"] / 1e4,
                row["exit_session"],
                row["exit_price"] / 1e4,
                row["exit_reason"],
                row["commission"] / 1e4,
                row["pnl"] / 1e4,
            )
            for row in self.rows("SELECT * FROM trade ORDER BY exit_session, symbol")
        ]

    def equity(self) -> list[tuple[object, ...]]:
        return [
            (row["session"], row["cash"] / 1e4, row["equity"] / 1e4, row["positions"])
            for row in self.rows("SELECT * FROM equity ORDER BY session")
        ]

    def open_positions(self) -> list[tuple[object, ...]]:
        return [
            (row["symbol"], row["quantity"], row["entry_session"], row["entry_price"] / 1e4)
            for row in self.rows("SELECT * FROM position ORDER BY symbol")
        ]

    def order_denials(self) -> list[Row]:
        return self.rows("SELECT symbol, code, detail FROM denial WHERE stage = 'order'")


@dataclass
class World(Records):
    """One run's folder: the bars, the simulator and the trader."""

    folder: Path
    span: Span
    panel: Panel
    simulator: subprocess.Popen[str]
    port: int
    database: Path
    ends_told_before: int = 0
    environ: dict[str, str] = field(default_factory=dict)
    """what its traders find in their environment beside what they need"""

    def start_trader(self, **more: str) -> subprocess.Popen[bytes]:
        """Start a trading process; a keyword is an environment variable."""
        environ = {
            name: text for name, text in os.environ.items() if name.startswith(("PATH", "HOME", "NUMBA", "LANG"))
        }
        environ |= environ_of(self.folder, self.panel.symbols, f"https://localhost:{self.port}")
        environ |= {"PYTHONPATH": str(ROOT), **self.environ, **more}
        arguments = [sys.executable, "-m", "trading", "run"]
        for setting in self.span.settings:
            arguments += ["--set", setting]
        self.ends_told_before = self.ends_told()
        with (self.folder / "trader.txt").open("ab") as console:
            return subprocess.Popen(arguments, cwd=self.folder, env=environ, stdout=console, stderr=console)

    def run_to_the_end(self, limit_s: float) -> None:
        """Let a trader run until the data ends, then stop it; it has to end by itself and well."""
        trader = self.start_trader()
        try:
            self.wait_for_the_end(trader, limit_s)
        finally:
            trader.kill()
            trader.wait()

    def wait_for_the_end(self, trader: subprocess.Popen[bytes], limit_s: float) -> None:
        """Wait until the data has ended, and stop the trader, which has to end well."""
        give_up = time.monotonic() + limit_s
        while not self.told_the_end():
            assert trader.poll() is None, self.console()
            assert time.monotonic() < give_up, self.console()
            time.sleep(0.1)
        trader.send_signal(signal.SIGTERM)
        assert trader.wait(25) == 0, self.console()

    def kill_after(self, seconds: float) -> None:
        """Start a trader and kill it after some real seconds, wherever it is then."""
        trader = self.start_trader()
        time.sleep(seconds)
        trader.kill()
        trader.wait()

    def restart_simulator(self) -> None:
        """Kill the simulator and start it anew on the same port and state."""
        self.simulator.kill()
        self.simulator.communicate()
        self.simulator, _ = start_simulator(self.folder, self.span, self.port)

    def console(self) -> str:
        return (self.folder / "trader.txt").read_text(encoding="utf-8", errors="replace")[-4000:]

    def ends_told(self) -> int:
        """Return how many traders so far have come to the end of the data."""
        file = self.folder / "trader.txt"
        return file.read_text(encoding="utf-8", errors="replace").count("state=ended") if file.exists() else 0

    def told_the_end(self) -> bool:
        return self.ends_told() > self.ends_told_before

    def truth(self) -> list[Row]:
        file = self.database.parent / "simulator" / "truth.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def no_order_twice(run: Records, truth: Sequence[Row]) -> None:
    """At most one order a name, no more sold than was there, each execution counted once."""
    names: Counter[str] = Counter()
    held: Counter[str] = Counter()
    fills: list[str] = []
    for row in truth:
        if row["kind"] == "order":
            names.update(ticket["coid"] for ticket in row["tickets"] if ticket.get("coid"))
        if row["kind"] == "fill":
            execution = row["execution"]
            fills.append(execution["execution_id"])
            held[execution["symbol"]] += execution["quantity"] * (1 if execution["side"] == "BUY" else -1)
            assert held[execution["symbol"]] >= 0
    assert [name for name, count in names.items() if count > 1] == []
    counted = [row["execution_id"] for row in run.rows("SELECT execution_id FROM execution")]
    assert sorted(fills) == sorted(counted)


@contextmanager
def lockstep_world(folder: Path, bars: Path, span: Span, *, logged_in: bool = True) -> Iterator[World]:
    """Start the simulator on a free port at the open of the span's first session; no trader yet."""
    panel = span.panel(bars)
    write_bars(panel, folder / "bars.csv")
    (folder / "config.json").write_text("{}", encoding="utf-8")
    simulator, port = start_simulator(folder, span, 0, logged_in=logged_in)
    world = World(folder, span, panel, simulator, port, folder / "state" / "simulated" / "trading.db")
    try:
        yield world
    finally:
        world.simulator.kill()
        world.simulator.communicate()


def start_simulator(
    folder: Path, span: Span, port: int, *, logged_in: bool = True
) -> tuple[subprocess.Popen[str], int]:
    """Start a simulator on a port, 0 for a free one, where its state was left; return it and its port."""
    state = folder / "state" / "simulated" / "simulator"
    arguments = [sys.executable, "-m", "simulator", "--port", str(port), "--bars", str(folder / "bars.csv")]
    arguments += ["--start", span.start.isoformat(), "--speed", "0", "--cash", str(CASH)]
    arguments += ["--pacing", "off", "--state", str(state), *(["--auto-login"] if logged_in else [])]
    simulator = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert simulator.stdout is not None
    found = re.search(r"://[^:]+:(\d+)", simulator.stdout.readline())
    assert found is not None
    return simulator, int(found.group(1))


def shortened(panel: Panel, first: int) -> Panel:
    rows = slice(max(first, 0), None)
    kept = [np.array(values[rows]) for values in (panel.open, panel.high, panel.low, panel.close, panel.volume)]
    return Panel(panel.symbols, np.array(panel.sessions[rows]), *kept)


def expected(span: Span, bars: Path) -> BacktestResult:
    """Return what the backtest makes of the same span."""
    settings = load_settings({"GATEWAY": "simulated", "MAX_POSITIONS": "10"}, ROOT / "config.json")
    settings = with_overrides(settings, span.settings)
    panel = span.panel(bars)
    system = DecisionSystem.build(settings, make_strategy(settings))
    return run_step(panel, system, BacktestPlan(CASH, settings.execution.slippage_bps, start=span.start))


def trades_of(result: BacktestResult) -> list[tuple[object, ...]]:
    return [
        (
            trade.symbol,
            trade.quantity,
            trade.entry_session.isoformat(),
            trade.entry_price,
            trade.exit_session.isoformat(),
            trade.exit_price,
            str(trade.exit_reason),
            trade.commission,
            trade.pnl,
        )
        for trade in result.trades
    ]


def equity_of(result: BacktestResult) -> list[tuple[object, ...]]:
    return [(p.session.isoformat(), p.cash, p.equity, p.positions) for p in result.equity]


def positions_of(result: BacktestResult) -> list[tuple[object, ...]]:
    return [(p.symbol, p.quantity, p.entry_session.isoformat(), p.entry_price) for p in result.open_positions]

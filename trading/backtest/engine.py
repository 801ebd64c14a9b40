"""The step engine: fill a session, then decide after its close, with the very `decide()` that trades live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from trading.backtest.account import BacktestAccount, Bar
from trading.backtest.result import BacktestResult, ClosedTrade, OpenPosition
from trading.decision import DecisionSystem, MarketView, decide
from trading.errors import DataError
from trading.market import fills
from trading.market.panel import Panel
from trading.model.account import EquityPoint
from trading.model.decision import DayTrade, Decision, ExitReason, RiskState, StopOut
from trading.position_manager import account_equity, last_close
from trading.risk_manager import Funds, spendable
from trading.rules import is_delisted


@dataclass(frozen=True, slots=True)
class BacktestPlan:
    """What to run over: `start` and `end` bound the days of decision, both included; None is the data's own."""

    cash: float
    slippage_bps: float
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, in sessions."""

    done: int
    total: int


def run_step(
    panel: Panel,
    system: DecisionSystem,
    plan: BacktestPlan,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    on_decision: Callable[[Decision], None] | None = None,
) -> BacktestResult:
    """Run `system` over the sessions of `plan`, one decision each, and return what came of it.

    `on_decision` gets every decision with all its verdicts; nothing keeps them otherwise.

    Raises: DataError, no session of the data lies between start and end.
    """
    rows = decision_rows(panel, plan.start, plan.end)
    run = _StepRun(panel, system, plan)
    for row in rows:
        decision = run.step(row, fill=row > rows.start)
        if on_decision is not None:
            on_decision(decision)
        if on_progress is not None:
            on_progress(Progress(row - rows.start + 1, len(rows)))
    return run.result(rows.stop - 1)


def decision_rows(panel: Panel, start: date | None, end: date | None) -> range:
    """Return the rows of the panel whose sessions lie between `start` and `end`, both included.

    Raises: DataError, there is none.
    """
    sessions = panel.sessions
    first = 0 if start is None else int(np.searchsorted(sessions, np.datetime64(start, "D"), side="left"))
    stop = len(sessions) if end is None else int(np.searchsorted(sessions, np.datetime64(end, "D"), side="right"))
    if first >= stop:
        raise DataError(
            "sessions", f"no bar from {start or sessions[0]} to {end or sessions[-1]}; the data has {_span(panel)}"
        )
    return range(first, stop)


class _StepRun:
    """The state that goes from one session to the next."""

    def __init__(self, panel: Panel, system: DecisionSystem, plan: BacktestPlan) -> None:
        self._panel = panel
        self._system = system
        self._sessions: list[date] = panel.sessions.tolist()
        self._account = BacktestAccount(plan.cash, plan.slippage_bps)
        self._cash = self._account.cash
        self._risk = RiskState()
        self._equity: list[EquityPoint] = []
        self._refusals: Counter[str] = Counter()
        self._placed = 0

    def step(self, row: int, *, fill: bool) -> Decision:
        """Fill the bars of `row`, unless it is the first session, and decide after its close."""
        closed_before = len(self._account.trades)
        if fill:
            self._account.fill(self._sessions[row], self._bars_at_work(row))
        self._close_delisted(row)
        self._remember(self._account.trades[closed_before:])
        decision = decide(self._view(row), self._system)
        self._account.take_orders(decision)
        self._record(decision)
        return decision

    def result(self, last_row: int) -> BacktestResult:
        """Return everything up to the decision of `last_row`, positions marked at their last close."""
        trades = sorted(self._account.trades, key=lambda trade: (trade.exit_session, trade.symbol))
        return BacktestResult(
            engine="step",
            starting_cash=self._cash,
            trades=tuple(trades),
            equity=tuple(self._equity),
            open_positions=tuple(self._open_position(symbol, last_row) for symbol in sorted(self._account.lots)),
            orders_placed=self._placed,
            orders_filled=self._account.entries_filled,
            refusals=dict(sorted(self._refusals.items())),
            latches=dict(self._risk.latches),
        )

    def _bars_at_work(self, row: int) -> dict[str, Bar]:
        bars = {}
        for symbol in self._account.symbols_at_work():
            if self._panel.has_bar(symbol, row):
                column = self._panel.column(symbol)
                bars[symbol] = Bar(
                    float(self._panel.open[row, column]),
                    float(self._panel.high[row, column]),
                    float(self._panel.low[row, column]),
                    float(self._panel.close[row, column]),
                    float(self._panel.volume[row, column]),
                )
        return bars

    def _close_delisted(self, row: int) -> None:
        for holding in self._account.holdings():
            if is_delisted(self._panel, holding.symbol, row):
                price = last_close(self._panel, row, holding)
                self._account.close_delisted(self._sessions[row], holding.symbol, price)

    def _remember(self, closed: list[ClosedTrade]) -> None:
        """Take stop-outs and day trades into what the risk rules remember."""
        within_a_day = [DayTrade(trade.symbol, trade.exit_session) for trade in closed if trade.within_a_day]
        self._risk = self._risk.with_day_trades(within_a_day)
        stopped = [trade for trade in closed if trade.exit_reason is ExitReason.STOP]
        if stopped:
            outs = tuple(StopOut(trade.symbol, trade.exit_session) for trade in stopped)
            self._risk = replace(self._risk, stop_outs=self._risk.stop_outs + outs)

    def _view(self, row: int) -> MarketView:
        holdings = self._account.holdings()
        return MarketView(
            panel=self._panel,
            row=row,
            cash=self._account.cash,
            equity=account_equity(self._panel, row, self._account.cash, holdings),
            holdings=holdings,
            risk=self._risk,
            spendable=spendable(Funds(self._account.cash, self._account.settled_cash), self._system.risk.account_rules),
        )

    def _record(self, decision: Decision) -> None:
        self._risk = decision.risk
        self._placed += len(decision.entries)
        self._refusals.update(denial.code for denial in decision.denials)
        self._equity.append(
            EquityPoint(decision.session, decision.cash, decision.equity, len(self._account.lots), decision.drawdown)
        )

    def _open_position(self, symbol: str, row: int) -> OpenPosition:
        lot = self._account.lots[symbol]
        close = last_close(self._panel, row, lot.holding())
        cost = fills.cents(lot.quantity * lot.entry_price) + lot.entry_commission
        return OpenPosition(
            symbol=symbol,
            quantity=lot.quantity,
            entry_session=lot.entry_session,
            entry_price=lot.entry_price,
            last_close=close,
            unrealised_pnl=fills.cents(fills.cents(lot.quantity * close) - cost),
        )


def _span(panel: Panel) -> str:
    return f"{panel.sessions[0]} to {panel.sessions[-1]}" if len(panel.sessions) else "no bar at all"

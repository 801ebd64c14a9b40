"""The store in memory, beside a journal in memory."""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from tests.fakes.memory_database import MemoryDatabase
from tests.fakes.memory_journal import Adjustment, Fill, MemoryJournal
from trading.errors import InvariantBroken
from trading.market.panel import Panel
from trading.model.decision import Decision, RiskState, StopOut
from trading.model.metric import Counter
from trading.model.mode import Mode, ModeState
from trading.model.order import TERMINAL, Role, Side
from trading.store.halts import SqliteHalts
from trading.store.modes import mode_of

RESERVED = {"schema", "instance", "prefix", "coid_seq", "account", "gateway", "risk"}


@dataclass(frozen=True)
class Trade:
    """One line of trades.csv."""

    symbol: str
    quantity: int
    entry_date: date
    entry_price: float
    exit_date: date
    exit_price: float
    exit_reason: str
    commission: float
    pnl: float


def cents(amount: float) -> float:
    return math.floor(100 * amount + 0.5 + 1e-6) / 100


class MemoryStore:
    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal
        self.decisions: dict[date, Decision] = {}
        self.equity: dict[date, tuple[float, float, int, float]] = {}
        self.closed: list[str] = []
        self.facts: dict[str, ModeState] = {}
        self.mode_log: list[tuple[str, str]] = []
        self.values: dict[str, str] = {}
        self.bars: dict[tuple[str, date], tuple[float, ...]] = {}
        self.halts = SqliteHalts(MemoryDatabase())
        self._risk = RiskState()

    def record_decision(self, decision: Decision, now: datetime) -> None:
        if decision.session in self.decisions:
            raise InvariantBroken("I22", str(decision.session))
        self.decisions[decision.session] = decision
        self.set_risk_state(decision.risk, reason="decision", actor="risk", now=now)

    def last_decision(self) -> Decision | None:
        return self.decisions[max(self.decisions)] if self.decisions else None

    def record_equity(self, session: date, equity: float, cash: float, positions: int, drawdown: float) -> None:
        self.equity[session] = (equity, cash, positions, drawdown)

    def record_closed_trades(self) -> int:
        before = len(self.closed)
        open_now = {position.entry_coid for position in self.journal.own_positions()}
        for coid, record in self.journal.records.items():
            done = record.state in TERMINAL or record.filled >= record.intent.quantity
            sold = any(e.entry_coid == coid and e.execution.side is Side.SELL for e in self.journal.fills())
            if record.intent.role is Role.ENTRY and done and sold and coid not in open_now | set(self.closed):
                self.closed.append(coid)
        return len(self.closed) - before

    def trades(self) -> list[Trade]:
        return [self._trade(coid) for coid in self.closed]

    def totals(self) -> Mapping[Counter, Mapping[str, int]]:
        # The journal in memory notes no first state.
        steps = Tally(str(state) for _, state, _ in self.journal.log)
        if self.journal.records:
            steps["PLANNED"] += len(self.journal.records)
        return {Counter.ORDERS: steps, Counter.TRADES_CLOSED: Tally(trade.exit_reason for trade in self.trades())}

    def mode(self) -> ModeState:
        halts = self.halts.halting()
        if halts:
            return mode_of((), halts)
        if not any(fact == "reconciled" for fact, _ in self.mode_log):
            never = datetime(1970, 1, 1, tzinfo=UTC)
            return ModeState(Mode.RECONCILING, "not yet compared with the broker", "system", never)
        return self.facts.get("reconciled") or self.facts.get("reducing") or self._last

    def set_reconciled(self, *, reconciled: bool, reason: str, now: datetime) -> None:
        self._change("reconciled", None if reconciled else Mode.RECONCILING, reason, "system", now)

    def risk_state(self, through: date | None = None) -> RiskState:
        if through is None:
            return self._risk
        after = max(self.decisions, default=date.min)
        stopped = [trade for trade in self.trades() if trade.exit_reason == "stop"]
        return self._risk.with_stop_outs(
            [StopOut(each.symbol, each.exit_date) for each in stopped if after < each.exit_date <= through]
        )

    def set_risk_state(self, risk: RiskState, *, reason: str, actor: str, now: datetime) -> None:
        changed = set(risk.latches) != set(self._risk.latches)
        self._risk = risk
        if changed:
            self._change("reducing", Mode.REDUCING if risk.latches else None, reason, actor, now)

    def set_value(self, key: str, value: str) -> None:
        if key in RESERVED:
            raise InvariantBroken("storage", key)
        self.values[key] = value

    def value(self, key: str) -> str | None:
        return self.values.get(key)

    def record_bars(self, panel: Panel, lines: Mapping[str, NDArray[np.float64]]) -> int:
        found = {
            (symbol, panel.day(row)): tuple(
                float(column[row, at]) for column in (panel.open, panel.high, panel.low, panel.close, panel.volume)
            )
            for at, symbol in enumerate(panel.symbols)
            for row in range(len(panel.sessions))
            if panel.has_bar(symbol, row)
        }
        new = {key: bar for key, bar in found.items() if self.bars.get(key) != bar}
        self.bars.update(new)
        return len(new)

    def _change(self, fact: str, mode: Mode | None, reason: str, actor: str, now: datetime) -> None:
        word = "" if mode is None else str(mode)
        known = [value for name, value in self.mode_log if name == fact]
        if known and known[-1] == word:
            return
        self.mode_log.append((fact, word))
        self._last = ModeState(mode or Mode.ACTIVE, reason, actor, now)
        if mode is None:
            self.facts.pop(fact, None)
        else:
            self.facts[fact] = self._last

    def _trade(self, coid: str) -> Trade:
        fills = [event for event in self.journal.fills() if event.entry_coid == coid]
        buys = [event for event in fills if event.execution.side is Side.BUY]
        sells = [event for event in fills if event.execution.side is Side.SELL]
        sold = shares(sells)
        removed = -sum(
            event.quantity
            for event in self.journal.events
            if isinstance(event, Adjustment) and event.entry_coid == coid and event.quantity < 0 and event.ratio == 1
        )
        part = sold / (sold + removed)
        commission = round(sum(event.execution.commission or 0.0 for event in fills), 4)
        last = max(sells, key=lambda event: event.execution.time)
        intent = self.journal.records[last.coid].intent
        cost = cents(part * sum(cents(event.execution.quantity * event.execution.price) for event in buys))
        proceeds = sum(cents(event.execution.quantity * event.execution.price) for event in sells)
        split = sold + removed
        return Trade(
            symbol=intent.symbol,
            quantity=sold,
            entry_date=buys[0].session,
            entry_price=round(value(buys) / split, 4),
            exit_date=last.session,
            exit_price=round(value(sells) / sold, 4),
            exit_reason=intent.reason if intent.role is Role.EXIT else intent.role.value,
            commission=commission,
            pnl=round(proceeds - cost - commission, 4),
        )


def shares(fills: Sequence[Fill]) -> int:
    return sum(int(event.execution.quantity) for event in fills)


def value(fills: Sequence[Fill]) -> float:
    return sum(event.execution.quantity * event.execution.price for event in fills)

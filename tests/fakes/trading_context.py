"""A trading context on the real tables in a temporary folder, with a broker, market data and a clock in memory."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.chance import seeded
from tests.fakes.failing_connection import Disk
from tests.fakes.fake_broker import FakeBroker
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_market_data import CLOSES, CONIDS, FakeMarketData, rising
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from tests.fakes.stages import settings_of
from tests.fakes.trading_states import approved
from trading.cycle.session_keeper import SessionView
from trading.cycle.turn import AccountTurns
from trading.execution.context import TradingContext
from trading.execution.reading.snapshot import BrokerSnapshot, read_snapshot
from trading.market.calendar import TradingCalendar
from trading.model.account import AccountKind
from trading.model.decision import Approved, Decision, ExitOrder, ExitReason, RiskState, Signal, SymbolVerdict
from trading.model.order import BrokerOrder, Side
from trading.store.alerts import SqliteAlerts
from trading.store.balances import SqliteBalances
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.evidence import SqliteEvidence
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore

# Decided on after the close of Monday, for Tuesday's session; the window is open from 08:30 in New York.
DECIDED = date(2014, 3, 3)
SESSION = date(2014, 3, 4)
PRE_OPEN = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
OPEN = datetime(2014, 3, 4, 14, 30, tzinfo=UTC)
CLOSE = datetime(2014, 3, 4, 21, 0, tzinfo=UTC)
PROFILE = "risk.profile=strategy"


class Notes:
    """Implements `Notifier`: remembers alerts."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str]] = []

    def alert(self, code: str, text: str) -> None:
        self.alerts.append((code, text))

    def codes(self) -> list[str]:
        return [code for code, _ in self.alerts]


class ContextParts:
    """What outlives a process: the folder, the broker, the market and the clock; and the open database.

    `kind` and `settings` count for contexts that are made later; with `wanted` a person wants something.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(PRE_OPEN)
        self.settings = settings_of(PROFILE)
        self.kind = AccountKind.SIMULATED
        self.wanted = False
        self.calendar = TradingCalendar(date(2013, 1, 2), date(2015, 12, 31))
        self.broker = FakeBroker(self.clock, journal=folder / "trading.db")
        self.market_data = FakeMarketData(rising(self.calendar, DECIDED, date(2014, 3, 10)), self.clock)
        self.notes = Notes()
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.disk = Disk()
        self._chance = seeded()
        self._open()

    def _open(self) -> None:
        self.database = Database(self.folder / "trading.db", chance=self._chance, connect=self.disk.connect())
        self.store = SqliteStore(self.database, self.metrics.put_mode)
        self.journal = SqliteJournal(self.database)
        self.balances = SqliteBalances(self.database)

    def reopen(self) -> None:
        """Close the database and open it as another process does."""
        self.close()
        self._open()

    def close(self) -> None:
        self.database.close()

    def context(self) -> TradingContext:
        return TradingContext(
            settings=self.settings,
            clock=self.clock,
            calendar=self.calendar,
            broker=self.broker,
            market_data=self.market_data,
            journal=self.journal,
            commands=SqliteCommandLog(self.database),
            evidence=SqliteEvidence(self.database),
            store=self.store,
            balances=self.balances,
            alerts=SqliteAlerts(self.database, self.notes),
            log=self.log,
            metrics=self.metrics,
            account_id=ACCOUNT,
            kind=self.kind,
            interrupted=lambda: self.wanted,
        )

    def snapshot(self, epoch: int = 1) -> BrokerSnapshot:
        """Return what the broker shows now."""
        return read_snapshot(self.broker, self.clock, days=7, epoch=epoch)

    def view(self, *, usable: bool = True, new_epoch: bool = False) -> SessionView:
        """Return a session in its first epoch, with our account selected."""
        return SessionView(usable=usable, epoch=1, new_epoch=new_epoch, accounts=(ACCOUNT,), skew_s=0.5)

    def account_turns(self) -> AccountTurns:
        """Return the turns of a process that begins now."""
        if self.store.risk_state().peak is None:
            # What is to be sent was decided on before.
            risk = replace(self.store.risk_state(), peak=10_000.0, prior_equity=10_000.0)
            self.store.set_risk_state(risk, reason="decided", actor="risk", now=self.clock.now())
        turns = AccountTurns(self.context(), lambda: 10**12)
        turns.start()
        return turns

    def buy(self, symbol: str = "AAPL", quantity: int = 9) -> BrokerOrder:
        """Buy before the open and fill it; return the entry, whose stop and target work."""
        limit = round(CLOSES[symbol] * 0.995, 2)
        decision = decision_of(approved(symbol, quantity, limit))
        self.account_turns().run(self.view(), decision, balances=True)
        entry = next(order for order in self.broker.live(Side.BUY) if order.conid == CONIDS[symbol])
        self.broker.fill(entry.order_id, limit)
        self.account_turns().run(self.view(), decision, balances=True)
        return entry

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self.database.query(sql, values)


def decision_of(*entries: Approved, exits: tuple[tuple[str, int], ...] = (), session: date = DECIDED) -> Decision:
    verdicts = tuple(
        SymbolVerdict(e.symbol, Signal(e.symbol, 1.0, CLOSES[e.symbol], 2.0, 1e6, e.limit_price, 1.0, 999.0), (), {})
        for e in entries
    )
    return Decision(
        session=session,
        equity=10_000.0,
        cash=10_000.0,
        drawdown=0.0,
        exits=tuple(ExitOrder(symbol, quantity, ExitReason.TREND_BROKEN) for symbol, quantity in exits),
        entries=entries,
        denials=(),
        verdicts=verdicts,
        risk=RiskState(peak=10_000.0, prior_equity=10_000.0),
        closes={symbol: CLOSES[symbol] for symbol in (*(e.symbol for e in entries), *(held for held, _ in exits))},
    )

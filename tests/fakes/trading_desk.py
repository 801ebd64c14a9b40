"""A desk on fakes: one journal, one store and one broker that survive as many "processes" as a test starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from trading.execution.book import BrokerBook, read_book
from trading.execution.desk import Circumstances, Desk
from trading.execution.dispatch import Outcome
from trading.execution.executor import Executor

from tests.fakes.fake_broker import ACCOUNT, FakeBroker, FakeClock
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from tests.fakes.memory_store import MemoryStore
from tests.fakes.stages import settings_of
from trading.config import Settings
from trading.execution.protection import Protection
from trading.execution.reconciler import Reconciler
from trading.execution.sender import Sender
from trading.execution.windows import SendWindow, send_window
from trading.market.calendar import TradingCalendar
from trading.market.panel import Panel
from trading.model.account import AccountKind, Quote
from trading.model.contract import Contract, PriceIncrement
from trading.model.decision import Approved, Decision, ExitOrder, ExitReason, RiskState, Signal, SymbolVerdict
from trading.model.mode import Mode

# Decided on after the close of Monday, for Tuesday's session; the window is open from 08:30 in New York.
DECIDED = date(2014, 3, 3)
SESSION = date(2014, 3, 4)
PRE_OPEN = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
OPEN = datetime(2014, 3, 4, 14, 30, tzinfo=UTC)
CLOSE = datetime(2014, 3, 4, 21, 0, tzinfo=UTC)
CONIDS = {"AAPL": 265598, "MSFT": 272093, "XOM": 13977}
CLOSES = {"AAPL": 100.5, "MSFT": 38.0, "XOM": 95.0}
INCREMENTS = (PriceIncrement(0.0, 0.0001), PriceIncrement(1.0, 0.01))


class Notes:
    """Remembers alerts."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str]] = []

    def alert(self, code: str, text: str) -> None:
        self.alerts.append((code, text))

    def codes(self) -> list[str]:
        return [code for code, _ in self.alerts]


class FakeMarketData:
    """Contracts and quotes of three symbols; `panels` by session for who needs bars."""

    def __init__(self) -> None:
        self.prior_closes: dict[int, float | None] = {CONIDS[symbol]: close for symbol, close in CLOSES.items()}
        self.panel: Panel | None = None
        self.readings = 0

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        known = {s: Contract(CONIDS[s], s, "NASDAQ", "USD", s, INCREMENTS) for s in symbols if s in CONIDS}
        return known, {symbol: "no such stock" for symbol in symbols if symbol not in CONIDS}

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        self.readings += 1
        assert self.panel is not None
        return self.panel.cut(through), {}

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        return {
            conid: Quote(conid, prior, prior, prior, prior, False, False, "R", 0)
            for conid in conids
            if (prior := self.prior_closes.get(conid)) is not None
        }


@dataclass
class Process:
    """One process: what is lost when it dies."""

    desk: Desk
    sender: Sender
    reconciler: Reconciler
    protection: Protection
    executor: Executor

    def read(self) -> BrokerBook:
        book = read_book(self.desk.broker, self.desk.clock.now(), 7)
        self.reconciler.update(book)
        return book


@dataclass
class Office:
    """What survives a process, and the clock."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(PRE_OPEN))
    settings: Settings = field(default_factory=lambda: settings_of("execution.send_from=pre_open"))
    kind: AccountKind = AccountKind.SIMULATED
    wanted: bool = False

    def __post_init__(self) -> None:
        self.broker = FakeBroker(self.clock)
        self.journal = MemoryJournal()
        self.store = MemoryStore(self.journal)
        self.market_data = FakeMarketData()
        self.notes = Notes()
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.calendar = TradingCalendar(date(2013, 1, 2), date(2015, 12, 31))
        self.store.set_reconciled(reconciled=True, reason="test", now=self.clock.now())

    def desk(self) -> Desk:
        return Desk(
            settings=self.settings,
            clock=self.clock,
            calendar=self.calendar,
            broker=self.broker,
            market_data=self.market_data,
            journal=self.journal,
            store=self.store,
            notifier=self.notes,
            log=self.log,
            metrics=self.metrics,
            account_id=ACCOUNT,
            kind=self.kind,
            interrupted=lambda: self.wanted,
        )

    def start(self) -> Process:
        """Start a process, as after a boot: what was under way is not proven any more."""
        desk = self.desk()
        sender, reconciler = Sender(desk), Reconciler(desk)

        def refresh() -> BrokerBook:
            book = read_book(desk.broker, desk.clock.now(), 7)
            reconciler.update(book)
            return book

        reconciler.start()
        sender.begin(1)
        return Process(desk, sender, reconciler, Protection(desk, sender), Executor(desk, sender, refresh))

    @property
    def window(self) -> SendWindow:
        return self.window_of(DECIDED)

    def window_of(self, decided: date) -> SendWindow:
        before = self.calendar.session(decided)
        assert before is not None
        return send_window(before, self.calendar.next_after(decided), self.settings.execution)

    def circumstances(self, book: BrokerBook, **changes: object) -> Circumstances:
        known, _ = self.market_data.contracts(sorted(CONIDS))
        made = Circumstances(
            now=self.clock.now(),
            mode=Mode.ACTIVE,
            epoch=1,
            newest_session=DECIDED,
            book=book,
            selected_account=ACCOUNT,
            contracts=known,
            closes=CLOSES,
            free_bytes=10**12,
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def carry_out(self, process: Process, decision: Decision, **changes: object) -> Outcome:
        """Read, carry out, read again: what a cycle does."""
        book = process.read()
        at = self.circumstances(book, **{"newest_session": decision.session, **changes})
        outcome = process.executor.carry_out(decision, self.window_of(decision.session), at)
        process.read()
        return outcome


def approved(symbol: str = "AAPL", quantity: int = 9, limit: float = 100.01) -> Approved:
    return Approved(symbol, quantity, limit, round(limit * 0.95, 2), round(limit * 1.05, 2), 1.0, "allocation")


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
        risk=RiskState(peak=10_000.0),
    )

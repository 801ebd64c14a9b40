"""A trading system with everything around it in memory: a login, people, a market and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

import numpy as np

from tests.fakes.chance import seeded
from tests.fakes.fake_requests import FakeRequests
from tests.fakes.fake_session import FakeSession
from tests.fakes.stages import settings_of, system_of
from tests.fakes.trading_desk import CLOSES, CONIDS, DECIDED, OPEN, Office
from trading.config import SessionSettings
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.session_keeper import SessionKeeper
from trading.market.calendar import TradingCalendar
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.order import BrokerOrder, Side
from trading.trading_system import Pace, TradingSystem

PROFILE = "risk.profile=strategy"
STAGES = system_of(PROFILE)
# A loop that does not end by itself is ended after so many turns or pauses, so that a test can't hang.
ENOUGH = 500


class Room:
    """The system around an office: what a process is made of, and what it waits for.

    `over` tells the loop to stop; `check_interval_s` None is a market whose clock stops at each event.
    """

    def __init__(self) -> None:
        self.office = Office(settings=settings_of(PROFILE))
        self.office.market_data.panel = rising(self.office.calendar)
        self.session = FakeSession()
        self.requests = FakeRequests()
        self.pauses: list[float] = []
        self.turns = 0
        self.over: Callable[[], bool] = lambda: False
        self.market_ended = False
        self.check_interval_s: float | None = None

    def start(self) -> TradingSystem:
        """Return a loop as after a boot."""
        desk = self.office.desk()
        voice = (self.office.log, self.office.metrics)
        keeper = SessionKeeper(self.session, desk.store, desk.clock, voice, SessionSettings())
        requests = OperatorRequests(self.requests, desk.store, self.office.log)
        pace = Pace(
            check_interval_s=self.check_interval_s,
            pause=self.pauses.append,
            stopping=lambda: self.over() or self.turns >= ENOUGH or len(self.pauses) >= ENOUGH,
            taken_up=self._turn,
            market_ended=lambda: self.market_ended,
            stopwatch=lambda: float(self.turns),
            free_bytes=lambda: 10**12,
        )
        return TradingSystem(desk, keeper, requests, STAGES, sorted(CONIDS), pace, seeded())

    def run_turns(self, turns: int) -> None:
        """Run a new process until there were so many turns in all."""
        self.over = lambda: self.turns >= turns
        self.start().run()

    def run_until(self, until: datetime) -> None:
        self.over = lambda: self.office.clock.time >= until
        self.start().run()
        assert self.turns < ENOUGH

    def fill_an_entry(self) -> BrokerOrder:
        """Let the broker fill the first entry that works there, at its limit; return it."""
        entry = self.office.broker.live(Side.BUY)[0]
        assert entry.limit_price is not None
        self.office.broker.fill(entry.order_id, entry.limit_price)
        return entry

    def begin_with_a_position(self) -> tuple[TradingSystem, BrokerOrder]:
        """Return a loop at the open whose first entry has filled and is known, and that entry."""
        system = self.start()
        system.run_cycle()
        self.office.clock.time = OPEN
        entry = self.fill_an_entry()
        system.run_cycle()
        return system, entry

    def stop_of(self, entry: BrokerOrder) -> BrokerOrder:
        stops = [order for order in self.office.broker.live(Side.SELL) if order.stop_price is not None]
        return next(order for order in stops if order.parent_id == entry.order_id)

    def sales_of(self, entry: BrokerOrder) -> list[BrokerOrder]:
        return [order for order in self.office.broker.live(Side.SELL) if order.conid == entry.conid]

    def lines(self, event: str) -> list[str]:
        """Return the levels of the log's lines of one kind."""
        return [level for level, name, _ in self.office.log.lines if name == event]

    def decided(self) -> list[date]:
        return sorted(self.office.store.decisions)

    def _turn(self) -> None:
        self.turns += 1


def rising(calendar: TradingCalendar) -> Panel:
    """Return bars that rise day by day and rest from two days before the decision on, which gives buy signals."""
    days = [session.day for session in calendar.sessions(date(2014, 1, 2), date(2014, 3, 10))]
    top = days.index(DECIDED) - 2
    rest = np.array([min(index - top, 0) for index in range(len(days))])
    return _panel(days, {symbol: np.round(last * 1.015**rest, 2) for symbol, last in CLOSES.items()})


def quiet(calendar: TradingCalendar, through: date) -> Panel:
    """Return bars that stay where they are through one day, which gives no signal."""
    days = [session.day for session in calendar.sessions(date(2014, 1, 2), through)]
    return _panel(days, {symbol: np.full(len(days), last) for symbol, last in CLOSES.items()})


def _panel(days: list[date], closes: Mapping[str, np.ndarray]) -> Panel:
    dates = np.array(days, dtype="datetime64[D]")
    volume = np.full(len(days), 1e6)
    return build_panel(
        {
            symbol: SymbolBars(dates, close, close * 1.01, close * 0.99, close, volume)
            for symbol, close in closes.items()
        }
    )

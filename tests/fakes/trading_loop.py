"""A trading loop on a context in a temporary folder: a login, people and waits in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.chance import seeded
from tests.fakes.fake_market_data import CONIDS
from tests.fakes.fake_requests import FakeRequests
from tests.fakes.fake_session import FakeSession
from tests.fakes.stages import system_of
from tests.fakes.trading_context import OPEN, PROFILE, ContextParts
from trading.config import SessionSettings
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.session_keeper import SessionKeeper
from trading.errors import GatewayError, InvariantBroken, SessionLost
from trading.model.account import PositionList
from trading.model.order import BrokerOrder, Side
from trading.monitoring.heartbeat import Heartbeat
from trading.trading_system import LoopRuntime, TradingSystem

STAGES = system_of(PROFILE)
# A loop that does not end by itself is ended after so many turns or pauses, so that a test can't hang.
ENOUGH = 500

BROKEN = InvariantBroken("I10", "sold more than there was")


class LoopParts(ContextParts):
    """The parts of a context and what a loop waits for.

    `over` tells the loop to stop; `check_interval_s` None is a market whose clock stops at each event. `looks` are the
    real seconds that were paused in all when each turn began.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.session = FakeSession()
        self.requests = FakeRequests(lambda: self.store.halts.newest())
        self.symbols = sorted(CONIDS)
        self.pauses: list[float] = []
        self.turns = 0
        self.looks: list[float] = []
        self.over: Callable[[], bool] = lambda: False
        self.market_ended = False
        self.check_interval_s: float | None = None
        self.progress = Heartbeat(lambda: sum(self.pauses), lambda: self.clock.time)

    def start(self) -> TradingSystem:
        """Return a loop as after a boot."""
        self.reopen()
        voice = (self.log, self.metrics)
        keeper = SessionKeeper(self.session, self.store, self.clock, voice, SessionSettings(), ACCOUNT)
        requests = OperatorRequests(self.requests, self.store, self.log)
        loop = LoopRuntime(
            check_interval_s=self.check_interval_s,
            pause=self.pauses.append,
            stopping=lambda: self.over() or self.turns >= ENOUGH or len(self.pauses) >= ENOUGH,
            taken_up=self._turn,
            market_ended=lambda: self.market_ended,
            stopwatch=lambda: float(self.turns),
            free_bytes=lambda: 10**12,
            progress=self.progress,
        )
        return TradingSystem(self.context(), keeper, requests, STAGES, self.symbols, loop, seeded())

    def run_turns(self, turns: int) -> None:
        """Run a new process until there were so many turns in all."""
        self.over = lambda: self.turns >= turns
        self.start().run()

    def run_until(self, until: datetime) -> None:
        self.over = lambda: self.clock.time >= until
        self.start().run()
        assert self.turns < ENOUGH

    def refuse(self, reader: object, name: str, error: GatewayError, times: int = ENOUGH) -> None:
        """Let a method of a reader fail so many times; of a session that is lost its port is told, as by the client."""
        ask, left = getattr(reader, name), iter(range(times))

        def refused(*args: object) -> object:
            if next(left, None) is None:
                return ask(*args)
            if isinstance(error, SessionLost):
                self.session.refused = str(error)
            raise error

        setattr(reader, name, refused)

    def fill_an_entry(self) -> BrokerOrder:
        """Let the broker fill the first entry that works there, at its limit; return it."""
        entry = self.broker.live(Side.BUY)[0]
        assert entry.limit_price is not None
        self.broker.fill(entry.order_id, entry.limit_price)
        return entry

    def begin_with_a_position(self) -> tuple[TradingSystem, BrokerOrder]:
        """Return a loop at the open whose first entry has filled and is known, and that entry."""
        system = self.start()
        system.run_cycle()
        self.clock.time = OPEN
        entry = self.fill_an_entry()
        system.run_cycle()
        return system, entry

    def stop_of(self, entry: BrokerOrder) -> BrokerOrder:
        stops = [order for order in self.broker.live(Side.SELL) if order.stop_price is not None]
        return next(order for order in stops if order.parent_id == entry.order_id)

    def sales_of(self, entry: BrokerOrder) -> list[BrokerOrder]:
        return [order for order in self.broker.live(Side.SELL) if order.conid == entry.conid]

    def lines(self, event: str) -> list[str]:
        """Return the levels of the log's lines of one kind."""
        return [level for level, name, _ in self.log.lines if name == event]

    def told(self, count: str) -> list[object]:
        """Return one count of each cycle, from the log."""
        return [fields[count] for _, event, fields in self.log.lines if event == "cycle"]

    def decided(self) -> list[date]:
        return [date.fromisoformat(row["session"]) for row in self.rows("SELECT session FROM decision ORDER BY 1")]

    def _turn(self) -> None:
        self.turns += 1
        self.looks.append(sum(self.pauses))


def break_once(loop: LoopParts) -> None:
    """Let one reading of positions find something that must never be."""
    true_ones, failures = loop.broker.positions, [BROKEN]

    def positions() -> PositionList:
        if failures:
            raise failures.pop()
        return true_ones()

    loop.broker.positions = positions  # type: ignore[method-assign]

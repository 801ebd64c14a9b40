"""A trading system with everything around it in memory: a login, people, a market and a clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from tests.fakes.chance import seeded
from tests.fakes.fake_broker import ACCOUNT
from tests.fakes.stages import system_of
from tests.fakes.trading_desk import CLOSES, CONIDS, DECIDED, Office
from trading.cycle.controls import ControlDesk
from trading.cycle.session_keeper import SessionKeeper
from trading.market.bars import Panel, SymbolBars, build_panel
from trading.model.account import SessionStatus
from trading.model.mode import Control, ControlKind
from trading.trading_system import Pace, TradingSystem

READY = SessionStatus(authenticated=True, connected=True, competing=False, established=True, message="")
AWAY = replace(READY, authenticated=False, connected=False, established=False)


class FakeSession:
    """A login that can go away."""

    def __init__(self) -> None:
        self.status = READY
        self.error: Exception | None = None
        self.initialised = 0
        self.names: tuple[str, ...] = (ACCOUNT,)

    def keep_alive(self) -> SessionStatus:
        if self.error is not None:
            raise self.error
        return self.status

    def initialise(self) -> SessionStatus:
        self.initialised += 1
        return self.status

    def accounts(self) -> tuple[str, ...]:
        return self.names


class FakeControls:
    """Requests of people, in memory."""

    def __init__(self) -> None:
        self.requests: list[Control] = []
        self.answers: list[tuple[ControlKind, str]] = []

    def ask(self, kind: ControlKind, now: datetime) -> None:
        self.requests.append(Control(len(self.requests) + 1, kind, "", "test", now))

    def pending(self) -> tuple[Control, ...]:
        return tuple(self.requests)

    def answer(self, control: Control, result: str, now: datetime) -> None:
        self.requests.remove(control)
        self.answers.append((control.kind, result))


@dataclass
class Room:
    """The system around an office: what a process is made of, and what it waits for."""

    office: Office = field(default_factory=Office)
    session: FakeSession = field(default_factory=FakeSession)
    controls: FakeControls = field(default_factory=FakeControls)
    pauses: list[float] = field(default_factory=list)
    ended: bool = False
    stop_after: int = 1

    def start(self, check_interval_s: float | None = None) -> TradingSystem:
        desk = self.office.desk()
        keeper = SessionKeeper(
            self.session, desk.store, desk.clock, (self.office.log, self.office.metrics), yield_s=300.0
        )
        controls = ControlDesk(self.controls, desk.store, desk.clock, self.office.log)
        pace = Pace(
            check_interval_s=check_interval_s,
            pause=self.pause,
            stopping=self.stopping,
            taken_up=lambda: None,
            market_ended=lambda: self.ended,
            stopwatch=lambda: 0.0,
            free_bytes=lambda: 10**12,
        )
        return TradingSystem(desk, keeper, controls, STAGES, sorted(CONIDS), pace, seeded())

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.office.clock.go(seconds)

    def stopping(self) -> bool:
        self.stop_after -= 1
        return self.stop_after < 0


STAGES = system_of("risk.profile=strategy")


def market() -> Panel:
    """Return bars that rise day by day and rest from two days before the decision on, which gives buy signals."""
    days = [day.day for day in Office().calendar.sessions(date(2014, 1, 2), date(2014, 3, 7))]
    top = days.index(DECIDED) - 2
    series = {}
    for symbol, last in CLOSES.items():
        close = np.array([round(last * 1.015 ** min(index - top, 0), 2) for index in range(len(days))])
        series[symbol] = SymbolBars(
            np.array(days, dtype="datetime64[D]"), close, close * 1.01, close * 0.99, close, np.full(len(days), 1e6)
        )
    return build_panel(series)

"""The time of a run: the simulator's, which moves only while the trading process waits, and what happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.core import Simulator
from trading.gateway.clocks import WakeUp

_SECOND_US = 1_000_000
_A_LONG_ONE_S = 4.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TurnWake(WakeUp):
    """Tells when the trading process begins a turn: it then has taken up whatever anybody wants."""

    def __init__(self) -> None:
        """Tell nobody yet."""
        super().__init__()
        self.on_turn: Callable[[], object] = _nothing

    def taken_up(self) -> None:
        """A turn begins."""
        super().taken_up()
        self.on_turn()


class RunClock:
    """`trading.ports.Clock` over a simulator in the process; what is due on the way is done when its time comes."""

    def __init__(self, simulator: Simulator, wake: TurnWake) -> None:
        """Follow `simulator`; `wake` ends waits."""
        self.simulator = simulator
        self.wake = wake
        self.check_alive: Callable[[], object] = _nothing
        """is asked before each wait of the trading process"""
        self.shortest_pause: Callable[[], float] = _at_once
        """says how many seconds a pause of the trading process lasts at least"""
        self.length_of: Callable[[float], float] = _as_long
        """is told the seconds of each wait, and says for how many the market goes on without another look"""
        self.nobody_there = False
        """whether time passes by while the trading process is not there to be asked for anything"""
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._added = 0
        self._owed_us = 0
        self._shown: tuple[int, datetime] = (0, _EPOCH)

    def now(self) -> datetime:
        """Return the simulated time."""
        self._let_pass()
        now_us = self.simulator.broker.now_us
        if self._shown[0] != now_us:
            self._shown = now_us, _EPOCH + timedelta(microseconds=now_us)
        return self._shown[1]

    def monotonic(self) -> float:
        """Return simulated seconds."""
        self._let_pass()
        return self.simulator.broker.now_us / _SECOND_US

    @property
    def ended(self) -> bool:
        """Return that the run is over by its schedule, never by the end of the data."""
        return False

    def add(self, at: str, action: Callable[[], object]) -> None:
        """Let something happen at an ISO 8601 time, or at once where that is past."""
        self._agenda.append((_us(datetime.fromisoformat(at)), self._added, action))
        self._added += 1
        self._agenda.sort(key=lambda entry: entry[:2])

    def wait(self, until: datetime) -> None:
        """Let the market go on to `until`, to the account's first event, or until somebody wants something."""
        self.check_alive()
        self._let_pass()
        until_us = _us(until)
        now_us = self.simulator.broker.now_us
        until_us = now_us + int(self.length_of((until_us - now_us) / _SECOND_US) * _SECOND_US)
        while not self.wake.wanted and self.simulator.broker.now_us < until_us:
            if self._move(until_us, stop_on_event=True):
                return

    def pause(self, seconds: float) -> bool:
        """Let seconds pass, whatever happens to the account; False where somebody wants something before.

        The market is moved when somebody looks at the time: a long pause comes in many short pieces.
        """
        self.check_alive()
        if seconds >= _A_LONG_ONE_S:
            seconds = max(seconds, self.shortest_pause())
        self._owed_us += max(int(seconds * _SECOND_US), 1)
        if self._agenda and self._agenda[0][0] <= self.simulator.broker.now_us + self._owed_us:
            self._let_pass()
        return not self.wake.wanted

    def _let_pass(self) -> None:
        """Move the market by what was paused."""
        if not self._owed_us:
            return
        until_us, self._owed_us = self.simulator.broker.now_us + self._owed_us, 0
        while not self.wake.wanted and self.simulator.broker.now_us < until_us:
            self._move(until_us, stop_on_event=False)

    def pass_by(self, seconds: float) -> None:
        """Let seconds pass while nobody is there to want anything."""
        self._let_pass()
        until_us = self.simulator.broker.now_us + int(seconds * _SECOND_US)
        self.nobody_there = True
        while self.simulator.broker.now_us < until_us and not self.wake.stopping:
            self._move(until_us, stop_on_event=False)
        self.nobody_there = False

    def _move(self, until_us: int, *, stop_on_event: bool) -> bool:
        """Move to `until_us` or to what is due before; return whether an event of the account ended it."""
        target_us = min(until_us, self._agenda[0][0]) if self._agenda else until_us
        with self.simulator.locked() as broker:
            # As POST /sim/advance does it.
            stopped = stop_on_event and broker.exchange.events > broker.reported_events
            if not stopped:
                stopped = broker.advance(max(target_us, broker.now_us), stop_on_event=stop_on_event)
            broker.reported_events = broker.exchange.events
        while self._agenda and self._agenda[0][0] <= self.simulator.broker.now_us:
            self._agenda.pop(0)[2]()
        return stopped


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _nothing() -> None:
    """Let everybody live."""


def _at_once() -> float:
    """Let pauses be as short as they are."""
    return 0.0


def _as_long(seconds: float) -> float:
    """Let waits be as long as they are."""
    return seconds

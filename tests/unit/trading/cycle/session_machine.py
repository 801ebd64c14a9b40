"""A session over time, look by look, and the looks that its tests need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.fakes.fake_session import LOGGED_IN, LOGGED_OUT, READY
from trading.config import SessionSettings
from trading.cycle.session_state import Action, KnownSession, Open, Sight, next_state
from trading.model.account import SessionStatus
from trading.model.status import SessionState

NOON = datetime(2014, 3, 4, 17, 0, tzinfo=UTC)
RESET = datetime(2014, 3, 5, 6, 0, tzinfo=UTC)  # 01:00 in New York
SETTINGS = SessionSettings(yield_s=300.0)
OURS, OTHER = "DU1234567", "DU7654321"
TELLS_TIME = replace(READY, server_time_ms=1)
DOWN = Sight(None, problem="connection refused")
PENALTY = Sight(None, suspended=True, problem="too many requests")
GONE = Sight(LOGGED_OUT)
LOST = LOGGED_IN  # connected, not authenticated: the login lives, its brokerage session does not


class Machine:
    """A session over time."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.session = KnownSession(SessionState.STARTING, "", now)
        self.actions: tuple[Action, ...] = ()

    def look(self, sight: Sight | SessionStatus, *, after_s: float = 0.0, selected: str = OURS) -> SessionState:
        self.now += timedelta(seconds=after_s)
        if isinstance(sight, SessionStatus):
            accounts = (selected, OTHER if selected == OURS else OURS) if sight.usable else ()
            sight = Sight(sight, accounts)
        self.session, self.actions = next_state(self.session, sight, self.now, SETTINGS, OURS)
        return self.session.state

    @property
    def asks(self) -> bool:
        return Open() in self.actions

    def boot(self) -> None:
        """Start a new process, which knows only what was stored."""
        self.session = KnownSession(SessionState.STARTING, "", self.now, self.session.memory, self.session.epoch)

    def open_by_asking(self) -> None:
        """Lose the session, ask for it and get it."""
        self.look(LOST, after_s=10_000.0)
        assert self.asks
        assert self.look(READY) is SessionState.READY

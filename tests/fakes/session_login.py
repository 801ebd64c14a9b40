"""A session keeper with a session in memory and a store on disk."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_session import FakeSession
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from trading.config import SessionSettings
from trading.cycle.session_keeper import SessionKeeper
from trading.errors import SessionLost
from trading.model.status import StatusKey
from trading.store.database import Database
from trading.store.records import SqliteStore

NOW = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
YIELD_S = 300.0
NOT_ALLOWED = SessionLost("GET /iserver/account/orders", "not logged in", 401)


class Login:
    """A keeper and what it works with."""

    def __init__(self, database: Database) -> None:
        self.session = FakeSession()
        self.store = SqliteStore(database)
        self.clock = FakeClock(NOW)
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.keeper = self.boot()

    def boot(self) -> SessionKeeper:
        settings = SessionSettings(yield_s=YIELD_S)
        return SessionKeeper(self.session, self.store, self.clock, (self.log, self.metrics), settings, ACCOUNT)

    def state(self) -> str | None:
        return self.store.value(StatusKey.SESSION_STATE)

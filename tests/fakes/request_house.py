"""What people write to, what the trading process keeps, and who carries the one over into the other."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.fakes.fake_requests import FakeRequests
from tests.fakes.memory_metrics import MemoryLog
from trading.cycle.operator_requests import OperatorRequests
from trading.errors import InvariantBroken
from trading.model.mode import Mode
from trading.store.database import Database
from trading.store.records import SqliteStore

NOW = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
DAMAGED = InvariantBroken("controls", "controls.db: file is not a database")
BUSY = InvariantBroken("controls_busy", "controls.db: database is locked")


class House:
    """What people write to, what the trading process keeps, and who carries the one over into the other."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = SqliteStore(database)
        self.requests = FakeRequests(self.store.halts.newest)
        self.store.set_reconciled(reconciled=True, reason="test", now=NOW)
        self.log = MemoryLog()
        self.taker = self.boot()

    def boot(self) -> OperatorRequests:
        return OperatorRequests(self.requests, self.store, self.log)

    def take_up(self) -> int:
        return self.taker.take_up(NOW)

    def mode(self) -> Mode:
        return self.store.mode().mode

    def flattens(self) -> bool:
        return self.store.halts.flatten_goal() is not None

    def answers(self) -> list[str]:
        return [answer for _, answer in self.requests.answers]

    def block_the_store(self, *, blocked: bool) -> None:
        self.database.query(f"PRAGMA query_only = {'ON' if blocked else 'OFF'}")

"""Notices, alerts and senders that a test makes up, and a courier whose time and threads the test moves."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fakes.memory_metrics import MemoryLog
from trading.config import NotifySettings
from trading.model.alert import Alert
from trading.model.notice import Message, News, Notice, Outcome, Part, Sent, StoredAlert
from trading.notices.courier import Courier, Timing
from trading.notices.news import Gathered
from trading.store.database import Database
from trading.store.notices import SqliteNotices

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DOWN = Sent(ok=False, detail="connection refused")


def notice(number: int = 1, code: str = "uncovered", **facts: object) -> Notice:
    """Return a notice that was noted at noon and lasts, each fact of it as the test wants it."""
    values: dict[str, object] = {
        "topic": f"alert {number}", "telling": 1, "text": f"text {number}", "urgent": False, "since": NOON,
        "over": None, "noticed_at": NOON, "ended_at": None,
    }  # fmt: skip
    return Notice(number=number, code=code, **(values | facts))  # type: ignore[arg-type]


def news(topic: str = "alert 1", code: str = "uncovered", *, telling: int = 1, over: datetime | None = None) -> News:
    """Return news that are so since noon."""
    return News(topic, telling, code, f"text of {topic}", NOON, NOON, over)


def stored(
    number: int = 1, code: str = "uncovered", *, times: int = 1, over: datetime | None = None, sale: bool = False
) -> StoredAlert:
    """Return an alert that was told at noon."""
    return StoredAlert(number, Alert(code, "AAPL", "10 AAPL have no stop", NOON, NOON, over, times), sale)


class FakeSender:
    """Keeps what it is given, and fails while it is down."""

    def __init__(self, channel: str = "json://fake") -> None:
        self.channel = channel
        self.messages: list[Message] = []
        self.down = False
        self.error: Exception | None = None

    def send(self, message: Message) -> Sent:
        if self.error is not None:
            raise self.error
        if self.down:
            return DOWN
        self.messages.append(message)
        return Sent(ok=True)

    @property
    def text(self) -> str:
        return "\n".join(message.text for message in self.messages)


class Office:
    """A courier with a database: `look` is one of its looks, `go` lets time pass in between."""

    def __init__(self, folder: Path, senders: Sequence[FakeSender], settings: NotifySettings | None = None) -> None:
        self.senders = list(senders)
        self.settings = settings or NotifySettings()
        self.now = NOON
        self.news: tuple[News, ...] = ()
        self.unsure: frozenset[str] = frozenset()
        self.log = MemoryLog()
        self.started: list[Callable[[], None]] = []
        self.inline = True
        """whether a delivery is over at once"""
        self.start: Callable[[Callable[[], None]], None] = self._start
        """runs a delivery"""
        self.simulated = False
        self.database = Database(folder / "trading.db", chance=random.Random(1))  # noqa: S311
        self.restart()

    def restart(self) -> None:
        """Go on as another process would: all that is left is the database."""
        self.started = []
        self.book = SqliteNotices(self.database, lambda: self.now.date())
        self.book.begin()
        timing = Timing(
            lambda: self.now, lambda: self.now.timestamp(), lambda run: self.start(run), simulated=self.simulated
        )
        self.courier = Courier(
            self.book,
            lambda: Gathered(self.news, self.unsure),
            self.senders,
            self.settings,
            timing,
            self.log,
            system="simulated",
        )

    def _start(self, run: Callable[[], None]) -> None:
        if self.inline:
            run()
        else:
            self.started.append(run)

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def look(self, times: int = 1, *, apart_s: float = 3.0) -> None:
        for _ in range(times):
            self.courier.look()
            self.go(apart_s)

    def outcomes(self, part: Part = Part.TOLD) -> list[tuple[Outcome, int]]:
        """Return outcome and attempts of each delivery, in their order."""
        return [
            (each.outcome, each.attempts)
            for sender in self.senders
            for each in self.book.deliveries(sender.channel)
            if each.part is part
        ]

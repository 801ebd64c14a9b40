"""What people are told of an outage, from the looks of the loop at the session to the messages that go out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.fake_session import LOGGED_OUT, READY, Happening
from tests.fakes.notices import FakeSender, Office
from tests.fakes.session_login import Login
from tests.fakes.trading_context import Notes
from trading.config import Settings
from trading.cycle.alerting import Alerting
from trading.errors import GatewayError, NotSent, Refused, Suspended
from trading.market.calendar import TradingCalendar
from trading.model.alarm import AlarmCode
from trading.notification import Desk
from trading.store.alerts import SqliteAlerts

CALENDAR = TradingCalendar(date(2026, 2, 2), date(2026, 4, 30))
SATURDAY = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)
SUNDAY_EVENING = datetime(2026, 3, 8, 23, 0, tzinfo=UTC)
# An hour before orders leave at 12:30 UTC, in summer time.
MONDAY = datetime(2026, 3, 9, 11, 30, tzinfo=UTC)
DOWN = NotSent("POST /tickle", "connection refused")
NO_ANSWER = NotSent("GET /iserver/accounts", "no answer")
STEP_S = 240.0


class World:
    """A loop that only looks at the session, and a courier beside it."""

    def __init__(self, folder: Path) -> None:
        self.sender = FakeSender()
        self.office = Office(folder, [self.sender])
        self.login = Login(self.office.database)
        self.login.clock.time = SATURDAY
        self.alerts = SqliteAlerts(self.office.database, Notes())
        self.desk = Desk(Settings(), self.office.database.path, self.login.clock.now, lambda: CALENDAR)

    @property
    def titles(self) -> list[str]:
        return [message.title.partition(": ")[2] for message in self.sender.messages]

    def look(self, shows: Happening = READY, accounts: Exception | None = None) -> None:
        session, clock = self.login.session, self.login.clock
        session.shows, session.ids = shows, accounts or ("DU1234567",)
        with suppress(GatewayError):
            self.login.keeper.check()
        Alerting(self.alerts, clock).present(self.login.keeper.alarms(), (AlarmCode.SESSION,))
        found = self.desk.gather()
        self.office.now, self.office.news, self.office.unsure = clock.now(), found.news, found.unsure
        self.office.look(2)
        clock.go(STEP_S)

    def look_until(self, end: datetime, *turns: tuple[Happening, Exception | None]) -> None:
        number = 0
        while self.login.clock.now() < end:
            self.look(*turns[number % len(turns)])
            number += 1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.office.database.close()


def test_outage_of_a_weekend_is_one_message_and_its_end(world: World) -> None:
    world.look()
    down, stale, penalty = (DOWN, None), (READY, NO_ANSWER), (Suspended("POST /tickle", "too many"), None)
    # Saturday evening and the nights are resets.
    world.look_until(SUNDAY_EVENING, down, down, stale, down, penalty)
    assert world.titles == ["session trouble"]
    assert "does not answer, and nothing can be sent. Look whether the gateway runs" in world.sender.text
    world.look_until(SUNDAY_EVENING + timedelta(minutes=40), (READY, None))
    assert world.titles == ["session trouble", "session trouble is over"]
    assert "Over since 2026-03-08 23:" in world.sender.text


def test_outage_that_lasts_is_told_once_more_before_orders_leave(world: World) -> None:
    world.login.clock.time = MONDAY - timedelta(hours=1)
    world.look()
    world.look_until(MONDAY + timedelta(minutes=30), (DOWN, None))
    assert world.titles == ["session trouble", "session trouble"]
    assert "Orders next leave at 12:30 UTC" in world.sender.messages[1].text


def test_answer_within_five_minutes_is_no_news(world: World) -> None:
    world.look()
    for _ in range(3):
        world.look(DOWN)
        world.look()
    assert world.titles == []


def test_gateway_that_comes_back_without_a_login_says_what_is_needed_now(world: World) -> None:
    world.look_until(SATURDAY + timedelta(minutes=20), (DOWN, None))
    world.look(LOGGED_OUT)
    assert world.titles == ["session trouble", "login needed"]
    world.look_until(SATURDAY + timedelta(minutes=60), (READY, None))
    assert sorted(world.titles[2:]) == ["login needed is over", "session trouble is over"]


def test_refusal_that_lasts_is_one_message_and_its_end(world: World) -> None:
    refused = Refused("POST /tickle", "not allowed", 403)
    world.look_until(SATURDAY + timedelta(minutes=60), (refused, None))
    assert world.titles == ["session trouble"]
    assert "ips.allow" in world.sender.text
    world.look_until(SATURDAY + timedelta(minutes=90), (READY, None))
    assert world.titles == ["session trouble", "session trouble is over"]


def test_penalty_is_news_only_where_it_does_not_end(world: World) -> None:
    penalty = Suspended("POST /tickle", "too many")
    world.look()
    world.look_until(SATURDAY + timedelta(minutes=20), (penalty, None))
    assert world.titles == []
    world.look_until(SATURDAY + timedelta(minutes=60), (penalty, None))
    assert world.titles == ["session trouble"]
    assert "for more than 30 minutes" in world.sender.text

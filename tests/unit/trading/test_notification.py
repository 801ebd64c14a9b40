from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.decisions import decision
from tests.fakes.heartbeats import leave_beat
from tests.fakes.memory_metrics import MemoryLog
from tests.fakes.notices import NOON, news
from tests.fakes.raw_server import within
from tests.fakes.trading_context import Notes
from tests.fakes.webhook_receiver import Receiver
from trading.config import GatewaySettings, NotifySettings, Settings
from trading.config.annotations import Secret
from trading.market.calendar import TradingCalendar
from trading.model.decision import RiskState
from trading.model.mode import OPERATOR
from trading.model.notice import NoticeCode
from trading.model.status import SessionState, StatusKey
from trading.monitoring.senders import senders_of
from trading.monitoring.sign_of_life import HEARTBEAT_NAME
from trading.monitoring.wall_clock import WallClock
from trading.notification import Desk, before_start, notifying
from trading.store.alerts import SqliteAlerts
from trading.store.database import Database
from trading.store.notices import SqliteNotices
from trading.store.records import SqliteStore

CALENDAR = TradingCalendar(date(2026, 2, 2), date(2026, 4, 30))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db")
    yield database
    database.close()


def desk(database: Database, settings: Settings | None = None) -> Desk:
    return Desk(settings or Settings(), database.path, lambda: NOON, lambda: CALENDAR)


def test_all_that_is_stored_is_gathered(database: Database) -> None:
    SqliteNotices(database, lambda: NOON.date()).begin()
    store = SqliteStore(database)
    SqliteAlerts(database, Notes()).present("uncovered", "AAPL", "10 AAPL have no stop", NOON)
    store.halts.raise_halt(OPERATOR, "cli 1", reason="odd prices", actor="cli:ann", now=NOON)
    store.halts.set_daily_loss("6 % lost", NOON)
    store.record_decision(decision(), NOON)
    store.set_risk_state(RiskState(latches={"drawdown": date(2026, 3, 3)}), reason="21 %", actor="risk", now=NOON)
    store.show(
        {
            StatusKey.SESSION_STATE: SessionState.WAITING_LOGIN,
            StatusKey.SESSION_PERSON: "Log in.",
            StatusKey.STATE_SINCE: NOON.isoformat(),
        }
    )
    found = desk(database).gather()
    assert [item.code for item in found.news] == ["uncovered", "halted", "reducing", "reducing", "login", "summary"]
    assert "Orders next leave at 13:30 UTC" in found.news[4].text
    quiet = desk(database, Settings(notify=NotifySettings(daily_summary=False))).gather()
    assert NoticeCode.SUMMARY not in [item.code for item in quiet.news]


def test_time_of_a_simulated_market_is_what_the_loop_told_last(database: Database) -> None:
    market = datetime(2014, 3, 4, 12, 0, tzinfo=UTC)
    alerts = SqliteAlerts(database, Notes())
    SqliteNotices(database, lambda: NOON.date()).begin()
    alerts.present("split", "AAPL", "2 for 1", market)
    alerts.over("split", (), market + timedelta(minutes=5))
    SqliteStore(database).show({StatusKey.MARKET_NOW: market.isoformat()})
    simulated = Settings(gateway=GatewaySettings(kind="simulated"))
    assert desk(database, simulated).gather().news[0].over is None
    assert desk(database).gather().news[0].over == market + timedelta(minutes=5)


def test_before_the_first_turn_the_time_of_a_simulated_market_is_that_of_its_session(database: Database) -> None:
    market = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    SqliteStore(database).show(
        {
            StatusKey.SESSION_STATE: SessionState.WAITING_LOGIN,
            StatusKey.SESSION_PERSON: "Log in.",
            StatusKey.STATE_SINCE: market.isoformat(),
        }
    )
    simulated = Settings(gateway=GatewaySettings(kind="simulated"))
    assert "at 13:30 UTC on 2026-03-03, in 1 h 30 min" in desk(database, simulated).gather().news[0].text


def test_process_that_died_is_told_of_by_its_last_sign_of_life(tmp_path: Path) -> None:
    settings, file = Settings(state_dir=tmp_path), tmp_path / HEARTBEAT_NAME
    assert before_start(settings) is None
    leave_beat(tmp_path)
    os.utime(file, (0.0, 1_700_000_000.0))
    told = before_start(settings)
    assert told is not None
    assert "was silent from 2023-11-14 22:13:20 UTC to " in told.text
    leave_beat(tmp_path, ended_at="2023-11-14T22:13:20+00:00", ended_by="Ctrl-C")
    os.utime(file, (0.0, 1_700_000_000.0))
    assert before_start(settings) is None


def test_without_addresses_nothing_is_begun(database: Database) -> None:
    log = MemoryLog()
    with notifying(Settings(), database, (), log, lambda: CALENDAR, None) as unstored:
        unstored("invariant", "the disk is full")
    assert database.fact("notices_after_alert") is None
    assert log.lines == []


def test_silence_is_delivered_first_and_what_can_not_be_stored_as_well(database: Database) -> None:
    receiver = Receiver()
    senders = senders_of(Secret(f"json://127.0.0.1:{receiver.port}/s3cret"))
    log = MemoryLog()
    silent = news("silent x", "silent", over=WallClock().now())
    with within(30.0), notifying(Settings(), database, senders, log, lambda: CALENDAR, silent) as unstored:
        unstored("invariant", "the disk is full")
        receiver.wait_for(lambda text: "the disk is full" in text, 20.0)
    assert [each.topic for each in SqliteNotices(database, lambda: NOON.date()).notices()] == ["silent x"]
    assert log.lines[0] == ("info", "notifications", {"channels": ["json://127.0.0.1"]})
    receiver.close()

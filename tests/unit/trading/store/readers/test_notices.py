from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from tests.fakes.decisions import decision
from tests.fakes.notices import NOON, notice
from tests.fakes.orders import LATER, NOW, bracket, fill
from tests.fakes.trading_context import Notes
from trading.model.notice import Outcome, Part
from trading.store.alerts import SqliteAlerts
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.notices import SqliteNotices
from trading.store.readers.notices import NoticeReader
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore

T = TypeVar("T")
CHANNEL = "json://host"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db")
    yield database
    database.close()


@pytest.fixture
def book(database: Database) -> SqliteNotices:
    return SqliteNotices(database, lambda: NOON.date())


@pytest.fixture
def alerts(database: Database) -> SqliteAlerts:
    return SqliteAlerts(database, Notes())


def read(database: Database, ask: Callable[[NoticeReader], T]) -> T:
    with read_state(database.path) as state:
        return ask(state.notices)


def numbers(database: Database) -> list[int]:
    return [each.number for each in read(database, NoticeReader.alerts)]


def test_alert_is_read_while_it_lasts_and_until_its_end_is_noted(
    database: Database, book: SqliteNotices, alerts: SqliteAlerts
) -> None:
    book.begin()
    alerts.present("split", "AAPL", "2 for 1", NOW)
    assert numbers(database) == [1]
    book.note([notice(1)], ())
    alerts.over("split", (), LATER)
    assert numbers(database) == [1]
    book.note((), [notice(1, ended_at=NOON)])
    assert numbers(database) == []


def test_alert_that_is_told_again_after_its_end_was_noted_is_read(
    database: Database, book: SqliteNotices, alerts: SqliteAlerts
) -> None:
    book.note([notice(1, ended_at=NOON)], ())
    alerts.present("split", "AAPL", "2 for 1", NOW)
    assert numbers(database) == []
    alerts.present("split", "AAPL", "2 for 1", LATER, again_after_s=1.0)
    assert numbers(database) == [1]


def test_what_was_over_before_anybody_was_to_be_told_is_not_read(
    database: Database, book: SqliteNotices, alerts: SqliteAlerts
) -> None:
    alerts.present("split", "AAPL", "2 for 1", NOW)
    alerts.present("split", "IBM", "3 for 1", NOW)
    alerts.over("split", {"IBM"}, LATER)
    book.begin()
    alerts.present("split", "XOM", "4 for 1", LATER)
    alerts.over("split", {"IBM"}, LATER + timedelta(seconds=1))
    assert numbers(database) == [2, 3]


def test_alert_of_an_order_that_sells_is_known_as_such(database: Database, alerts: SqliteAlerts) -> None:
    journal = SqliteJournal(database)
    entry, stop, _ = legs = bracket(journal.next_coid())
    journal.plan(list(legs))
    alerts.present("rejected", entry.coid, "the entry", NOW)
    alerts.present("rejected", stop.coid, "the stop", NOW)
    assert [each.sale for each in read(database, NoticeReader.alerts)] == [False, True]


def test_daily_loss_is_read_with_the_number_of_its_entry(database: Database) -> None:
    store = SqliteStore(database)
    assert read(database, NoticeReader.daily_loss) is None
    store.halts.set_daily_loss("6 % lost", NOW)
    loss = read(database, NoticeReader.daily_loss)
    assert loss is not None
    assert (loss.reason, loss.since) == ("6 % lost", NOW)
    store.halts.set_daily_loss(None, LATER)
    assert read(database, NoticeReader.daily_loss) is None


def test_session_is_read_until_its_summary_is_noted(database: Database, book: SqliteNotices) -> None:
    book.begin()
    store, journal = SqliteStore(database), SqliteJournal(database)
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("b1", entry, 10, 100.01), NOW)
    taken = decision()
    store.record_equity(taken.session - timedelta(days=3), taken.equity - 50.0, 1.0, 0, 0.0)
    store.record_equity(taken.session, taken.equity, 1.0, 0, 0.0)
    store.record_decision(taken, NOW)
    (result,) = read(database, NoticeReader.untold_sessions)
    assert (result.session, result.equity, result.profit) == (taken.session, taken.equity, 50.0)
    assert [(each.symbol, each.quantity, each.covered) for each in result.held] == [(entry.symbol, 10, 0)]
    assert dict(result.denials) == {code: 1 for code in {denied.code for denied in taken.denials}}
    book.note([notice(1, "summary", topic=f"summary {taken.session}", ended_at=NOON)], ())
    assert read(database, NoticeReader.untold_sessions) == ()


def test_what_was_bought_and_sold_in_a_session_is_summed_by_order(database: Database, book: SqliteNotices) -> None:
    book.begin()
    journal = SqliteJournal(database)
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("b1", entry, 4, 100.0), NOW)
    journal.record_fill(entry.coid, fill("b2", entry, 6, 101.0), NOW)
    session = database.query("SELECT session FROM execution")[0]["session"]
    taken = decision(session=date.fromisoformat(session))
    SqliteStore(database).record_decision(taken, NOW)
    (result,) = read(database, NoticeReader.untold_sessions)
    assert [(each.side, each.role, each.quantity, round(each.price, 4)) for each in result.dealt] == [
        ("BUY", "entry", 10, 100.6)
    ]
    assert result.profit is None


def test_deliveries_are_listed_newest_first_and_each_channel_by_its_newest(
    database: Database, book: SqliteNotices
) -> None:
    book.note([notice(1), notice(2)], ())
    book.record(CHANNEL, [(1, Part.TOLD)], Outcome.SENDING, NOON)
    book.record(CHANNEL, [(1, Part.TOLD)], Outcome.SENT, NOON)
    book.record(CHANNEL, [(2, Part.TOLD)], Outcome.FAILED, NOON + timedelta(hours=1), "answered 500")
    book.record("json://other", [(2, Part.TOLD)], Outcome.SENT, NOON)
    book.record("json://other", [(1, Part.TOLD)], Outcome.DROPPED, NOON + timedelta(hours=2), "too old")
    lines = read(database, NoticeReader.delivered)
    assert [(line.channel, line.outcome, line.text) for line in lines][1] == (CHANNEL, Outcome.FAILED, "text 2")
    states = read(database, NoticeReader.channels)
    assert [(each.channel, each.outcome, each.detail) for each in states] == [
        (CHANNEL, Outcome.FAILED, "answered 500"),
        ("json://other", Outcome.SENT, ""),
    ]


def test_before_there_is_a_file_there_is_nothing(tmp_path: Path) -> None:
    with read_state(tmp_path / "trading.db") as state:
        found = (state.notices.alerts(), state.notices.daily_loss(), state.notices.untold_sessions())
        assert found == ((), None, ())
        assert (state.notices.delivered(), state.notices.channels()) == ((), ())

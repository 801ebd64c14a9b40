from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.notices import NOON, notice
from trading.model.notice import Outcome, Part
from trading.store.database import Database
from trading.store.notices import SqliteNotices

CHANNEL = "json://host"
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def book(database: Database) -> SqliteNotices:
    return SqliteNotices(database, lambda: NOON.date())


def test_notice_comes_back_as_it_was_noted(book: SqliteNotices) -> None:
    noted = notice(1, urgent=True, over=LATER, ended_at=LATER)
    book.note([noted], ())
    assert book.notices() == (noted,)
    assert book.known() == {"alert 1": noted}


def test_end_is_that_of_every_telling_and_newest_telling_is_the_known_one(book: SqliteNotices) -> None:
    first, again = notice(1, topic="alert 9"), notice(2, topic="alert 9", telling=2)
    book.note([first], ())
    book.note([again], ())
    assert book.known() == {"alert 9": again}
    book.note((), [replace(again, over=LATER, ended_at=LATER)])
    assert [(each.number, each.ended_at) for each in book.notices()] == [(1, LATER), (2, LATER)]


def test_same_telling_is_noted_once(book: SqliteNotices) -> None:
    book.note([notice(1)], ())
    book.note([replace(notice(1), text="other words")], ())
    assert [each.text for each in book.notices()] == ["text 1"]


def test_what_ended_long_ago_is_not_asked_for(database: Database, book: SqliteNotices) -> None:
    book.note([notice(1, ended_at=LATER), notice(2)], ())
    book.record(CHANNEL, [(1, Part.TOLD), (2, Part.TOLD)], Outcome.SENDING, NOON)
    later = SqliteNotices(database, lambda: (NOON + timedelta(days=5)).date())
    assert [each.number for each in later.notices()] == [2]
    assert [each.number for each in later.deliveries(CHANNEL)] == [2]


def test_attempts_are_counted_when_they_begin_and_outcomes_replace_each_other(book: SqliteNotices) -> None:
    book.note([notice(1)], ())
    for outcome in (Outcome.SENDING, Outcome.FAILED, Outcome.SENDING, Outcome.SENT):
        book.record(CHANNEL, [(1, Part.TOLD)], outcome, LATER, f"so it {outcome}")
    (delivery,) = book.deliveries(CHANNEL)
    assert (delivery.outcome, delivery.attempts, delivery.at) == (Outcome.SENT, 2, LATER)
    assert delivery.detail == "so it sent"
    assert book.deliveries("json://other") == ()


def test_nothing_is_written_for_nothing(database: Database, book: SqliteNotices) -> None:
    before = database.changes
    book.record(CHANNEL, (), Outcome.SENT, NOON)
    assert database.changes == before


def test_first_begin_is_the_one_that_counts(database: Database, book: SqliteNotices) -> None:
    book.begin()
    with database.transaction() as connection:
        connection.execute("INSERT INTO alert (code, subject, text, since) VALUES ('split', '', 'x', ?)", (str(NOON),))
    book.begin()
    assert (database.fact("notices_after_alert"), database.fact("notices_after_session")) == ("0", "")

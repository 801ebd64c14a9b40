from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.notices import NOON, notice
from trading.config import NotifySettings
from trading.model.notice import Delivery, Notice, NoticeCode, Outcome, Part
from trading.notices.due import Due, due
from trading.store.database import Database
from trading.store.notices import SqliteNotices
from trading.store.readers.state import read_state
from trading.store.units import utc_text

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


TODAY = NOON + timedelta(days=200)


def pruned_at(database: Database, now: datetime) -> SqliteNotices:
    book = SqliteNotices(database, lambda: now.date())
    book.prune()
    return book


def numbers(database: Database, table: str = "notice") -> list[int]:
    return [row["number"] for row in database.query(f"SELECT number FROM {table} ORDER BY number")]  # noqa: S608


def halted(number: int, ended: datetime | None) -> Notice:
    return notice(number, "halted", topic=f"halt {number}", over=ended, ended_at=ended)


def test_what_has_been_over_for_three_months_is_deleted_with_its_deliveries(
    database: Database, book: SqliteNotices
) -> None:
    book.note([halted(1, LATER), halted(2, LATER), halted(3, None)], ())
    for number in (1, 2, 3):
        book.record(CHANNEL, [(number, Part.TOLD)], Outcome.SENT, NOON + timedelta(minutes=number))
    assert pruned_at(database, LATER + timedelta(days=90)).prune() == 0
    assert numbers(database) == [1, 2, 3]
    pruned_at(database, LATER + timedelta(days=91))
    assert numbers(database) == numbers(database, "delivery") == [3]


def test_lasting_notice_stays_however_old_and_so_do_its_deliveries(database: Database, book: SqliteNotices) -> None:
    book.note([halted(1, None)], ())
    book.record(CHANNEL, [(1, Part.TOLD)], Outcome.FAILED, NOON)
    later = pruned_at(database, TODAY)
    assert [each.number for each in later.notices()] == [1]
    assert [each.outcome for each in later.deliveries(CHANNEL)] == [Outcome.FAILED]


def test_newest_delivery_of_a_channel_stays_to_say_whether_it_works(database: Database, book: SqliteNotices) -> None:
    book.note([halted(1, LATER), halted(2, LATER)], ())
    book.record(CHANNEL, [(1, Part.TOLD)], Outcome.FAILED, LATER)
    book.record(CHANNEL, [(2, Part.TOLD)], Outcome.DROPPED, TODAY)
    pruned_at(database, TODAY)
    assert numbers(database) == [1]


def test_sessions_are_summed_up_once_though_their_summaries_are_deleted(
    database: Database, book: SqliteNotices
) -> None:
    book.begin()
    for number, day in enumerate(("2026-03-02", "2026-03-03"), 1):
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO decision (session, at, equity, cash, drawdown, body) VALUES (?, ?, 1, 1, 0.0, '{}')",
                (day, utc_text(NOON)),
            )
        book.note([notice(number, NoticeCode.SUMMARY, topic=f"summary {day}", over=NOON, ended_at=NOON)], ())
    pruned_at(database, TODAY)
    assert numbers(database) == [2]
    with read_state(database.path) as state:
        assert state.notices.untold_sessions() == ()


def alert(database: Database, number: int, over: datetime | None, times: int = 1) -> None:
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO alert (id, code, subject, text, since, told_at, over_at, times)"
            " VALUES (?, 'split', ?, 'x', ?, ?, ?, ?)",
            (number, str(number), utc_text(NOON), utc_text(NOON), None if over is None else utc_text(over), times),
        )


def asked_for(database: Database) -> list[int]:
    """Return the alerts that are looked at for news."""
    with read_state(database.path) as state:
        return [each.number for each in state.notices.alerts()]


def test_alert_whose_notice_is_deleted_is_never_news_again(database: Database, book: SqliteNotices) -> None:
    book.begin()
    for number in (1, 2):
        alert(database, number, LATER)
        book.note([notice(number, over=LATER, ended_at=LATER)], ())
    pruned_at(database, TODAY)
    assert numbers(database) == []
    assert asked_for(database) == []
    alert(database, 3, None)
    assert asked_for(database) == [3]


def test_alert_that_nobody_has_noted_is_still_news_and_keeps_what_came_after_it(
    database: Database, book: SqliteNotices
) -> None:
    book.begin()
    for number in (1, 2, 3):
        alert(database, number, LATER)
    book.note([notice(1, over=LATER, ended_at=LATER), notice(3, over=LATER, ended_at=LATER)], ())
    pruned_at(database, TODAY)
    assert numbers(database) == [2], "the notice of alert 3, which has the second number"
    assert asked_for(database) == [2]


def test_nothing_is_deleted_of_alerts_before_it_is_known_which_were_to_be_told(
    database: Database, book: SqliteNotices
) -> None:
    alert(database, 1, LATER)
    book.note([notice(1, over=LATER, ended_at=LATER)], ())
    pruned_at(database, TODAY)
    assert numbers(database) == [1]


DAYS = st.integers(0, 200)
OUTCOMES = st.sampled_from([None, *Outcome])
ALERTS = st.lists(
    st.tuples(DAYS, st.none() | DAYS, st.none() | st.integers(0, 2), OUTCOMES, OUTCOMES, st.integers(1, 2)), max_size=12
)


def filled(
    database: Database, alerts: list[tuple[int, int | None, int | None, Outcome | None, Outcome | None, int]]
) -> None:
    """Keep alerts of which some ended, some were noted, some were told, through one of two channels or both."""
    book = SqliteNotices(database, lambda: TODAY.date())
    book.begin()
    for number, (came, lasted, noted_after, first, second, times) in enumerate(alerts, 1):
        at = NOON + timedelta(days=came)
        over = None if lasted is None or came + lasted > 200 else at + timedelta(days=lasted)
        alert(database, number, over, times)
        if noted_after is None:
            continue
        end = None if over is None or noted_after == 1 else over
        book.note([notice(0, topic=f"alert {number}", telling=times, noticed_at=at, over=over, ended_at=end)], ())
        newest = int(database.query("SELECT max(number) FROM notice")[0][0])
        for channel, outcome in ((CHANNEL, first), ("json://other", second)):
            if outcome is not None:
                book.record(channel, [(newest, Part.TOLD)], outcome, at)


def told(database: Database) -> tuple[tuple[Notice, ...], list[int], list[tuple[Delivery, ...]], list[Due]]:
    """Return all that decides on what is told next."""
    book = SqliteNotices(database, lambda: TODAY.date())
    deliveries = [book.deliveries(channel) for channel in (CHANNEL, "json://other")]
    dues = [due(book.notices(), each, NotifySettings(), TODAY) for each in deliveries]
    return book.notices(), asked_for(database), deliveries, dues


@settings(max_examples=60, deadline=None)
@given(alerts=ALERTS)
def test_pruning_changes_nothing_of_what_is_told_next(
    alerts: list[tuple[int, int | None, int | None, Outcome | None, Outcome | None, int]],
) -> None:
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "trading.db")
        filled(database, alerts)
        before, kept = told(database), numbers(database)
        deleted = SqliteNotices(database, lambda: TODAY.date()).prune()
        assert told(database) == before
        assert len(kept) - len(numbers(database)) == deleted
        assert pruned_at(database, TODAY).prune() == 0
        database.close()

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.orders import LATER, NOW
from tests.fakes.trading_context import Notes
from trading.model.alert import GOES_ON_WITHIN, Alert
from trading.store.alerts import SqliteAlerts
from trading.store.database import Database
from trading.store.readers.state import read_state


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db")
    yield database
    database.close()


def present(database: Database) -> tuple[Alert, ...]:
    with read_state(database.path) as state:
        return state.alerts.present()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def alerts(database: Database, notes: Notes) -> SqliteAlerts:
    return SqliteAlerts(database, notes)


def test_what_lasts_is_told_once_over_restarts_too(alerts: SqliteAlerts, database: Database, notes: Notes) -> None:
    alerts.present("uncovered", "AAPL", "10 AAPL have no stop", NOW)
    alerts.present("uncovered", "AAPL", "10 AAPL have no stop", LATER)
    SqliteAlerts(database, notes).present("uncovered", "AAPL", "10 AAPL have no stop", LATER)
    assert notes.alerts == [("uncovered", "10 AAPL have no stop")]
    (alert,) = present(database)
    assert (alert.code, alert.subject, alert.since, alert.told_at, alert.over_at, alert.times) == (
        "uncovered", "AAPL", NOW, NOW, None, 1
    )  # fmt: skip


def test_each_subject_and_each_code_is_told(alerts: SqliteAlerts, notes: Notes) -> None:
    alerts.present("uncovered", "AAPL", "a", NOW)
    alerts.present("uncovered", "MSFT", "b", NOW)
    alerts.present("blind", "AAPL", "c", NOW)
    assert [text for _, text in notes.alerts] == ["a", "b", "c"]


def test_new_words_are_kept_and_not_told(alerts: SqliteAlerts, database: Database, notes: Notes) -> None:
    alerts.present("uncovered", "AAPL", "10 AAPL have no stop", NOW)
    alerts.present("uncovered", "AAPL", "4 AAPL have no stop", LATER)
    assert [alert.text for alert in present(database)] == ["4 AAPL have no stop"]
    assert len(notes.alerts) == 1


def test_what_has_to_be_told_again_is(alerts: SqliteAlerts, database: Database, notes: Notes) -> None:
    for minutes in (0, 14, 15, 16, 30):
        alerts.present("breach", "AAPL", "through", NOW + timedelta(minutes=minutes), again_after_s=900.0)
    assert len(notes.alerts) == 3
    assert [alert.times for alert in present(database)] == [3]


def test_what_is_over_ends_and_is_told_anew_when_it_comes_back(
    alerts: SqliteAlerts, database: Database, notes: Notes
) -> None:
    for subject in ("AAPL", "MSFT"):
        alerts.present("uncovered", subject, subject, NOW)
    alerts.present("blind", "AAPL", "blind", NOW)
    alerts.over("uncovered", {"MSFT"}, LATER)
    assert [(alert.code, alert.subject) for alert in present(database)] == [("uncovered", "MSFT"), ("blind", "AAPL")]
    alerts.present("uncovered", "AAPL", "AAPL", LATER + GOES_ON_WITHIN + timedelta(seconds=1))
    assert notes.codes() == ["uncovered", "uncovered", "blind", "uncovered"]


def test_what_comes_and_goes_is_one_alert_that_is_told_as_often_as_one_that_lasts(
    alerts: SqliteAlerts, database: Database, notes: Notes
) -> None:
    for minute in range(30):
        at = NOW + timedelta(minutes=minute)
        alerts.present("uncovered", "AAPL", "10 AAPL have no stop", at, again_after_s=900.0)
        alerts.over("uncovered", (), at + timedelta(seconds=30))
    assert len(notes.alerts) == 2
    ((count, since),) = database.query("SELECT count(*), min(since) FROM alert")
    assert (count, datetime.fromisoformat(since)) == (1, NOW)
    assert present(database) == ()


def test_other_words_soon_after_the_end_of_an_alert_are_told(alerts: SqliteAlerts, notes: Notes) -> None:
    alerts.present("trouble", "", "no orders", NOW)
    alerts.over("trouble", (), LATER)
    alerts.present("trouble", "", "no balances", LATER)
    assert [text for _, text in notes.alerts] == ["no orders", "no balances"]


def test_alert_that_a_crash_left_untold_is_told(alerts: SqliteAlerts, database: Database, notes: Notes) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO alert (code, subject, text, since) VALUES ('blind', '', 'blind', '2014-03-04')")
    alerts.present("blind", "", "blind", NOW)
    assert notes.codes() == ["blind"]


def test_turn_in_which_all_is_as_before_writes_nothing(alerts: SqliteAlerts, database: Database) -> None:
    alerts.present("uncovered", "AAPL", "a", NOW)
    before = database.query("SELECT total_changes() AS n")[0]["n"]
    alerts.present("uncovered", "AAPL", "a", LATER)
    alerts.over("uncovered", {"AAPL"}, LATER)
    alerts.over("blind", (), LATER)
    assert database.query("SELECT total_changes() AS n")[0]["n"] == before


def test_person_is_told_though_nothing_can_be_stored(alerts: SqliteAlerts, database: Database, notes: Notes) -> None:
    alerts.present("uncovered", "AAPL", "a", NOW)
    database.query("PRAGMA query_only = ON")
    alerts.present("blind", "", "blind", NOW)
    alerts.over("uncovered", (), NOW)
    assert notes.codes() == ["uncovered", "blind"]
    assert [alert.code for alert in present(database)] == ["uncovered"]


def test_what_can_not_be_stored_is_handed_on_and_what_can_is_not(database: Database, notes: Notes) -> None:
    handed: list[tuple[str, str]] = []
    alerts = SqliteAlerts(database, notes, lambda code, text: handed.append((code, text)))
    alerts.present("uncovered", "AAPL", "a", NOW)
    database.query("PRAGMA query_only = ON")
    alerts.present("invariant", "storage", "the disk is full", NOW)
    assert handed == [("invariant", "the disk is full")]

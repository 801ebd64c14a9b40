"""When the next cycle is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.fakes.chance import seeded
from trading.config import ExecutionSettings
from trading.cycle.schedule import CONNECTION_CAP_S, OTHER_CAP_S, Backoff, market_events, next_wake
from trading.market.calendar import TradingCalendar

NOW = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
LATEST = NOW + timedelta(hours=1)


@pytest.fixture(scope="module")
def calendar() -> TradingCalendar:
    return TradingCalendar(date(2013, 1, 2), date(2015, 12, 31))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2014, 3, day, hour, minute, tzinfo=UTC)


def test_pauses_double_until_the_cap_and_at_least_half_of_each_is_certain() -> None:
    backoff = Backoff(seeded())
    pauses = [backoff.next_pause_s(CONNECTION_CAP_S) for _ in range(10)]
    for failures, pause in enumerate(pauses):
        longest = min(CONNECTION_CAP_S, 2.0**failures)
        assert longest / 2 <= pause <= longest


def test_pauses_of_two_clients_are_spread() -> None:
    first, second = Backoff(seeded(1)), Backoff(seeded(2))
    assert first.next_pause_s(OTHER_CAP_S) != second.next_pause_s(OTHER_CAP_S)


def test_a_success_begins_the_pauses_anew() -> None:
    backoff = Backoff(seeded())
    for _ in range(6):
        backoff.next_pause_s(OTHER_CAP_S)
    assert backoff.next_pause_s(OTHER_CAP_S) > 30.0
    backoff.reset()
    assert backoff.next_pause_s(OTHER_CAP_S) <= 1.0


def test_a_year_of_failures_still_gives_the_cap() -> None:
    backoff = Backoff(seeded())
    pauses = [backoff.next_pause_s(OTHER_CAP_S) for _ in range(5000)]
    assert OTHER_CAP_S / 2 <= pauses[-1] <= OTHER_CAP_S


def test_the_night_brings_sending_the_open_and_the_next_bar(calendar: TradingCalendar) -> None:
    events = market_events(at(4, 2), calendar, ExecutionSettings())
    assert events == (at(4, 13, 30), at(4, 14, 30), at(4, 21, 15))


def test_what_is_over_is_no_event_any_more(calendar: TradingCalendar) -> None:
    assert market_events(at(4, 14, 30), calendar, ExecutionSettings()) == (at(4, 21, 15),)


def test_between_the_close_and_the_complete_bar_only_the_bar_is_awaited(calendar: TradingCalendar) -> None:
    assert market_events(at(4, 21, 5), calendar, ExecutionSettings()) == (at(4, 21, 15),)


def test_after_the_last_bar_of_a_week_the_next_events_are_those_of_monday(calendar: TradingCalendar) -> None:
    # The clocks of New York went forward on the Sunday between.
    events = market_events(at(7, 21, 15), calendar, ExecutionSettings())
    assert events == (at(10, 12, 30), at(10, 13, 30), at(10, 20, 15))


def test_beyond_the_calendar_there_is_no_event(calendar: TradingCalendar) -> None:
    assert market_events(datetime(2016, 3, 1, tzinfo=UTC), calendar, ExecutionSettings()) == ()


def test_the_earliest_deadline_wakes() -> None:
    soon = NOW + timedelta(seconds=3)
    assert next_wake(NOW, [None, LATEST, soon, NOW + timedelta(minutes=1)], LATEST) == soon


def test_deadlines_that_are_over_do_not_wake() -> None:
    assert next_wake(NOW, [NOW, NOW - timedelta(seconds=1)], LATEST) == LATEST


def test_nothing_is_awaited_beyond_the_latest_time() -> None:
    assert next_wake(NOW, [LATEST + timedelta(seconds=1)], LATEST) == LATEST
    assert next_wake(NOW, [], LATEST) == LATEST

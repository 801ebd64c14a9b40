from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import CLOSE, DECIDED, OPEN, SESSION, calendar
from trading.config import SessionSettings
from trading.execution.windows import SendWindow, entries_rest, in_reset, next_reset_end, send_window


def window_of(decided: date = DECIDED, *overrides: str) -> SendWindow:
    before = calendar().session(decided)
    assert before is not None
    return send_window(before, calendar().next_after(decided), settings_of(*overrides).execution)


def test_window_opens_an_hour_before_the_open_and_ends_two_minutes_before_it() -> None:
    window = window_of()
    assert window.begins == OPEN - timedelta(hours=1)
    assert window.ends == OPEN - timedelta(minutes=2)
    assert not window.before_open(window.begins - timedelta(seconds=1))
    assert window.before_open(window.begins)
    assert window.before_open(window.ends)
    assert not window.before_open(window.ends + timedelta(seconds=1))


def test_window_may_open_once_the_bar_is_complete() -> None:
    window = window_of(DECIDED, "execution.send_from=after_close")
    decided = calendar().session(DECIDED)
    assert decided is not None
    assert window.begins == decided.close + timedelta(seconds=900)
    assert window.session.day == SESSION


def test_late_exits_go_from_five_minutes_after_the_open_to_ten_before_the_close() -> None:
    window = window_of()
    assert window.late_exits_begin == OPEN + timedelta(minutes=5)
    assert window.late_exits_end == CLOSE - timedelta(minutes=10)
    assert not window.in_session(window.late_exits_begin - timedelta(seconds=1))
    assert window.in_session(window.late_exits_begin)
    assert window.in_session(window.late_exits_end)
    assert not window.in_session(window.late_exits_end + timedelta(seconds=1))


def test_half_day_ends_late_exits_earlier() -> None:
    window = window_of(date(2014, 11, 26))
    # The day after Thanksgiving, to 13:00 in New York.
    assert window.late_exits_end == datetime(2014, 11, 28, 17, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "inside"), [(5, 44, False), (5, 45, True), (6, 29, True), (6, 30, False), (14, 0, False)]
)
def test_nightly_reset_is_in_new_yorks_time(hour: int, minute: int, inside: bool) -> None:  # noqa: FBT001
    assert in_reset(datetime(2014, 2, 4, hour, minute, tzinfo=UTC), SessionSettings()) is inside


def test_reset_over_midnight() -> None:
    settings = SessionSettings(reset_from="23:30", reset_until="00:30", reset_zone="UTC")
    assert in_reset(datetime(2014, 2, 4, 23, 45, tzinfo=UTC), settings)
    assert in_reset(datetime(2014, 2, 4, 0, 15, tzinfo=UTC), settings)
    assert not in_reset(datetime(2014, 2, 4, 12, 0, tzinfo=UTC), settings)


NEW_YORK = ZoneInfo("America/New_York")
SATURDAY, MINUTE = datetime(2014, 3, 1, 18, 0, tzinfo=NEW_YORK), timedelta(minutes=1)
BEFORE = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        (SATURDAY - timedelta(seconds=1), False),
        (SATURDAY, True),
        (datetime(2014, 3, 1, 23, 59, 59, tzinfo=NEW_YORK), True),
        (datetime(2014, 3, 2, 0, 0, tzinfo=NEW_YORK), False),
        (SATURDAY - timedelta(days=1), False),
        (SATURDAY + timedelta(days=1), False),
    ],
)
def test_saturday_evening_is_a_reset(local: datetime, inside: bool) -> None:  # noqa: FBT001
    assert in_reset(local.astimezone(UTC), SessionSettings()) is inside


def test_saturday_is_that_of_the_resets_zone() -> None:
    settings = SessionSettings(reset_zone="Asia/Hong_Kong")
    assert in_reset(datetime(2014, 3, 1, 10, 0, tzinfo=UTC), settings)
    assert not in_reset(SATURDAY.astimezone(UTC), settings)


@pytest.mark.parametrize("day", [SATURDAY, datetime(2014, 3, 4, 0, 45, tzinfo=NEW_YORK)])
def test_entries_rest_from_ten_minutes_before_a_reset(day: datetime) -> None:
    second = timedelta(seconds=1)
    assert not entries_rest(day - BEFORE - second, SessionSettings())
    assert entries_rest(day - BEFORE, SessionSettings())
    assert entries_rest(day - second, SessionSettings())
    assert entries_rest(day, SessionSettings())


def test_entries_rest_until_the_end_of_a_reset() -> None:
    end = datetime(2014, 3, 4, 1, 30, tzinfo=NEW_YORK)
    assert entries_rest(end - timedelta(seconds=1), SessionSettings())
    assert not entries_rest(end, SessionSettings())


def test_entries_rest_before_a_reset_just_after_midnight_and_before_one_of_a_minute() -> None:
    settings = SessionSettings(reset_from="00:05", reset_until="00:06", reset_zone="UTC")
    begin = datetime(2014, 3, 4, 0, 5, tzinfo=UTC)
    found = [entries_rest(begin + offset, settings) for offset in (-BEFORE - MINUTE, -BEFORE, -MINUTE, 0 * MINUTE)]
    assert found == [False, True, True, True]
    assert not entries_rest(begin + MINUTE, settings)


def test_reset_of_no_length_is_none() -> None:
    settings = SessionSettings(reset_from="00:45", reset_until="00:45", reset_zone="UTC")
    begin = datetime(2014, 3, 4, 0, 45, tzinfo=UTC)
    assert not any(entries_rest(begin + offset, settings) for offset in (-BEFORE, -MINUTE, 0 * MINUTE))


def test_next_end_of_the_reset() -> None:
    assert next_reset_end(CLOSE, SessionSettings()) == datetime(2014, 3, 5, 6, 30, tzinfo=UTC)
    early = datetime(2014, 3, 5, 6, 29, tzinfo=UTC)
    assert next_reset_end(early, SessionSettings()) == datetime(2014, 3, 5, 6, 30, tzinfo=UTC)
    assert next_reset_end(early + timedelta(minutes=1), SessionSettings()) == datetime(2014, 3, 6, 6, 30, tzinfo=UTC)

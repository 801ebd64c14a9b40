from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trading.errors import DataError
from trading.market.calendar import TradingCalendar, calendar_around


@pytest.fixture(scope="module")
def calendar() -> TradingCalendar:
    return TradingCalendar(date(2018, 1, 1), date(2027, 6, 30))


def test_half_day_closes_early(calendar: TradingCalendar) -> None:
    session = calendar.session(date(2026, 11, 27))
    assert session is not None
    assert session.open == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert session.close == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


def test_open_moves_with_daylight_saving(calendar: TradingCalendar) -> None:
    summer, winter = calendar.session(date(2026, 7, 1)), calendar.session(date(2026, 12, 1))
    assert summer is not None
    assert winter is not None
    assert (summer.open.hour, winter.open.hour) == (13, 14)


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 11, 28), date(2018, 12, 5)])
def test_holiday_weekend_and_day_of_mourning_are_no_sessions(calendar: TradingCalendar, day: date) -> None:
    assert calendar.session(day) is None


def test_neighbours_of_a_holiday(calendar: TradingCalendar) -> None:
    thanksgiving = date(2026, 11, 26)
    assert calendar.next_after(thanksgiving).day == date(2026, 11, 27)
    assert calendar.at_or_after(thanksgiving).day == date(2026, 11, 27)
    assert calendar.at_or_after(date(2026, 11, 27)).day == date(2026, 11, 27)
    assert calendar.next_after(date(2026, 11, 27)).day == date(2026, 11, 30)


def test_session_is_completed_from_close_plus_settle_on(calendar: TradingCalendar) -> None:
    settled = datetime(2026, 11, 27, 18, 15, tzinfo=UTC)
    assert calendar.newest_completed(settled, 900).day == date(2026, 11, 27)
    assert calendar.newest_completed(settled - timedelta(seconds=1), 900).day == date(2026, 11, 25)


def test_sessions_of_a_span_include_both_ends(calendar: TradingCalendar) -> None:
    found = calendar.sessions(date(2026, 11, 25), date(2026, 11, 30))
    assert [session.day.day for session in found] == [25, 27, 30]


def test_question_beyond_the_calendar_is_an_error(calendar: TradingCalendar) -> None:
    with pytest.raises(DataError, match="no session after 2027-06-30"):
        calendar.next_after(date(2027, 6, 30))
    with pytest.raises(DataError, match="no session completed by 2017-12-31"):
        calendar.newest_completed(datetime(2017, 12, 31, tzinfo=UTC), 0)


def test_unknown_exchange_is_an_error() -> None:
    with pytest.raises(DataError, match="XXXX"):
        TradingCalendar(date(2020, 1, 1), date(2020, 2, 1), "XXXX")


def test_a_trading_system_knows_old_histories_and_some_years_ahead() -> None:
    known = calendar_around(date(2026, 11, 24))
    assert known.session(date(1995, 1, 3)) is not None
    assert known.last_day == date(2031, 12, 31)

"""What the trading process waits for, in words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trading.config import ExecutionSettings
from trading.errors import DataError
from trading.market.calendar import Session, TradingCalendar
from webapp.numbers import NEW_YORK, near_day
from webapp.situation import duration

_CALENDAR_DAYS = 40
_AROUND = timedelta(seconds=90)


def session_of(day: date) -> Session | None:
    """Return the session of a day, None when the exchange does not trade or the day is out of the calendar."""
    # Whole months, so that one calendar serves many requests.
    first = day.replace(day=1)
    try:
        return TradingCalendar(first, first + timedelta(days=_CALENDAR_DAYS)).session(day)
    except DataError:
        return None


def sentence(at: datetime, now: datetime, settings: ExecutionSettings) -> str:
    """Return what happens at `at`, when that is in New York, and how long it is from `now`."""
    local = at.astimezone(NEW_YORK)
    same_day = now.astimezone(NEW_YORK).date() == local.date()
    clock = f"{local:%H:%M}" if same_day else f"{near_day(local.date())}, {local:%H:%M}"
    left = (at - now).total_seconds()
    wait = f", in {duration(left)}" if left > 0 else ""
    return f"{event(at, session_of(local.date()), settings)}: {clock} New York{wait}."


def event(at: datetime, session: Session | None, settings: ExecutionSettings) -> str:
    """Return the name of what happens at `at` in a session; a look at the broker where it is nothing special."""
    if session is None:
        return "Next look"
    named = (
        (session.open - timedelta(seconds=settings.pre_open_s), "Orders go out"),
        (session.open, "The market opens"),
        (session.close, "The market closes"),
        (session.close + timedelta(seconds=settings.bar_settle_s), "The decision"),
    )
    return next((name for moment, name in named if abs(moment - at) <= _AROUND), "Next look")

"""The exchange's sessions: which days it trades, when it opens and closes; half days and past closures included."""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import exchange_calendars

from trading.errors import DataError

_FIRST_DAY, _YEARS_AHEAD = date(1995, 1, 1), 5


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; `open` and `close` are of regular trading hours, aware UTC."""

    day: date
    open: datetime
    close: datetime


@lru_cache(maxsize=8)
def _load(name: str, start: date, end: date) -> tuple[Session, ...]:
    with warnings.catch_warnings():
        # The package reads its own tables in ways that newer pandas announces to change; the answers are right.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        try:
            schedule = exchange_calendars.get_calendar(name, start=start.isoformat(), end=end.isoformat()).schedule
            opens = schedule["open"].dt.tz_convert(None).to_numpy().astype("datetime64[s]").tolist()
            closes = schedule["close"].dt.tz_convert(None).to_numpy().astype("datetime64[s]").tolist()
            days = schedule.index.to_numpy().astype("datetime64[D]").tolist()
        except (ValueError, exchange_calendars.errors.CalendarError) as error:
            problem = f"has no sessions from {start} to {end}: {error}"
            raise DataError(name, problem) from error
    return tuple(
        Session(day, opened.replace(tzinfo=UTC), closed.replace(tzinfo=UTC))
        for day, opened, closed in zip(days, opens, closes, strict=True)
    )


class TradingCalendar:
    """Sessions of one exchange between two days; a question beyond them raises DataError."""

    def __init__(self, start: date, end: date, name: str = "XNYS") -> None:
        """Load the sessions from `start` to `end`, both included (up to a second for the first one of a process)."""
        self._sessions = _load(name, start, end)
        self._days = [session.day for session in self._sessions]
        self._closes = [session.close for session in self._sessions]
        self._name = name

    def sessions(self, first: date, last: date) -> tuple[Session, ...]:
        """Return the sessions from `first` to `last`, both included, oldest first."""
        return self._sessions[bisect_left(self._days, first) : bisect_right(self._days, last)]

    def session(self, day: date) -> Session | None:
        """Return the session of `day`, None when the exchange does not trade."""
        at = bisect_left(self._days, day)
        found = at < len(self._days) and self._days[at] == day
        return self._sessions[at] if found else None

    def next_after(self, day: date) -> Session:
        """Return the first session after `day`."""
        return self._at(bisect_right(self._days, day), f"after {day}")

    def at_or_after(self, day: date) -> Session:
        """Return the session of `day`, or the first one after it."""
        return self._at(bisect_left(self._days, day), f"at or after {day}")

    def newest_completed(self, now: datetime, settle_s: float) -> Session:
        """Return the last session whose close is at least `settle_s` seconds before `now`."""
        return self._at(bisect_right(self._closes, now - timedelta(seconds=settle_s)) - 1, f"completed by {now}")

    @property
    def last_day(self) -> date:
        """Return the last session's day.

        Raises: DataError, there is none.
        """
        return self._at(len(self._sessions) - 1, "at all").day

    def _at(self, index: int, asked: str) -> Session:
        if not 0 <= index < len(self._sessions):
            problem = f"knows no session {asked}"
            raise DataError(self._name, problem)
        return self._sessions[index]


def calendar_around(today: date) -> TradingCalendar:
    """Return the sessions that a trading system knows: as far back as histories go, and some years ahead.

    Raises: DataError, the exchange's calendar does not reach that far.
    """
    return TradingCalendar(_FIRST_DAY, date(today.year + _YEARS_AHEAD, 12, 31))

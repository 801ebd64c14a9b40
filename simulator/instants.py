"""Simulated time: whole microseconds since 1970, UTC. Floats of seconds would not repeat to the bit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
NEW_YORK = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def from_datetime(moment: datetime) -> int:
    """Return the instant of an aware `moment`."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(instant: int) -> datetime:
    """Return the aware UTC datetime of `instant`."""
    return _EPOCH + timedelta(microseconds=instant)


def iso(instant: int) -> str:
    """Return `instant` as ISO 8601 in UTC, with microseconds only where there are some."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


def parse_iso(text: str) -> int:
    """Return the instant that an ISO 8601 text names; a text without a zone is UTC.

    Raises:
        ValueError: it is no such text.
    """
    moment = datetime.fromisoformat(text)
    return from_datetime(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def millis(instant: int) -> int:
    """Return `instant` in milliseconds."""
    return instant // 1000


def compact(instant: int) -> str:
    """Return `YYYYMMDD-HH:mm:ss` in UTC, as trade times and history's start times are written."""
    return to_datetime(instant).strftime("%Y%m%d-%H:%M:%S")


def short(instant: int) -> str:
    """Return `YYMMDDHHmmss` in UTC, as order times are written."""
    return to_datetime(instant).strftime("%y%m%d%H%M%S")


def new_york_day(instant: int) -> date:
    """Return the date in New York at `instant`."""
    return to_datetime(instant).astimezone(NEW_YORK).date()


def new_york(day: date, hour: int = 0, minute: int = 0) -> int:
    """Return the instant of a wall-clock time of `day` in New York."""
    return from_datetime(datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK))

"""When orders may leave: those decided after the close of one session are for the next one.

Entries go out from the window's begin until shortly before the open. Exits may go out then too, or late: from five
minutes after the open, when the system was away before it. While the broker resets its systems nothing that is not
seen proves anything, and no entry leaves then or shortly before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trading.config import ExecutionSettings, SessionSettings
from trading.market.calendar import Session

LATE_EXIT_AFTER_OPEN = timedelta(minutes=5)
NO_ORDERS_BEFORE_CLOSE = timedelta(minutes=10)
NO_ENTRIES_BEFORE_RESET = timedelta(minutes=10)
# The broker's long maintenance of the week: all of Saturday's evening, in the zone of the nightly reset.
_SATURDAY = 5
_EVENING = time(18, 0)


@dataclass(frozen=True, slots=True)
class SendWindow:
    """The times between which orders for `session` may leave; the ends belong to the window."""

    session: Session
    begins: datetime
    ends: datetime

    @property
    def late_exits_begin(self) -> datetime:
        """Return from when an exit that missed the open may be sent into the session."""
        return self.session.open + LATE_EXIT_AFTER_OPEN

    @property
    def late_exits_end(self) -> datetime:
        """Return until when an exit may be sent into the session."""
        return self.session.close - NO_ORDERS_BEFORE_CLOSE

    def before_open(self, now: datetime) -> bool:
        """Return whether orders for the open may leave now."""
        return self.begins <= now <= self.ends

    def in_session(self, now: datetime) -> bool:
        """Return whether a late exit may leave now."""
        return self.late_exits_begin <= now <= self.late_exits_end


def send_window(decided: Session, target: Session, settings: ExecutionSettings) -> SendWindow:
    """Return the window of orders decided after the close of `decided` for the session `target`."""
    if settings.send_from == "after_close":
        begins = decided.close + timedelta(seconds=settings.bar_settle_s)
    else:
        begins = target.open - timedelta(seconds=settings.pre_open_s)
    return SendWindow(target, begins, target.open - timedelta(seconds=settings.send_until_s))


def in_reset(now: datetime, settings: SessionSettings) -> bool:
    """Return whether the broker resets its systems, nightly or on Saturday evening."""
    begin, end = time.fromisoformat(settings.reset_from), time.fromisoformat(settings.reset_until)
    local = now.astimezone(ZoneInfo(settings.reset_zone))
    return _between(local.time(), begin, end) or _saturday_from(_EVENING, local)


def entries_rest(now: datetime, settings: SessionSettings) -> bool:
    """Return whether no entry may leave because of a reset: from shortly before it until its end."""
    begin, end = time.fromisoformat(settings.reset_from), time.fromisoformat(settings.reset_until)
    local = now.astimezone(ZoneInfo(settings.reset_zone))
    nightly = begin != end and _between(local.time(), _shortly_before(begin), begin)
    return nightly or _saturday_from(_shortly_before(_EVENING), local) or in_reset(now, settings)


def next_reset_end(after: datetime, settings: SessionSettings) -> datetime:
    """Return when the first nightly reset that ends after `after` is over."""
    zone = ZoneInfo(settings.reset_zone)
    local = after.astimezone(zone)
    end = datetime.combine(local.date(), time.fromisoformat(settings.reset_until), zone)
    if end <= local:
        end = datetime.combine(local.date() + timedelta(days=1), end.time(), zone)
    return end.astimezone(after.tzinfo)


def _between(moment: time, begin: time, end: time) -> bool:
    """Return whether a time of the day lies from `begin` until before `end`, over midnight where that is earlier."""
    return begin <= moment < end if begin <= end else moment >= begin or moment < end


def _saturday_from(begin: time, local: datetime) -> bool:
    return local.weekday() == _SATURDAY and local.time() >= begin


def _shortly_before(moment: time) -> time:
    return (datetime.combine(date(2000, 1, 2), moment) - NO_ENTRIES_BEFORE_RESET).time()

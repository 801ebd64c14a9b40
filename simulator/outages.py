"""When the broker resets or maintains its systems, by the market's clock, and what calls are told meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator import instants
from simulator.config import Behaviour
from simulator.messages import Response, error, unavailable

REGIONS = {
    "new_york": instants.NEW_YORK,
    "zug": ZoneInfo("Europe/Zurich"),
    "hong_kong": ZoneInfo("Asia/Hong_Kong"),
}
"""where a user's broker is, and whose midnight resets his session"""
MAINTENANCE = "xcredserv comm failed during getEvents due to Connection refused"
_SATURDAY = 5


def next_reset(behaviour: Behaviour, now_us: int) -> int | None:
    """Return the next instant after `now_us` at which a reset or maintenance ends sessions, None where none does."""
    found = []
    if behaviour.nightly_reset:
        found.append(_midnight_after(now_us, REGIONS[behaviour.reset_region]))
    if behaviour.saturday_maintenance_minutes:
        midnight = _midnight_after(now_us, instants.NEW_YORK)
        while instants.to_datetime(midnight).astimezone(instants.NEW_YORK).weekday() != _SATURDAY:
            midnight = _midnight_after(midnight, instants.NEW_YORK)
        found.append(midnight)
    return min(found, default=None)


def answer_during_outage(behaviour: Behaviour, now_us: int) -> Response | None:
    """Return what every call is told at `now_us`, None outside reset and maintenance."""
    if behaviour.saturday_maintenance_minutes:
        day, into_minutes = _time_of_day(now_us, instants.NEW_YORK)
        if day == _SATURDAY and into_minutes < behaviour.saturday_maintenance_minutes:
            return error(500, MAINTENANCE)
    if behaviour.nightly_reset and behaviour.reset_minutes:
        _, into_minutes = _time_of_day(now_us, REGIONS[behaviour.reset_region])
        if into_minutes < behaviour.reset_minutes:
            return unavailable()
    return None


def _time_of_day(now_us: int, zone: ZoneInfo) -> tuple[int, float]:
    """Return the weekday and the minutes since midnight on a wall clock."""
    local = instants.to_datetime(now_us).astimezone(zone)
    return local.weekday(), local.hour * 60 + local.minute + local.second / 60


def _midnight_after(now_us: int, zone: ZoneInfo) -> int:
    day = instants.to_datetime(now_us).astimezone(zone).date() + timedelta(days=1)
    return instants.from_datetime(datetime(day.year, day.month, day.day, tzinfo=zone))

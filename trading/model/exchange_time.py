"""The exchange's time zone: sessions are named by the date there."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

EXCHANGE_ZONE = ZoneInfo("America/New_York")


def exchange_date(moment: datetime) -> date:
    """Return the date in New York: the session in which something happened in regular hours."""
    return moment.astimezone(EXCHANGE_ZONE).date()

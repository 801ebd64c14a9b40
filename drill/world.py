"""What all runs of one process share, since it takes long to make: the bars' market and the calendar of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from simulator.market.replayed import ReplayedMarket
from trading.bootstrap import BUNDLED_BARS, PROJECT, trading_calendar
from trading.market.calendar import TradingCalendar

CONFIG = PROJECT / "config.json"


@dataclass(frozen=True, slots=True)
class Day:
    """A session with its regular hours."""

    day: date
    open: datetime
    close: datetime


class World:
    """The market that all schedules take place in, and the trading system's own configuration file."""

    def __init__(self, config: Path = CONFIG, bars: Path = BUNDLED_BARS) -> None:
        """Read the bars.

        Raises: DataError, they can't be used.
        """
        self.config = config
        self.market = ReplayedMarket.load(bars)
        self.calendar: TradingCalendar = trading_calendar()
        first, last = (self.market.panel.sessions[row].item() for row in (0, -1))
        known = self.calendar.sessions(first, last)
        self.days = tuple(Day(session.day, session.open, session.close) for session in known)

    def days_from(self, start: date, count: int) -> tuple[Day, ...]:
        """Return that many sessions from the first on or after `start`; fewer at the end of the bars."""
        return tuple(day for day in self.days if day.day >= start)[:count]

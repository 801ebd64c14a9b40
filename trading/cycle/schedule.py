"""When the next cycle is: at the next event of the market, at somebody's deadline, or after a back-off."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from trading.config import ExecutionSettings
from trading.errors import DataError
from trading.execution.windows import send_window
from trading.market.calendar import TradingCalendar

FIRST_PAUSE_S = 1.0
CONNECTION_CAP_S = 60.0
OTHER_CAP_S = 300.0
_HALF = 0.5


class Backoff:
    """Pauses after failures: doubling, capped, spread by chance so that clients don't return all at once."""

    def __init__(self, rng: random.Random) -> None:
        """Draw the jitter from `rng`."""
        self._rng = rng
        self._failures = 0

    def reset(self) -> None:
        """A cycle succeeded."""
        self._failures = 0

    def next_pause_s(self, cap_s: float) -> float:
        """Return the seconds to wait after one more failure: half of it is certain, half is chance."""
        longest = min(cap_s, FIRST_PAUSE_S * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return longest * (_HALF + _HALF * self._rng.random())


def market_events(now: datetime, calendar: TradingCalendar, settings: ExecutionSettings) -> tuple[datetime, ...]:
    """Return the next times at which a cycle has something to do: sending begins, the open, a completed bar.

    An exit that is late asks for its own time.
    """
    settle = timedelta(seconds=settings.bar_settle_s)
    try:
        newest = calendar.newest_completed(now, settings.bar_settle_s)
        session = calendar.next_after(newest.day)
    except DataError:
        return ()
    window = send_window(newest, session, settings)
    times = (window.begins, session.open, session.close + settle)
    return tuple(at for at in times if at > now)


def next_wake(now: datetime, times: Iterable[datetime | None], latest: datetime) -> datetime:
    """Return the earliest of `times` after now, `latest` when none is before it."""
    return min((at for at in times if at is not None and now < at < latest), default=latest)

"""How a session without a bar is looked into: late bars soon, a day on which the exchange was closed sparingly.

The calendar knows the holidays that were announced when it was made. On any other one no stock has a bar, however often
it is asked for, and each question counts toward the API's limits. So after some tries only a few stocks are asked,
others each time, ever less often; all of them again once, when orders may leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from trading.execution.planning.state import MarketTimes

RETRY_S = 60.0
EARLY_RETRY_S = 300.0
MOST_PAUSE_S = 1800.0
# By then bars that are merely late have come.
PATIENT_TRIES = 3
SAMPLE = 3
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class MissingBars:
    """The tries to find a bar of `session`, and when all stocks were asked for it last."""

    session: date
    tries: int = 0
    all_asked_at: datetime | None = None

    def stocks_to_ask(self, symbols: Sequence[str], times: MarketTimes, now: datetime) -> list[str]:
        """Return the stocks whose bars are asked for now: all, or some by turns."""
        begins = times.window.begins
        anew = now >= begins and (self.all_asked_at is None or self.all_asked_at < begins)
        if self.tries < PATIENT_TRIES or anew or len(symbols) <= SAMPLE:
            return list(symbols)
        first = self.tries * SAMPLE
        return [symbols[(first + place) % len(symbols)] for place in range(SAMPLE)]

    def tried(self, now: datetime, *, asked_all: bool) -> MissingBars:
        """Return the same after one more try in vain."""
        return replace(self, tries=self.tries + 1, all_asked_at=now if asked_all else self.all_asked_at)

    def next_try(self, times: MarketTimes, now: datetime) -> datetime:
        """Return when to try again: later each time, soonest while orders may leave, and when that begins."""
        window = times.window
        shortest = RETRY_S if now >= window.begins else EARLY_RETRY_S
        longest = EARLY_RETRY_S if window.before_open(now) else MOST_PAUSE_S
        doublings = min(max(self.tries - PATIENT_TRIES, 0), _MOST_DOUBLINGS)
        again = now + timedelta(seconds=min(shortest * 2.0**doublings, longest))
        return min(again, window.begins) if now < window.begins else again

    def words(self, *, other_bars: bool) -> str:
        """Return what is told of it; `other_bars` says whether stocks have bars of other sessions at least."""
        if not other_bars:
            return "no stock has any bars"
        day = f"{self.session:%a} {self.session.day} {self.session:%b}"
        if self.tries < PATIENT_TRIES:
            return f"no stock has a bar of {day} yet"
        return f"no stock has a bar of {day}: perhaps the exchange was closed"

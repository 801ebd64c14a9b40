"""Bars as the history call gives them: daily from the file, weeks and months summed, minutes cut out of the path."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from simulator import instants
from simulator.market import ReplayedMarket, TradingDay

MOST_POINTS = 1000
_encode = msgspec.json.Encoder().encode
# Minutes of each bar size below a day; "m" is a month, "min" a minute.
INTRADAY_MINUTES = {
    "1min": 1,
    "2min": 2,
    "3min": 3,
    "5min": 5,
    "10min": 10,
    "15min": 15,
    "30min": 30,
    "1h": 60,
    "2h": 120,
    "3h": 180,
    "4h": 240,
    "8h": 480,
}
BAR_SECONDS = {
    **{size: 60 * minutes for size, minutes in INTRADAY_MINUTES.items()},
    "1d": 86_400,
    "1w": 604_800,
    "1m": 2_678_400,
}
_PERIOD_LIMITS = {"min": 30, "h": 8, "d": 1000, "w": 792, "m": 182, "y": 15}
DEFAULT_PERIOD = "1w"


@dataclass(frozen=True, slots=True)
class HistoryBar:
    """One bar; `start_us` is when it begins."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    start_us: int

    def encoded(self) -> bytes:
        """Return it as the call writes it."""
        return _encode(
            {
                "o": self.open,
                "c": self.close,
                "h": self.high,
                "l": self.low,
                "v": self.volume,
                "t": instants.millis(self.start_us),
            }
        )


def parse_period(text: str) -> tuple[int, str] | None:
    """Return number and unit (min, h, d, w, m, y), None for what is no period."""
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    unit = text[len(digits) :].lower()
    if not digits or unit not in _PERIOD_LIMITS or not 1 <= int(digits) <= _PERIOD_LIMITS[unit]:
        return None
    return int(digits), unit


def default_bar(number: int, unit: str) -> str:
    """Return the bar size that a period has when none is asked for."""
    days = {"min": 0, "h": 0, "d": 1, "w": 7, "m": 30, "y": 365}[unit] * number
    for longest, size in ((1, "1min"), (7, "15min"), (31, "30min"), (2 * 366, "1d")):
        if days <= longest:
            return size
    return "1w"


class DailyHistory:
    """Bars of any symbol up to an instant."""

    def __init__(self, market: ReplayedMarket) -> None:
        """Keep the market; encoded daily bars are made when a symbol is first asked for."""
        self._market = market
        self._encoded: dict[int, tuple[list[bytes], list[int]]] = {}

    def daily(self, column: int, begin_us: int, end_us: int, now_us: int) -> tuple[list[bytes], list[HistoryBar]]:
        """Return the encoded complete daily bars that start in [begin, end), and the open session's, if in there."""
        encoded, starts = self._daily(column)
        first = bisect_left(starts, begin_us)
        last = bisect_left(starts, min(end_us, now_us + 1))
        market = self._market
        partial: list[HistoryBar] = []
        open_index = market.day_at(now_us)
        if open_index >= 0 and now_us < market.days[open_index].close_us:
            day = market.days[open_index]
            last = min(last, bisect_left(starts, day.open_us))
            bar = market.bar(day.row, column)
            if bar is not None and begin_us <= day.open_us < end_us:
                position = day.position(now_us)
                open_, high, low, close = bar.until(position)
                volume = float(int(bar.volume * position / 3.0))
                partial.append(HistoryBar(open_, high, low, close, volume, day.open_us))
        return encoded[first:last], partial

    def _daily(self, column: int) -> tuple[list[bytes], list[int]]:
        if column not in self._encoded:
            bars = [self._bar(row, column) for row in self._market.rows_of(column)]
            self._encoded[column] = ([bar.encoded() for bar in bars], [bar.start_us for bar in bars])
        return self._encoded[column]

    def _bar(self, row: int, column: int) -> HistoryBar:
        panel = self._market.panel
        prices = (panel.open, panel.high, panel.low, panel.close, panel.volume)
        open_, high, low, close, volume = (float(values[row, column]) for values in prices)
        return HistoryBar(open_, high, low, close, volume, self._market.session_of_row(row).open_us)

    def bars(self, column: int, size: str, begin_us: int, end_us: int, now_us: int) -> list[HistoryBar]:
        """Return the bars of any size that start in [begin, end), the unfinished one of `now_us` included."""
        limit = min(end_us, now_us + 1)
        if size in INTRADAY_MINUTES:
            return self._intraday(column, INTRADAY_MINUTES[size] * instants.MINUTE, begin_us, limit, now_us)
        days = self._days(column, begin_us, limit, now_us)
        if size == "1d":
            return days
        return _summed(days, weekly=size == "1w")

    def _days(self, column: int, begin_us: int, end_us: int, now_us: int) -> list[HistoryBar]:
        market = self._market
        rows = market.rows_of(column)
        starts = [market.session_of_row(row).open_us for row in rows]
        chosen = rows[bisect_left(starts, begin_us) : bisect_right(starts, end_us - 1)]
        whole = [self._bar(row, column) for row in chosen if market.session_of_row(row).close_us <= now_us]
        return whole + self.daily(column, begin_us, end_us, now_us)[1]

    def _intraday(self, column: int, step_us: int, begin_us: int, end_us: int, now_us: int) -> list[HistoryBar]:
        market = self._market
        bars: list[HistoryBar] = []
        index = max(market.day_at(begin_us), 0)
        while index < len(market.days) and market.days[index].open_us < end_us:
            bars += self._cut(column, market.days[index], step_us, now_us)
            index += 1
        return [bar for bar in bars if begin_us <= bar.start_us < end_us]

    def _cut(self, column: int, day: TradingDay, step_us: int, now_us: int) -> list[HistoryBar]:
        whole = self._market.bar(day.row, column)
        if whole is None or not whole.volume > 0.0:
            return []
        bars = []
        done = 0.0
        for start in range(day.open_us, min(day.close_us, now_us + 1), step_us):
            end = min(start + step_us, day.close_us, max(now_us, start))
            prices = whole.between(day.position(start), day.position(end))
            open_, high, low, close = (round(price, 4) for price in prices)
            traded = float(int(whole.volume * day.position(end) / 3.0))
            bars.append(HistoryBar(open_, high, low, close, traded - done, start))
            done = traded
        return bars


def _summed(days: list[HistoryBar], *, weekly: bool) -> list[HistoryBar]:
    groups: dict[date, list[HistoryBar]] = {}
    for bar in days:
        day = instants.new_york_day(bar.start_us)
        key = day - timedelta(days=day.weekday()) if weekly else day.replace(day=1)
        groups.setdefault(key, []).append(bar)
    return [
        HistoryBar(
            bars[0].open,
            max(bar.high for bar in bars),
            min(bar.low for bar in bars),
            bars[-1].close,
            sum(bar.volume for bar in bars),
            bars[0].start_us,
        )
        for bars in groups.values()
    ]


def period_start(number: int, unit: str, end_us: int, market: ReplayedMarket) -> int:
    """Return where a period that ends at `end_us` begins; days are sessions, weeks and longer go by the calendar."""
    if unit == "min":
        return end_us - number * instants.MINUTE
    if unit == "h":
        return end_us - number * 60 * instants.MINUTE
    last = market.day_at(end_us - 1)
    if unit == "d":
        return market.days[max(last - number + 1, 0)].open_us
    anchor = instants.new_york_day(end_us)
    if unit == "w":
        return instants.new_york(anchor - timedelta(days=7 * number))
    months = number * (12 if unit == "y" else 1)
    total = anchor.year * 12 + anchor.month - 1 - months
    year, month = divmod(total, 12)
    return instants.new_york(date(max(year, 1), month + 1, min(anchor.day, 28)))

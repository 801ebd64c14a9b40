"""Bars as the history call gives them: daily from the file, weeks and months summed, minutes cut out of the path."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator import instants
from simulator.market.replayed import ReplayedMarket, TradingDay

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
# Documented are 30min, 8h, 1000d, 792w, 182m and 15y; clients in use ask for 60min, 880h or 30y and are served.
_PERIOD_LIMITS = {"min": 43_200, "h": 8_760, "d": 10_000, "w": 2_000, "m": 480, "y": 40}
DEFAULT_PERIOD = "1w"
_MINUTES = {"min": 1, "h": 60}


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


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars as the call writes them, with what its head says of them; without bars there is no highest and no lowest."""

    encoded: list[bytes]
    start_us: int
    highest: HistoryBar | None
    lowest: HistoryBar | None

    @classmethod
    def of(cls, bars: list[HistoryBar]) -> Bars:
        """Return `bars` encoded."""
        if not bars:
            return cls([], 0, None, None)
        highest, lowest = max(bars, key=lambda bar: bar.high), min(bars, key=lambda bar: bar.low)
        return cls([bar.encoded() for bar in bars], bars[0].start_us, highest, lowest)


@dataclass(frozen=True, slots=True)
class _DailyCache:
    rows: list[int]
    encoded: list[bytes]
    starts: list[int]
    highs: NDArray[np.float64]
    lows: NDArray[np.float64]
    scale: float


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
        """Keep the market; encoded daily bars are made when a symbol is first asked for, unsplit ones once a market."""
        self._market = market
        self._encoded: dict[int, _DailyCache] = {}

    def daily(self, column: int, begin_us: int, end_us: int, now_us: int, most: int = 10**9) -> Bars:
        """Return the newest `most` daily bars that start in [begin, end), the open session's as far as it has come."""
        cache = self._daily(column)
        first = bisect_left(cache.starts, begin_us)
        last = bisect_left(cache.starts, min(end_us, now_us + 1))
        unfinished = self._unfinished(column, now_us)
        if unfinished is not None:
            last = min(last, bisect_left(cache.starts, unfinished.start_us))
            if not begin_us <= unfinished.start_us < end_us:
                unfinished = None
        whole = max(last - first, 0)
        first = max(first, last - most + (unfinished is not None))
        if whole == 0:
            return Bars.of([] if unfinished is None else [unfinished])
        high, low = first + int(cache.highs[first:last].argmax()), first + int(cache.lows[first:last].argmin())
        ends = [self._bar(cache.rows[at], column) for at in (high, low)]
        if unfinished is None:
            return Bars(cache.encoded[first:last], cache.starts[first], ends[0], ends[1])
        return Bars(
            [*cache.encoded[first:last], unfinished.encoded()],
            cache.starts[first],
            max(ends[0], unfinished, key=lambda bar: bar.high),
            min(ends[1], unfinished, key=lambda bar: bar.low),
        )

    def _unfinished(self, column: int, now_us: int) -> HistoryBar | None:
        """Return the bar of the open session as far as it has come, None where there is none."""
        trading_day = self._market.day_at(now_us)
        if trading_day < 0 or now_us >= self._market.days[trading_day].close_us:
            return None
        day = self._market.days[trading_day]
        bar = self._market.bar(day.row, column)
        if bar is None:
            return None
        position = day.position(now_us)
        open_, high, low, close = (round(price, 4) for price in bar.until(position))
        return HistoryBar(open_, high, low, close, float(int(bar.volume * position / 3.0)), day.open_us)

    def _daily(self, column: int) -> _DailyCache:
        scale = self._market.scale(column)
        if scale != 1.0:
            if column not in self._encoded or self._encoded[column].scale != scale:
                self._encoded[column] = self._encode(column, scale)
            return self._encoded[column]
        made: dict[tuple[str, int, int], _DailyCache] = self._market.made
        if ("daily", column, 0) not in made:
            made["daily", column, 0] = self._encode(column, scale)
        return made["daily", column, 0]

    def _encode(self, column: int, scale: float) -> _DailyCache:
        rows = self._market.rows_of(column)
        bars = [self._bar(row, column) for row in rows]
        return _DailyCache(
            rows,
            [bar.encoded() for bar in bars],
            [bar.start_us for bar in bars],
            self._market.panel.high[rows, column],
            self._market.panel.low[rows, column],
            scale,
        )

    def _bar(self, row: int, column: int) -> HistoryBar:
        panel = self._market.panel
        prices = (panel.open, panel.high, panel.low, panel.close, panel.volume)
        open_, high, low, close, volume = (float(values[row, column]) for values in prices)
        scale = self._market.scale(column)
        if scale != 1.0:
            open_, high, low, close = (round(price / scale, 6) for price in (open_, high, low, close))
            volume *= scale
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
        unfinished = self._unfinished(column, now_us)
        if unfinished is not None and begin_us <= unfinished.start_us < end_us:
            whole.append(unfinished)
        return whole

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
    """Return where a period that ends at `end_us` begins.

    Minutes and hours are those of sessions, so that a weekend shows the last one; days are sessions; weeks and
    longer go by the calendar.
    """
    last = market.day_at(end_us - 1)
    if unit in _MINUTES:
        return _trading_time_before(number * _MINUTES[unit] * instants.MINUTE, last, end_us, market)
    if unit == "d":
        return market.days[max(last - number + 1, 0)].open_us
    anchor = instants.new_york_day(end_us)
    if unit == "w":
        return instants.new_york(anchor - timedelta(days=7 * number))
    months = number * (12 if unit == "y" else 1)
    total = anchor.year * 12 + anchor.month - 1 - months
    year, month = divmod(total, 12)
    return instants.new_york(date(max(year, 1), month + 1, min(anchor.day, 28)))


def _trading_time_before(span_us: int, last: int, end_us: int, market: ReplayedMarket) -> int:
    """Return the instant from which sessions have been open for `span_us` until `end_us`."""
    for day in reversed(market.days[: last + 1]):
        open_us = min(end_us, day.close_us) - day.open_us
        if open_us >= span_us:
            return day.open_us + open_us - span_us
        span_us -= open_us
    return market.days[0].open_us

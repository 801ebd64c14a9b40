"""The replayed market: sessions, bars and the path that each bar's price takes through its session."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from simulator import instants
from trading.market import fills
from trading.market.calendar import TradingCalendar
from trading.market.panel import DataError as _DataError  # type: ignore[attr-defined]  # raised there, defined below it
from trading.market.panel import Panel

BadBars = _DataError
CALENDAR_MARGIN_DAYS = 21
LAST_POSITION = 3.0
_UNREAD = object()
_ARRAYS = ("sessions", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One session; instants in microseconds. `row` is that of the panel, None on a day without a bar of any symbol."""

    day: date
    open_us: int
    close_us: int
    row: int | None

    @property
    def duration_us(self) -> int:
        """Return the length of regular trading hours."""
        return self.close_us - self.open_us

    @property
    def midnight_us(self) -> int:
        """Return when its date ends in New York."""
        return instants.new_york(self.day + timedelta(days=1))

    def position(self, instant: int) -> float:
        """Return how far `instant` is along the path of this session's bars, 0 to 3."""
        return min(max(LAST_POSITION * (instant - self.open_us) / self.duration_us, 0.0), LAST_POSITION)

    def instant(self, position: float) -> int:
        """Return when the path is at `position`."""
        return self.open_us + int(position * self.duration_us / LAST_POSITION + 0.5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One symbol's daily bar with the four prices that its path runs through."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    path: tuple[float, float, float, float]

    def price_at(self, position: float) -> float:
        """Return the price at a position of the path."""
        return fills.price_at(*self.path, position)

    def until(self, position: float) -> tuple[float, float, float, float]:
        """Return open, high, low and last price of the path up to `position`."""
        return self.between(0.0, position)

    def between(self, begin: float, end: float) -> tuple[float, float, float, float]:
        """Return open, high, low and last price of a part of the path."""
        corners = [self.path[corner] for corner in range(4) if begin < corner < end]
        first, last = self.price_at(begin), self.price_at(end)
        prices = [first, *corners, last]
        return first, max(prices), min(prices), last


class ReplayedMarket:
    """Bars of a file on the sessions of the exchange, extended by the file's own dates."""

    def __init__(self, panel: Panel, days: tuple[TradingDay, ...] | None = None) -> None:
        """Lay out the sessions of `panel`, or take `days` that were laid out for it before."""
        self.panel = panel
        self.digest = panel.digest()
        self.days = _trading_days(panel) if days is None else days
        self._opens = [day.open_us for day in self.days]
        self._midnights = [instants.new_york(day.day) for day in self.days]
        self._by_row = {day.row: day for day in self.days if day.row is not None}
        last = self._by_row[len(panel.sessions) - 1]
        self.end_us = last.close_us
        """when the last bar is complete"""
        self.made: dict[tuple[str, int, int], Any] = {}
        """what was made of unsplit bars, by what it is, column and row: shared by all `fresh` ones, never changed"""
        self._bars: dict[tuple[int, int], Bar | None] = {}
        self._split_bars: dict[tuple[int, int], Bar | None] = {}
        self._rows: dict[int, list[int]] = {}
        self._scales: dict[int, float] = {}

    @classmethod
    def load(cls, path: Path) -> ReplayedMarket:
        """Read a bars file.

        Raises:
            BadBars: it isn't there, or holds something that is no bar; the text is one line that says which.
        """
        from trading.market.bar_files import load_bars

        return cls(load_bars(path))

    def cut(self, symbols: Sequence[str], first: date | None = None, last: date | None = None) -> ReplayedMarket:
        """Return the market of some symbols, from `first` to `last`; the calendar is not laid out again.

        Raises:
            BadBars: a symbol is not in the bars, or none of them has a bar in that time.
        """
        whole = self.panel.select(symbols)
        begin = 0 if first is None else int(np.searchsorted(whole.sessions, np.datetime64(first, "D")))
        end = (
            len(whole.sessions)
            if last is None
            else int(np.searchsorted(whole.sessions, np.datetime64(last, "D"), "right"))
        )
        if begin >= end:
            problem = "no bars in that time"
            raise BadBars(", ".join(symbols), problem)
        panel = Panel(whole.symbols, *(getattr(whole, name)[begin:end] for name in _ARRAYS))
        rows = {day: row for row, day in enumerate(panel.sessions.tolist())}
        ends = panel.sessions[-1].item() + timedelta(days=CALENDAR_MARGIN_DAYS)
        days = (replace(day, row=rows.get(day.day)) for day in self.days if panel.sessions[0].item() <= day.day <= ends)
        return ReplayedMarket(panel, tuple(days))

    def fresh(self) -> ReplayedMarket:
        """Return the same market before any split; what was read and made of the bars is shared."""
        other = copy(self)
        other._split_bars, other._scales = {}, {}
        return other

    def split(self, column: int, ratio: float) -> None:
        """Split a stock: all its prices, past ones too, are from now on divided by `ratio`, its volumes multiplied."""
        self._scales[column] = self.scale(column) * ratio
        for key in [key for key in self._split_bars if key[1] == column]:
            del self._split_bars[key]

    def scale(self, column: int) -> float:
        """Return what the file's prices of a symbol are divided by, 1 where it never split."""
        return self._scales.get(column, 1.0)

    def day_at(self, instant: int) -> int:
        """Return the index of the latest session that has opened by `instant`, -1 before the first."""
        return bisect_right(self._opens, instant) - 1

    def calendar_day_at(self, instant: int) -> int:
        """Return the index of the latest session whose date has begun in New York by `instant`, -1 before the first."""
        return bisect_right(self._midnights, instant) - 1

    def is_open(self, instant: int) -> bool:
        """Return whether `instant` lies in regular trading hours, the open included, the close not."""
        index = self.day_at(instant)
        return index >= 0 and instant < self.days[index].close_us

    def session_of_row(self, row: int) -> TradingDay:
        """Return the session of a row of the panel."""
        return self._by_row[row]

    def bar(self, row: int | None, column: int) -> Bar | None:
        """Return the bar of a symbol in a row of the panel, None where it has none."""
        if row is None:
            return None
        bars = self._split_bars if column in self._scales else self._bars
        key = (row, column)
        found = bars.get(key, _UNREAD)
        if isinstance(found, Bar) or found is None:
            return found
        if len(bars) > 4 * len(self.panel.symbols) + 1000:
            bars.clear()
        read = bars[key] = self._read(row, column)
        return read

    def _read(self, row: int, column: int) -> Bar | None:
        panel = self.panel
        close = float(panel.close[row, column])
        if close != close:  # noqa: PLR0124  (NaN: no bar)
            return None
        open_, high, low = (float(values[row, column]) for values in (panel.open, panel.high, panel.low))
        volume = float(panel.volume[row, column])
        if column in self._scales:
            scale = self._scales[column]
            open_, high, low, close = open_ / scale, high / scale, low / scale, close / scale
            volume *= scale
        return Bar(open_, high, low, close, volume, fills.path(open_, high, low, close))

    def rows_of(self, column: int) -> list[int]:
        """Return the rows in which a symbol has a bar, oldest first."""
        if column not in self._rows:
            self._rows[column] = np.flatnonzero(~np.isnan(self.panel.close[:, column])).tolist()
        return self._rows[column]

    def close_before(self, column: int, day_index: int) -> float | None:
        """Return the symbol's last close before the session with index `day_index`, None where it never traded."""
        row = self.last_row_before(day_index)
        rows = self.rows_of(column)
        at = bisect_right(rows, row) - 1
        return float(self.panel.close[rows[at], column]) / self.scale(column) if at >= 0 else None

    def last_row_before(self, day_index: int) -> int:
        """Return the row of the last session with bars before the one with index `day_index`, -1 where none is."""
        for index in range(min(day_index, len(self.days)) - 1, -1, -1):
            row = self.days[index].row
            if row is not None:
                return row
        return -1

    def trading_bar(self, column: int, instant: int) -> tuple[TradingDay, Bar] | None:
        """Return the session that is open at `instant` and the symbol's bar in it, None where nothing of it trades."""
        index = self.day_at(instant)
        if index < 0 or instant >= self.days[index].close_us:
            return None
        bar = self.bar(self.days[index].row, column)
        return (self.days[index], bar) if bar is not None and bar.volume > 0.0 else None

    def mark(self, column: int, instant: int) -> float | None:
        """Return the last traded price at `instant`: on the path while the market is open, else the last close."""
        trading = self.trading_bar(column, instant)
        if trading is not None:
            day, bar = trading
            return bar.price_at(day.position(instant))
        index = self.day_at(instant)
        complete = index + 1 if index >= 0 and instant >= self.days[index].close_us else index
        return self.close_before(column, complete)


def _trading_days(panel: Panel) -> tuple[TradingDay, ...]:
    dates: list[date] = panel.sessions.tolist()
    rows = {day: row for row, day in enumerate(dates)}
    regular = {}
    try:
        calendar = TradingCalendar(dates[0], dates[-1] + timedelta(days=CALENDAR_MARGIN_DAYS))
        known = calendar.sessions(dates[0], dates[-1] + timedelta(days=CALENDAR_MARGIN_DAYS))
        regular = {session.day: session for session in known}
    except BadBars:
        # Dates that the exchange's calendar does not reach: the file's own dates are the calendar then.
        pass
    days = []
    for day in sorted(rows.keys() | regular.keys()):
        session = regular.get(day)
        opened = instants.from_datetime(session.open) if session else instants.new_york(day, 9, 30)
        closed = instants.from_datetime(session.close) if session else instants.new_york(day, 16)
        days.append(TradingDay(day, opened, closed, rows.get(day)))
    return tuple(days)

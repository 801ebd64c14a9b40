"""Made-up bars for tests: random walks, and series in which one knows what must happen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np

from trading.market.panel import Panel, SymbolBars, build_panel

FIRST_DAY = date(2020, 1, 1)


def days(count: int, first: date = FIRST_DAY) -> list[date]:
    """Return `count` consecutive weekdays."""
    found: list[date] = []
    day = first
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found


def bars_of(rows: Sequence[tuple[float, float, float, float, float]], on: Iterable[date] | None = None) -> SymbolBars:
    """Return rows of open, high, low, close, volume as the bars of one symbol, on consecutive weekdays unless said."""
    dates = np.array(list(on) if on is not None else days(len(rows)), dtype="datetime64[D]")
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 5).T
    return SymbolBars(dates, *columns)


def random_walk(chance: np.random.Generator, count: int, *, drift: float = 0.001, price: float = 50.0) -> SymbolBars:
    """Return bars that wander upwards, in cents, each high and low enclosing its open and close."""
    close = np.round(price * np.exp(np.cumsum(chance.normal(drift, 0.01, count))), 2)
    open_ = np.round(np.roll(close, 1) * np.exp(chance.normal(0, 0.003, count)), 2)
    high = np.round(np.maximum(open_, close) * (1 + abs(chance.normal(0, 0.004, count))), 2)
    low = np.round(np.minimum(open_, close) * (1 - abs(chance.normal(0, 0.004, count))), 2)
    volume = np.floor(500_000 * np.exp(chance.normal(0, 0.4, count)))
    dates = np.array(days(count), dtype="datetime64[D]")
    return SymbolBars(dates, open_, np.maximum(high, open_), np.minimum(low, open_), close, volume)


def without(bars: SymbolBars, missing: Iterable[int]) -> SymbolBars:
    """Return `bars` without those at the places `missing`."""
    kept = np.ones(len(bars.dates), dtype=bool)
    kept[[place for place in missing if 0 <= place < len(kept)]] = False
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return SymbolBars(bars.dates[kept], *(column[kept] for column in columns))


def random_panel(seed: int, symbols: int = 4, sessions: int = 80) -> Panel:
    """Return random walks, every second with missing sessions, the last one listed late."""
    chance = np.random.default_rng(seed)
    series = {}
    for number in range(symbols):
        bars = random_walk(chance, sessions)
        missing = set(chance.integers(0, sessions, sessions // 10).tolist()) if number % 2 else set()
        if number == symbols - 1:
            missing |= set(range(sessions // 2))
        series[f"S{number:02d}"] = without(bars, missing)
    return build_panel(series)

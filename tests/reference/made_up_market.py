"""Made-up bars with everything that real files contain and a strategy has to survive."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from tests.reference.strategy_reference import Bars

FIRST_DAY = date(2019, 1, 1)


def weekdays(count: int) -> list[str]:
    """Return `count` consecutive weekdays from FIRST_DAY, ISO."""
    days = (FIRST_DAY + timedelta(days=number) for number in range(count * 2))
    return [day.isoformat() for day in days if day.weekday() < 5][:count]


def made_up_market(seed: int, symbols: int, sessions: int, grid: float | None = None) -> dict[str, Bars]:
    """Return trending bars with gaps, missing sessions, halved prices, empty bars, penny prices, ties, short histories.

    What each symbol suffers follows from its number, so that a handful of symbols has all of it. On a coarse `grid` of
    prices everything that is compared is often exactly equal.
    """
    chance = np.random.default_rng(seed)
    days = weekdays(sessions)
    market = {f"S{number:03d}": _one_symbol(chance, number, days, grid) for number in range(symbols)}
    market["TWIN"] = market["S000"]  # The same bars under two names: every score ties.
    lonely = market["S000"]
    market["ONE"] = Bars(*([column[sessions // 2]] for column in _columns(lonely)))  # type: ignore[arg-type]
    return dict(sorted(market.items()))


def _columns(bars: Bars) -> tuple[list[str] | list[float], ...]:
    return bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume


def _one_symbol(chance: np.random.Generator, number: int, days: list[str], grid: float | None) -> Bars:
    price = (40.0, 90.0, 12.0, 6.0, 1.3, 0.6, 300.0)[number % 7]
    decimals = 4 if price < 1.5 else 2
    calm = 0.006 + 0.004 * (number % 4)
    first, last = _lifetime(chance, number, len(days))
    missing = _missing_sessions(chance, number, len(days))
    bars = Bars()
    for session in range(first, last):
        shock = _shock(chance, number)
        opened = price * shock * float(np.exp(chance.normal(0.0, calm / 2)))
        closed = opened * float(np.exp(chance.normal(0.0012, calm)))
        high = max(opened, closed) * float(np.exp(abs(chance.normal(0.0, calm / 2))))
        low = min(opened, closed) * float(np.exp(-abs(chance.normal(0.0, calm / 2))))
        price = closed
        if session in missing:
            continue
        bars.dates.append(days[session])
        opened, high, low, closed = (_rounded(value, decimals, grid) for value in (opened, high, low, closed))
        bars.open.append(opened)
        bars.high.append(max(opened, high, low, closed))
        bars.low.append(min(opened, high, low, closed))
        bars.close.append(closed)
        bars.volume.append(_volume(chance, number))
    return bars


def _rounded(value: float, decimals: int, grid: float | None) -> float:
    if grid is None:
        return max(round(value, decimals), 0.0001)
    return max(round(value / grid) * grid, grid)


def _lifetime(chance: np.random.Generator, number: int, sessions: int) -> tuple[int, int]:
    """Every fifth symbol is listed late, every sixth ends early, which leaves held shares behind."""
    first = int(chance.integers(1, sessions // 2)) if number % 5 == 4 else 0
    last = int(chance.integers(sessions // 2, sessions)) if number % 6 == 5 else sessions
    return first, max(last, first + 1)


def _missing_sessions(chance: np.random.Generator, number: int, sessions: int) -> set[int]:
    """Every third symbol misses single sessions and runs of up to 14, longer than a delisting takes."""
    if number % 3 != 1:
        return set()
    missing = {int(session) for session in chance.integers(0, sessions, sessions // 25)}
    for begin in chance.integers(0, sessions, max(1, sessions // 100)):
        missing.update(range(int(begin), int(begin) + int(chance.integers(2, 15))))
    return missing


def _shock(chance: np.random.Generator, number: int) -> float:
    """A gap down through any stop now and then, and, for every fourth symbol, an unadjusted halving or doubling."""
    draw = float(chance.random())
    if draw < 0.006:
        return float(chance.uniform(0.75, 0.93))
    if draw > 0.994:
        return float(chance.uniform(1.05, 1.25))
    if number % 4 == 2 and 0.5 < draw < 0.502:
        return 0.5 if draw < 0.501 else 2.0
    return 1.0


def _volume(chance: np.random.Generator, number: int) -> float:
    """Thin for every fifth symbol, so that the liquidity cap binds; empty bars for every third."""
    if number % 3 == 0 and chance.random() < 0.04:
        return 0.0
    scale = 2_000 if number % 5 == 3 else 400_000
    return float(int(scale * np.exp(chance.normal(0.0, 0.5))))

"""Daily bars: read whole once, afterwards only what is new, joined on where both agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from trading.gateway import fields
from trading.gateway.fields import FieldError
from trading.market.panel import SymbolBars
from trading.model.exchange_time import EXCHANGE_ZONE

PATH = "/iserver/marketdata/history"
# Asked for to see whether the gateway gives any bars.
SHORT_PERIOD = "5d"

# New York is four or five hours behind UTC: outside this hour the date is known without a calendar.
_EARLIEST_DAY_START_H = 4
_LATEST_DAY_START_H = 5
_SESSIONS_A_MONTH = 20.5
# The API gives at most 1000 bars.
_MOST_MONTHS = 47
_AGREEING_BARS = 3
_HALF_A_CENT = 0.005
# Calendar days read before the first new one, so that enough bars overlap across any run of holidays.
_OVERLAP_DAYS = 10
_LONGEST_JOIN_DAYS = 300


@dataclass(frozen=True, slots=True)
class Series:
    """Completed bars of one contract; `count` is how many were asked for when it was read whole."""

    bars: SymbolBars
    count: int

    @property
    def last(self) -> date | None:
        """Return the session of the last bar."""
        return self.bars.dates[-1].item() if len(self.bars.dates) else None

    def covers(self, count: int) -> bool:
        """Return whether as many bars were asked for as are wanted now."""
        return self.count >= count


def full_period(count: int) -> str:
    """Return the period that holds `count` daily bars, in months ("min" would be minutes)."""
    return f"{min(_MOST_MONTHS, math.ceil(count / _SESSIONS_A_MONTH) + 1)}m"


def join_period(last: date, through: date) -> str | None:
    """Return the period that reaches back far enough beyond `last` to compare, None when all is to be read anew."""
    days = (through - last).days + _OVERLAP_DAYS
    return f"{days}d" if days <= _LONGEST_JOIN_DAYS else None


def joined(known: SymbolBars, fresh: SymbolBars) -> SymbolBars | None:
    """Return `known` with the newer bars of `fresh`, None when they disagree (a split, a correction) or don't meet.

    Prices of at least three bars have to be equal to the cent. Where both have a bar, the fresh one stays: volumes are
    corrected after the close.
    """
    if not len(fresh.dates):
        return None
    start = int(np.searchsorted(known.dates, fresh.dates[0]))
    shared = len(known.dates) - start
    if shared < _AGREEING_BARS or shared > len(fresh.dates):
        return None
    if not np.array_equal(known.dates[start:], fresh.dates[:shared]):
        return None
    for name in ("open", "high", "low", "close"):
        if (np.abs(getattr(known, name)[start:] - getattr(fresh, name)[:shared]) >= _HALF_A_CENT).any():
            return None
    return SymbolBars(
        *(
            np.concatenate([getattr(known, name)[:start], getattr(fresh, name)])
            for name in ("dates", "open", "high", "low", "close", "volume")
        )
    )


def cut(bars: SymbolBars, through: date, count: int | None = None) -> SymbolBars:
    """Return the last `count` bars (None: all) up to and including session `through`."""
    end = int(np.searchsorted(bars.dates, np.datetime64(through, "D"), side="right"))
    start = 0 if count is None else max(0, end - count)
    return SymbolBars(
        bars.dates[start:end],
        bars.open[start:end],
        bars.high[start:end],
        bars.low[start:end],
        bars.close[start:end],
        bars.volume[start:end],
    )


def parsed(answer: object, through: date) -> SymbolBars:
    """Return the bars of a history answer up to session `through`; a later one is not complete.

    Nulls after the last bar stand for one that is not there yet: its session is then missing, as with a shorter list.

    Raises: FieldError: not a list of bars in ascending order, one a day, with high and low around open and close,
        prices above zero and a volume of zero or more.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise FieldError("data", "the history is no list")
    rows = answer["data"]
    rows = rows[: max((at for at, row in enumerate(rows, 1) if row is not None), default=0)]
    factor = volume_factor(answer)
    starts = _column(rows, "t")
    dates = _sessions(starts)
    kept = dates <= np.datetime64(through, "D")
    bars = SymbolBars(
        dates=dates[kept],
        open=_column(rows, "o")[kept],
        high=_column(rows, "h")[kept],
        low=_column(rows, "l")[kept],
        close=_column(rows, "c")[kept],
        volume=_column(rows, "v")[kept] * factor,
    )
    _check(bars)
    return bars


def volume_factor(answer: object) -> float:
    """Return how many shares one unit of volume stands for in a history answer.

    Raises: FieldError.
    """
    if not isinstance(answer, dict):
        raise FieldError("data", "the history is no list")
    return fields.number(answer.get("volumeFactor", 1), "volumeFactor")


def _column(rows: list[object], name: str) -> NDArray[np.float64]:
    """Return one value of every bar.

    Raises: FieldError, it is missing in one or no number.
    """
    try:
        values = [row[name] for row in rows if isinstance(row, dict)]
    except KeyError:
        raise FieldError(name, "missing in a bar") from None
    if len(values) != len(rows):
        raise FieldError("data", "a bar is no object")
    if not all(type(value) in (float, int) for value in values):
        raise FieldError(name, "not a number in a bar")
    try:
        column = np.array(values, dtype=np.float64)
    except OverflowError:
        raise FieldError(name, "not finite in a bar") from None
    if not np.isfinite(column).all():
        raise FieldError(name, "not finite in a bar")
    return column


def _sessions(starts_ms: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Return the New York date of each bar's start."""
    if len(starts_ms) and (starts_ms.min() < 0 or starts_ms.max() > _LAST_MS):
        raise FieldError("t", "not a time")
    instants = starts_ms.astype(np.int64).astype("datetime64[ms]")
    dates: NDArray[np.datetime64] = instants.astype("datetime64[D]")
    hours = (instants - dates).astype("timedelta64[h]").astype(np.int64)
    dates -= (hours < _EARLIEST_DAY_START_H).astype(np.int64)
    for at in np.flatnonzero((hours >= _EARLIEST_DAY_START_H) & (hours < _LATEST_DAY_START_H)):
        local = datetime.fromtimestamp(float(starts_ms[at]) / 1000.0, EXCHANGE_ZONE)
        dates[at] = np.datetime64(local.date(), "D")
    return dates


# The end of the year 2199.
_LAST_MS = 7_258_118_400_000


def _check(bars: SymbolBars) -> None:
    if (np.diff(bars.dates) <= np.timedelta64(0, "D")).any():
        raise FieldError("t", "the bars are not in order, or two are of one session")
    if (np.minimum.reduce([bars.open, bars.high, bars.low, bars.close]) <= 0.0).any():
        raise FieldError("price", "not above zero")
    low = np.minimum(bars.open, bars.close)
    high = np.maximum(bars.open, bars.close)
    if (bars.low > low).any() or (bars.high < high).any():
        raise FieldError("price", "open or close outside low and high")
    if (bars.volume < 0.0).any():
        raise FieldError("v", "negative")


def query(conid: int, period: str) -> Mapping[str, str]:
    """Return the parameters of one history request: daily bars of regular hours, the newest last."""
    return {"conid": str(conid), "period": period, "bar": "1d", "outsideRth": "false"}

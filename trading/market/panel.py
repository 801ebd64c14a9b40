"""Daily bars of many symbols on one grid."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from trading.errors import DataError

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

PRICES = ("open", "high", "low", "close")
NUMBERS = (*PRICES, "volume")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Panel:
    """Completed daily bars of many symbols on one grid, compared by identity.

    `symbols` are unique, A-Z; `sessions` ascending days (datetime64[D]) on each of which some symbol has a bar. The
    arrays are float64 of shape (sessions, symbols), NaN in all five where the symbol has no bar, and never written to.
    """

    symbols: tuple[str, ...]
    sessions: Days
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    _columns: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the symbols and protect the arrays."""
        object.__setattr__(self, "_columns", {symbol: column for column, symbol in enumerate(self.symbols)})
        for array in (self.sessions, self.open, self.high, self.low, self.close, self.volume):
            array.flags.writeable = False

    def column(self, symbol: str) -> int:
        """Return the column of `symbol`.

        Raises: DataError, the panel does not hold it.
        """
        found = self._columns.get(symbol)
        if found is None:
            raise DataError(symbol, "has no bars here")
        return found

    def __contains__(self, symbol: str) -> bool:
        """Return whether the panel has a column of that symbol."""
        return symbol in self._columns

    def row(self, day: date) -> int | None:
        """Return the row of session `day`, None when no symbol has a bar on it."""
        wanted = np.datetime64(day, "D")
        at = int(np.searchsorted(self.sessions, wanted))
        return at if at < len(self.sessions) and self.sessions[at] == wanted else None

    def day(self, row: int) -> date:
        """Return the session of `row`; -1 is the last."""
        day: date = self.sessions[row].item()
        return day

    def has_bar(self, symbol: str, row: int) -> bool:
        """Return whether `symbol` is in the panel and traded in the session of `row`."""
        column = self._columns.get(symbol)
        return column is not None and not np.isnan(self.close[row, column])

    def cut(self, through: date) -> Panel:
        """Return the panel of the sessions up to and including `through`, with all symbols."""
        rows = int(np.searchsorted(self.sessions, np.datetime64(through, "D"), side="right"))
        arrays = (array[:rows] for array in (self.open, self.high, self.low, self.close, self.volume))
        return Panel(self.symbols, self.sessions[:rows], *arrays)

    def select(self, symbols: Sequence[str]) -> Panel:
        """Return the panel of `symbols` alone, without the sessions in which none of them traded.

        Raises: DataError, one of them is not in the panel.
        """
        wanted = sorted(set(symbols))
        columns = [self.column(symbol) for symbol in wanted]
        rows = ~np.isnan(self.close[:, columns]).all(axis=1)
        arrays = (
            np.ascontiguousarray(array[rows][:, columns])
            for array in (self.open, self.high, self.low, self.close, self.volume)
        )
        return Panel(tuple(wanted), self.sessions[rows], *arrays)

    def digest(self) -> str:
        """Return the SHA-256 of everything in the panel, the same for the same bars whatever file they came from."""
        total = hashlib.sha256("\n".join(self.symbols).encode())
        total.update(self.sessions.astype("int64").tobytes())
        for array in (self.open, self.high, self.low, self.close, self.volume):
            # One NaN for all, so that equal panels have equal bytes; + 0.0 makes -0.0 plain.
            total.update(np.where(np.isnan(array), np.nan, array + 0.0).astype("<f8").tobytes())
        return total.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class SymbolBars:
    """Bars of one symbol, oldest first, all arrays of one length; `dates` are datetime64[D]."""

    dates: Days
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


def build_panel(series: Mapping[str, SymbolBars]) -> Panel:
    """Return the panel of the given symbols; a symbol without bars keeps a column without values.

    Raises: DataError, the dates of a symbol are not strictly ascending or its arrays differ in length.
    """
    symbols = tuple(sorted(series))
    for symbol, bars in series.items():
        if any(len(getattr(bars, name)) != len(bars.dates) for name in NUMBERS):
            raise DataError(symbol, "arrays of unequal length")
        if len(bars.dates) > 1 and not (np.diff(bars.dates.astype("datetime64[D]").astype("int64")) > 0).all():
            raise DataError(symbol, "dates are not strictly ascending")
    empty = np.empty(0, dtype="datetime64[D]")
    sessions = np.unique(np.concatenate([empty, *(series[s].dates.astype("datetime64[D]") for s in symbols)]))
    grids = {name: np.full((len(sessions), len(symbols)), np.nan) for name in NUMBERS}
    for column, symbol in enumerate(symbols):
        rows = np.searchsorted(sessions, series[symbol].dates.astype("datetime64[D]"))
        for name, grid in grids.items():
            grid[rows, column] = getattr(series[symbol], name)
    return Panel(symbols, sessions, **grids)

"""The bars that charts are drawn from: only what is new or changed is written, found by comparing whole panels."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from trading.market.panel import Panel

# Symbol, session, then open, high, low, close and volume.
BarRow = tuple[str | float, ...]

_UPSERT = """
INSERT INTO bar (symbol, session, open, high, low, close, volume) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (symbol, session) DO UPDATE SET
    open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, volume = excluded.volume
WHERE (open, high, low, close, volume) IS NOT
    (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
"""


class BarWriter:
    """Remembers the panel that was written last, so that a day costs a day's rows and not a year's."""

    def __init__(self) -> None:
        """Start without a memory: the first panel is offered whole, and the file takes what it lacks."""
        self._last: Panel | None = None

    def changed(self, panel: Panel) -> list[BarRow]:
        """Return the bars of `panel` that differ from the last panel's, or all when there was none."""
        values = _stack(panel)
        wanted = ~np.isnan(panel.close)
        if self._last is not None:
            wanted &= ~_same(values, panel, _stack(self._last), self._last)
        sessions = np.datetime_as_string(panel.sessions, unit="D")
        rows, columns = np.nonzero(wanted)
        found = values[:, rows, columns].T.tolist()
        names = (panel.symbols[column] for column in columns.tolist())
        return [(name, day, *bar) for name, day, bar in zip(names, sessions[rows].tolist(), found, strict=True)]

    def write(self, connection: sqlite3.Connection, rows: list[BarRow]) -> int:
        """Write rows and return how many the file did not have like this."""
        before = connection.total_changes
        connection.executemany(_UPSERT, rows)
        return connection.total_changes - before

    def remember(self, panel: Panel) -> None:
        """Compare with this panel from now on; called once its rows are committed."""
        self._last = panel


def _stack(panel: Panel) -> NDArray[np.float64]:
    """Return the five columns as one array of shape (5, sessions, symbols)."""
    return np.stack((panel.open, panel.high, panel.low, panel.close, panel.volume))


def _same(
    values: NDArray[np.float64], panel: Panel, last_values: NDArray[np.float64], last: Panel
) -> NDArray[np.bool_]:
    """Return, shaped (sessions, symbols), where `last` has an equal bar."""
    same = np.zeros(panel.close.shape, dtype=np.bool_)
    _, rows, last_rows = np.intersect1d(panel.sessions, last.sessions, assume_unique=True, return_indices=True)
    shared = [symbol for symbol in panel.symbols if symbol in last]
    columns = np.array([panel.column(symbol) for symbol in shared], dtype=np.intp)
    last_columns = np.array([last.column(symbol) for symbol in shared], dtype=np.intp)
    now = values[:, rows[:, None], columns[None, :]]
    then = last_values[:, last_rows[:, None], last_columns[None, :]]
    same[rows[:, None], columns[None, :]] = np.all(now == then, axis=0)
    return same

"""The lines that a strategy's charts show, bar by bar: written with the decision, so that readers need no strategy."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from trading.market.panel import Panel

Lines = Mapping[str, NDArray[np.float64]]

DECIMALS = 4
# A value that remembers its whole past differs a little when the fetched bars begin a day later.
_SAME = 1e-3
_NEWEST = "SELECT session, body FROM chart_values WHERE symbol = ? ORDER BY session DESC LIMIT 1"
_UPSERT = """
INSERT INTO chart_values (symbol, session, body) VALUES (?, ?, ?)
ON CONFLICT (symbol, session) DO UPDATE SET body = excluded.body
"""


def write_chart_values(connection: sqlite3.Connection, panel: Panel, lines: Lines) -> None:
    """Add the values of the sessions after the newest that is kept of each symbol.

    Where that one is kept with other values or other lines (a split, another strategy, other parameters), all of the
    symbol's are written anew.
    """
    sessions = np.datetime_as_string(panel.sessions, unit="D").tolist()
    place = {session: row for row, session in enumerate(sessions)}
    for column, symbol in enumerate(panel.symbols):
        kept = connection.execute(_NEWEST, (symbol,)).fetchone()
        first = 0
        if kept is not None:
            row = place.get(kept[0])
            if row is not None and _same(_values(lines, row, column), msgspec.json.decode(kept[1])):
                first = row + 1
            else:
                connection.execute("DELETE FROM chart_values WHERE symbol = ?", (symbol,))
        rows = ((row, _values(lines, row, column)) for row in range(first, len(sessions)))
        connection.executemany(
            _UPSERT,
            ((symbol, sessions[row], msgspec.json.encode(values).decode()) for row, values in rows if values),
        )


def _values(lines: Lines, row: int, column: int) -> dict[str, float]:
    """Return the values of one bar by line; the undefined ones are absent."""
    found = ((name, float(values[row, column])) for name, values in lines.items())
    return {name: round(value, DECIMALS) for name, value in found if math.isfinite(value)}


def _same(new: Mapping[str, float], kept: Mapping[str, float]) -> bool:
    return new.keys() == kept.keys() and all(math.isclose(new[name], kept[name], rel_tol=_SAME) for name in new)

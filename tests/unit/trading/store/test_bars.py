from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from trading.market.panel import Panel
from trading.store.bars import BarWriter


def panel(first: date, closes: dict[str, list[float]]) -> Panel:
    close = np.array([closes[symbol] for symbol in sorted(closes)], dtype=np.float64).T
    return Panel(
        symbols=tuple(sorted(closes)),
        sessions=np.array([first + timedelta(days=day) for day in range(len(close))], dtype="datetime64[D]"),
        open=close.copy(), high=close.copy(), low=close.copy(), close=close, volume=close.copy(),
    )  # fmt: skip


DAY = date(2014, 3, 3)


def keys(writer: BarWriter, now: Panel) -> list[tuple[str | float, ...]]:
    return [row[:2] for row in writer.changed(now)]


def test_first_panel_is_offered_whole_but_for_missing_bars() -> None:
    assert BarWriter().changed(panel(DAY, {"A": [1.0, np.nan], "B": [2.0, 3.0]})) == [
        ("A", "2014-03-03", 1.0, 1.0, 1.0, 1.0, 1.0),
        ("B", "2014-03-03", 2.0, 2.0, 2.0, 2.0, 2.0),
        ("B", "2014-03-04", 3.0, 3.0, 3.0, 3.0, 3.0),
    ]


def test_next_day_offers_the_new_bars_alone() -> None:
    writer = BarWriter()
    writer.remember(panel(DAY, {"A": [1.0, 2.0], "B": [1.0, 2.0]}))
    assert keys(writer, panel(DAY + timedelta(days=1), {"A": [2.0, 3.0], "B": [2.0, 3.0]})) == [
        ("A", "2014-03-05"),
        ("B", "2014-03-05"),
    ]


def test_changed_history_and_new_symbols_are_offered() -> None:
    writer = BarWriter()
    writer.remember(panel(DAY, {"A": [1.0, 2.0], "C": [1.0, 2.0]}))
    assert keys(writer, panel(DAY, {"A": [0.5, 2.0], "B": [1.0, np.nan]})) == [
        ("A", "2014-03-03"),
        ("B", "2014-03-03"),
    ]


def test_panel_that_is_not_remembered_is_offered_again() -> None:
    writer = BarWriter()
    first = panel(DAY, {"A": [1.0]})
    assert keys(writer, first) == keys(writer, first) == [("A", "2014-03-03")]

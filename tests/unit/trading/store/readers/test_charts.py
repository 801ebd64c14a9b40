from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import numpy as np

from tests.unit.webapp.desk import SESSION
from trading.market.panel import SymbolBars, build_panel
from trading.store.database import Database
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore


def test_bars_and_symbols(tmp_path: Path) -> None:
    database = Database(tmp_path / "trading.db", chance=random.Random(5))  # noqa: S311 - the same names each time
    days = np.array(["2026-02-27", "2026-03-02"], dtype="datetime64[D]")
    prices = np.array([10.0, 11.0])
    panel = build_panel({"AAA": SymbolBars(days, prices, prices + 1, prices - 1, prices, prices * 100)})
    SqliteStore(database).record_bars(panel, {})
    database.close()
    with read_state(tmp_path / "trading.db") as state:
        charts = state.charts
        assert charts.symbols() == ("AAA",)
        bars = charts.bars_of("AAA")
        assert [(bar.session, bar.high) for bar in bars] == [(date(2026, 2, 27), 11.0), (SESSION, 12.0)]
        assert charts.bars_of("AAA", limit=1) == bars[1:]
        assert charts.bars_of("AAA", limit=1, offset=1) == bars[:1]
        assert charts.bars_of("BBB") == ()

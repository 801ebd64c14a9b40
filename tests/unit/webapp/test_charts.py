from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.unit.webapp.desk import NOON
from trading.config import Settings
from trading.market.bar_files import load_bars
from trading.model.decision import Denied
from trading.store.readers.account import EquityPoint
from trading.store.readers.charts import BarLine
from trading.store.readers.orders import FillLine
from trading.store.readers.positions import PositionLine
from trading.strategies.discovery import make_strategy
from webapp import charts

DAY = date(2026, 3, 2)


def test_equity_and_drawdown_share_their_days_and_drawdown_is_never_a_negative_zero() -> None:
    points = (EquityPoint(DAY, 1000.004, 1.0, 0, 0.0), EquityPoint(DAY + timedelta(1), 990.0, 1.0, 0, 0.01))
    drawn = charts.equity_chart(points)
    assert json.dumps(drawn) == (
        '{"equity": [{"time": "2026-03-02", "value": 1000.0}, {"time": "2026-03-03", "value": 990.0}],'
        ' "drawdown": [{"time": "2026-03-02", "value": 0.0}, {"time": "2026-03-03", "value": -1.0}]}'
    )


def test_the_lines_are_those_that_the_strategy_decides_by(bundled_bars: Path) -> None:
    panel = load_bars(bundled_bars)
    strategy = make_strategy(Settings())
    column = panel.column("AAPL")
    bars = [
        BarLine(panel.day(row), *(float(getattr(panel, name)[row, column]) for name in charts.BAR_FIELDS))
        for row in range(400)
    ]
    drawn = charts.symbol_chart("AAPL", bars, strategy, None, ())
    expected = strategy.generate_signals(panel.cut(bars[-1].session)).columns
    for name in charts.LINES:
        values = expected[name][:400, column]
        assert [point["value"] for point in drawn["lines"][name]] == pytest.approx(values[~np.isnan(values)], abs=1e-4)
    assert len(drawn["candles"]) == len(drawn["volume"]) == 400
    assert drawn["lines"]["band_high"][0]["time"] == drawn["candles"][14]["time"]


def test_marks_stay_on_the_days_that_are_drawn() -> None:
    bars = [BarLine(DAY, 10.0, 11.0, 9.0, 10.5, 1e6)]
    position = PositionLine(1, "AAA", 5, DAY, 10.0, 9.0, 12.0, 5, 10.5)
    fill = FillLine("AAA", "BUY", "entry", 5, 10.0, DAY, NOON)
    marks = (
        charts.fill_mark(fill),
        charts.refusal_mark(DAY - timedelta(1), Denied("AAA", "max_positions", 11.0, 10.0)),
    )
    drawn = charts.symbol_chart("AAA", bars, make_strategy(Settings()), position, marks)
    assert drawn["marks"] == [{"time": "2026-03-02", "kind": "buy", "text": "Bought 5 at 10.00 (entry)"}]
    assert [level["kind"] for level in drawn["levels"]] == ["target", "entry", "stop"]
    assert marks[1]["text"] == "Refused: All 10 slots are taken."


def test_the_sketch_fits_its_frame() -> None:
    points = [EquityPoint(DAY + timedelta(n), equity, 0.0, 0, 0.0) for n, equity in enumerate((10.0, 30.0, 20.0))]
    assert charts.equity_polyline(points, 100, 50) == "0.0,50.0 50.0,0.0 100.0,25.0"
    assert charts.equity_polyline(points[:1], 100, 50) == ""

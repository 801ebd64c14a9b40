from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.unit.webapp.desk import NOON, WORDS
from trading.model.account import EquityPoint
from trading.model.decision import Denied
from trading.model.strategy_words import ChartLine, Look
from trading.store.readers.charts import BarLine
from trading.store.readers.orders import FillLine
from trading.store.readers.positions import PositionLine
from webapp import charts

DAY = date(2026, 3, 2)


def test_equity_and_drawdown_share_their_days_and_drawdown_is_never_a_negative_zero() -> None:
    points = (EquityPoint(DAY, 1.0, 1000.004, 0, 0.0), EquityPoint(DAY + timedelta(1), 1.0, 990.0, 0, 0.01))
    drawn = charts.equity_chart(points)
    assert json.dumps(drawn) == (
        '{"equity": [{"time": "2026-03-02", "value": 1000.0}, {"time": "2026-03-03", "value": 990.0}],'
        ' "drawdown": [{"time": "2026-03-02", "value": 0.0}, {"time": "2026-03-03", "value": -1.0}], "marks": []}'
    )


@pytest.mark.parametrize(("paid", "said"), [(2_500.0, "2\u202f500.00 USD came in"), (-0.5, "0.50 USD went out")])
def test_money_that_came_or_went_is_a_mark_on_its_day(paid: float, said: str) -> None:
    drawn = charts.equity_chart((EquityPoint(DAY, 1.0, 1000.0, 0, 0.0), EquityPoint(DAY, 1.0, 900.0, 0, 0.0, paid)))
    assert drawn["marks"] == [{"time": "2026-03-02", "kind": "paid", "text": f"{said}, by no trade"}]


def test_lines_are_those_that_the_strategy_names_with_the_values_that_it_wrote() -> None:
    lines = charts.strategy_lines(WORDS, {"mean": [(DAY, 10.5)], "atr": [(DAY, 1.0)]})
    assert lines == (
        {
            "name": "mean",
            "title": "mean",
            "look": "middle",
            "scaled": False,
            "points": [{"time": "2026-03-02", "value": 10.5}],
        },
        {"name": "top", "title": "top", "look": "level", "scaled": True, "points": []},
    )


def test_things_of_one_title_have_one_key() -> None:
    both = (ChartLine("high", "channel", Look.EDGE), ChartLine("low", "channel", Look.EDGE), *WORDS.lines)
    assert charts.line_keys(replace(WORDS, lines=both)) == (("edge", "channel"), ("middle", "mean"), ("level", "top"))


def test_marks_stay_on_the_days_that_are_drawn() -> None:
    bars = [BarLine(DAY, 10.0, 11.0, 9.0, 10.5, 1e6)]
    position = PositionLine(1, "AAA", 5, DAY, 10.0, 9.0, 12.0, 5, 10.5)
    fill = FillLine("AAA", "BUY", "entry", 5, 10.0, DAY, NOON)
    marks = (
        charts.fill_mark(fill),
        charts.refusal_mark(DAY - timedelta(1), Denied("AAA", "max_positions", 11.0, 10.0)),
    )
    drawn = charts.symbol_chart("AAA", bars, (), position, marks)
    assert drawn["marks"] == [{"time": "2026-03-02", "kind": "buy", "text": "Bought 5 at 10.00 (entry)"}]
    assert [level["kind"] for level in drawn["levels"]] == ["target", "entry", "stop"]
    assert marks[1]["text"] == "Refused: All 10 slots are taken."


def test_the_sketch_fits_its_frame() -> None:
    points = [EquityPoint(DAY + timedelta(n), 0.0, equity, 0, 0.0) for n, equity in enumerate((10.0, 30.0, 20.0))]
    assert charts.equity_polyline(points, 100, 50) == "0.0,50.0 50.0,0.0 100.0,25.0"
    assert charts.equity_polyline(points[:1], 100, 50) == ""

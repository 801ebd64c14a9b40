from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from trading.backtest import report
from trading.backtest.metrics import measure
from trading.backtest.result import BacktestResult, ClosedTrade, OpenPosition
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.account import EquityPoint
from trading.model.decision import ExitReason

START = date(2020, 1, 1)
RESULT = BacktestResult(
    engine="step",
    starting_cash=1000.0,
    trades=(ClosedTrade("AAA", 3, START, 10.5, date(2020, 1, 3), 0.1234, ExitReason.TIME_STOP, 2.0, -33.13),),
    equity=(EquityPoint(START, 1000.0, 1000.0, 0, 0.0), EquityPoint(date(2020, 1, 3), 966.87, 966.87, 0, 0.0331315)),
    open_positions=(OpenPosition("BBB", 1, START, 5.0, 6.0, 0.95),),
    orders_placed=3,
    orders_filled=2,
    refusals={"max_positions": 7},
    latches={"drawdown_halt": date(2020, 1, 3)},
)
RECORD = report.RunRecord("bars.csv", "abc", 2, {"risk": {"profile": "strategy"}}, ("careful",))


def panel(*, sessions: int, gone: bool) -> Panel:
    dates = np.array([START + timedelta(days=number) for number in range(sessions)], dtype="datetime64[D]")
    ones = np.ones(sessions)
    whole = SymbolBars(dates, ones, ones, ones, ones, ones)
    end = sessions - 10 if gone else sessions
    other = SymbolBars(dates[:end], *(ones[:end] for _ in range(5)))
    return build_panel({"AAA": whole, "BBB": other})


def test_trades_have_the_documented_columns_and_prices_as_they_are() -> None:
    assert report.trades_csv(RESULT) == (
        "symbol,quantity,entry_date,entry_price,exit_date,exit_price,exit_reason,commission,pnl\n"
        "AAA,3,2020-01-01,10.50,2020-01-03,0.1234,time_stop,2.00,-33.13\n"
    )


def test_equity_has_the_documented_columns_and_six_decimals_of_drawdown() -> None:
    assert report.equity_csv(RESULT).splitlines()[::2] == [
        "date,cash,equity,positions,drawdown",
        "2020-01-03,966.87,966.87,0,0.033132",
    ]


@pytest.mark.parametrize("price", [0.0001, 1.0, 45.0775, 123.456789, 1e-7, 99999.99])
def test_price_text_reads_back_as_the_same_double(price: float) -> None:
    text = report.price_text(price)

    assert float(text) == price
    assert len(text.partition(".")[2]) >= 2 or "e" in text


def test_summary_tells_period_figures_refusals_configuration_and_data() -> None:
    values = report.summary(RESULT, measure(RESULT), RECORD)
    text = report.report_files(RESULT, values)["summary.json"]
    read = json.loads(text)

    assert read["period"] == {"start": "2020-01-01", "end": "2020-01-03", "sessions": 2}
    assert read["engine"] == "step"
    assert read["trades"] == 1
    assert (read["orders_placed"], read["orders_filled"], read["refusals"]) == (3, 2, {"max_positions": 7})
    assert read["latched_on"] == {"drawdown_halt": "2020-01-03"}
    assert read["configuration"] == {"risk": {"profile": "strategy"}}
    assert read["data"]["digest"] == "abc"
    assert read["open_positions"][0]["entry_session"] == "2020-01-01"
    assert {"cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "max_drawdown_sessions"} <= set(read)
    assert {"win_rate", "profit_factor", "expectancy", "exposure", "turnover"} <= set(read)


def test_files_are_put_into_a_new_folder_without_leavings(tmp_path: Path) -> None:
    report.write_files(tmp_path / "deep" / "out", {"a.txt": "1", "b.txt": "2"})

    assert sorted(path.name for path in (tmp_path / "deep" / "out").iterdir()) == ["a.txt", "b.txt"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_files_that_are_there_are_replaced_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("keep")

    report.write_files(tmp_path, {"a.txt": "new"})

    assert (tmp_path / "a.txt").read_text() == "new"
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_nothing_is_left_half_done_when_a_file_can_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    with pytest.raises(OSError, match="nowhere"):
        report.write_files(folder, {"a.txt": "1", "nowhere/b.txt": "2"})

    assert list(tmp_path.iterdir()) == []


def test_data_from_which_no_symbol_disappears_is_called_a_list_of_survivors() -> None:
    assert report.survivorship_warning(panel(sessions=300, gone=False)) == report.SURVIVORS_WARNING
    assert report.survivorship_warning(panel(sessions=300, gone=True)) is None
    assert report.survivorship_warning(panel(sessions=100, gone=False)) is None

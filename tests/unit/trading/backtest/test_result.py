from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from trading.backtest.result import BacktestResult


def result(*, placed: int = 0, filled: int = 0, latches: Mapping[str, date] | None = None) -> BacktestResult:
    return BacktestResult("step", 1.0, (), (), (), placed, filled, {}, latches or {})


def test_fill_rate_is_absent_where_nothing_was_placed() -> None:
    assert result().fill_rate is None
    assert result(placed=4, filled=3).fill_rate == 0.75


def test_only_the_drawdown_latch_halts_a_backtest() -> None:
    day = date(2020, 3, 16)

    assert result(latches={"daily_loss": day}).halted_on is None
    assert result(latches={"drawdown_halt": day}).halted_on == day

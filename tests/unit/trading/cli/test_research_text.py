from __future__ import annotations

from datetime import date

import pytest

from trading.backtest.metrics import measure
from trading.backtest.report import RunRecord
from trading.backtest.result import BacktestResult
from trading.cli.explanation import Explanation
from trading.cli.research_text import explain_text, number, price, summary_text, verdict_text
from trading.model.account import EquityPoint
from trading.model.decision import Approved, Denied, Reason

DAY = date(2020, 1, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (60.0, "60"), (1.15692, "1.157"), (0.5, "0.5"), (159.544, "159.54"), (7110057940.7, "7,110,057,941")],
)
def test_numbers_show_what_matters_of_them(value: float | None, text: str) -> None:
    assert number(value) == text


def test_prices_have_the_decimals_of_their_tick() -> None:
    assert price(1234.5) == "1,234.50"
    assert price(0.12345) == "0.1235"


def test_verdict_says_what_was_asked_and_what_is_allowed() -> None:
    assert verdict_text(Approved("A", 1200, 1.0, 0.9, 1.1, 1.0, "risk")) == "buy 1,200"
    assert verdict_text(Denied("A", "max_positions", 11.0, 10.0)) == "refused (max_positions): All 10 slots are taken."
    assert verdict_text(Denied("A", "size_zero", 0.7, 1.0, "risk")) == (
        "refused (size_zero): Less than one share fits: 0.70, held down by the risk per trade."
    )
    assert verdict_text(Denied("A", "equity_unknown", None, None)) == (
        "refused (equity_unknown): What the account is worth can't be relied on now, so nothing is bought."
    )
    assert verdict_text(Denied("A", "some_code", None, None)) == "refused (some_code): Some code."


def test_symbol_that_was_not_judged_says_why() -> None:
    def unjudged(reason: Reason) -> str:
        return explain_text(Explanation("A", DAY, reason, (), None, None, (), None, None, None))

    assert unjudged(Reason("no_bar", None, None)).endswith("It has no bar in this session. (no_bar)")
    assert unjudged(Reason("warm_up", 74.0, 252.0, "channel_high")).endswith(
        "It has 74 bars of history; 252 are needed. (warm_up: channel high)"
    )
    assert unjudged(Reason("warm_up", 300.0, None)).endswith("It has too few bars for every indicator. (warm_up)")


def test_summary_of_a_halted_run_without_trades_names_the_day_and_has_no_made_up_figures() -> None:
    points = (EquityPoint(DAY, 100.0, 100.0, 0, 0.0), EquityPoint(date(2020, 1, 3), 100.0, 100.0, 0, 0.0))
    result = BacktestResult("step", 100.0, (), points, (), 0, 0, {}, {"drawdown_halt": DAY})
    record = RunRecord("bars.csv", "a" * 64, 1, {}, ("be careful",))

    text = summary_text(result, measure(result), record, None)

    assert "No entries since         2020-01-02: drawdown_halt" in text
    assert "Sharpe, Sortino, Calmar  –, –, –" in text
    assert "Warning: be careful" in text
    assert "Written to" not in text

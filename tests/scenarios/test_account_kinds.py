"""Cash accounts and small margin accounts: what their rules hold back, live as in a backtest, and what is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tests.scenarios.in_process_run import InProcessRun, trade
from tests.scenarios.lockstep_run import Span, equity_of, expected, positions_of, trades_of
from trading.model.status import StatusKey

# So few large positions that what a session's sales bring is missed on the next day.
LARGE = ("risk.profile=strategy", "ALLOCATION_PER_TRADE=4000", "MAX_POSITION_SIZE=0.45")
CASH_ACCOUNT = ("account_type=cash",)


def span(*settings: str) -> Span:
    return Span(date(2014, 3, 3), sessions=35, symbols=80, settings=(*LARGE, *settings))


@dataclass(frozen=True)
class Live:
    """A run, and what the backtest makes of the same days."""

    run: InProcessRun
    trades: list[tuple[object, ...]]
    equity: list[tuple[object, ...]]
    positions: list[tuple[object, ...]]

    def is_as_in_the_backtest(self) -> bool:
        run = self.run
        return (run.trades(), run.equity(), run.open_positions()) == (self.trades, self.equity, self.positions)


def traded(folder: Path, bars: Path, behaviour: Sequence[str] = (), *settings: str) -> Live:
    chosen = span(*settings)
    result = expected(chosen, bars)
    run = trade(folder, chosen.panel(bars), chosen, behaviour=behaviour)
    return Live(run, trades_of(result), equity_of(result), positions_of(result))


def refused_by_the_broker(run: InProcessRun) -> Sequence[object]:
    return run.rows("SELECT coid FROM intent WHERE state IN ('REJECTED', 'UNKNOWN')")


def alerts(run: InProcessRun) -> list[tuple[str, str]]:
    return [(row["code"], row["subject"]) for row in run.rows("SELECT code, subject FROM alert")]


def test_cash_account_buys_as_in_the_backtest_and_the_broker_refuses_nothing(
    tmp_path: Path, bundled_bars: Path
) -> None:
    live = traded(tmp_path, bundled_bars, CASH_ACCOUNT, "risk.account_rules=cash")
    assert live.is_as_in_the_backtest()
    assert len(live.trades) > 5
    assert live.trades != trades_of(expected(span(), bundled_bars))
    assert refused_by_the_broker(live.run) == []
    assert alerts(live.run) == []


@pytest.mark.parametrize("rules", ["none", "pdt"])
def test_cash_account_that_is_not_set_as_one_is_told_and_spends_no_more(
    rules: str, tmp_path: Path, bundled_bars: Path
) -> None:
    live = traded(tmp_path, bundled_bars, CASH_ACCOUNT, f"risk.account_rules={rules}")
    assert refused_by_the_broker(live.run) == []
    assert live.run.order_denials() == []
    assert alerts(live.run) == [("account_rules", "cash")]
    assert live.run.fact(StatusKey.TROUBLE) == ""


def test_small_margin_account_counts_its_day_trades_as_in_the_backtest(tmp_path: Path, bundled_bars: Path) -> None:
    settings = ("risk.account_rules=pdt", "risk.pdt_day_trades=1")
    live = traded(tmp_path, bundled_bars, (), *settings)
    assert live.is_as_in_the_backtest()
    refused = live.run.rows("SELECT DISTINCT code FROM denial WHERE code = 'day_trades'")
    assert len(refused) == 1
    ended = (*settings, "risk.pdt_ends=2014-03-03")
    assert live.trades != trades_of(expected(span(*ended), bundled_bars)) == trades_of(expected(span(), bundled_bars))

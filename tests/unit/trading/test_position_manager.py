from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.fakes.bars import bars_of, days, without
from tests.fakes.stages import system_of
from trading.market.panel import Panel, build_panel
from trading.model.decision import ExitOrder, ExitReason, Holding
from trading.position_manager import PositionManager, account_equity, bars_held, last_close, market_value

RISING = [(50 + i * 0.1, 50.5 + i * 0.1, 49.9 + i * 0.1, 50.4 + i * 0.1, 2e5) for i in range(40)]
BROKEN = (45.0, 45.0, 44.0, 44.0, 2e5)


def holding(symbol: str = "A", entry: int = 30, *, pending: bool = False) -> Holding:
    return Holding(symbol, 10, days(entry + 1)[entry], 50.0, 40.0, 60.0, pending)


def exits(panel: Panel, row: int, *held: Holding) -> tuple[ExitOrder, ...]:
    return PositionManager().exits(system_of().screener.signals(panel), row, held)


def test_time_stop_comes_when_the_bars_are_over_and_not_before() -> None:
    panel = build_panel({"A": bars_of(RISING)})
    assert exits(panel, 35, holding()) == ()
    assert exits(panel, 36, holding()) == (ExitOrder("A", 10, ExitReason.TIME_STOP),)


def test_time_stop_counts_the_symbols_own_bars() -> None:
    whole = bars_of(RISING)
    panel = build_panel({"A": without(whole, [32, 33]), "B": whole})
    assert exits(panel, 37, holding()) == ()
    assert [order.reason for order in exits(panel, 38, holding())] == [ExitReason.TIME_STOP]


def test_close_below_the_channels_middle_is_sold_first() -> None:
    panel = build_panel({"A": bars_of([*RISING[:36], BROKEN])})
    assert [order.reason for order in exits(panel, 36, holding())] == [ExitReason.TREND_BROKEN]


def test_position_without_a_bar_in_the_session_is_not_sold() -> None:
    whole = bars_of(RISING)
    panel = build_panel({"A": without(whole, [38]), "B": whole})
    assert exits(panel, 38, holding(), holding("ELSE")) == ()


def test_pending_exit_is_not_decided_again() -> None:
    panel = build_panel({"A": bars_of(RISING)})
    assert exits(panel, 38, holding(pending=True)) == ()


def test_exits_come_in_the_order_of_the_holdings() -> None:
    panel = build_panel({"A": bars_of(RISING), "B": bars_of(RISING)})
    assert [order.symbol for order in exits(panel, 38, holding("A"), holding("B"))] == ["A", "B"]


@pytest.mark.parametrize(("entry", "expected"), [(30, 5), (35, 0), (0, 35)])
def test_bars_held_are_those_after_the_entrys(entry: int, expected: int) -> None:
    signals = system_of().screener.signals(build_panel({"A": bars_of(RISING)}))
    assert bars_held(signals, 35, holding(entry=entry)) == expected


def test_entry_before_the_panel_counts_all_its_bars() -> None:
    signals = system_of().screener.signals(build_panel({"A": bars_of(RISING)}))
    assert bars_held(signals, 35, replace(holding(), entry_session=date(2019, 1, 1))) == 36


def test_value_is_at_the_last_close_or_the_entry_price() -> None:
    whole = bars_of(RISING)
    panel = build_panel({"A": without(whole, [35]), "B": whole})
    assert last_close(panel, 35, holding("A")) == RISING[34][3]
    assert last_close(panel, 35, holding("B")) == RISING[35][3]
    assert last_close(panel, 35, holding("ELSE")) == 50.0
    assert market_value(panel, 35, [holding("A"), holding("B")]) == pytest.approx(10 * (RISING[34][3] + RISING[35][3]))
    assert account_equity(panel, 35, 100.005, []) == 100.01


def test_symbol_that_never_traded_yet_counts_at_its_entry_price() -> None:
    whole = bars_of(RISING)
    panel = build_panel({"A": without(whole, range(39)), "B": whole})
    assert last_close(panel, 10, holding("A")) == 50.0

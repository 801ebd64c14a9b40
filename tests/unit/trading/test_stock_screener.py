from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_panel
from tests.fakes.stages import system_of
from trading.market.panel import Panel, build_panel
from trading.model.contract import PriceIncrement
from trading.model.decision import ExitReason, SymbolVerdict
from trading.stock_screener import Screen, StockScreener


def screener() -> StockScreener:
    return system_of().screener


def busy(least: int = 2) -> tuple[StockScreener, Panel, Screen]:
    """Return a screen with at least `least` signals and at least one symbol without."""
    made = screener()
    for seed in range(100):
        panel = random_panel(seed, symbols=8)
        for row in range(30, len(panel.sessions)):
            screen = made.screen(panel, row)
            if least <= len(screen.buys) < len(panel.symbols):
                return made, panel, screen
    pytest.fail("no such screen")


def test_signals_come_by_score_then_symbol() -> None:
    _, panel, screen = busy()
    twin = build_panel(
        {name: bars_of(rows_of(panel, symbol)) for symbol in panel.symbols for name in (symbol, "T" + symbol)}
    )
    buys = screener().screen(twin, screen.row).buys
    keys = [(-signal.score, signal.symbol) for signal in buys]
    assert keys == sorted(keys)
    assert len({signal.score for signal in buys}) < len(buys)


def rows_of(panel: Panel, symbol: str) -> list[tuple[float, float, float, float, float]]:
    """Return the bars of a symbol, its gaps filled by flat bars without volume."""
    column = panel.column(symbol)
    found = []
    for row in range(len(panel.sessions)):
        arrays = (panel.open, panel.high, panel.low, panel.close, panel.volume)
        o, h, low, c, v = (float(a[row, column]) for a in arrays)
        found.append((50.0, 50.0, 50.0, 50.0, 0.0) if np.isnan(c) else (o, h, low, c, v))
    return found


def test_candidates_leave_out_held_symbols() -> None:
    _, _, screen = busy()
    first = screen.buys[0].symbol
    assert [signal.symbol for signal in screen.candidates({first})] == [signal.symbol for signal in screen.buys[1:]]
    assert screen.candidates(frozenset()) == screen.buys


def test_each_symbol_has_a_signal_or_reasons_or_is_held() -> None:
    _, panel, screen = busy()
    held = screen.buys[0].symbol
    verdicts = screen.verdicts({held: ExitReason.TIME_STOP})
    assert [verdict.symbol for verdict in verdicts] == list(panel.symbols)
    for verdict in verdicts:
        assert [verdict.signal is not None, bool(verdict.reasons), verdict.held].count(True) == 1
    (sold,) = [verdict for verdict in verdicts if verdict.held]
    assert (sold.symbol, sold.exit_reason) == (held, ExitReason.TIME_STOP)


def test_verdicts_are_a_sequence_that_compares_with_a_tuple() -> None:
    _, panel, screen = busy()
    verdicts = screen.verdicts({})
    plain: tuple[SymbolVerdict, ...] = tuple(verdicts)
    assert len(verdicts) == len(plain) == len(panel.symbols)
    assert verdicts == plain
    assert verdicts == list(plain)
    assert verdicts == screen.verdicts({})
    assert verdicts[-1] == plain[-1]
    assert verdicts[1:3] == plain[1:3]
    assert verdicts != plain[1:]
    assert verdicts != (*plain[:-1], replace(plain[-1], held=True))
    assert verdicts != "text"
    assert plain[0] in verdicts
    with pytest.raises(IndexError):
        verdicts[len(plain)]
    assert repr(verdicts) == f"Verdicts({len(plain)} symbols)"


def test_counts_are_of_the_symbols_without_a_signal() -> None:
    _, panel, screen = busy()
    counts = screen.reason_counts()
    without = len(panel.symbols) - len(screen.buys)
    assert max(counts.values()) <= without <= sum(counts.values())


def test_newest_panel_is_measured_once() -> None:
    made = screener()
    panel = random_panel(1)
    first = made.signals(panel)
    assert made.signals(panel) is first
    made.signals(random_panel(2))
    assert made.signals(panel) is not first


def test_contracts_own_increments_are_used() -> None:
    made, panel, screen = busy()
    symbol = screen.buys[0].symbol
    own = made.screen(panel, screen.row, {symbol: (PriceIncrement(0.0, 0.5),)})
    coarse, plain = own.buys[0], screen.buys[0]
    assert coarse.limit_price == np.floor(plain.limit_price * 2 + 1e-6) / 2
    assert coarse.target_price * 2 == int(coarse.target_price * 2)
    assert own.buys[1:] == screen.buys[1:]

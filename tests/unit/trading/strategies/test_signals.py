from __future__ import annotations

import numpy as np

from tests.fakes.bars import bars_of, random_panel
from tests.fakes.stages import system_of
from trading.market.panel import SymbolBars, build_panel
from trading.model.decision import Reason
from trading.strategies.signals import NO_BAR, WARM_UP, Check, SignalPanel, failed_bits, over_symbols

NAN = np.nan
PANEL = build_panel({"A": bars_of([(10.0, 11.0, 9.0, 10.5, 100.0)] * 4)})


def made(failed: list[int]) -> SignalPanel:
    values = np.array([[NAN], [1.0], [2.0], [np.inf]])
    return SignalPanel(
        panel=PANEL,
        columns={"x": values, "close": PANEL.close},
        needs={"x": 2},
        checks=(Check("one", "x", 1.5, "<="), Check("one", "close", "x", ">"), Check("two", "x", 9.0, "<=")),
        failed=np.array(failed, dtype=np.int32).reshape(4, 1),
        exit_level=np.zeros((4, 1)),
        target_base=np.zeros((4, 1)),
        bar_count=np.arange(1, 5, dtype=np.int32).reshape(4, 1),
        max_holding_bars=5,
    )


def test_one_reason_for_each_rule_that_failed_the_first_check_speaking_for_it() -> None:
    signals = made([WARM_UP, 0b111, 0b110, 0b001])
    assert signals.reasons(0, 0) == (Reason("warm_up", 1.0, 2.0, "x"),)
    assert signals.reasons(1, 0) == (Reason("one", 1.0, 1.5, "x"), Reason("two", 1.0, 9.0, "x"))
    assert signals.reasons(2, 0) == (Reason("one", 10.5, 2.0, "close"), Reason("two", 2.0, 9.0, "x"))
    assert signals.reasons(3, 0) == (Reason("one", None, 1.5, "x"),)


def test_no_bar_is_a_reason_and_no_failure_a_signal() -> None:
    signals = made([NO_BAR, 0, 0, 0])
    assert signals.reasons(0, 0) == (Reason("no_bar", None, None),)
    assert signals.reasons(1, 0) == ()
    assert signals.signal_columns(0) == []
    assert signals.signal_columns(1) == [0]


def test_undefined_values_are_absent() -> None:
    signals = made([0, 0, 0, 0])
    assert signals.values(0, 0) == {"close": 10.5}
    assert signals.values(1, 0) == {"x": 1.0, "close": 10.5}
    assert signals.value("x", 3, 0) is None


def test_counts_agree_with_the_reasons_themselves() -> None:
    panel = random_panel(5)
    signals = system_of().screener.signals(panel)
    for row in range(len(panel.sessions)):
        counted: dict[str, int] = {}
        for column in range(len(panel.symbols)):
            for reason in signals.reasons(row, column):
                counted[reason.code] = counted.get(reason.code, 0) + 1
        assert signals.reason_counts(row) == counted


def test_symbols_are_measured_over_their_own_bars_and_laid_out_over_the_panel() -> None:
    panel = random_panel(2)

    def places(bars: SymbolBars) -> tuple[np.ndarray, np.ndarray]:
        return np.array([np.arange(len(bars.dates)), bars.close]), np.zeros(len(bars.dates), dtype=np.int32)

    columns, failed, count = over_symbols(panel, ("place", "price"), places)
    assert np.array_equal(columns["price"], panel.close, equal_nan=True)
    gaps = np.isnan(panel.close)
    assert np.array_equal(failed == NO_BAR, gaps)
    assert np.array_equal(columns["place"][~gaps] + 1, count[~gaps])


def test_failed_bits_are_set_where_a_check_does_not_hold() -> None:
    values = np.array([[1.0, NAN, 3.0, 4.0]])
    holds = (np.array([True, True, False, False]), np.array([True, False, True, False]))
    assert failed_bits(holds, values).tolist() == [0, WARM_UP, 0b01, 0b11]

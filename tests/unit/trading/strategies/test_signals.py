from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_panel, without
from tests.fakes.stages import system_of
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.decision import Reason
from trading.model.strategy_words import Check
from trading.strategies.signals import NO_BAR, WARM_UP, SignalPanel, over_symbols

NAN = np.nan
PANEL = build_panel({"A": bars_of([(10.0, 11.0, 9.0, 10.5, 100.0)] * 4)})
CHECKS = (Check("one", "x", 1.5, "<="), Check("one", "close", "x", ">"), Check("two", "x", 9.0, "<="))


def made(*x: float, panel: Panel = PANEL) -> SignalPanel:
    return SignalPanel(
        panel=panel,
        columns={"x": np.array(x).reshape(-1, 1), "close": panel.close},
        needs={"x": 2},
        checks=CHECKS,
        exit_level=np.zeros((4, 1)),
        target_base=np.zeros((4, 1)),
        bar_count=np.arange(1, 5, dtype=np.int32).reshape(4, 1),
        max_holding_bars=5,
    )


def test_bits_are_set_where_a_check_does_not_hold() -> None:
    signals = made(1.0, 2.0, 10.5, np.inf)
    assert signals.failed[:, 0].tolist() == [0, 0b001, 0b111, 0b111]
    assert signals.failed_checks(0, 0) == ()
    assert signals.failed_checks(2, 0) == (0, 1, 2)


def test_what_is_undefined_or_has_no_bar_is_not_judged() -> None:
    rows = [(10.0, 11.0, 9.0, 10.5, 100.0)] * 4
    whole = build_panel({"A": bars_of(rows), "B": without(bars_of(rows), [3])})
    arrays = (whole.open, whole.high, whole.low, whole.close, whole.volume)
    gap = Panel(("B",), whole.sessions, *(np.ascontiguousarray(array[:, 1:]) for array in arrays))
    signals = made(NAN, 1.0, 1.0, NAN, panel=gap)
    assert signals.failed[:, 0].tolist() == [WARM_UP, 0, 0, NO_BAR]
    assert signals.failed_checks(0, 0) is None
    assert signals.failed_checks(3, 0) is None
    assert signals.reasons(3, 0) == (Reason("no_bar", None, None),)


@pytest.mark.parametrize(
    ("relation", "holds"), [(">=", [0, 1, 1]), (">", [0, 0, 1]), ("<=", [1, 1, 0]), ("<", [1, 0, 0])]
)
def test_a_check_holds_by_its_relation_to_a_number_and_to_a_column(relation: str, holds: list[int]) -> None:
    panel = build_panel({"A": bars_of([(2.0, 2.0, 2.0, 2.0, 1.0)] * 3)})
    values = np.array([[1.0], [2.0], [3.0]])
    checks = (Check("n", "x", 2.0, relation), Check("c", "x", "close", relation))
    flat = np.zeros((3, 1))
    signals = SignalPanel(
        panel, {"x": values, "close": panel.close}, {}, checks, flat, flat, np.ones((3, 1), dtype=np.int32), 5
    )
    assert signals.failed[:, 0].tolist() == [0 if held else 0b11 for held in holds]


def test_one_reason_for_each_rule_that_failed_the_first_check_speaking_for_it() -> None:
    signals = made(NAN, 10.5, 1.0, np.inf)
    assert signals.reasons(0, 0) == (Reason("warm_up", 1.0, 2.0, "x"),)
    assert signals.reasons(1, 0) == (Reason("one", 10.5, 1.5, "x"), Reason("two", 10.5, 9.0, "x"))
    assert signals.reasons(3, 0) == (Reason("one", None, 1.5, "x"), Reason("two", None, 9.0, "x"))


def test_no_failure_is_a_signal() -> None:
    signals = made(NAN, 1.0, 2.0, 1.0)
    assert signals.reasons(1, 0) == ()
    assert signals.signal_columns(0) == []
    assert signals.signal_columns(1) == [0]


def test_undefined_values_are_absent() -> None:
    signals = made(NAN, 1.0, 2.0, np.inf)
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

    def places(bars: SymbolBars) -> np.ndarray:
        return np.array([np.arange(len(bars.dates)), bars.close])

    columns, count = over_symbols(panel, ("place", "price"), places)
    assert np.array_equal(columns["price"], panel.close, equal_nan=True)
    gaps = np.isnan(panel.close)
    assert np.array_equal(columns["place"][~gaps] + 1, count[~gaps])

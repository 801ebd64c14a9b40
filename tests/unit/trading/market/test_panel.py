"""Bars of many symbols on one grid."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.fakes.bars import bars_of, days, random_panel, without
from trading.errors import DataError
from trading.market.panel import Panel, SymbolBars, build_panel


def test_rows_and_columns_are_found() -> None:
    panel = random_panel(1)
    assert panel.column("S02") == 2
    assert panel.row(days(3)[2]) == 2
    assert panel.row(date(1999, 1, 1)) is None
    assert panel.day(-1) == panel.sessions[-1].item()
    assert "S02" in panel
    assert "ZZ" not in panel
    assert not panel.has_bar("ZZ", 0)
    assert not panel.has_bar("S03", 0)
    with pytest.raises(DataError, match="ZZ"):
        panel.column("ZZ")


def test_cut_keeps_the_sessions_through_a_day() -> None:
    panel = random_panel(1)
    cut = panel.cut(days(11)[10])
    assert len(cut.sessions) == 11
    assert cut.symbols == panel.symbols
    assert np.array_equal(cut.close, panel.close[:11], equal_nan=True)
    assert len(panel.cut(date(1999, 1, 1)).sessions) == 0


def test_select_drops_sessions_without_any_of_its_symbols() -> None:
    panel = random_panel(1)
    chosen = panel.select(["S03"])
    assert chosen.symbols == ("S03",)
    assert len(chosen.sessions) == int((~np.isnan(panel.close[:, 3])).sum())
    assert not np.isnan(chosen.close).any()


def test_panel_cannot_be_written_to() -> None:
    panel = random_panel(1)
    with pytest.raises(ValueError, match="read-only"):
        panel.close[0, 0] = 1.0


def test_digest_depends_on_every_part() -> None:
    rows = [(1.0, 1.0, 1.0, 1.0, 1.0), (2.0, 2.0, 2.0, 2.0, 2.0)]
    base = build_panel({"A": bars_of(rows)}).digest()
    assert build_panel({"A": bars_of(rows)}).digest() == base
    others = [
        build_panel({"B": bars_of(rows)}),
        build_panel({"A": bars_of(rows, days(3)[1:])}),
        build_panel({"A": bars_of([rows[0], (2.0, 2.0, 2.0, 2.0, 3.0)])}),
        build_panel({"A": bars_of(rows[:1])}),
    ]
    assert len({base, *(other.digest() for other in others)}) == 5


def test_built_panel_aligns_series_and_keeps_empty_ones() -> None:
    whole = bars_of([(1.0, 1.0, 1.0, 1.0, 1.0)] * 3)
    panel = build_panel({"B": without(whole, [1]), "A": whole, "C": without(whole, range(3))})
    assert panel.symbols == ("A", "B", "C")
    assert np.isnan(panel.close).tolist() == [[False, False, True], [False, True, True], [False, False, True]]


def test_series_out_of_order_or_of_unequal_length_is_refused() -> None:
    good = bars_of([(1.0, 1.0, 1.0, 1.0, 1.0)] * 2)
    turned = SymbolBars(good.dates[::-1], good.open, good.high, good.low, good.close, good.volume)
    short = SymbolBars(good.dates, good.open, good.high, good.low, good.close[:1], good.volume)
    with pytest.raises(DataError, match="ascending"):
        build_panel({"A": turned})
    with pytest.raises(DataError, match="unequal"):
        build_panel({"A": short})


def test_panel_of_nothing_is_empty() -> None:
    panel: Panel = build_panel({})
    assert panel.symbols == ()
    assert panel.close.shape == (0, 0)

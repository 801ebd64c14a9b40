from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.bars import bars_of, days
from trading.market.panel import Panel, build_panel
from trading.store.chart_values import write_chart_values
from trading.store.database import Database
from trading.store.readers.state import read_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Database(tmp_path / "trading.db").close()
    return tmp_path / "trading.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


DAYS = days(6)


def panel_of(first: int, last: int, *symbols: str) -> Panel:
    chosen = days(last)[first:]
    return build_panel({symbol: bars_of([(1.0, 1.0, 1.0, 1.0, 1.0)] * len(chosen), chosen) for symbol in symbols})


def line(*values: Sequence[float]) -> np.ndarray:
    return np.array(values).T


def kept(path: Path, symbol: str = "A", name: str = "mean") -> list[tuple[date, float]]:
    with read_state(path) as state:
        return list(state.charts.values_of(symbol).get(name, ()))


def test_all_that_is_defined_is_written_at_first(connection: sqlite3.Connection, path: Path) -> None:
    panel = panel_of(0, 3, "A", "B")
    write_chart_values(connection, panel, {"mean": line([np.nan, 2.123456, np.inf], [1.0, 2.0, 3.0])})
    assert kept(path) == [(DAYS[1], 2.1235)]
    assert kept(path, "B") == list(zip(DAYS[:3], (1.0, 2.0, 3.0), strict=True))
    assert kept(path, "C") == []


def test_a_later_day_adds_its_own_and_takes_nothing_away(connection: sqlite3.Connection, path: Path) -> None:
    write_chart_values(connection, panel_of(0, 4, "A"), {"mean": line([1.0, 2.0, 3.0, 4.0])})
    # The fetched bars begin later now, so the first of them are in the warm-up; and days were missed.
    write_chart_values(connection, panel_of(2, 6, "A"), {"mean": line([np.nan, 4.0001, 5.0, 6.0])})
    assert kept(path) == list(zip(DAYS, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), strict=True))


@pytest.mark.parametrize("lines", [{"mean": line([1.0, 2.0, 2.5])}, {"other": line([1.0, 2.0, 4.0])}])
def test_other_values_and_other_lines_replace_all(
    connection: sqlite3.Connection, path: Path, lines: dict[str, np.ndarray]
) -> None:
    write_chart_values(connection, panel_of(0, 4, "A"), {"mean": line([9.0, 2.0, 3.0, 5.0])})
    write_chart_values(connection, panel_of(1, 4, "A"), lines)
    (name,) = lines
    assert kept(path, name=name) == list(zip(DAYS[1:4], lines[name][:, 0].tolist(), strict=True))
    if name != "mean":
        assert kept(path) == []


def test_symbol_that_did_not_trade_on_keeps_what_it_has(connection: sqlite3.Connection, path: Path) -> None:
    write_chart_values(connection, panel_of(0, 3, "A"), {"mean": line([1.0, 2.0, 3.0])})
    write_chart_values(connection, panel_of(0, 4, "A"), {"mean": line([1.0, 2.0, 3.0, np.nan])})
    assert [value for _, value in kept(path)] == [1.0, 2.0, 3.0]

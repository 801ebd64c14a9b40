"""A run against the simulated gateway over HTTPS equals the backtest, to the cent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.scenarios.lockstep_run import Span, equity_of, expected, lockstep_world, positions_of, trades_of

LONG = Span(date(2015, 1, 5), sessions=250, symbols=60)
STANDARD = Span(date(2016, 9, 6), sessions=45, symbols=30, settings=())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("span", [STANDARD, LONG], ids=["all limits", "250 sessions"])
def test_lockstep_run_equals_the_backtest(span: Span, tmp_path: Path, bundled_bars: Path) -> None:
    result = expected(span, bundled_bars)
    assert len(result.trades) > 10
    with lockstep_world(tmp_path, bundled_bars, span) as world:
        world.run_to_the_end(limit_s=540)
        assert world.trades() == trades_of(result)
        assert world.equity() == equity_of(result)
        assert world.open_positions() == positions_of(result)
        assert world.order_denials() == []

"""What all runs share."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from drill.world import World
from trading.errors import DataError


def test_days_are_the_sessions_of_the_bars_with_their_hours(world: World) -> None:
    first, second = world.days_from(date(2014, 7, 3), 2)
    assert (first.day, first.close.strftime("%H:%M"), second.day) == (date(2014, 7, 3), "17:00", date(2014, 7, 7))
    assert world.days_from(world.days[-1].day, 5) == world.days[-1:]


def test_bars_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        World(bars=tmp_path / "none.csv")

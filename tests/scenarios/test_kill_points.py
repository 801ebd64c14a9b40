"""A real process that is killed at named points, over HTTPS: nothing is sent twice, lost, or left for a person to mend.

The rest of the points, and more seeds: `python -m drill --kill-points all --seeds 0:25`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drill.killing import KillVerdict, Rehearsals, carry_out
from drill.processes import Ground
from drill.world import World

Kill = Callable[[str], KillVerdict]


@pytest.fixture(scope="module")
def kill(tmp_path_factory: pytest.TempPathFactory, bundled_bars: Path) -> Kill:
    """Return what carries out a point's first seed."""
    world = World(bars=bundled_bars)
    rehearsals, ground = Rehearsals(world), Ground.prepare(tmp_path_factory.mktemp("certificate"))
    return lambda point: carry_out(rehearsals.run_of(point, 0), world, ground)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("point", ["K03", "K05", "K06", "K14", "K15", "K22", "K28", "K34"])
def test_death_at_a_point_costs_no_order_no_fill_and_no_cover(kill: Kill, point: str) -> None:
    done = kill(point)
    assert done.reached
    assert done.verdict.violations == []

"""Whatever is sent, on whatever bars, however the broker behaves: the books hold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.unit.simulator.exchange.random_trading import Run
from tests.unit.simulator.support import QUIET

STEPS = 14
_T = TypeVar("_T")


class Seeded:
    """Dice that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (no secret)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one_of(self, choices: Sequence[_T]) -> _T:
        return self._random.choice(choices)


class Drawn:
    """Dice that hypothesis throws."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def number(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))

    def one_of(self, choices: Sequence[_T]) -> _T:
        return choices[self.number(0, len(choices) - 1)]


@pytest.mark.parametrize("seed", range(60))
def test_books_hold_for_any_seed(seed: int, tmp_path: Path) -> None:
    run = Run(Seeded(seed), tmp_path)
    for _ in range(3 * STEPS):
        run.step()
    run.check()


@pytest.mark.parametrize("mode", ["whole", "proportional", "full"])
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_books_hold_for_brackets_that_fill_in_parts(seed: int, linked: bool, mode: str, tmp_path: Path) -> None:  # noqa: FBT001
    behaviour = msgspec.structs.replace(
        QUIET, partial_fill_fraction=0.004, child_activation=mode, bracket_children_cancel_each_other=linked
    )
    run = Run(Seeded(seed), tmp_path, behaviour)
    for _ in range(6):
        run.slow_bracket()
        run.cancel()
        run.wait()
    run.check()


# An example is a whole market: to shrink one takes longer than a test may.
@settings(max_examples=40, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_books_hold_for_any_orders_on_any_bars(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        run = Run(Drawn(data), Path(folder))
        for _ in range(STEPS):
            run.step()
        run.check()


def test_random_runs_reach_what_they_are_for(tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(30):
        folder = tmp_path / str(seed)
        run = Run(Seeded(seed), folder)
        for _ in range(2 * STEPS):
            run.step()
        orders = run.client.broker.exchange.book.orders.values()
        seen |= {f"{order.ticket.kind} {order.ticket.tif}" for order in orders if order.filled}
        seen |= {f"{order.state.value} part" for order in orders if 0 < order.filled < order.ticket.quantity}
        seen |= {"group" for order in orders if order.ticket.oca_group and order.filled}
        seen |= {"child" for order in orders if order.ticket.parent_id and order.filled}
        seen |= {"refused" for order in orders if order.state.value == "inactive"}
    kinds = {f"{kind} {tif}" for kind in ("LMT", "MKT", "STP", "STOP_LIMIT") for tif in ("DAY", "GTC", "IOC", "OPG")}
    # Trigger and limit both at the open: too rare for so few runs.
    kinds -= {"STOP_LIMIT OPG"}
    assert kinds | {"cancelled part", "working part", "group", "child", "refused"} <= seen

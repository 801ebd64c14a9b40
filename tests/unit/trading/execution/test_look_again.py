"""The earliest of all times that somebody asks for is when the broker is looked at again."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.trading_states import IN_SESSION
from trading.execution.look_again import LooksAgain


def test_the_earliest_wish_counts() -> None:
    looks = LooksAgain()
    assert looks.look_again is None
    for seconds in (60, 5, 30):
        looks.again(IN_SESSION + timedelta(seconds=seconds))
    assert looks.look_again == IN_SESSION + timedelta(seconds=5)

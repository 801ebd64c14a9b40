from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.trading_desk import CLOSE, OPEN
from trading.execution.dispatch import Outcome, passes
from trading.model.decision import Denied


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        (Denied("X", "state", None, None), True),
        (Denied("X", "rate", 21, 20), True),
        (Denied("X", "restricted", None, None), True),
        (Denied("X", "market_closed", None, None), True),
        (Denied("X", "split", None, 100.0), True),
        (Denied("X", "split", 50.0, 100.0), False),
        (Denied("X", "account", None, None), False),
        (Denied("X", "too_old", 5, 0), False),
        (Denied("X", "buying_power", 5, 0), False),
    ],
)
def test_waiting_helps_against_some_refusals_only(denied: Denied, expected: bool) -> None:  # noqa: FBT001
    assert passes(denied) is expected


def test_earliest_wish_to_look_again_counts() -> None:
    outcome = Outcome()
    assert outcome.look_again is None
    for moment in (OPEN, OPEN - timedelta(seconds=5), CLOSE):
        outcome.again(moment)
    assert outcome.look_again == OPEN - timedelta(seconds=5)

from __future__ import annotations

from dataclasses import replace

import pytest

from trading.model.mode import Mode
from trading.model.status import SessionState
from trading.monitoring.freshness import reads_the_broker
from trading.monitoring.health import OVERDUE_S, Facts
from trading.monitoring.sign_of_life import Beat

WELL = Facts(Beat(), SessionState.READY, Mode.ACTIVE)


def test_account_is_read_where_nothing_is_in_the_way() -> None:
    assert reads_the_broker(WELL)
    assert reads_the_broker(replace(WELL, beat=Beat(overdue_s=OVERDUE_S)))
    assert reads_the_broker(replace(WELL, session=SessionState.ENDED, mode=Mode.HALTED))


@pytest.mark.parametrize(
    "facts",
    [
        *(
            replace(WELL, session=state)
            for state in SessionState
            if state not in {SessionState.READY, SessionState.ENDED}
        ),
        replace(WELL, beat=None),
        replace(WELL, beat=Beat(overdue_s=OVERDUE_S + 1.0)),
        replace(WELL, beat=Beat(unstored="disk full")),
        replace(WELL, beat=Beat(call="GET /x", silence_s=60.0)),
        replace(WELL, trouble="orders can't be read"),
    ],
)
def test_reading_is_old_where_something_keeps_the_next_from_coming(facts: Facts) -> None:
    assert not reads_the_broker(facts)

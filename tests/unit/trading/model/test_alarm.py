from __future__ import annotations

from trading.model.alarm import Alarm, AlarmCode


def test_alarms_of_two_subjects_are_two() -> None:
    first, same = (Alarm(AlarmCode.UNCOVERED, "AAPL", "10 AAPL have no stop") for _ in range(2))
    assert len({first, same, Alarm(AlarmCode.UNCOVERED, "MSFT", "10 MSFT have no stop")}) == 2

from __future__ import annotations

from trading.model.alarm import Alarm


def test_alarms_of_two_subjects_are_two() -> None:
    assert len({Alarm("uncovered", "AAPL", "x"), Alarm("uncovered", "AAPL", "x"), Alarm("uncovered", "MSFT", "x")}) == 2

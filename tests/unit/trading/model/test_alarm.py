from __future__ import annotations

from trading.model.alarm import Alarm, AlarmCode, HaltCause
from trading.ports import AdjustmentKind


def test_alarms_of_two_subjects_are_two() -> None:
    one = Alarm(AlarmCode.UNCOVERED, "AAPL", "x")
    assert len({one, Alarm(AlarmCode.UNCOVERED, "AAPL", "x"), Alarm(AlarmCode.UNCOVERED, "MSFT", "x")}) == 2


def test_same_facts_are_the_same_cause_of_a_halt_and_others_are_not() -> None:
    assert HaltCause("short", "7:-5", "x") == HaltCause("short", "7:-5", "x")
    assert HaltCause("short", "7:-5", "x") != HaltCause("short", "7:-6", "x")


def test_people_are_told_of_every_change_of_own_shares_that_the_reconciler_finds() -> None:
    assert {AlarmCode(AdjustmentKind.MANUAL), AlarmCode(AdjustmentKind.SPLIT)} == {AlarmCode.MANUAL, AlarmCode.SPLIT}

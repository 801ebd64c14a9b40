"""What people are told of a turn's alarms."""

from __future__ import annotations

from tests.fakes.trading_context import ContextParts
from trading.cycle.alerting import Alerting
from trading.model.alarm import Alarm, AlarmCode

BARE = Alarm(AlarmCode.UNCOVERED, "AAPL", "AAPL: 9 own shares have no working stop")
CANCEL = Alarm(AlarmCode.CANCEL, "TS-1", "the cancel was asked for 3 times")


def alerting(parts: ContextParts) -> Alerting:
    context = parts.context()
    return Alerting(context.alerts, context.clock)


def test_alarm_that_lasts_is_told_once_over_restarts(parts: ContextParts) -> None:
    alerting(parts).present([CANCEL])
    parts.clock.go(5)
    parts.reopen()
    alerting(parts).present([CANCEL, CANCEL])
    assert parts.notes.alerts == [("cancel", CANCEL.text)]


def test_alarm_that_went_and_comes_back_is_told_anew(parts: ContextParts) -> None:
    for alarms in ([CANCEL], [], [CANCEL]):
        alerting(parts).present(alarms)
        parts.clock.go(1000)
    assert parts.notes.codes() == ["cancel", "cancel"]
    told = parts.rows("SELECT over_at FROM alert ORDER BY id")
    assert [row["over_at"] is None for row in told] == [False, True]


def test_one_subject_that_is_over_leaves_the_others(parts: ContextParts) -> None:
    other = Alarm(AlarmCode.CANCEL, "TS-2", "another one")
    alerting(parts).present([CANCEL, other])
    alerting(parts).present([other])
    told = parts.rows("SELECT subject FROM alert WHERE over_at IS NULL")
    assert [row["subject"] for row in told] == ["TS-2"]


def test_shares_without_a_stop_are_told_again_every_quarter_of_an_hour(parts: ContextParts) -> None:
    for _ in range(3):
        alerting(parts).present([BARE, CANCEL])
        parts.clock.go(899)
    assert parts.notes.codes() == ["uncovered", "cancel", "uncovered"]


def test_what_can_not_wait_is_not_told_again_while_nobody_trades(parts: ContextParts) -> None:
    alerting(parts).present([BARE])
    for _ in range(10):
        parts.clock.go(900)
        alerting(parts).present([BARE], again=False)
    assert parts.notes.codes() == ["uncovered"]
    alerting(parts).present([BARE])
    assert parts.notes.codes() == ["uncovered", "uncovered"]

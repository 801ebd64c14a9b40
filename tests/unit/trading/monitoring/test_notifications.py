from __future__ import annotations

from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from trading.model.metric import Counter
from trading.monitoring.notifications import REPEAT_AFTER_S, LogNotifier


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


def test_alert_is_logged_as_an_error_and_counted_by_its_code() -> None:
    log, metrics = MemoryLog(), MemoryMetrics()
    LogNotifier(log, metrics, Hand().monotonic).alert("uncovered", "10 AAPL have no stop")
    assert log.lines == [("error", "alert", {"code": "uncovered", "text": "10 AAPL have no stop"})]
    assert metrics.counts == {(Counter.ALERTS, "uncovered"): 1}


def test_same_alert_is_told_again_only_after_a_while() -> None:
    log, hand = MemoryLog(), Hand()
    notifier = LogNotifier(log, MemoryMetrics(), hand.monotonic)
    for at in (0.0, 1.0, REPEAT_AFTER_S - 1, REPEAT_AFTER_S, REPEAT_AFTER_S + 1):
        hand.at = at
        notifier.alert("uncovered", "10 AAPL have no stop")
    assert len(log.lines) == 2


def test_other_text_is_another_alert() -> None:
    log = MemoryLog()
    notifier = LogNotifier(log, MemoryMetrics(), Hand().monotonic)
    notifier.alert("uncovered", "10 AAPL have no stop")
    notifier.alert("uncovered", "5 IBM have no stop")
    assert len(log.lines) == 2

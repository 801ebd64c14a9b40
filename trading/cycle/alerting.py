"""Tells people what they have to know: each alarm once while it lasts, and again when it comes back."""

from __future__ import annotations

from collections.abc import Iterable

from trading.execution.context import TradingContext
from trading.model.alarm import Alarm


class Alerting:
    """Compares the alarms of a turn with those that were told."""

    def __init__(self, context: TradingContext) -> None:
        """Tell through the context's notifier."""
        self._context = context
        self._told: frozenset[tuple[str, str]] = frozenset()

    def present(self, alarms: Iterable[Alarm]) -> None:
        """Tell what is new among everything that holds now."""
        now = {(alarm.code, alarm.subject): alarm for alarm in alarms}
        for key, alarm in now.items():
            if key not in self._told:
                self._context.notifier.alert(alarm.code, alarm.text)
        self._told = frozenset(now)

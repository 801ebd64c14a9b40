"""Tells people what they have to know: what holds now is compared with what was told, which the store remembers."""

from __future__ import annotations

from collections.abc import Iterable

from trading.model.alarm import Alarm, AlarmCode
from trading.ports import Alerts, Clock

# What is told again while it lasts, after so many seconds: these can't wait for somebody to look at a page.
_AGAIN_S = {AlarmCode.UNCOVERED: 900.0, AlarmCode.BREACH: 900.0, AlarmCode.BLIND: 900.0, AlarmCode.EXIT: 900.0}


class Alerting:
    """Compares the alarms of a turn with those that were told."""

    def __init__(self, alerts: Alerts, clock: Clock) -> None:
        """Tell through `alerts`."""
        self._alerts = alerts
        self._clock = clock

    def present(
        self, alarms: Iterable[Alarm], codes: Iterable[AlarmCode] = tuple(AlarmCode), *, again: bool = True
    ) -> None:
        """Tell what is new among everything that holds now, and end what of `codes` doesn't hold any more.

        What can't wait is told anew every so often, with `again`.
        """
        now = self._clock.now()
        holding = {(alarm.code, alarm.subject): alarm for alarm in alarms}
        for (code, subject), alarm in holding.items():
            again_after_s = _AGAIN_S.get(AlarmCode(code)) if again else None
            self._alerts.present(code, subject, alarm.text, now, again_after_s=again_after_s)
        for code in codes:
            self._alerts.over(code, frozenset(subject for held, subject in holding if held == code), now)

"""Alerts: what a person has to know goes to the log as an error and is counted, but not again and again."""

from __future__ import annotations

from collections.abc import Callable

from trading.model.metric import Counter
from trading.ports import Log, Metrics

REPEAT_AFTER_S = 900.0


class LogNotifier:
    """`trading.ports.Notifier`: the same code with the same text is told once in 15 minutes."""

    def __init__(self, log: Log, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        """Tell `log` and `metrics`; `monotonic` is the clock's."""
        self._log = log
        self._metrics = metrics
        self._monotonic = monotonic
        self._told: dict[tuple[str, str], float] = {}

    def alert(self, code: str, text: str) -> None:
        """Log and count one alert."""
        now = self._monotonic()
        told = self._told.get((code, text))
        if told is not None and now - told < REPEAT_AFTER_S:
            return
        self._told = {key: at for key, at in self._told.items() if now - at < REPEAT_AFTER_S}
        self._told[code, text] = now
        self._metrics.add(Counter.ALERTS, label=code)
        self._log.error("alert", code=code, text=text)

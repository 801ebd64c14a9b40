"""Metrics and a log that only remember."""

from __future__ import annotations

from collections import Counter as Tally

from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode


class MemoryMetrics:
    def __init__(self) -> None:
        self.counts: Tally[tuple[Counter, str | None]] = Tally()
        self.gauges: dict[Gauge, float] = {}
        self.durations: list[tuple[Duration, float]] = []
        self.mode: Mode | None = None
        self.writes = 0

    def add(self, counter: Counter, amount: float = 1.0, *, label: str | None = None) -> None:
        self.counts[counter, label] += int(amount)

    def reach(self, counter: Counter, total: float, *, label: str | None = None) -> None:
        self.counts[counter, label] = max(self.counts[counter, label], int(total))

    def put(self, gauge: Gauge, value: float) -> None:
        self.gauges[gauge] = value

    def put_mode(self, mode: Mode) -> None:
        self.mode = mode

    def observe(self, duration: Duration, seconds: float) -> None:
        self.durations.append((duration, seconds))

    def write(self) -> bool:
        self.writes += 1
        return True


class MemoryLog:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, **fields: object) -> None:
        self.lines.append(("error", event, fields))

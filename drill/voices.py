"""Where the trading system's lines and numbers go in a run: into memory, or nowhere."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode

MOST_LINES = 5_000


class MemoryLog:
    """`trading.ports.Log` as lines of text, the newest ones."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Stamp lines by `now`."""
        self._now = now
        self.lines: deque[str] = deque(maxlen=MOST_LINES)

    def info(self, event: str, **fields: object) -> None:
        """Keep what happened."""
        self._keep("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Keep what may need a look."""
        self._keep("warning", event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Keep what went wrong."""
        self._keep("error", event, fields)

    def _keep(self, level: str, event: str, fields: dict[str, object]) -> None:
        if fields.pop("exc_info", False):
            fields["exception"] = _where(sys.exc_info()[1])
        shown = " ".join(f"{name}={value}" for name, value in fields.items())
        self._write(f"{self._now():%Y-%m-%dT%H:%M:%S} {level} {event} {shown}".rstrip())

    def _write(self, line: str) -> None:
        self.lines.append(line)


class FileLog(MemoryLog):
    """The same into a file, where lines outlive their process, whatever ends it."""

    def __init__(self, now: Callable[[], datetime], path: Path) -> None:
        """Append to the file at `path`."""
        super().__init__(now)
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def _write(self, line: str) -> None:
        self._file.write(line.replace("\n", " ") + "\n")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _where(error: BaseException | None) -> str:
    """Return an exception with the place that raised it."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}: {error}{place}"


class NoMetrics:
    """`trading.ports.Metrics` that keeps nothing, but tells of the end of each cycle."""

    def __init__(self, on_cycle: Callable[[bool], object] = lambda _failed: None) -> None:
        """Call `on_cycle` when one is over, with whether it failed, before the wait for the next."""
        self._on_cycle = on_cycle

    def add(self, counter: Counter, amount: float = 1.0, *, label: str | None = None) -> None:
        """Count nothing."""
        if counter in (Counter.CYCLES, Counter.CYCLE_ERRORS):
            self._on_cycle(counter is Counter.CYCLE_ERRORS)

    def reach(self, counter: Counter, total: float, *, label: str | None = None) -> None:
        """Count nothing."""

    def put(self, gauge: Gauge, value: float) -> None:
        """Show nothing."""

    def put_mode(self, mode: Mode) -> None:
        """Show nothing."""

    def observe(self, duration: Duration, seconds: float) -> None:
        """Measure nothing."""

    def write(self) -> bool:
        """Publish nothing."""
        return True


def quiet() -> None:
    """Keep what libraries and adapters log through the standard library off the console."""
    logger = logging.getLogger()
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.CRITICAL)

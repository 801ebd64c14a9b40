"""Where log lines end.

Each sink has a thread and a bounded queue, so that neither a full disk nor a blocked pipe holds up the caller. What
does not fit is counted and lost.
"""

from __future__ import annotations

import io
import logging
import os
import queue
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

QUEUE_LINES = 10_000
MAX_BYTES = 10 * 1024 * 1024
BACKUPS = 5
CLOSE_S = 2.0


class Sink:
    """Hands lines to a logging handler in a thread of its own."""

    def __init__(self, handler: logging.Handler, name: str) -> None:
        """Start the thread; it never keeps the process alive."""
        self._handler = handler
        self._lines: queue.Queue[str | None] = queue.Queue(QUEUE_LINES)
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"log-{name}", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Take a line; never waits and never raises."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self, limit_s: float = CLOSE_S) -> None:
        """Write what is queued, for at most `limit_s`."""
        try:
            self._lines.put(None, timeout=limit_s)
        except queue.Full:
            return
        self._thread.join(limit_s)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._handler.emit(logging.makeLogRecord({"msg": line}))
        self._handler.close()


class _Quiet(logging.Handler):
    """A handler that counts what it could not write, where the standard one prints a traceback."""

    failures = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Count a line that could not be written: disk full, pipe closed."""
        self.failures += 1


class LogFile(_Quiet, RotatingFileHandler):
    """JSON lines, in files of at most 10 MiB or so that only their owner reads, the newest without a number."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, backups: int = BACKUPS) -> None:
        """Write to `path`, which is made with the first line; where it can't be made each line is tried anew."""
        super().__init__(path, maxBytes=max_bytes, backupCount=backups, encoding="utf-8", delay=True)

    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return io.TextIOWrapper(os.fdopen(descriptor, "ab"), encoding="utf-8")


class Console(_Quiet, logging.StreamHandler[TextIO]):
    """The readable lines."""

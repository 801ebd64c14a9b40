"""Who did what from where: JSON lines in `webapp.log`, so that no value can forge a line of its own."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path

from trading.monitoring.sinks import LogFile
from webapp.clock import WebClock

MAX_BYTES = 5_000_000
BACKUPS = 3


class AuditLog:
    """Writes one line an event. Never a password, a cookie, a token or a whole account id."""

    def __init__(self, path: Path, clock: WebClock) -> None:
        """Append to `path`, made with its folder when it is missing. A disk that takes nothing stops no page."""
        self._clock = clock
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._handler = LogFile(path, max_bytes=MAX_BYTES, backups=BACKUPS)
        self._logger = logging.Logger("webapp.audit", logging.INFO)
        self._logger.addHandler(self._handler)

    def write(self, event: str, *, actor: str, address: str, **facts: object) -> None:
        """Record one event; facts are values that JSON can hold."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        line = {"at": at, "event": event, "actor": actor, "address": address, **facts}
        self._logger.info("%s", json.dumps(line, ensure_ascii=True, default=str))

    def failure(self, event: str, *, address: str, error_id: str, error: BaseException) -> None:
        """Record an unexpected error with its traceback, under the id that the page shows."""
        text = logging.Formatter().formatException((type(error), error, error.__traceback__))
        self.write(event, actor="dashboard", address=address, error_id=error_id, traceback=text)

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

"""Who did what from where: JSON lines in `webapp.log`, so that no value can forge a line of its own.

What somebody did who is logged in has a line each. What anybody can do who reaches the port is summed up (`noise`), so
that it can't push the other lines out of the file.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import threading
import traceback
from pathlib import Path

from trading.monitoring.sinks import LogFile
from webapp.clock import WebClock
from webapp.noise import Noise, Summary

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
        self._noise = Noise(clock)
        self._error_ids: dict[str, str] = {}
        self._error_lock = threading.Lock()

    def write(self, event: str, *, actor: str, address: str, **facts: object) -> None:
        """Record one event; facts are values that JSON can hold."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        line = {"at": at, "event": event, "actor": actor, "address": address, **facts}
        self._logger.info("%s", json.dumps(line, ensure_ascii=True, default=str))

    def noise(
        self, event: str, *, address: str, cause: str = "", actor: str = "unknown", most: int = 1, **facts: object
    ) -> bool:
        """Record what anybody can make happen, and return whether it got a line of its own.

        The first `most` of an event and cause do, further ones are in a line with their number, from time to time.
        """
        news = self._noise.is_news((event, cause), address, most)
        if news:
            self.write(event, actor=actor, address=address, **({"cause": cause} if cause else {}), **facts)
        self.sum_up()
        return news

    def sum_up(self) -> None:
        """Write the sums that are due; to be called from time to time."""
        for summary in self._noise.due():
            self._write_sum(summary)

    def failure(self, *, address: str, error: BaseException) -> str:
        """Record an unexpected error with its traceback; return the id under which it is found, which the page shows.

        One that keeps coming from the same place keeps its id and is counted.
        """
        place = _place(error)
        with self._error_lock:
            news = self._noise.is_news(("error", place), address)
            if news or place not in self._error_ids:
                self._error_ids[place] = secrets.token_hex(6)
            error_id = self._error_ids[place]
        if news:
            text = logging.Formatter().formatException((type(error), error, error.__traceback__))
            self.write("error", actor="dashboard", address=address, cause=place, error_id=error_id, traceback=text)
        self.sum_up()
        return error_id

    def close(self) -> None:
        """Write what was counted, and close the file."""
        for summary in self._noise.rest():
            self._write_sum(summary)
        self._handler.close()

    def _write_sum(self, summary: Summary) -> None:
        event, cause = summary.kind
        addresses = list(summary.addresses)
        self.write(
            event,
            actor="several",
            address=addresses.pop(0),
            **({"cause": cause} if cause else {}),
            count=summary.count,
            since=summary.since.isoformat(timespec="seconds"),
            **({"also_from": addresses} if addresses else {}),
        )


def _place(error: BaseException) -> str:
    """Return what an error is and where it comes from; the same mistake is the same place, whatever its text says."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} at {where}"

"""The file of metrics as a sign of life: for those who watch, without what it takes to write it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

FILE_NAME = "metrics.prom"
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
"""What kind of text it holds: Prometheus' exposition format."""


WAITING_NAME = "waiting"
# It is written anew every second.
_WAITING_FOR_S = 20.0
_MOST_SHOWN = 300


def silent_s(file: Path, now: datetime) -> float | None:
    """Return how many real seconds ago the trading process last wrote its metrics, None where it never did.

    The file's own time is real even where market time is simulated, and it needs no answer of the process.
    """
    try:
        return max(0.0, now.timestamp() - file.stat().st_mtime)
    except OSError:
        return None


def waits_for(file: Path, now: datetime) -> str:
    """Return what start.sh waits for before it starts the trading process, empty where it waits for nothing."""
    try:
        if now.timestamp() - file.stat().st_mtime > _WAITING_FOR_S:
            return ""
        return file.read_text(encoding="utf-8", errors="replace").strip()[:_MOST_SHOWN]
    except OSError:
        return ""

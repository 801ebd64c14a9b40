"""The file of metrics as a sign of life: for those who watch, without what it takes to write it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

FILE_NAME = "metrics.prom"
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
"""What kind of text it holds: Prometheus' exposition format."""


def silent_s(file: Path, now: datetime) -> float | None:
    """Return how many real seconds ago the trading process last wrote its metrics, None where it never did.

    The file's own time is real even where market time is simulated, and it needs no answer of the process.
    """
    try:
        return max(0.0, now.timestamp() - file.stat().st_mtime)
    except OSError:
        return None

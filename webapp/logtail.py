"""The end of the trading log, line by line, for the log page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 1_000_000
MAX_LINES = 300
LEVELS: Mapping[str, str] = {
    "": "Everything",
    "info": "Info and above",
    "warning": "Warnings and errors",
    "error": "Errors",
}
_RANK = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}
_TIME_KEYS = ("timestamp", "at", "time", "ts")
_TEXT_KEYS = ("event", "message", "msg")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: `facts` is everything beside time, level and text."""

    at: str
    level: str
    text: str
    facts: tuple[tuple[str, str], ...]


def tail(path: Path, *, level: str, find: str) -> tuple[LogLine, ...]:
    """Return the newest lines that match, newest first; a file that isn't there has none."""
    least = _RANK.get(level, 0)
    wanted = find.casefold()
    found: list[LogLine] = []
    for raw in _newest_first(path):
        if wanted and wanted not in raw.casefold():
            continue
        line = _parse(raw)
        if _RANK.get(line.level, 1) >= least:
            found.append(line)
        if len(found) >= MAX_LINES:
            break
    return tuple(found)


def _newest_first(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - TAIL_BYTES)
            file.seek(start)
            lines = file.read(TAIL_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return
    if start:
        del lines[:1]  # cut in its middle
    yield from (line for line in reversed(lines) if line.strip())


def _parse(raw: str) -> LogLine:
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return LogLine("", "info", raw[:2000], ())
    at = _take(values, _TIME_KEYS)
    level = _take(values, ("level", "severity")).lower()
    text = _take(values, _TEXT_KEYS)
    facts = tuple((str(key), _shown(value)) for key, value in values.items())
    return LogLine(at, level or "info", text, facts)


def _take(values: dict[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        if key in values:
            return _shown(values.pop(key))
    return ""


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

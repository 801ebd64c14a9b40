"""Signs of life of the trading process: for those who watch, without what it takes to give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trading.model.boot_time import BootTime

METRICS_NAME = "metrics.prom"
PREFIX = "trading_"
"""how the names of all metrics begin"""
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
"""What kind of text the metrics are: Prometheus' exposition format."""

HEARTBEAT_NAME = "heartbeat.json"
WAITING_NAME = "waiting"
BY_ITSELF = "itself: "
"""begins who ended a process that could not go on, before why"""
STARTS = "starts"
"""what the loop does before its first cycle"""
STOP_ASKED_NAME = "stop-asked"
"""Who asked the trading process to end, and when; from the asking to the next start."""
# It is written anew every second.
_WAITING_FOR_S = 20.0
_MOST_SHOWN = 300
MOST_BYTES = 4096
"""how long a written heartbeat is, in one piece that is written over and over"""
MAY_TAKE_S = 15.0
"""how far past its limit a step may be before the loop counts as stuck"""
LONG_AGO_S = 1e6
"""the longest time since an answer that is told, for never too"""
# A beat is written over while it is read now and then.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Beat:
    """What the trading process said of itself when it last gave a sign of life, `age_s` ago.

    `age_s` is None where that was before this machine was started. `step` is what the loop does and `step_s` for how
    long; `over_s` is how far it is past its limit, below 0 within it. `call` is what the gateway has not answered since
    `silent_since`, `silence_s` seconds, empty where there is no such thing, and `answers` whether it has answered
    anything else meanwhile, the last time `answered_s` ago. `overdue_s` is for how long a whole cycle has been due,
    `unproven` whether none has come to its end since the process began, `unstored` why the database can't be written.
    `ended_at` is when the process ended on request and `ended_by` who asked for that; empty while it runs, or where it
    died. Times are UTC as ISO 8601.
    """

    age_s: float | None = 0.0
    step: str = ""
    step_s: float = 0.0
    over_s: float = 0.0
    call: str = ""
    silence_s: float = 0.0
    silent_since: str = ""
    answers: bool = False
    answered_s: float = LONG_AGO_S
    overdue_s: float = 0.0
    unproven: bool = False
    unstored: str = ""
    ended_at: str = ""
    ended_by: str = ""

    @property
    def stuck(self) -> bool:
        """Whether the loop is longer in a step than that may take."""
        return self.over_s + (self.age_s or 0.0) > MAY_TAKE_S


def read_beat(file: Path, now: BootTime) -> Beat | None:
    """Return the last sign of life, None where there never was one."""
    value = next((found for found in (_read(file) for _ in range(_TRIES)) if found is not None), None)
    if value is None:
        return None
    return Beat(
        age_s=now.since(value.get("boot_id"), value.get("boot_s")),
        step=_text(value, "step"),
        step_s=_number(value, "step_s"),
        over_s=_number(value, "over_s"),
        call=_text(value, "call"),
        silence_s=_number(value, "silence_s"),
        silent_since=_text(value, "silent_since"),
        answers=value.get("answers") is True,
        answered_s=_number(value, "answered_s") if "answered_s" in value else LONG_AGO_S,
        overdue_s=_number(value, "overdue_s"),
        unproven=value.get("unproven") is True,
        unstored=_text(value, "unstored"),
        ended_at=_text(value, "ended_at"),
        ended_by=_text(value, "ended_by"),
    )


def written_at(file: Path) -> datetime | None:
    """Return when the last sign of life was given, by the machine's clock of then; None where there never was one."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None


def known_at(file: Path, beat: Beat | None) -> datetime | None:
    """Return how old what the trading process keeps of itself is: as of its last sign of life, None: there is none.

    A loop that was stuck then had kept nothing since its step began.
    """
    at = written_at(file)
    if at is None or beat is None or beat.over_s <= MAY_TAKE_S:
        return at
    return at - timedelta(seconds=beat.step_s)


def waits_for(file: Path, now: datetime) -> str:
    """Return what start.sh waits for before it starts the trading process, empty where it waits for nothing."""
    try:
        if now.timestamp() - file.stat().st_mtime > _WAITING_FOR_S:
            return ""
        return file.read_text(encoding="utf-8", errors="replace").strip()[:_MOST_SHOWN]
    except OSError:
        return ""


def _read(file: Path) -> Mapping[str, object] | None:
    try:
        with file.open("rb") as opened:
            value = json.loads(opened.read(MOST_BYTES))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Mapping[str, object], key: str) -> str:
    found = value.get(key)
    return found[:_MOST_SHOWN] if isinstance(found, str) else ""


def _number(value: Mapping[str, object], key: str) -> float:
    found = value.get(key)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else 0.0

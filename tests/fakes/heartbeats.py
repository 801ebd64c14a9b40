"""Signs of life in a state folder, as a trading process leaves them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from trading.background import repeated
from trading.model.boot_time import BootTime
from trading.monitoring.heartbeat import HeartbeatFile
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, Beat, read_beat
from trading.store.boot_time import boot_time

_OLD_S = 60.0
WAITS = Beat(step="waits for the next cycle", step_s=4.0, over_s=-26.0)


def leave_beat(state: Path, *, silent_s: float = 0.0, **said: str | float) -> None:
    """Let the trading process of a state folder have given a sign of life `silent_s` ago, which `said` something."""
    path, now = state / HEARTBEAT_NAME, boot_time()
    then = BootTime(now.boot_id, now.seconds - silent_s)
    beat = replace(WAITS, **said)  # type: ignore[arg-type]
    assert HeartbeatFile(path, lambda: then).write(beat)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - silent_s))


@contextmanager
def beating(state: Path) -> Iterator[None]:
    """Keep the last sign of life of a state folder fresh beside the block, unless it was left to grow old."""
    path = state / HEARTBEAT_NAME

    def look() -> None:
        beat = read_beat(path, boot_time())
        if beat is not None and beat.age_s is not None and beat.age_s < _OLD_S:
            HeartbeatFile(path, boot_time).write(beat)

    with repeated(look, 1.0, "beats"):
        yield

"""Seconds since this machine was started: an age that no change of the wall clock makes longer or shorter."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Where the kernel has no clock that counts sleep too, the one without has to do.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class BootTime:
    """A moment in the life of one boot of one machine."""

    boot_id: str
    seconds: float

    def since(self, boot_id: object, seconds: object) -> float | None:
        """Return how many seconds before this one a stored moment was; None for another boot, or for nonsense."""
        if boot_id != self.boot_id or not isinstance(seconds, int | float):
            return None
        age_s = self.seconds - seconds
        return age_s if age_s >= 0.0 else None


def boot_time() -> BootTime:
    """Return the present moment."""
    try:
        boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot_id = ""
    return BootTime(boot_id, time.clock_gettime(_CLOCK))

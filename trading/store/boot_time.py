"""Where this machine is in the life of its boot."""

from __future__ import annotations

import time
from pathlib import Path

from trading.model.boot_time import BootTime

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Where the kernel has no clock that counts sleep too, the one without has to do.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_time() -> BootTime:
    """Return the present moment."""
    try:
        boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot_id = ""
    return BootTime(boot_id, time.clock_gettime(_CLOCK))

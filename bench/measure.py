"""How a measurement is taken: seconds of a piece of work, the spread of many, memory of a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what `work` returned and how many seconds it took."""
    begin = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin


@dataclass(frozen=True, slots=True)
class Spread:
    """How long many calls took, in milliseconds, and how many of them a second saw."""

    median_ms: float
    p99_ms: float
    per_second: float

    @classmethod
    def of(cls, work: Callable[[], object], times: int) -> Spread:
        """Do `work` that many times, after one that is not counted."""
        work()
        seconds = sorted(timed(work)[1] for _ in range(times))
        return cls(1000 * seconds[times // 2], 1000 * seconds[min(times - 1, times * 99 // 100)], times / sum(seconds))


def resident_mib(pid: int) -> float:
    """Return the memory that a process has in use, MiB.

    Raises:
        OSError: there is no such process, or this is no Linux.
    """
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

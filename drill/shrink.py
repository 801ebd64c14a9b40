"""Makes a schedule that finds something as small as it can be while it still finds the same: delta debugging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from drill.schedule import LISTS, Schedule

Finds = Callable[[Schedule], bool]
"""whether a schedule still finds what the first one found"""
MOST_RUNS = 250


class _Budget:
    """Runs that may still be made."""

    def __init__(self, finds: Finds, runs: int) -> None:
        self._finds = finds
        self._left = runs

    def __call__(self, schedule: Schedule) -> bool:
        if not self._left:
            return False
        self._left -= 1
        return self._finds(schedule)


def smallest(schedule: Schedule, finds: Finds, most_runs: int = MOST_RUNS) -> Schedule:
    """Return a schedule from which no single entry can be taken out, unless the runs are used up before."""
    tries = _Budget(finds, most_runs)
    before = None
    while before != schedule:
        before = schedule
        for name in LISTS:
            schedule = _fewer(schedule, name, tries)
        schedule = _fewer_symbols(schedule, tries)
        schedule = _plainer(schedule, tries)
    return schedule


def _fewer(schedule: Schedule, name: str, finds: Finds) -> Schedule:
    """Take out halves, then quarters and so on of one of its lists, while it still finds it."""
    size = len(getattr(schedule, name))
    while size:
        entries = list(getattr(schedule, name))
        begin = 0
        while begin < len(entries):
            kept = entries[:begin] + entries[begin + size :]
            smaller = msgspec.structs.replace(schedule, **{name: kept})
            if finds(smaller):
                schedule, entries = smaller, kept
            else:
                begin += size
        size //= 2
    return schedule


def _fewer_symbols(schedule: Schedule, finds: Finds) -> Schedule:
    for symbol in list(schedule.symbols):
        kept = [other for other in schedule.symbols if other != symbol]
        smaller = msgspec.structs.replace(schedule, symbols=kept)
        if kept and finds(smaller):
            schedule = smaller
    return schedule


def _plainer(schedule: Schedule, finds: Finds) -> Schedule:
    """Give each fault its default parameters, where that still finds it."""
    for index, fault in enumerate(schedule.faults):
        for name in list(fault.get("parameters", {})):
            plainer: dict[str, Any] = {
                **schedule.faults[index],
                "parameters": {
                    key: value for key, value in schedule.faults[index]["parameters"].items() if key != name
                },
            }
            faults = [*schedule.faults[:index], plainer, *schedule.faults[index + 1 :]]
            smaller = msgspec.structs.replace(schedule, faults=faults)
            if finds(smaller):
                schedule = smaller
    return schedule

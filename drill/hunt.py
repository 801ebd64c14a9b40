"""Looks for a schedule that finds a planted bug, and replays those that did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drill.checker.logs import Violation
from drill.mutants import MUTANTS, planted
from drill.schedule import Schedule, read, without_faults
from drill.shrink import smallest
from drill.tasks import Clock, Setting, Task, begin, run_all
from drill.trial import try_out
from drill.world import World
from simulator.config import SettingError
from trading.errors import TradingError

STORED = Path(__file__).with_name("planted")
"""one schedule a planted bug, by its name: the smallest that found it"""


@dataclass(frozen=True, slots=True)
class Find:
    """A schedule that violates something with a bug and nothing without it."""

    task: Task
    violation: Violation
    schedule: Schedule


def hunt(name: str, wanted: Iterator[Task], config: Path, jobs: int, clock: Clock, until: float | None) -> Find | None:
    """Return the first find, None where the tasks or the time are over before.

    Raises: UnknownMutantError.
    """
    with planted(name):
        pass
    for task, verdict in run_all(wanted, Setting(config, name), jobs, clock, until):
        if verdict.violations:
            return Find(task, verdict.violations[0], verdict.schedule)
    return None


def shrunk(name: str, find: Find, world: World) -> Schedule:
    """Return the smallest schedule that still finds the bug by the same invariant."""

    def finds(schedule: Schedule) -> bool:
        try:
            return first(name, schedule, world) == find.violation.invariant and first(None, schedule, world) is None
        except (SettingError, TradingError):
            return False

    return smallest(find.schedule, finds)


def first(name: str | None, schedule: Schedule, world: World) -> str | None:
    """Return the invariant that a schedule violates first with a bug planted, or with None as it is."""
    with planted(name):
        violations = try_out(schedule, world).violations
    return violations[0].invariant if violations else None


def problem(name: str, schedule: Schedule, world: World) -> str | None:
    """Return what speaks against a schedule that is to find a bug; None where it finds it, and only where it is.

    On its fault-free twin a bug that needs a fault must stay silent, too, and the system without any other.
    """
    if first(name, schedule, world) is None:
        return "not found"
    alone = first(None, schedule, world)
    if alone is not None:
        return f"{alone} is violated without it too"
    twin = first(name if MUTANTS[name].needs_fault else None, without_faults(schedule), world)
    return None if twin is None else f"a false alarm ({twin}) on the fault-free twin"


def replay_stored(config: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each planted bug that has a stored schedule, with what speaks against it.

    Raises: UnknownMutantError, ScheduleError, OSError: what is stored can't be used.
    """
    world = begin(config)
    for file in sorted(STORED.glob("*.json")):
        yield file.stem, problem(file.stem, read(file.read_bytes()), world)

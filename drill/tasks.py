"""What a run of the command consists of: schedules by name, made where they are run, on one process or several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drill import always, crowded, draw
from drill.mutants import planted
from drill.schedule import Schedule, without_faults
from drill.trial import Verdict, try_out
from drill.voices import quiet
from drill.world import CONFIG, World

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Task:
    """One schedule to be drawn and run."""

    kind: str
    seed: int
    faults: tuple[tuple[str, str | None], ...] = ()
    always: always.Always | None = None
    clean: bool = False
    """its fault-free twin instead"""

    @property
    def name(self) -> str:
        """Return what reports and files call it."""
        if self.always is not None:
            return f"{self.kind}-{self.always.name}-{self.seed}"
        faults = "+".join(f"{fault}-{role}" if role else fault for fault, role in self.faults)
        return f"{self.kind}-{faults}-{self.seed}" if faults else f"{self.kind}-{self.seed}"

    def schedule(self, world: World) -> Schedule:
        """Draw it."""
        if self.always is not None:
            drawn = always.always(self.always, self.seed, world)
        elif self.kind == "single":
            (fault, role) = self.faults[0]
            drawn = draw.single(fault, role, self.seed, world)
        elif self.kind == "pair":
            first, second = self.faults
            drawn = draw.pair(first, second, self.seed, world)
        elif self.kind == "crowded":
            drawn = crowded.crowded(self.seed, world)
        else:
            drawn = draw.swarm(self.seed, world)
        return without_faults(drawn) if self.clean else drawn


@dataclass(frozen=True, slots=True)
class Setting:
    """With what all of them are run."""

    config: Path = CONFIG
    mutant: str | None = None
    """a bug that is planted (`drill.mutants`)"""


def tasks(
    seeds: Sequence[int],
    *,
    swarm: bool,
    singles: bool = False,
    pairs: bool = False,
    without_end: bool = False,
    crowds: bool = False,
) -> Iterator[Task]:
    """Yield what was asked for, in a fixed order: swarm, single faults, pairs, faults that are always on, crowds."""
    if swarm:
        yield from (Task("swarm", seed) for seed in seeds)
    if singles:
        yield from (Task("single", seed, (each,)) for seed in seeds for each in draw.all_singles())
    if pairs:
        yield from (Task("pair", seed, each) for seed in seeds for each in draw.all_pairs())
    if without_end:
        yield from (Task("always", seed, always=each) for seed in seeds for each in always.all_always())
    if crowds:
        yield from (Task("crowded", seed) for seed in seeds)


_shared: dict[str, Any] = {}


def begin(config: Path = CONFIG, mutant: str | None = None) -> World:
    """Make what all runs of this process share; with `mutant` its bug is planted in each of them.

    Raises: DataError, ConfigError.
    """
    quiet()
    _shared["world"], _shared["mutant"] = World(config), mutant
    world: World = _shared["world"]
    return world


def do(task: Task) -> tuple[Task, Verdict]:
    """Draw, run and judge one; with a planted bug only what the bug does counts."""
    world: World = _shared["world"]
    schedule = task.schedule(world)
    with planted(_shared["mutant"]):
        verdict = try_out(schedule, world)
    if _shared["mutant"] is not None and verdict.violations and try_out(schedule, world).violations:
        verdict.violations = []
    return task, verdict


def run_all(
    wanted: Iterator[Task], setting: Setting, jobs: int, clock: Clock, until: float | None
) -> Iterator[tuple[Task, Verdict]]:
    """Yield each verdict as it comes, until the time is up."""
    if jobs <= 1:
        begin(setting.config, setting.mutant)
        for task in wanted:
            if until is not None and clock() >= until:
                return
            yield do(task)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, initializer=begin, initargs=(setting.config, setting.mutant)) as pool:
        results = pool.imap_unordered(do, wanted)
        while True:
            left = None if until is None else max(until - clock(), 0.0)
            try:
                yield results.next(left)
            except (StopIteration, multiprocessing.TimeoutError):
                return

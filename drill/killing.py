"""Runs of kill points: one for each point and seed, with the trading system in processes that are killed."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drill.checker import read_case
from drill.driver import Driver
from drill.kill_points import POINTS, Situation
from drill.processes import Ground, ProcessCourse
from drill.schedule import Kill, Schedule
from drill.situations import make_old_file, schedule_of
from drill.sockets import EXECUTION
from drill.trial import MEMORY, Verdict, verdict_on
from drill.world import World
from trading.bootstrap import DATABASE

MOST_ATTEMPTS = 5
Counts = Mapping[tuple[str, str | None], int]
"""how often a process was at a point, by what it did there"""
_ANYWAY = frozenset({"instant", "opening"})
# What the way within one process has of a call's steps.
_WITHOUT_SOCKETS = {"call_connected": "call_before", "call_sent": "call_before", "call_answered": "call_after"}


@dataclass(frozen=True, slots=True)
class KillRun:
    """One point and one seed: where each process dies, and in which schedule."""

    point: str
    seed: int
    schedule: Schedule
    lives: list[list[Kill]]
    old_file: bool

    @property
    def name(self) -> str:
        """Return what reports call it."""
        return f"{self.point}-{self.seed}"


@dataclass(frozen=True, slots=True)
class KillVerdict:
    """What a run came to; one that was cut short or whose processes did not all come to their points shows nothing."""

    run: KillRun
    verdict: Verdict
    reached: bool


class Rehearsals:
    """Schedules of a situation that were run in this process, where nobody dies: do they come to a point at all?"""

    def __init__(self, world: World) -> None:
        """Rehearse in `world`."""
        self._world = world
        self.held: dict[tuple[Situation, int, int], tuple[Schedule, Counts]] = {}

    def run_of(self, point: str, seed: int) -> KillRun:
        """Draw the run of a seed: of a few attempts the first whose rehearsal comes to where the first process dies."""
        run, well = self._attempt(point, seed, 0)
        for attempt in range(1, MOST_ATTEMPTS):
            if well:
                break
            run, well = self._attempt(point, seed, attempt)
        return run

    def _attempt(self, point: str, seed: int, attempt: int) -> tuple[KillRun, bool]:
        rng = random.Random(f"kill/{point}/{seed}/{attempt}")  # noqa: S311  (a schedule, no secret)
        known = POINTS[point]
        situation, lives = rng.choice(known.situations), known.lives(rng)
        schedule, counts = self._rehearsed(situation, seed, attempt)
        old_file = situation is Situation.OLD_FILE
        return KillRun(point, seed, schedule, lives, old_file), old_file or _comes_to(lives[0][0], counts)

    def _rehearsed(self, situation: Situation, seed: int, attempt: int) -> tuple[Schedule, Counts]:
        key = situation, seed, attempt
        if key not in self.held:
            schedule = schedule_of(situation, seed, attempt, self._world)
            with tempfile.TemporaryDirectory(prefix="drill-", dir=_folder()) as temporary:
                driver = Driver(schedule, self._world, Path(temporary))
                driver.run()
            self.held[key] = schedule, driver.reaper.counts
        return self.held[key]


def _comes_to(kill: Kill, counts: Counts) -> bool:
    """Return whether a process would have died of it."""
    if kill.point in _ANYWAY:
        return True
    if kill.of == EXECUTION and kill.point == "call_after":
        return counts.get(("commit_after", EXECUTION), 0) >= kill.nth
    return counts.get((_WITHOUT_SOCKETS.get(kill.point, kill.point), kill.about), 0) >= kill.nth


def carry_out(run: KillRun, world: World, ground: Ground) -> KillVerdict:
    """Run it and judge what it left, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="drill-", dir=_folder()) as temporary:
        course = ProcessCourse(run.schedule, world, Path(temporary), run.lives, ground)
        if run.old_file:
            make_old_file(course.state / DATABASE)
        done = course.run()
        verdict = verdict_on(done, read_case(done.truth, done.journal, done.events_file))
    return KillVerdict(run, verdict, course.all_reached and not verdict.cut)


def kill_runs(
    points: Sequence[str], seeds: Sequence[int], world: World, clock: Callable[[], float], until: float | None
) -> Iterator[KillVerdict]:
    """Yield a verdict for each point of each seed, until the time is up."""
    with tempfile.TemporaryDirectory(prefix="drill-", dir=_folder()) as temporary:
        ground, rehearsals = Ground.prepare(Path(temporary)), Rehearsals(world)
        for seed in seeds:
            for point in points:
                if until is not None and clock() >= until:
                    return
                yield carry_out(rehearsals.run_of(point, seed), world, ground)


def _folder() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None

"""What a command of kill points prints: each violation, each point that was not reached, and a line a point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from drill.kill_points import POINTS
from drill.killing import KillVerdict
from drill.report import as_json as verdict_as_json
from drill.report import finding


class KillTally:
    """Sums over all runs."""

    def __init__(self, points: Sequence[str]) -> None:
        """Begin with no run of any of `points`."""
        self._points = points
        self._runs: Counter[str] = Counter()
        self._reached: Counter[str] = Counter()
        self._violated: Counter[str] = Counter()
        self._deaths = 0

    def add(self, done: KillVerdict) -> None:
        """Count one run; what it violated counts whether its point was reached or not."""
        point = done.run.point
        self._runs[point] += 1
        self._reached[point] += done.reached
        self._violated[point] += bool(done.verdict.violations)
        self._deaths += done.verdict.restarts

    @property
    def is_well(self) -> bool:
        """Return whether nothing was violated, and every point that was run was reached."""
        return not self._violated.total() and all(self._reached[point] for point in self._points if self._runs[point])

    def lines(self, seconds: float, *, as_json: bool) -> list[str]:
        """Return the summary."""
        if as_json:
            return [msgspec.json.encode(self._values(seconds)).decode()]
        each = [
            f"{point:6} {self._reached[point]:3} of {self._runs[point]:3} reached, {self._violated[point]} violated"
            f"  {POINTS[point].sentence}"
            for point in self._points
            if self._runs[point]
        ]
        return [
            *each,
            f"{self._runs.total()} runs, {self._deaths} processes killed, {self._reached.total()} points reached,"
            f" {seconds:.0f} s",
            f"{self._violated.total()} runs violated an invariant",
        ]

    def _values(self, seconds: float) -> dict[str, object]:
        return {
            "points": {
                point: {"runs": self._runs[point], "reached": self._reached[point], "violated": self._violated[point]}
                for point in self._points
            },
            "killed": self._deaths,
            "seconds": round(seconds, 1),
        }


def told(done: KillVerdict, *, as_json: bool) -> list[str]:
    """Return what is said of one run: as an object, or only where something is wrong."""
    run, verdict = done.run, done.verdict
    again = f"python -m drill --kill-points {run.point} --seeds {run.seed}"
    if as_json:
        values = verdict_as_json(run.name, verdict) | {"reached": done.reached}
        return [msgspec.json.encode(values).decode()]
    if verdict.violations:
        return finding(run.name, verdict, again)
    return [] if done.reached else [f"{run.name}: not reached ({run.schedule.name}): {again}"]

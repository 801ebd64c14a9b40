"""One schedule run and judged, in a folder that is gone afterwards."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from drill.checker import judge, read_case
from drill.checker.logs import Case, Violation, instant, shown
from drill.course import Run
from drill.driver import run
from drill.schedule import Schedule
from drill.world import World

MEMORY = Path("/dev/shm")  # noqa: S108  (folders of its own in it)
NEIGHBOURS = 15
"""lines before and after a violation that a report shows"""


@dataclass(slots=True)
class Verdict:
    """What one run came to."""

    schedule: Schedule
    violations: list[Violation]
    digest: str
    """of truth log and journal together: equal for equal runs"""
    fired: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    fills: int = 0
    restarts: int = 0
    days: int = 0
    cut: bool = False
    """whether it took too long, and was ended and judged by what has to hold at each moment alone"""
    around: list[str] = field(default_factory=list)
    """truth, journal and the drill's deeds around the first violation"""


def try_out(schedule: Schedule, world: World) -> Verdict:
    """Run a schedule and judge it."""
    folder = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="drill-", dir=folder) as temporary:
        done = run(schedule, world, Path(temporary))
        case = read_case(done.truth, done.journal, done.events_file)
        return verdict_on(done, case)


def verdict_on(done: Run, case: Case) -> Verdict:
    """Judge a run."""
    violations = judge(case)
    verdict = Verdict(done.schedule, violations, _digest(done, case))
    for line in case.truth:
        kind = line["kind"]
        if kind == "fault" and not line.get("goes_on", False):
            verdict.fired[line["id"]] += 1
        verdict.orders += len(line["tickets"]) if kind == "order" else 0
        verdict.fills += kind == "fill"
    verdict.fired += Counter(str(event["id"]) for event in case.happened("client_fault"))
    verdict.restarts = len(case.happened("start")) - 1
    verdict.days = len(case.hours)
    verdict.cut = bool(case.happened("cut"))
    if violations:
        verdict.around = neighbourhood(case, done.log, violations[0].at)
    return verdict


def _digest(done: Run, case: Case) -> str:
    """Return a digest of the truth log and of everything that the checker reads of the journal."""
    return hashlib.sha256(done.truth.read_bytes() + repr(case.journal).encode()).hexdigest()


def neighbourhood(case: Case, log: list[str], at: float) -> list[str]:
    """Return what happened around a time, in order: the broker's lines, the journal's steps, the drill's own deeds."""
    rows: list[tuple[float, str]] = []
    for line in case.truth:
        if line["kind"] not in ("clock", "matched", "start") and not line.get("goes_on", False):
            facts = {name: value for name, value in line.items() if name not in ("seq", "at", "kind", "sha256")}
            rows.append((instant(line["at"]), f"broker  {line['kind']} {facts}"))
    rows += [(step.at, f"journal {step.coid} {step.state}") for step in case.journal.steps]
    rows += [(row.at, f"journal {row.fact}={row.value} ({row.reason})") for row in case.journal.modes]
    rows += [
        (instant(event["at"]), f"drill   {' '.join(str(value) for name, value in event.items() if name != 'at')}")
        for event in case.events
        if event["kind"] not in ("turn", "pause")
    ]
    rows += [(instant(f"{line[:19]}+00:00"), f"log     {line[20:]}") for line in log if " info cycle" not in line]
    rows.sort(key=lambda row: row[0])
    before = [row for row in rows if row[0] <= at][-NEIGHBOURS:]
    after = [row for row in rows if row[0] > at][:NEIGHBOURS]
    return [f"{shown(when)[:23]} {text}"[:300] for when, text in (*before, *after)]

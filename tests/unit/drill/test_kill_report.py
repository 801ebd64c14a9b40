"""What a command of kill points prints."""

from __future__ import annotations

import json

from drill.checker.logs import Violation
from drill.kill_report import KillTally, told
from drill.killing import KillRun, KillVerdict
from drill.schedule import Schedule
from drill.trial import Verdict

BROKEN = Violation("I2", 1_393_857_000.0, "TS-1", "the broker accepted a second order of this name")


def verdict(schedule: Schedule, point: str, *violations: Violation, reached: bool = True) -> KillVerdict:
    run = KillRun(point, 7, schedule, [], old_file=False)
    return KillVerdict(run, Verdict(schedule, list(violations), "d1", restarts=2), reached)


def test_line_of_a_point_says_how_often_it_was_reached_and_what_it_is(ordinary: Schedule) -> None:
    tally = KillTally(["K05", "K06", "K07"])
    tally.add(verdict(ordinary, "K05"))
    tally.add(verdict(ordinary, "K05", reached=False))
    tally.add(verdict(ordinary, "K06", BROKEN))
    assert tally.lines(3.0, as_json=False) == [
        "K05      1 of   2 reached, 0 violated  sent, not yet read by the server",
        "K06      1 of   1 reached, 1 violated  the server acted, its answer not read",
        "3 runs, 6 processes killed, 2 points reached, 3 s",
        "1 runs violated an invariant",
    ]


def test_all_is_well_when_every_point_was_reached_and_nothing_violated(ordinary: Schedule) -> None:
    well, broken, missed = (KillTally(["K05", "K06"]) for _ in range(3))
    well.add(verdict(ordinary, "K05"))
    well.add(verdict(ordinary, "K05", reached=False))
    assert well.is_well
    broken.add(verdict(ordinary, "K05", BROKEN))
    assert not broken.is_well
    missed.add(verdict(ordinary, "K05"))
    missed.add(verdict(ordinary, "K06", reached=False))
    assert not missed.is_well


def test_only_what_is_wrong_is_told_with_the_command_that_shows_it_again(ordinary: Schedule) -> None:
    again = "python -m drill --kill-points K05 --seeds 7"
    assert told(verdict(ordinary, "K05"), as_json=False) == []
    assert told(verdict(ordinary, "K05", reached=False), as_json=False) == [f"K05-7: not reached (swarm): {again}"]
    lines = told(verdict(ordinary, "K05", BROKEN, reached=False), as_json=False)
    assert lines[0] == f"K05-7: {BROKEN}"
    assert lines[-1] == f"    again: {again}"


def test_json_has_one_object_a_run_and_one_for_all(ordinary: Schedule) -> None:
    tally = KillTally(["K05"])
    tally.add(verdict(ordinary, "K05", BROKEN))
    (line,) = told(verdict(ordinary, "K05", BROKEN), as_json=True)
    assert (json.loads(line)["name"], json.loads(line)["reached"]) == ("K05-7", True)
    (summary,) = tally.lines(3.0, as_json=True)
    assert json.loads(summary) == {
        "points": {"K05": {"runs": 1, "reached": 1, "violated": 1}},
        "killed": 2,
        "seconds": 3.0,
    }

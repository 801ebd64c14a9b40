"""What a run of the drill prints."""

from __future__ import annotations

from collections import Counter

import pytest

from drill.checker.logs import Violation
from drill.report import Tally, as_json, finding
from drill.schedule import Schedule
from drill.trial import Verdict

BROKEN = Violation("I9", 1_393_857_000.0, "AAPL", "10 own shares have been without a stop")


def verdict(schedule: Schedule, *violations: Violation) -> Verdict:
    return Verdict(
        schedule, list(violations), "d1", Counter({"H05": 2}), orders=6, fills=2, restarts=1, days=4, around=["a line"]
    )


def test_summary_counts_everything_and_names_what_was_violated(ordinary: Schedule) -> None:
    tally = Tally()
    tally.add(verdict(ordinary))
    tally.add(verdict(ordinary, BROKEN))
    assert tally.lines(3.0) == [
        "2 schedules, 8 simulated days, 3 s (1.50 s each)",
        "4 faults of 1 kinds fired, 2 restarts, 12 orders, 4 fills",
        "1 schedules violated an invariant: I9 in 1",
    ]
    assert tally.as_json(3.0)["violated"] == {"I9": 1}
    assert tally.violations == 1


def test_summary_says_how_many_runs_were_cut_short(ordinary: Schedule) -> None:
    tally = Tally()
    long = verdict(ordinary)
    long.cut = True
    tally.add(long)
    assert tally.lines(3.0)[0] == "1 schedules, 4 simulated days, 3 s (3.00 s each), 1 cut short"
    assert tally.as_json(3.0)["cut"] == 1


def test_nothing_at_all_proves_nothing() -> None:
    assert Tally().lines(0.0)[0].startswith("0 schedules")
    assert Tally().lines(0.0)[-1] == "no schedule was run: nothing is proven"


@pytest.mark.parametrize(("schedules", "orders", "proves"), [(4, 0, True), (5, 0, False), (5, 1, True)])
def test_run_without_an_order_proves_nothing(ordinary: Schedule, schedules: int, orders: int, *, proves: bool) -> None:
    tally = Tally()
    for number in range(schedules):
        each = verdict(ordinary)
        each.orders = orders if number == 0 else 0
        tally.add(each)
    assert (tally.doubt == "") is proves
    assert tally.as_json(1.0)["doubt"] == tally.doubt


def test_finding_has_its_sentence_its_surroundings_and_the_command_to_see_it_again(ordinary: Schedule) -> None:
    lines = finding("swarm-1", verdict(ordinary, BROKEN), "python -m drill --replay x.json")
    assert lines[0] == "swarm-1: I9 2014-03-03T14:30:00.000000Z AAPL: 10 own shares have been without a stop"
    assert "    a line" in lines
    assert lines[-1] == "    again: python -m drill --replay x.json"


def test_schedules_result_as_json_names_its_violations(ordinary: Schedule) -> None:
    shown = as_json("swarm-1", verdict(ordinary, BROKEN))
    assert shown["violations"][0]["invariant"] == "I9"
    assert shown["digest"] == "d1"
    assert shown["around"] == ["a line"]

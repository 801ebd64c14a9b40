"""Delta debugging over a schedule's lists."""

from __future__ import annotations

from msgspec.structs import replace

from drill.schedule import Kill, Schedule
from drill.shrink import smallest


def crowded(schedule: Schedule) -> Schedule:
    faults = [{"id": f"F{n}", "selector": {}, "parameters": {"a": 1, "b": 2}} for n in range(12)]
    return replace(schedule, faults=faults, kills=[Kill("statement", n) for n in range(5)], behaviour=["x=1", "y=2"])


def ids(schedule: Schedule) -> set[str]:
    return {fault["id"] for fault in schedule.faults}


def test_only_what_is_needed_is_left(ordinary: Schedule) -> None:
    found = smallest(crowded(ordinary), lambda schedule: {"F3", "F9"} <= ids(schedule) and "y=2" in schedule.behaviour)
    assert ids(found) == {"F3", "F9"}
    assert (found.kills, found.behaviour, found.symbols) == ([], ["y=2"], ["MSFT"])
    assert [fault["parameters"] for fault in found.faults] == [{}, {}]


def test_parameter_that_is_needed_stays(ordinary: Schedule) -> None:
    found = smallest(
        crowded(ordinary), lambda s: any(f["id"] == "F1" and f["parameters"].get("b") == 2 for f in s.faults)
    )
    assert [(fault["id"], fault["parameters"]) for fault in found.faults] == [("F1", {"b": 2})]


def test_runs_are_limited(ordinary: Schedule) -> None:
    runs = 0

    def finds(_schedule: Schedule) -> bool:
        nonlocal runs
        runs += 1
        return False

    assert smallest(crowded(ordinary), finds, most_runs=9) == crowded(ordinary)
    assert runs == 9

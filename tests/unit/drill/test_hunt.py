"""Planted bugs looked for and found again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drill.hunt import STORED, hunt, problem
from drill.mutants import MUTANTS, UnknownMutantError
from drill.schedule import Schedule, read
from drill.tasks import Task
from drill.world import CONFIG, World


def lost_answer(schedule: Schedule) -> Schedule:
    return replace(schedule, faults=[{"id": "T05", "selector": {"role": "entry", "nth": 1}, "parameters": {}}])


def test_schedule_that_finds_a_bug_has_nothing_against_it(ordinary: Schedule, world: World) -> None:
    assert problem("retry_post_on_timeout", lost_answer(ordinary), world) is None


def test_schedule_that_does_not_meet_the_bug_is_told(ordinary: Schedule, world: World) -> None:
    assert problem("retry_post_on_timeout", ordinary, world) == "not found"


def test_hunt_without_schedules_finds_nothing_and_an_unknown_bug_is_told() -> None:
    assert hunt("retry_on_5xx", iter([]), CONFIG, 1, lambda: 0.0, None) is None
    with pytest.raises(UnknownMutantError):
        hunt("nothing", iter([]), CONFIG, 1, lambda: 0.0, None)


def test_hunt_ends_with_its_time() -> None:
    assert hunt("retry_on_5xx", iter([Task("swarm", 0)]), CONFIG, 1, lambda: 5.0, 5.0) is None


def test_every_bug_has_a_stored_schedule_in_which_something_goes_wrong() -> None:
    files = sorted(STORED.glob("*.json"))
    assert {file.stem for file in files} == set(MUTANTS)
    for file in files:
        assert read(file.read_bytes()).is_clean is not MUTANTS[file.stem].needs_fault


def test_bug_that_needs_no_fault_is_found_without_one(ordinary: Schedule, world: World) -> None:
    assert problem("no_limit_on_shares", replace(ordinary, settings=["risk.max_order_quantity=3"]), world) is None

"""A schedule run and judged."""

from __future__ import annotations

from msgspec.structs import replace

from drill.schedule import Kill, Schedule
from drill.trial import NEIGHBOURS, neighbourhood, try_out
from drill.world import World
from tests.unit.drill.checker.made_up import bought, seconds


def test_verdict_counts_what_was_done_and_is_the_same_again(ordinary: Schedule, world: World) -> None:
    schedule = replace(
        ordinary,
        faults=[{"id": "H05", "selector": {"nth": 3}, "parameters": {}}],
        kills=[Kill("commit_before", 12)],
    )
    first, second = try_out(schedule, world), try_out(schedule, world)
    assert first.digest == second.digest
    assert (first.restarts, first.days, first.fired) == (1, 4, {"H05": 1})
    assert first.orders >= 6
    assert first.fills >= 2


def test_what_surrounds_a_violation_is_told_in_order_from_all_three_files() -> None:
    run = bought()
    run.step(-3000.0, "A", "PLANNED", "SENDING")
    run.event(90.0, "request", asked="halt")
    lines = neighbourhood(run.case(), ["2014-03-03T14:31:45 error alert code=uncovered"], seconds(100.0))
    times = [line[:19] for line in lines]
    assert times == sorted(times)
    assert {line[24:32].strip() for line in lines} == {"broker", "journal", "drill", "log"}
    assert not any(" turn" in line for line in lines)


def test_only_the_nearest_lines_are_told() -> None:
    run = bought()
    run.step(50.0, "A", *["WORKING"] * 100)
    run.step(150.0, "A", *["WORKING"] * 100)
    assert len(neighbourhood(run.case(), [], seconds(100.0))) == 2 * NEIGHBOURS

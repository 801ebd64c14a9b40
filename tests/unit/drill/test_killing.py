"""Which run a point and a seed make."""

from __future__ import annotations

import pytest

from drill.killing import Rehearsals, kill_runs
from drill.world import World


@pytest.fixture(scope="module")
def rehearsals(world: World) -> Rehearsals:
    return Rehearsals(world)


def test_run_of_a_seed_is_the_same_each_time(rehearsals: Rehearsals, world: World) -> None:
    run = rehearsals.run_of("K05", 1)
    assert run == Rehearsals(world).run_of("K05", 1)
    assert run.name == "K05-1"
    assert [kill.point for life in run.lives for kill in life] == ["call_sent"]


def test_schedule_is_one_whose_rehearsal_comes_to_the_point(rehearsals: Rehearsals) -> None:
    attempts = [rehearsals.run_of("K26", seed) for seed in range(3)]
    assert {run.schedule.name for run in attempts} == {"sold_by_hand"}
    for run in attempts:
        (rehearsal,) = [each for each in rehearsals.held.values() if each[0] == run.schedule]
        assert rehearsal[1]["call_after", "modify"] > 0


def test_migration_begins_with_an_old_file(rehearsals: Rehearsals) -> None:
    assert rehearsals.run_of("K36", 0).old_file
    assert not rehearsals.run_of("K01", 0).old_file


def test_nothing_is_begun_once_the_time_is_up(world: World) -> None:
    assert list(kill_runs(["K01"], range(5), world, lambda: 10.0, until=10.0)) == []


@pytest.mark.timeout(240)
def test_every_point_of_a_seed_comes_before_the_next_seed(world: World) -> None:
    times = iter(range(10))
    done = list(kill_runs(["K32", "K02"], range(2), world, lambda: next(times), until=2.0))
    assert [(each.run.point, each.run.seed, each.reached) for each in done] == [("K32", 0, True), ("K02", 0, True)]
    assert [each.verdict.violations for each in done] == [[], []]

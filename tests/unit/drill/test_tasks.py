"""What a run of the command consists of."""

from __future__ import annotations

from itertools import count

from drill.schedule import write
from drill.tasks import Setting, Task, run_all, tasks
from drill.world import World


def test_tasks_come_in_a_fixed_order_and_each_has_a_name_of_its_own() -> None:
    every = list(tasks(range(2), swarm=True, singles=True))
    assert [task.kind for task in every[:3]] == ["swarm", "swarm", "single"]
    assert len({task.name for task in every}) == len(every)
    assert every == list(tasks(range(2), swarm=True, singles=True))


def test_faults_that_are_always_on_are_tasks_too(world: World) -> None:
    every = list(tasks(range(2), swarm=False, without_end=True))
    assert len({task.name for task in every}) == len(every)
    assert every[0].schedule(world).name == "always C01-half-hour"
    assert every[0].name == "always-C01-half-hour-0"


def test_task_draws_its_schedule_and_its_fault_free_twin(world: World) -> None:
    pair = Task("pair", 3, (("T05", "entry"), ("H05", None)))
    assert [fault["id"] for fault in pair.schedule(world).faults] == ["T05", "H05"]
    assert write(Task("swarm", 3).schedule(world)) == write(Task("swarm", 3).schedule(world))
    assert Task("swarm", 3, clean=True).schedule(world).is_clean
    assert len(Task("crowded", 3).schedule(world).faults) > len(Task("swarm", 3).schedule(world).faults)


def test_nothing_is_begun_after_the_time_is_up() -> None:
    ticks = count()
    wanted = (Task("swarm", seed, clean=True) for seed in range(100))
    done = list(run_all(wanted, Setting(), 1, lambda: float(next(ticks)), 2.0))
    assert [task.seed for task, _ in done] == [0, 1]


def test_crowds_are_tasks_too() -> None:
    assert [task.name for task in tasks(range(2), swarm=False, crowds=True)] == ["crowded-0", "crowded-1"]

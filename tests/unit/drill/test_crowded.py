from __future__ import annotations

from drill.crowded import OTHER, crowded
from drill.draw import swarm
from drill.schedule import write
from drill.world import World


def test_crowd_has_the_faults_of_both_seeds_each_once_and_all_else_of_the_first(world: World) -> None:
    for seed in range(20):
        drawn, first, other = crowded(seed, world), swarm(seed, world), swarm(seed + OTHER, world)
        assert drawn.faults[: len(first.faults)] == first.faults
        ids = [fault["id"] for fault in drawn.faults[len(first.faults) :]]
        assert set(ids) <= {fault["id"] for fault in other.faults} - {fault["id"] for fault in first.faults}
        assert (drawn.symbols, drawn.deeds, drawn.behaviour) == (first.symbols, first.deeds, first.behaviour)
        assert write(drawn) == write(crowded(seed, world))


def test_stock_that_a_person_lets_split_is_split_by_no_fault(world: World) -> None:
    split = [seed for seed in range(200) if any(deed.do == "split" for deed in swarm(seed, world).deeds)]
    with_fault = [seed for seed in split if any(fault["id"] == "C06" for fault in swarm(seed + OTHER, world).faults)]
    assert with_fault
    for seed in with_fault:
        drawn = [fault["id"] for fault in crowded(seed, world).faults]
        assert drawn.count("C06") == [fault["id"] for fault in swarm(seed, world).faults].count("C06")

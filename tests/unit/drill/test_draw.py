"""Schedules from seeds."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

from drill import draw
from drill.schedule import Schedule, write
from drill.world import World
from simulator.faults.reading import parse_plan

SEEDS = range(120)


def swarm(world: World) -> list[Schedule]:
    return [draw.swarm(seed, world) for seed in SEEDS]


def test_seed_gives_the_same_schedule_each_time_and_another_one_another(world: World) -> None:
    assert write(draw.swarm(7, world)) == write(draw.swarm(7, world))
    assert len({write(schedule) for schedule in swarm(world)}) == len(SEEDS)


def test_faults_of_the_swarm_are_such_as_the_simulator_takes(world: World) -> None:
    for schedule in swarm(world):
        plan = parse_plan(json.dumps({"faults": schedule.faults}).encode())
        drawn = [(fault, fault.selector) for fault in plan.faults]
        assert all(0.001 <= each.probability <= 0.3 for _, each in drawn if each.after is None)
        assert {fault.id for fault, each in drawn if each.after is not None} <= draw.LASTING | {"T05", "O09"}


def test_lists_are_empty_now_and_then_or_at_every_look_for_a_while(world: World) -> None:
    lists = [fault["selector"] for schedule in swarm(world) for fault in schedule.faults if fault["id"] in draw.LASTING]
    lasting = [
        (datetime.fromisoformat(each["after"]), datetime.fromisoformat(each["until"]))
        for each in lists
        if "until" in each
    ]
    assert 0 < len(lasting) < len(lists)
    least, most = (timedelta(minutes=minutes) for minutes in draw.LASTING_MINUTES)
    assert all(least <= ends - begins <= most for begins, ends in lasting)


def test_gateway_is_too_busy_now_and_then_for_less_than_an_absence_takes_to_prove(world: World) -> None:
    busy = [each for schedule in swarm(world) for each in schedule.faults if "after" in each["selector"]]
    lost = [each["selector"]["after"] for each in busy if each["id"] == "T05"]
    hidden = {each["selector"]["after"]: each["parameters"]["seconds"] for each in busy if each["id"] == "O09"}
    assert 0 < len(lost) < len(SEEDS) / 10
    assert set(lost) == set(hidden)
    assert all(draw.OVERLOAD_S[0] <= seconds <= draw.OVERLOAD_S[1] < 240.0 for seconds in hidden.values())


def test_every_fault_is_on_now_and_then(world: World) -> None:
    on = Counter(fault["id"] for schedule in swarm(world) for fault in schedule.faults)
    assert set(on) == set(draw.DRAWN)
    often = [fault for fault in draw.DRAWN if fault not in draw.FOR_GOOD]
    assert 0.13 < sum(on[fault] for fault in often) / (len(SEEDS) * len(often)) < 0.17


def test_no_stock_is_split_twice(world: World) -> None:
    drawn = [draw.swarm(seed, world) for seed in range(600)]
    splits = [[each for each in made.deeds if each.do == "split"] for made in drawn]
    by_fault = ["C06" in {fault["id"] for fault in made.faults} for made in drawn]
    assert {(len(some), fault) for some, fault in zip(splits, by_fault, strict=True)} == {
        (0, True),
        (0, False),
        (1, False),
    }


def test_some_schedules_keep_the_limits_and_most_do_not(world: World) -> None:
    assert 0.05 < sum(schedule.paced for schedule in swarm(world)) / len(SEEDS) < 0.15


def test_faults_begin_before_they_heal_and_a_whole_session_follows(world: World) -> None:
    for schedule in swarm(world):
        assert schedule.faults_at < schedule.heals_at < schedule.ends_at
        days = [day for day in world.days if schedule.heals_at < day.open.isoformat() < schedule.ends_at]
        assert len(days) == 1
        assert 1 <= len(schedule.symbols) <= 5
        times = [deed.at for deed in schedule.deeds] + [request.at for request in schedule.requests]
        times += [kill.at for kill in schedule.kills if kill.at is not None]
        assert all(at < schedule.heals_at for at in times)


def test_single_fault_is_alone_and_on_its_role(world: World) -> None:
    schedule = draw.single("T05", "exit", 3, world)
    ((fault,), client) = schedule.faults, schedule.client_faults
    assert (fault["id"], fault["selector"]["role"], client) == ("T05", "exit", [])
    assert draw.single("T16", "read", 3, world).client_faults[0].id == "T16"


def test_singles_are_every_fault_that_can_be_drawn_and_the_four_of_the_way() -> None:
    faults = {fault for fault, _ in draw.all_singles()}
    assert faults == {*draw.DRAWN, *draw.CLIENT_FAULTS}
    assert set(draw.LEFT_OUT) == {"G11"}
    assert draw.all_singles() == draw.all_singles()


def test_pairs_are_every_two_faults(world: World) -> None:
    pairs = list(draw.all_pairs())
    count = len({*draw.DRAWN, *draw.CLIENT_FAULTS})
    assert len(pairs) == count * (count - 1) // 2
    schedule = draw.pair(*pairs[0], seed=0, world=world)
    assert len(schedule.faults) + len(schedule.client_faults) == 2


def test_sessions_with_entries_name_symbols_of_the_market(world: World) -> None:
    symbols = {symbol for entry in draw.entries() for symbol in entry.symbols}
    assert len(draw.entries()) > 300
    assert symbols <= set(world.market.panel.symbols)

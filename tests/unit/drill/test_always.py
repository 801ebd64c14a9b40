"""Schedules in which a fault is on without a break."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from drill.always import Always, Period, all_always, always
from drill.draw import CLIENT_FAULTS, DRAWN
from drill.schedule import write
from drill.trial import try_out
from drill.world import World
from simulator.faults.reading import parse_plan

EVERY = tuple(all_always())


def test_every_fault_is_on_in_every_period_under_a_name_of_its_own() -> None:
    assert len({wanted.name for wanted in EVERY}) == len(EVERY)
    assert {wanted.fault for wanted in EVERY} == {*DRAWN, *CLIENT_FAULTS}
    periods = Counter(wanted.period for wanted in EVERY if wanted.role is None and wanted.choice is None)
    assert periods == {
        Period.SESSION: len(DRAWN) + len(CLIENT_FAULTS),
        Period.NIGHT: len(DRAWN),
        Period.HALF_HOUR: len(DRAWN),
    }


def test_each_choice_of_a_fault_is_on_but_its_default() -> None:
    chosen = {wanted.choice for wanted in EVERY if wanted.fault == "O14" and wanted.choice}
    assert chosen == {("answer", "refused"), ("answer", "not_found"), ("answer", "none")}


def test_faults_are_such_as_the_simulator_takes_and_meet_every_call(world: World) -> None:
    for wanted in EVERY:
        schedule = always(wanted, 0, world)
        for fault in parse_plan(json.dumps({"faults": schedule.faults}).encode()).faults:
            selector = fault.selector
            assert (selector.nth, selector.skip, selector.probability) == (None, 0, 1.0)
        assert schedule.faults or schedule.client_faults


@pytest.mark.parametrize("period", list(Period))
def test_a_session_without_faults_follows(world: World, period: Period) -> None:
    for seed in range(20):
        schedule = always(Always("H05", None, period), seed, world)
        times = [schedule.start, schedule.faults_at, schedule.heals_at, schedule.ends_at]
        assert times == sorted(times)
        opens = [day.open.isoformat() for day in world.days]
        assert any(schedule.heals_at < at < schedule.ends_at for at in opens)
        assert sum(schedule.faults_at < at < schedule.heals_at for at in opens) == (period is not Period.HALF_HOUR)


def test_seed_gives_the_same_schedule_each_time_and_another_one_another(world: World) -> None:
    first, again, other = (write(always(Always("H05", None, Period.NIGHT), seed, world)) for seed in (3, 3, 4))
    assert first == again != other


def test_what_lasts_lasts_as_long_as_the_period(world: World) -> None:
    (fault,) = always(Always("G05", None, Period.HALF_HOUR), 0, world).faults
    assert fault["parameters"]["seconds"] == 1800.0
    assert "times" not in fault["selector"]


def test_what_happens_to_an_account_happens_once_and_what_happens_to_orders_again_and_again(world: World) -> None:
    (split,) = always(Always("C06", None, Period.NIGHT), 0, world).faults
    (lost,) = always(Always("O22", None, Period.SESSION), 0, world).faults
    assert "times" not in split["selector"]
    assert lost["selector"]["times"] > 1_000_000


def test_gateway_that_is_away_for_half_an_hour_is_come_through(world: World) -> None:
    verdict = try_out(always(Always("T05", None, Period.HALF_HOUR), 0, world), world)
    assert verdict.violations == []
    assert verdict.fired["T05"] > 0

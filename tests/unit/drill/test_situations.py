"""Schedules that bring a kill point's situation about."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from drill.checker import judge, read_case
from drill.driver import run
from drill.kill_points import Situation
from drill.situations import make_old_file, schedule_of
from drill.world import World
from trading.store.migrations import schema_version

EVENTS = {
    Situation.NO_STOP: "cancel",
    Situation.NO_STOP_AT_OPEN: "cancel",
    Situation.SOLD_BY_HAND: "trade",
    Situation.SPLIT: "split",
    Situation.NEW_SESSION: "lose_session",
}


@pytest.mark.parametrize("situation", Situation)
def test_schedule_holds_what_the_situation_asks_for_and_nothing_else(situation: Situation, world: World) -> None:
    schedule = schedule_of(situation, 3, 0, world)
    assert schedule == schedule_of(situation, 3, 0, world)
    assert [deed.do for deed in schedule.deeds] == ([EVENTS[situation]] if situation in EVENTS else [])
    assert [request.kind for request in schedule.requests] == (
        ["halt", "resume"] if situation is Situation.HALTED else []
    )
    assert [fault["id"] for fault in schedule.faults] == (["O20"] if situation is Situation.CHILD_UNNAMED else [])
    asks = not any(setting.startswith("questions.stop_order") for setting in schedule.behaviour)
    assert asks == (situation is Situation.QUESTIONS)
    assert [*schedule.kills, *schedule.client_faults] == []


def test_other_seeds_and_attempts_are_other_schedules(world: World) -> None:
    drawn = [schedule_of(Situation.ORDINARY, seed, attempt, world) for seed in range(4) for attempt in range(2)]
    assert len({(schedule.start, *schedule.symbols) for schedule in drawn}) > 4


def test_split_waits_for_a_night_in_which_something_is_held(world: World) -> None:
    schedule = schedule_of(Situation.SPLIT, 1, 0, world)
    assert schedule.settings == []
    assert datetime.fromisoformat(schedule.deeds[0].at).hour < 12


def test_what_happens_alone_violates_nothing(world: World, tmp_path: Path) -> None:
    for number, situation in enumerate((Situation.NO_STOP_AT_OPEN, Situation.HALTED)):
        done = run(schedule_of(situation, 1, 0, world), world, tmp_path / str(number))
        assert judge(read_case(done.truth, done.journal, done.events_file)) == []


def test_old_file_is_of_the_first_version_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "trading.db"
    make_old_file(path)
    with closing(sqlite3.connect(path)) as connection:
        assert schema_version(connection) == 1
    assert path.stat().st_mode & 0o077 == 0

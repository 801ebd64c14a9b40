"""The time of a run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from drill.clock import RunClock
from drill.gateway import RunGateway
from drill.schedule import Schedule
from drill.world import World


@pytest.fixture
def clock(ordinary: Schedule, world: World, tmp_path: Path) -> RunClock:
    return RunGateway(ordinary, world, tmp_path / "gateway", lambda *_args, **_facts: None).clock


def test_time_stands_until_somebody_waits(clock: RunClock) -> None:
    before = clock.now()
    assert clock.now() == before
    clock.wait(before + timedelta(hours=2))
    assert clock.now() == before + timedelta(hours=2)
    assert clock.monotonic() == clock.now().timestamp()
    assert not clock.ended


def test_what_is_due_on_the_way_is_done_at_its_time(clock: RunClock) -> None:
    seen: list[str] = []
    start = clock.now()
    for minutes in (20, 10, 90):
        at = (start + timedelta(minutes=minutes)).isoformat()
        clock.add(at, lambda: seen.append(clock.now().strftime("%H:%M")))
    clock.wait(start + timedelta(hours=1))
    assert seen == ["13:40", "13:50"]


def test_somebody_who_wants_something_ends_a_wait_and_a_pause(clock: RunClock) -> None:
    start = clock.now()
    clock.add((start + timedelta(minutes=5)).isoformat(), clock.wake.wake)
    assert not clock.pause(600.0)
    assert clock.now() == start + timedelta(minutes=5)
    clock.wait(start + timedelta(hours=1))
    assert clock.now() == start + timedelta(minutes=5)
    clock.wake.taken_up()
    assert clock.pause(1.0)


def test_wait_is_no_longer_than_allowed_and_a_pause_no_shorter(clock: RunClock) -> None:
    start = clock.now()
    clock.length_of = lambda _seconds: 5.0
    clock.wait(start + timedelta(hours=1))
    assert clock.now() == start + timedelta(seconds=5)
    clock.shortest_pause = lambda: 120.0
    clock.pause(1.0)
    assert clock.now() == start + timedelta(seconds=6)
    clock.pause(5.0)
    assert clock.now() == start + timedelta(seconds=126)


def test_time_that_passes_by_is_ended_by_the_end_of_the_run_alone(clock: RunClock) -> None:
    start = clock.now()
    clock.wake.wake()
    clock.pass_by(60.0)
    assert clock.now() == start + timedelta(seconds=60)
    clock.wake.request_stop()
    clock.pass_by(60.0)
    assert clock.now() == start + timedelta(seconds=60)

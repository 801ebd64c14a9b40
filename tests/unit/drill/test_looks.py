"""Turns of the trading process, and how soon the next one is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from drill.clock import RunClock
from drill.deaths import Reaper
from drill.gateway import RunGateway
from drill.looks import FIRST_S, IDLE_S, PIECES, UNEVENTFUL, Looks
from drill.schedule import Deed, Schedule
from drill.transport import Line
from drill.world import World


class Desk:
    """A clock that is watched, and the notes of it."""

    def __init__(self, schedule: Schedule, world: World, folder: Path) -> None:
        self.notes: list[dict[str, object]] = []
        self.gateway = RunGateway(schedule, world, folder, self.note)
        self.clock: RunClock = self.gateway.clock
        self.line = Line(self.clock, Reaper([], lambda _kill: None), [], lambda: None, self.note)
        self.looks = Looks(self.clock, self.line, self.note)
        self.looks.turn_is_over()

    def note(self, kind: str, **facts: object) -> dict[str, object]:
        self.notes.append({"kind": kind, **facts})
        return self.notes[-1]

    def wait_hours(self, hours: float) -> float:
        """Wait, and return the seconds that it took."""
        before = self.clock.monotonic()
        self.clock.wait(self.clock.now() + timedelta(hours=hours))
        return self.clock.monotonic() - before

    def ask(self) -> None:
        self.line.exchange("POST", "/tickle", None, None, 15.0)


@pytest.fixture
def desk(ordinary: Schedule, world: World, tmp_path: Path) -> Desk:
    return Desk(ordinary, world, tmp_path / "gateway")


def held(desk: Desk) -> None:
    desk.gateway.carry_out(Deed("", "trade", fields={"symbol": "MSFT", "side": "BUY", "quantity": 5}))
    desk.clock.simulator.broker.reported_events = desk.clock.simulator.broker.exchange.events


def test_wait_before_a_turn_is_the_end_of_one_and_a_wait_inside_is_none(desk: Desk) -> None:
    desk.wait_hours(0.001)
    desk.ask()
    desk.wait_hours(1.0)
    desk.clock.wake.taken_up()
    assert [note["kind"] for note in desk.notes] == ["pause", "turn"]


def test_turn_says_whether_anything_was_in_its_way(desk: Desk) -> None:
    for troubled in (False, True, False):
        desk.line.troubled = troubled
        desk.wait_hours(0.5)
        desk.clock.wake.taken_up()
    assert [note["good"] for note in desk.notes] == [True, False, True]


def test_troubled_turn_with_a_position_is_followed_by_looks_further_and_further_apart(desk: Desk) -> None:
    held(desk)
    assert desk.wait_hours(0.1) == 360.0
    desk.line.troubled = True
    waits = []
    for _ in range(8):
        waits.append(desk.wait_hours(0.1))
        desk.clock.wake.taken_up()
        desk.looks.turn_is_over()
    assert waits == [FIRST_S, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 360.0]


def test_with_nothing_at_stake_nobody_looks_more_often(desk: Desk) -> None:
    desk.line.troubled = True
    assert desk.wait_hours(0.1) == 360.0


def test_pause_after_a_failure_is_longer_only_where_nothing_is_at_stake(desk: Desk) -> None:
    def paused() -> float:
        before = desk.clock.monotonic()
        desk.clock.pause(5.0)
        return desk.clock.monotonic() - before

    assert paused() == IDLE_S
    held(desk)
    assert paused() == 5.0


def test_looks_of_which_nothing_comes_are_further_apart_until_something_is_sent(desk: Desk) -> None:
    held(desk)
    waits = [desk.wait_hours(5.0 / 3600.0) for _ in range(112)]
    lengths = [length for _, length in UNEVENTFUL]
    assert waits == sorted(waits)
    assert set(waits) == {5.0, *lengths[1:]}
    assert [note.get("stretched") for note in desk.notes] == [wait > 5.0 for wait in waits]
    desk.line.exchange("DELETE", "/iserver/account/DU0/order/1", None, None, 15.0)
    assert desk.wait_hours(5.0 / 3600.0) == 5.0


@pytest.mark.parametrize("failed", [True, False])
def test_wait_after_the_first_turn_that_nothing_troubles_any_more_is_not_longer(desk: Desk, *, failed: bool) -> None:
    held(desk)
    desk.wait_hours(5.0 / 3600.0)
    desk.clock.wait(desk.clock.now() + timedelta(hours=2))
    waits = []
    for troubled in (False, True, True, False, False):
        desk.clock.wake.taken_up()
        desk.line.troubled = troubled and not failed
        desk.looks.turn_is_over(failed=troubled and failed)
        waits.append(desk.wait_hours(5.0 / 3600.0))
    longer = UNEVENTFUL[-1][1]
    assert waits == [longer, longer, longer, 5.0, longer]


@pytest.mark.parametrize(("hours", "often"), [(0.0, False), (0.25, True)])
def test_waits_in_the_minute_after_a_long_trouble_are_not_longer(desk: Desk, hours: float, *, often: bool) -> None:
    held(desk)
    desk.wait_hours(5.0 / 3600.0)
    desk.clock.wait(desk.clock.now() + timedelta(hours=2))
    waits = []
    for troubled in (True, True, *[False] * 15):
        desk.clock.wake.taken_up()
        desk.line.troubled = troubled
        if troubled:
            desk.clock.pass_by(hours * 3600.0)
        desk.looks.turn_is_over()
        waits.append(desk.wait_hours(5.0 / 3600.0))
    longer = UNEVENTFUL[-1][1]
    # The first one after any trouble, and those of a minute after a long one.
    assert waits[2] == 5.0
    assert [each == 5.0 for each in waits[3:14]] == [often] * 11
    assert waits[-1] == longer


def test_pause_after_a_failure_of_which_nothing_comes_is_longer_too(desk: Desk) -> None:
    held(desk)
    desk.clock.wait(desk.clock.now() + timedelta(seconds=5))
    desk.clock.wait(desk.clock.now() + timedelta(hours=2))
    before = desk.clock.monotonic()
    desk.clock.pause(5.0)
    assert desk.clock.monotonic() - before == UNEVENTFUL[-1][1] / PIECES


def test_wait_that_is_made_longer_ends_at_the_close(desk: Desk) -> None:
    held(desk)
    exchange = desk.clock.simulator.broker.exchange
    boundary = exchange.next_boundary()
    times = []
    while exchange.is_open:
        desk.wait_hours(5.0 / 3600.0)
        times.append(exchange.now_us)
    assert boundary is not None
    assert 0 <= times[-1] - boundary < 5_000_000


def test_wait_in_the_middle_of_a_turn_is_as_long_as_it_was_asked_for(desk: Desk) -> None:
    held(desk)
    desk.clock.wake.taken_up()
    desk.line.troubled = True
    assert desk.wait_hours(0.1) == 360.0
    desk.looks.turn_is_over()
    assert desk.wait_hours(0.1) == FIRST_S


def test_first_wait_of_a_session_is_not_longer_for_the_night_before_it(desk: Desk) -> None:
    held(desk)
    exchange = desk.clock.simulator.broker.exchange
    while exchange.is_open:
        desk.wait_hours(5.0 / 3600.0)
    desk.wait_hours(5.0 / 3600.0)
    while not exchange.is_open:
        desk.clock.wait(desk.clock.now() + timedelta(hours=1))
    assert desk.wait_hours(5.0 / 3600.0) == 5.0


def test_turn_that_failed_is_a_troubled_one(desk: Desk) -> None:
    desk.clock.wake.taken_up()
    desk.looks.turn_is_over(failed=True)
    assert [(note["kind"], note["good"]) for note in desk.notes] == [("turn", False)]

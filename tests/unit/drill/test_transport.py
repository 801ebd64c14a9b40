"""The way to the gateway: what breaks on it, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace

from drill.deaths import Death, Reaper, StuckError
from drill.gateway import RunGateway
from drill.schedule import ClientFault, Kill, Schedule
from drill.transport import MOST_CALLS_AT_ONCE, Line
from drill.world import World
from trading.errors import NotSent, OutcomeUnknown
from trading.gateway.transport import MAX_ANSWER_BYTES

LIMIT_S = 15.0


class Make(Protocol):
    """Makes a way with one fault on it, or none."""

    def __call__(self, fault: str = "", **parameters: object) -> Way: ...


class Way:
    """A line to a gateway with one fault on it."""

    def __init__(self, schedule: Schedule, world: World, folder: Path) -> None:
        self.notes: list[dict[str, object]] = []
        self.gateway = RunGateway(schedule, world, folder, self.note)
        self.gateway.break_now()
        self.clock = self.gateway.clock
        self.reaper = Reaper(schedule.kills, lambda _kill: None)
        self.line = Line(self.clock, self.reaper, schedule.client_faults, self.gateway.restart, self.note)

    def note(self, kind: str, **facts: object) -> None:
        self.notes.append({"kind": kind, **facts})

    def tickle(self) -> int:
        return self.line.exchange("POST", "/tickle", None, None, LIMIT_S).status

    def costs(self) -> float:
        """Return the seconds that a call takes whose outcome is not known."""
        before = self.clock.monotonic()
        with pytest.raises(OutcomeUnknown):
            self.tickle()
        return self.clock.monotonic() - before


@pytest.fixture
def way_with(ordinary: Schedule, world: World, tmp_path: Path) -> Make:
    def make(fault: str = "", **parameters: object) -> Way:
        faults = [{"id": fault, "selector": {"nth": 1}, "parameters": parameters}] if fault else []
        return Way(replace(ordinary, faults=faults), world, tmp_path / "gateway")

    return make


def test_good_call_costs_no_time_and_is_no_trouble(way_with: Make) -> None:
    way = way_with()
    before = way.clock.monotonic()
    assert way.tickle() == 200
    assert way.clock.monotonic() == before
    assert not way.line.troubled


@pytest.mark.parametrize(
    ("fault", "parameters", "seconds"),
    [
        ("T03", {}, 0.0),
        ("T04", {"delay_s": 2.0}, 2.0),
        ("T05", {"seconds": 30.0}, LIMIT_S),
        ("T06", {"seconds": 20.0}, LIMIT_S),
        ("T07", {"seconds": 1.0}, LIMIT_S),
        ("H09", {}, 0.0),
    ],
)
def test_broken_call_costs_its_seconds_up_to_the_limit(
    fault: str, parameters: dict[str, object], seconds: float, way_with: Make
) -> None:
    way = way_with(fault, **parameters)
    assert way.costs() == seconds
    assert way.line.troubled
    assert way.tickle() == 200


def test_late_answer_within_the_limit_comes(way_with: Make) -> None:
    way = way_with("T06", seconds=4.0)
    before = way.clock.monotonic()
    assert way.tickle() == 200
    assert way.clock.monotonic() - before == 4.0


@pytest.mark.parametrize("fault", ["T01", "T13"])
def test_refused_connections_and_another_certificate_let_nothing_out_until_they_end(fault: str, way_with: Make) -> None:
    way = way_with(fault, seconds=30.0)
    way.costs()
    with pytest.raises(NotSent):
        way.tickle()
    way.clock.pass_by(31.0)
    assert way.tickle() == 200


def test_dead_connection_is_noticed_by_the_call_after_it_was_idle(way_with: Make) -> None:
    way = way_with("T12", idle_s=5.0)
    assert way.tickle() == 200
    way.clock.pass_by(6.0)
    way.costs()
    assert way.tickle() == 200


def test_gateway_that_dies_is_told_and_comes_back(way_with: Make) -> None:
    way = way_with("G06")
    first = way.clock.simulator
    way.costs()
    assert way.clock.simulator is not first
    assert way.tickle() == 200


@pytest.mark.parametrize(("fault", "seconds"), [("T02", 3.0), ("T14", 0.0), ("T16", 0.0), ("T17", 0.0)])
def test_fault_of_the_way_lets_no_byte_out(
    fault: str, seconds: float, ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    faults = [ClientFault(fault, "read", 2, 1)]  # type: ignore[arg-type]
    way = Way(replace(ordinary, client_faults=faults), world, tmp_path)
    assert way.tickle() == 200
    before = way.clock.monotonic()
    with pytest.raises(NotSent):
        way.tickle()
    assert way.clock.monotonic() - before == seconds
    assert [note["id"] for note in way.notes] == [fault]
    assert way.tickle() == 200


def test_heal_ends_all_that_is_broken(way_with: Make) -> None:
    way = way_with("T13")
    way.costs()
    way.line.heal()
    assert way.tickle() == 200


def test_process_that_asks_without_end_is_stopped(way_with: Make) -> None:
    way = way_with()
    for _ in range(MOST_CALLS_AT_ONCE):
        way.tickle()
    with pytest.raises(StuckError):
        way.tickle()


def test_death_before_a_call_lets_nothing_arrive(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    way = Way(replace(ordinary, kills=[Kill("call_before", 1, "read")]), world, tmp_path)
    with pytest.raises(Death):
        way.tickle()


def test_answer_over_the_limit_of_size_is_none(way_with: Make) -> None:
    way = way_with("H12", kind="large", bytes=MAX_ANSWER_BYTES)
    with pytest.raises(OutcomeUnknown, match="too large"):
        way.tickle()


def test_calls_that_want_something_done_are_counted(way_with: Make) -> None:
    way = way_with()
    way.tickle()
    way.line.exchange("DELETE", "/iserver/account/DU0/order/1", None, None, LIMIT_S)
    assert (way.line.calls, way.line.writes) == (2, 1)

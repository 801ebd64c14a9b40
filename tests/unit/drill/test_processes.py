"""A run whose trading system is a process of its own, that is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from drill.checker import judge, read_case
from drill.checker.logs import Case
from drill.driver import run
from drill.processes import Ground, ProcessCourse
from drill.schedule import Kill, Schedule
from drill.trader import Life
from drill.world import World


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground.prepare(tmp_path_factory.mktemp("certificate"))


def noted(course: ProcessCourse, *kinds: str) -> list[tuple[str, object]]:
    return [(str(e["kind"]), e.get("point")) for e in course.run().events if e["kind"] in kinds]


@pytest.mark.timeout(240)
def test_undisturbed_process_does_what_the_system_does_in_the_drills_own_process(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    course = ProcessCourse(ordinary, world, tmp_path / "one", [], ground)
    done = course.run()
    here = run(ordinary, world, tmp_path / "two")
    process, same = (read_case(each.truth, each.journal, each.events_file) for each in (done, here))
    assert fills(process) == fills(same) != []
    assert len(process.happened("turn")) == len(same.happened("turn"))
    assert judge(process) == []
    assert course.all_reached
    assert any(" info fill " in line for line in done.log)


@pytest.mark.timeout(240)
def test_troubled_process_is_made_to_look_again_as_in_the_drills_own_process(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    fault = {"id": "H01", "selector": {"method": "GET", "path": "/iserver/account/orders", "nth": 6}}
    schedule = replace(ordinary, faults=[fault])
    done = ProcessCourse(schedule, world, tmp_path / "one", [], ground).run()
    here = run(schedule, world, tmp_path / "two")
    until = schedule.heals_at
    assert looks(done.events, until) == looks(here.events, until)
    assert [good for good, _ in looks(done.events, until)].count(False) > 0


def looks(events: list[dict[str, object]], until: str) -> list[tuple[object, object]]:
    """Return of each turn before a time whether it was clear, and when it ended, to the second."""
    turns = [event for event in events if event["kind"] == "turn" and str(event["at"]) < until]
    return [(event["good"], str(event["at"])[:19]) for event in turns]


def fills(case: Case) -> list[tuple[object, ...]]:
    """Return the fills without what comes of the orders' names, which differ."""
    names = ("symbol", "side", "quantity", "price")
    return [(line["at"], *(line["execution"][name] for name in names)) for line in case.truth if line["kind"] == "fill"]


@pytest.mark.timeout(240)
def test_process_that_is_killed_is_followed_by_another_that_goes_on(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    lives = [[Kill("call_answered", role="entry", away_s=30.0)], [Kill("opening")]]
    course = ProcessCourse(ordinary, world, tmp_path, lives, ground)
    assert noted(course, "start", "death", "no_start") == [
        ("start", None),
        ("death", "call_answered"),
        ("start", None),
        ("death", "opening"),
        ("start", None),
    ]
    assert course.all_reached


class HealedAtOnce(ProcessCourse):
    """The faults stop as soon as a process lives."""

    def _life(self, kills: tuple[Kill, ...]) -> Life:
        self._mortal = False
        return super()._life(kills)


@pytest.mark.timeout(240)
def test_process_lives_to_the_end_once_the_faults_have_stopped(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    course = HealedAtOnce(ordinary, world, tmp_path, [[Kill("instant")]], ground)
    assert noted(course, "start", "death", "no_start") == [("start", None)]


class Forgetful(ProcessCourse):
    """The files of a process that dies go with it."""

    def _died(self, kill: Kill) -> None:
        super()._died(kill)
        for file in self.state.glob("trading.db*"):
            file.unlink()


@pytest.mark.timeout(240)
def test_journal_that_is_gone_with_its_process_is_found_out(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    short = replace(ordinary, ends_at="2014-04-23T12:35:00+00:00")
    done = Forgetful(short, world, tmp_path, [[Kill("call_answered", role="entry")]], ground).run()
    found = {violation.invariant for violation in judge(read_case(done.truth, done.journal, done.events_file))}
    assert "I1" in found


@pytest.mark.timeout(240)
def test_process_that_is_asked_to_end_ends_well_and_a_point_that_never_comes_is_not_reached(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    asked = Kill("call_sent", role="entry", by="term")
    course = ProcessCourse(ordinary, world, tmp_path, [[asked], [Kill("call_sent", 1000)]], ground)
    assert noted(course, "start", "death", "no_start") == [("start", None), ("death", "call_sent"), ("start", None)]
    assert (course.reached, course.all_reached) == (1, False)


@pytest.mark.timeout(240)
def test_process_that_does_not_come_up_is_noted(
    ordinary: Schedule, world: World, ground: Ground, tmp_path: Path
) -> None:
    course = ProcessCourse(replace(ordinary, ends_at="2014-04-22T13:31:30+00:00"), world, tmp_path, [], ground)
    (course.state / "trading.db").write_bytes(b"no database")
    (failed, *_) = [event for event in course.run().events if event["kind"] == "no_start"]
    assert failed["error"] == "the process ended with 1"

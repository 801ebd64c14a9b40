"""When a turn counts as one in which everything could be seen and done."""

from __future__ import annotations

import pytest

from drill.checker.logs import FAR, instant
from drill.checker.looks import Looks, alive_after, day_ends, looks_of
from tests.unit.drill.checker.made_up import MadeUp, seconds


def clear(run: MadeUp) -> list[float]:
    return [at - seconds(0.0) for at in looks_of(run.case()).clear]


def test_turn_with_a_fault_in_it_or_a_failed_call_is_not_clear() -> None:
    run = MadeUp()
    run.turn(10.0)
    run.line(15.0, "fault", id="H05", path="/tickle")
    run.turn(20.0)
    run.turn(30.0, good=False)
    run.turn(40.0)
    assert clear(run) == [10.0, 40.0]


def test_turn_without_a_brokerage_session_is_not_clear() -> None:
    run = MadeUp()
    run.line(5.0, "session", event="lost", epoch=1, login=True, authenticated=False)
    run.line(15.0, "session", event="init", epoch=2, login=True, authenticated=True)
    run.turn(10.0, 20.0)
    assert clear(run) == [20.0]


def test_first_turn_after_a_death_is_not_clear() -> None:
    run = MadeUp()
    run.turn(10.0)
    run.event(11.0, "death", point="statement")
    run.event(15.0, "start")
    run.turn(20.0, 30.0)
    assert clear(run) == [10.0, 30.0]


def test_first_clear_turn_is_looked_up_by_time() -> None:
    looks = Looks((1.0, 5.0), (0, 0), (), ())
    assert looks.first_clear(2.0) == 5.0
    assert looks.first_clear(6.0) == FAR


def test_clear_turn_between_two_lines_is_one_that_ended_after_the_first_and_before_the_second() -> None:
    looks = Looks((1.0, 1.0), (3, 7), (), ())
    assert [looks.between(*lines) for lines in ((2, 3), (2, 2), (3, 6), (3, 7), (7, 9))] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_time_begins_anew_after_a_troubled_turn() -> None:
    looks = Looks((0.0, 30.0), (0, 0), (20.0,), (20.0,))
    assert looks.clear_from(0.0, 15.0) == 15.0
    assert looks.clear_from(10.0, 15.0) == 45.0
    assert Looks((0.0,), (0,), (20.0,), (20.0,)).clear_from(10.0, 15.0) == FAR


def test_clear_turn_at_the_instant_of_a_troubled_one_ends_the_trouble() -> None:
    assert Looks((20.0,), (0,), (20.0,), (20.0,)).clear_from(10.0, 15.0) == 35.0


def test_troubled_turn_counts_from_its_begin() -> None:
    run = MadeUp()
    run.turn(200.0, good=False, lasted=100.0)
    run.turn(300.0)
    looks = looks_of(run.case())
    assert looks.clear_from(seconds(80.0), 15.0) == seconds(95.0)
    for at in (90.0, 150.0, 199.0):
        assert looks.clear_from(seconds(at), 15.0) == seconds(315.0)


def test_process_could_not_look_while_the_drill_made_it_wait_longer_than_it_wanted() -> None:
    run = MadeUp()
    run.turn(100.0, stretched=True)
    run.turn(160.0, lasted=1.0)
    run.turn(220.0)
    looks = looks_of(run.case())
    assert [at - seconds(0.0) for at in looks.clear] == [100.0, 160.0, 220.0]
    assert looks.clear_from(seconds(80.0), 15.0) == seconds(95.0)
    for at in (90.0, 110.0):
        assert looks.clear_from(seconds(at), 15.0) == seconds(175.0)
    # From then on it sleeps of its own accord.
    assert looks.clear_from(seconds(160.0), 15.0) == seconds(175.0)


def test_dead_process_has_twenty_seconds_after_its_start() -> None:
    run = MadeUp()
    run.event(100.0, "death", point="statement")
    run.event(160.0, "start")
    case = run.case()
    assert alive_after(case, seconds(90.0)) == seconds(90.0)
    assert alive_after(case, seconds(120.0)) == seconds(180.0)
    assert alive_after(case, seconds(200.0)) == seconds(200.0)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2017-01-10T04:22:45Z", "2017-01-10T05:00:00Z"),
        ("2017-01-10T05:00:00Z", "2017-01-11T05:00:00Z"),
        ("2017-07-10T04:22:45Z", "2017-07-11T04:00:00Z"),
    ],
)
def test_exchanges_day_ends_at_midnight_in_new_york(at: str, ends: str) -> None:
    assert day_ends(instant(at)) == instant(ends)

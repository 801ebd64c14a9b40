"""I21: how often the API is called, and what is asked once it said that it is too often."""

from __future__ import annotations

import pytest

from drill.checker.pacing import i21_within_the_limits
from tests.unit.drill.checker.made_up import MadeUp

LIST = "/iserver/account/orders"


def told(run: MadeUp) -> int:
    return len(list(i21_within_the_limits(run.case())))


def limited(*calls: tuple[float, str]) -> MadeUp:
    """Calls that were refused, each with the limit that it was over."""
    run = MadeUp()
    for at, limit in calls:
        run.line(at, "limited", method="GET", path=LIST, limit=limit)
    return run


def after(fault: str, *calls: tuple[float, str]) -> MadeUp:
    """Calls that were refused after a fault at 0 s."""
    run = MadeUp()
    run.line(0.0, "fault", id=fault, method="POST", path="/tickle")
    run.truth += limited(*calls).truth
    return run


def test_call_over_a_limit_is_told_and_so_is_the_box_that_it_begins() -> None:
    assert told(limited((0.0, "call"), (60.0, "box"))) == 2


@pytest.mark.parametrize(
    ("fault", "at", "count"), [("H03", 900.0, 0), ("H04", 900.0, 1), ("T09", 5.0, 0), ("T09", 6.0, 1)]
)
def test_limit_is_held_against_nobody_that_a_fault_lowers_or_breaks(fault: str, at: float, count: int) -> None:
    assert told(after(fault, (at, "call"))) == count


@pytest.mark.parametrize(("fault", "count"), [("H03", 0), ("H04", 0), ("T08", 2)])
def test_box_of_a_fault_lets_one_call_a_minute_ask(fault: str, count: int) -> None:
    assert told(after(fault, (10.0, "box"), (61.0, "box"))) == count


def test_box_that_was_told_is_asked_no_sooner_than_in_a_minute() -> None:
    assert told(after("H04", (10.0, "box"), (50.0, "box"))) == 1


@pytest.mark.parametrize("fault", [{"method": "GET", "path": LIST}, {"method": "POST", "path": LIST}])
def test_answer_that_a_fault_hid_told_nothing(fault: dict[str, str]) -> None:
    run = after("H04", (10.0, "box"))
    run.line(10.0, "fault", id="H06", **fault)
    run.truth += limited((50.0, "box")).truth
    assert told(run) == (0 if fault["method"] == "GET" else 1)


def test_process_that_begins_knows_of_no_box() -> None:
    run = after("H04", (10.0, "box"), (50.0, "box"))
    run.event(40.0, "start")
    assert told(run) == 0


@pytest.mark.parametrize(
    ("step", "arrived", "count"),
    [({"method": "POST"}, 99.5, 0), ({"method": "POST"}, 98.9, 2), ({"event": {"do": "resume"}}, 99.5, 2)],
)
def test_call_that_was_held_back_counts_when_it_arrives(step: dict[str, object], arrived: float, count: int) -> None:
    run = MadeUp()
    run.line(40.0, "planned", number=0, step=step)
    run.line(arrived, "done", number=0)
    run.truth += limited((100.0, "all"), (160.0, "box")).truth
    assert told(run) == count
    # What is over a limit later is its own fault again.
    run.truth += limited((2000.0, "all")).truth
    assert told(run) == count + 1


def test_call_that_was_held_back_may_arrive_in_the_box() -> None:
    run = after("H04", (10.0, "box"))
    run.line(10.0, "planned", number=0, step={"method": "DELETE"})
    run.line(20.0, "done", number=0)
    run.truth += limited((20.0, "box"), (61.0, "box")).truth
    assert told(run) == 0

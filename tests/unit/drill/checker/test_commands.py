"""What a person asked for, judged: a halt cancels what was to be bought, a flatten sells what is ours."""

from __future__ import annotations

import pytest

from drill.checker.commands import entries_are_cancelled_in_a_halt, flatten_sells
from drill.checker.logs import FAR, Goal
from tests.unit.drill.checker.made_up import CLOSE_S, ENTRY, ENTRY_ID, STOP, MadeUp, bought, seconds

DELETE = {"path": f"/iserver/account/DU1234567/order/{ENTRY_ID}", "verb": "DELETE"}


def halted(at: float = -2400.0) -> MadeUp:
    """An entry that waits for the open, and a halt ten minutes after it was sent; a look every minute."""
    run = MadeUp()
    run.intent(ENTRY, order_id=ENTRY_ID)
    run.step(-3000.0, ENTRY, "SENDING", "WORKING")
    run.event(-3600.0, "start")
    run.about(-3000.0, ENTRY)
    run.bracket(-3000.0)
    run.mode(at, "halt", "1", actor="operator")
    run.turn(*(60.0 * minute for minute in range(-50, 50)))
    return run


def alive(run: MadeUp) -> list[str]:
    return [violation.subject for violation in entries_are_cancelled_in_a_halt(run.case())]


def test_entry_that_lives_on_in_a_halt() -> None:
    assert alive(halted()) == [ENTRY]


@pytest.mark.parametrize(("asked", "found"), [(-2400.0, []), (-2340.0, []), (-2300.0, [ENTRY])])
def test_cancel_is_asked_for_within_a_minute(asked: float, found: list[str]) -> None:
    run = halted()
    run.about(asked, ENTRY, **DELETE)
    assert alive(run) == found


def test_halt_that_is_taken_back_at_once() -> None:
    run = halted()
    run.mode(-2390.0, "halt", "0", actor="operator")
    assert alive(run) == []


def test_entry_that_ended_by_itself() -> None:
    run = halted()
    run.over(-2390.0, ENTRY_ID)
    assert alive(run) == []


def test_entry_that_nobody_could_look_at() -> None:
    run = halted()
    for event in run.events:
        event["good"] = False
    assert alive(run) == []


@pytest.mark.parametrize("state", ["UNKNOWN", "SENDING"])
def test_entry_that_is_not_proven(state: str) -> None:
    run = halted()
    run.step(-2500.0, ENTRY, state)
    assert alive(run) == []


def flattened(at: float = 600.0, until: float = FAR) -> MadeUp:
    run = bought()
    run.goals.append(Goal(seconds(at), until))
    run.turn(*(60.0 * minute for minute in range(2, 60)))
    return run


def unsold(run: MadeUp) -> list[str]:
    return [violation.subject for violation in flatten_sells(run.case())]


def test_flatten_that_sells_nothing() -> None:
    assert unsold(flattened()) == ["AAPL"]


@pytest.mark.parametrize(("created", "found"), [(900.0, []), (901.0, ["AAPL"])])
def test_exit_of_a_flatten_comes_within_five_minutes(created: float, found: list[str]) -> None:
    run = flattened()
    run.intent("X", "exit", created=seconds(created))
    assert unsold(run) == found


def test_flatten_that_is_taken_back() -> None:
    assert unsold(flattened(until=seconds(700.0))) == []


@pytest.mark.parametrize(("before_close_s", "found"), [(901.0, ["AAPL"]), (900.0, []), (380.0, [])])
def test_flatten_in_the_last_minutes_of_a_session_waits_for_the_next(before_close_s: float, found: list[str]) -> None:
    # No order leaves in its last ten minutes.
    run = flattened(at=CLOSE_S - before_close_s)
    run.turn(CLOSE_S - before_close_s)
    assert unsold(run) == found


def test_flatten_after_the_close_waits_for_the_open() -> None:
    assert unsold(flattened(at=24_000.0)) == []


def test_shares_whose_sale_is_not_proven() -> None:
    run = flattened()
    run.step(500.0, STOP, "UNKNOWN")
    assert unsold(run) == []


def test_shares_that_are_sold() -> None:
    run = flattened()
    run.fill(500.0, 2, "SELL", 10)
    assert unsold(run) == []


@pytest.mark.parametrize(("resumed", "found"), [(None, []), (800.0, ["AAPL"]), (1000.0, [])])
def test_stock_that_is_halted_has_no_price_to_sell_at(resumed: float | None, found: list[str]) -> None:
    run = flattened()
    run.line(500.0, "deed", do="halt", symbol="AAPL")
    if resumed is not None:
        run.line(resumed, "deed", do="resume", symbol="AAPL")
    assert unsold(run) == found

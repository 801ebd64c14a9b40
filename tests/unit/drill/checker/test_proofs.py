"""Orders whose outcome was not known: since when, until when, and when looks could have settled it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from drill.checker.logs import FAR, Step
from drill.checker.proofs import LOOKS, in_reset, proofs_of
from tests.unit.drill.checker.made_up import (
    CLOSE_S,
    CONID,
    ENTRY,
    STOP,
    STOP_ID,
    SYMBOL,
    TARGET,
    TARGET_ID,
    MadeUp,
    bought,
    seconds,
    ticket,
)

SINCE = 1000.0
# The first look at which its list tells something, and seven more.
TELLING = [SINCE + 121.0 + 30.0 * number for number in range(LOOKS)]
LAST = TELLING[-1]


def unproven(looks: Iterable[float] = TELLING) -> MadeUp:
    """Nothing is known of the stop from a time on, while its target works and the looks are clear."""
    run = bought()
    run.step(-2999.0, TARGET, "SENDING", "WORKING")
    run.step(-2999.0, STOP, "SENDING", "WORKING")
    run.over(SINCE, STOP_ID)
    run.step(SINCE, STOP, "UNKNOWN")
    run.turn(*looks)
    return run


def until(run: MadeUp, at: float = SINCE) -> float:
    """Return for how many seconds it is not proven, after the session's open."""
    run.line(100_000.0, "clock")
    found = proofs_of(run.case(100_000.0)).unproven_until(CONID, seconds(at))
    return found if found >= FAR else found - seconds(0.0)


def test_eight_looks_that_could_have_shown_it_settle_it() -> None:
    assert until(unproven()) == LAST
    assert until(unproven(), LAST) == LAST
    assert until(unproven(TELLING[1:])) == FAR


def test_what_is_proven_before_is_so_from_then_on() -> None:
    run = unproven()
    run.step(1200.0, STOP, "LOST")
    assert until(run) == 1200.0
    assert until(run, 1201.0) == 1201.0


def test_order_may_be_missing_for_two_minutes_before_it_is_unproven() -> None:
    assert until(unproven(), SINCE - 120.0) == LAST
    assert until(unproven(), SINCE - 121.0) == SINCE - 121.0


def test_looks_that_come_sooner_or_too_close_together_count_once() -> None:
    assert until(unproven([SINCE + 110.0, *TELLING[1:]])) == FAR
    assert until(unproven([*TELLING[:-1], LAST - 10.0])) == FAR


@pytest.mark.parametrize("order_id", [TARGET_ID, None])
def test_list_tells_nothing_that_need_not_hold_another_order(order_id: int | None) -> None:
    run = unproven([])
    if order_id is None:
        run.step(SINCE, TARGET, "CANCELLED")
    else:
        run.over(SINCE, order_id)
    run.turn(*TELLING)
    assert until(run) == FAR


def test_order_that_is_bound_by_likeness_is_a_persons_to_settle_and_no_witness() -> None:
    run = unproven()
    run.steps.append(Step(STOP, "WORKING", seconds(SINCE + 1.0), likeness=True))
    assert until(run, SINCE + 2.0) == FAR
    run = unproven()
    run.steps.append(Step(TARGET, "WORKING", seconds(SINCE + 1.0), likeness=True))
    assert until(run) == FAR


def test_sell_of_another_that_may_be_it_settles_nothing() -> None:
    for side, found in (("SELL", FAR), ("BUY", LAST)):
        run = unproven()
        run.line(SINCE, "deed", do="order", order_id=50, symbol=SYMBOL, side=side, order_type="STP", quantity=10)
        assert until(run) == found


@pytest.mark.parametrize(
    ("at", "looked", "found"), [(SINCE + 60.0, True, LAST), (SINCE + 60.0, False, FAR), (SINCE - 60.0, True, FAR)]
)
def test_trade_of_another_settles_nothing_unless_a_list_showed_it(at: float, found: float, *, looked: bool) -> None:
    run = unproven([])
    run.line(at, "deed", do="trade", order_id=50, symbol=SYMBOL, side="BUY", quantity=5)
    run.fill(at, 50, "BUY", 5)
    # The day after it is in no list any more.
    run.turn(*(each + (0.0 if looked else 86_400.0) for each in TELLING))
    assert until(run) == found


def test_split_settles_nothing() -> None:
    run = unproven()
    run.line(SINCE + 1.0, "deed", do="split", symbol=SYMBOL, ratio=2.0)
    assert until(run) == FAR


def test_it_is_asked_of_an_order_that_it_may_be_alone() -> None:
    proofs = proofs_of(unproven().case())
    assert proofs.unproven_until(CONID, seconds(SINCE), STOP_ID) > seconds(SINCE)
    assert proofs.unproven_until(CONID, seconds(SINCE), TARGET_ID) == seconds(SINCE)
    assert proofs.unproven_until(4711, seconds(SINCE)) == seconds(SINCE)


def test_nobody_can_tell_in_the_end_what_no_looks_could_settle() -> None:
    for run, told in ((unproven([]), True), (unproven(), False)):
        run.line(CLOSE_S, "clock")
        proofs = proofs_of(run.case())
        assert proofs.nobody_can_tell(STOP) is told
        assert not proofs.nobody_can_tell(TARGET)


@pytest.mark.parametrize(
    ("hours", "filled", "told"), [((8, 12, 13), 0, False), ((8, 9, 12), 0, True), ((8, 12, 13), 1, True)]
)
def test_order_of_the_day_is_settled_after_its_session_and_the_reset(
    hours: tuple[float, ...],
    filled: int,
    told: bool,  # noqa: FBT001
) -> None:
    """Hours after the open; the reset of the night is over 16 h after it."""
    run = MadeUp()
    run.intent(ENTRY, filled=filled)
    run.order(-2900.0, ticket(1, "BUY", "LMT", 10, coid=ENTRY))
    run.over(-2000.0, 1)
    run.step(-3000.0, ENTRY, "PLANNED", "SENDING", "UNKNOWN")
    run.turn(*(hour * 3600.0 + (4 * 3600.0 if hour > 9 else 0.0) for hour in hours))
    run.line(90_000.0, "clock")
    assert proofs_of(run.case(90_000.0)).nobody_can_tell(ENTRY) is told


@pytest.mark.parametrize(("hours", "told"), [(-8.75, True), (-7.9, False), (-39.0, True), (-40.5, False)])
def test_nothing_is_proven_in_a_reset(hours: float, told: bool) -> None:  # noqa: FBT001
    assert in_reset(seconds(hours * 3600.0)) is told

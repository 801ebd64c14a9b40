"""Own shares without a stop: since when it could be seen, and what may take its time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from drill.checker import cover
from drill.checker.logs import Step, Violation
from tests.unit.drill.checker.made_up import (
    ACCOUNT,
    CLOSE_S,
    CONID,
    ENTRY,
    ENTRY_ID,
    STOP,
    STOP_ID,
    TARGET,
    TARGET_ID,
    MadeUp,
    bought,
    seconds,
    ticket,
)

EACH_MINUTE = range(215, 24_000, 60)


def bare(until: float | None) -> MadeUp:
    """The stop is lost at 200 s, seen by a clear turn then; a new one rests from `until` on, None: never."""
    run = bought()
    run.over(200.0, STOP_ID)
    run.over(200.0, TARGET_ID)
    run.turn(200.0)
    if until is not None:
        run.order(until, ticket(9, "SELL", "STP", 10, coid="B-S"))
    return run


def i9(run: MadeUp) -> list[Violation]:
    return list(cover.i9_shares_are_covered(run.case()))


@pytest.mark.parametrize(("until", "count"), [(200.0, 0), (215.0, 0), (216.0, 1), (None, 1)])
def test_stop_is_back_within_fifteen_seconds_of_a_clear_look(until: float | None, count: int) -> None:
    assert len(i9(bare(until))) == count


def test_time_counts_from_the_first_look_in_which_nothing_was_in_the_way() -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.line(200.0, "fault", id="H05", path="/iserver/account/orders")
    run.turn(200.0)
    run.turn(260.0)
    run.order(270.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert i9(run) == []


@pytest.mark.parametrize(("again", "count"), [(318.0, 0), (330.0, 1)])
def test_time_stands_still_in_turns_that_something_was_in_the_way_of(again: float, count: int) -> None:
    run = bare(again)
    run.turn(210.0, 300.0, good=False, lasted=5.0)
    run.turn(305.0)
    assert len(i9(run)) == count


def test_time_in_which_the_process_is_dead_does_not_count() -> None:
    run = bare(1030.0)
    run.event(201.0, "death", point="statement")
    run.event(1000.0, "start")
    run.turn(1018.0)
    assert i9(run) == []


def test_stop_whose_outcome_is_not_proven_is_waited_for() -> None:
    run = bare(None)
    run.intent("B-S", "stop", created=seconds(201.0))
    run.step(201.0, "B-S", "PLANNED", "SENDING", "UNKNOWN")
    assert i9(run) == []
    run.step(900.0, "B-S", "LOST")
    assert len(i9(run)) == 1


@pytest.mark.parametrize(("missed_s", "count"), [(119.0, 0), (140.0, 1)])
def test_stop_that_is_missing_in_the_list_counts_as_unproven_after_two_minutes(missed_s: float, count: int) -> None:
    run = bare(None)
    run.intent("B-S", "stop", created=seconds(150.0))
    run.step(150.0, "B-S", "PLANNED", "SENDING", "WORKING")
    # The first look was at 200 s.
    run.step(200.0 + missed_s, "B-S", "UNKNOWN")
    assert len(i9(run)) == count


def test_stop_that_is_bound_by_likeness_alone_is_not_proven() -> None:
    run = bare(None)
    run.intent("B-S", "stop", created=seconds(201.0))
    run.step(201.0, "B-S", "PLANNED", "SENDING", "UNKNOWN")
    run.steps.append(Step("B-S", "WORKING", seconds(210.0), likeness=True))
    assert i9(run) == []
    run.step(900.0, "B-S", "WORKING")
    assert len(i9(run)) == 1


def test_exit_that_has_begun_may_take_a_minute() -> None:
    for sent, count in ((250.0, 0), (290.0, 1)):
        run = bare(None)
        run.intent("X", "exit", created=seconds(205.0))
        run.order(sent, ticket(9, "SELL", "MKT", 10, coid="X"))
        assert len(i9(run)) == count


def test_shares_that_come_back_while_an_exit_fills_wait_for_its_end() -> None:
    for over_at, count in ((450.0, 0), (405.0, 1)):
        run = bought()
        run.over(190.0, STOP_ID)
        run.over(190.0, TARGET_ID)
        run.intent("X", "exit", order_id=9, created=seconds(190.0))
        run.order(190.0, ticket(9, "SELL", "MKT", 10, coid="X"))
        run.fill(195.0, 9, "SELL", 4, "0000a.b.05.01")
        run.fill(400.0, 9, "SELL", 0, "0000a.b.05.02")
        run.turn(400.0)
        run.over(over_at, 9)
        run.order(460.0, ticket(10, "SELL", "STP", 10, coid="B-S"))
        run.turn(over_at)
        assert len(i9(run)) == count


def test_refused_pair_is_tried_again_within_five_minutes() -> None:
    for again, count in ((500.0, 0), (600.0, 1)):
        run = bare(again)
        run.intent("B-S", "stop")
        run.about(210.0, "B-S")
        assert len(i9(run)) == count


@pytest.mark.parametrize(("pairs", "first", "count"), [(9, 210.0, 1), (10, 210.0, 0), (10, -500.0, 1)])
def test_rest_of_a_session_may_be_bare_after_ten_pairs_in_it(pairs: int, first: float, count: int) -> None:
    run = bare(20_000.0)
    run.intent("B-S", "stop")
    for number in range(pairs):
        run.about(first + number, "B-S")
    assert len(i9(run)) == count


@pytest.mark.parametrize(
    ("sent", "again", "count"), [(150.0, 245.0, 1), (150.0, 226.0, 1), (150.0, 224.0, 0), (190.0, 245.0, 0)]
)
def test_stop_that_was_lost_soon_after_it_was_placed_is_of_the_same_series(
    sent: float, again: float, count: int
) -> None:
    run = bare(again)
    run.intent("B-S", "stop")
    run.about(sent, "B-S")
    assert len(i9(run)) == count


@pytest.mark.parametrize(
    ("pairs", "again", "count"), [(3, 245.0, 0), (3, 280.0, 1), (4, 280.0, 0), (4, 500.0, 0), (4, 520.0, 1)]
)
def test_after_four_pairs_in_a_session_they_are_five_minutes_apart(pairs: int, again: float, count: int) -> None:
    run = bare(again)
    run.intent("B-S", "stop")
    for number in range(pairs):
        run.about(190.0 - number, "B-S")
    assert len(i9(run)) == count


@pytest.mark.parametrize("role", ["stop", "exit"])
@pytest.mark.parametrize("state", ["inactive", "warned"])
@pytest.mark.parametrize(("again", "count"), [(290.0, 0), (320.0, 1)])
def test_stop_or_exit_that_may_yet_work_may_be_looked_at_for_a_while(
    role: str, state: str, again: float, count: int
) -> None:
    run = bare(None)
    run.intent("X", role, order_id=8)
    run.over(200.0, 8, state)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


@pytest.mark.parametrize(("again", "count"), [(1090.0, 0), (1120.0, 1)])
def test_inactive_stop_is_looked_at_from_when_there_is_anybody_to_look(again: float, count: int) -> None:
    run = bought()
    run.over(200.0, STOP_ID, "inactive")
    run.turn(210.0, 990.0, good=False)
    run.turn(1000.0)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


@pytest.mark.parametrize(("again", "count"), [(100.0, 0), (110.0, 1)])
def test_target_with_a_warning_from_before_the_open_is_looked_at_from_the_open_on(again: float, count: int) -> None:
    run = MadeUp()
    run.bracket(-4000.0)
    run.intent(ENTRY, "entry", order_id=ENTRY_ID)
    run.intent("A-T", "target", order_id=TARGET_ID, side="SELL")
    run.fill(-3900.0, ENTRY_ID, "BUY", 10)
    run.over(-3800.0, STOP_ID, "cancelled")
    run.over(-3700.0, TARGET_ID, "warned")
    run.turn(-3600.0, *(float(second) for second in range(0, 200, 5)))
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


@pytest.mark.parametrize(
    ("confirmed", "status", "count"), [(None, None, 0), (True, 503, 0), (False, 503, 0), (False, 200, 1)]
)
def test_exit_about_which_the_broker_still_asks_may_be_looked_at_for_a_while(
    status: int | None, count: int, *, confirmed: bool | None
) -> None:
    run = bare(290.0)
    run.intent("X", "exit")
    run.line(200.0, "question", reply_id="r", order_ids=[9], coids=["X"])
    if confirmed is not None:
        request = len(run.truth)
        run.line(200.0, "request", verb="POST", path="/iserver/reply/r", confirmed=confirmed)
        run.line(200.0, "answer", request=request, status=status)
    assert len(i9(run)) == count


def test_question_about_a_stop_that_was_placed_is_no_reason_to_wait() -> None:
    run = bought()
    run.intent("B-S", "stop", order_id=8)
    run.line(150.0, "question", reply_id="r", order_ids=[8], coids=["B-S"])
    run.order(150.0, ticket(8, "SELL", "STP", 10, coid="B-S"))
    run.line(190.0, "question", reply_id="s", order_ids=[8], coids=[])
    for order_id in (STOP_ID, TARGET_ID, 8):
        run.over(200.0, order_id)
    run.turn(200.0)
    run.order(290.0, ticket(9, "SELL", "STP", 10, coid="C-S"))
    assert len(i9(run)) == 1


@pytest.mark.parametrize(
    ("gone", "again", "count"),
    [(240.0, 250.0, 0), (240.0, 290.0, 1), (203.0, 217.0, 0), (203.0, 220.0, 1), (214.0, 228.0, 0), (214.0, 230.0, 1)],
)
def test_target_that_is_being_cancelled_is_waited_for(gone: float, again: float, count: int) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.turn(200.0)
    run.over(201.0, TARGET_ID, "cancelling")
    run.over(gone, TARGET_ID)
    run.turn(gone + 1.0)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


@pytest.mark.parametrize(
    ("asked_again", "target_gone", "count"),
    [
        ((), None, 1),
        (EACH_MINUTE, None, 0),
        (EACH_MINUTE, 300.0, 1),
        (EACH_MINUTE[:10], None, 1),
    ],
)
def test_target_that_no_cancel_ends_is_waited_for_while_it_is_asked_for_each_minute(
    asked_again: Sequence[int], target_gone: float | None, count: int
) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.turn(200.0)
    for at in asked_again:
        run.about(float(at), TARGET, path=f"/iserver/account/{ACCOUNT}/order/{TARGET_ID}", verb="DELETE")
    if target_gone is not None:
        run.over(target_gone, TARGET_ID)
    assert len(i9(run)) == count


@pytest.mark.parametrize(("fault", "again", "count"), [("H03", 330.0, 0), ("H03", 340.0, 1), ("H05", 330.0, 1)])
def test_nothing_is_sent_for_a_while_after_an_answer_429(fault: str, again: float, count: int) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.over(200.0, TARGET_ID)
    run.turn(201.0)
    run.line(202.0, "fault", id=fault, path="/tickle")
    run.turn(310.0)
    run.turn(320.0)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


@pytest.mark.parametrize(("again", "count"), [(330.0, 0), (340.0, 1)])
def test_nor_after_one_of_the_gateways_own(again: float, count: int) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.over(200.0, TARGET_ID)
    run.turn(201.0)
    run.line(202.0, "limited", path="/tickle", limit="all")
    run.turn(310.0)
    run.turn(320.0)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


def test_bare_shares_outside_regular_hours_are_not_counted() -> None:
    run = bought()
    run.over(CLOSE_S + 10.0, STOP_ID)
    run.turn(CLOSE_S + 10.0)
    assert i9(run) == []


def short_stop(shares: int, own: int, asked: float | None) -> MadeUp:
    """From 200 s on the stop is for so many of all own shares; the broker was `asked` to make it larger."""
    run = bought(own)
    run.line(200.0, "modify", ticket={"order_id": STOP_ID, "kind": "STP", "quantity": shares})
    run.turn(200.0)
    if asked is not None:
        run.about(asked, STOP, path=f"/iserver/account/{ACCOUNT}/order/{STOP_ID}")
    return run


@pytest.mark.parametrize(
    ("shares", "own", "asked", "count"),
    [
        (9, 10, 205.0, 0),
        (9, 10, None, 1),
        (8, 10, 205.0, 1),
        (18, 20, 205.0, 0),
        (17, 20, 205.0, 1),
        (1, 2, 205.0, 0),
        (0, 1, 205.0, 1),
    ],
)
def test_stop_that_lacks_a_few_shares_may_stay_that_day_once_it_could_not_be_made_larger(
    shares: int, own: int, asked: float | None, count: int
) -> None:
    assert len(i9(short_stop(shares, own, asked))) == count


def test_few_shares_that_grow_to_many_are_bare_from_then_on() -> None:
    run = short_stop(9, 10, 205.0)
    run.line(900.0, "modify", ticket={"order_id": STOP_ID, "kind": "STP", "quantity": 5})
    run.turn(900.0)
    (found,) = i9(run)
    assert found.at == seconds(915.0)
    assert [(gap.shares, gap.few) for gap in cover.gaps(run.case())] == [(1, True), (5, False)]


def test_gap_names_its_shares_and_its_time() -> None:
    (gap,) = cover.gaps(bare(250.0).case())
    assert (gap.conid, gap.shares, gap.end - gap.begin) == (CONID, 10, 50.0)


@pytest.mark.parametrize(
    ("fault", "path", "again", "count"),
    [
        ("C04", "/portfolio2/U1/positions", 259.0, 0),
        ("C04", "/portfolio2/U1/positions", 263.0, 1),
        ("C04", "/iserver/account/orders", 259.0, 1),
        ("T04", "/portfolio2/U1/positions", 259.0, 1),
    ],
)
def test_shares_that_a_list_had_not_shown_have_to_be_shown_for_half_a_minute(
    fault: str, path: str, again: float, count: int
) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.over(200.0, TARGET_ID)
    run.line(190.0, "fault", id=fault, path=path)
    run.line(210.0, "fault", id=fault, path=path)
    run.turn(211.0, 212.0)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count


@pytest.mark.parametrize(("again", "count"), [(291.0, 0), (293.0, 1)])
def test_that_half_a_minute_begins_with_the_next_list(again: float, count: int) -> None:
    run = bought()
    run.line(190.0, "fault", id="C04", path="/portfolio2/U1/positions")
    run.turn(240.0)
    run.over(241.0, STOP_ID)
    run.over(241.0, TARGET_ID)
    run.turn(242.0, 260.0)
    run.order(again, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert len(i9(run)) == count

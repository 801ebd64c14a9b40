from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import (
    AAPL,
    IN_SESSION,
    PRE_OPEN,
    Facts,
    after,
    asked,
    entry,
    moment,
    own,
    shows,
    stop,
    target,
    usually,
)
from trading.execution.planning.plan import Adopt, Modify, Plan
from trading.execution.planning.resizing import Leg, plan_resize
from trading.execution.planning.state import TradingState
from trading.model.command import CommandRecord, CommandState, Step
from trading.model.order import BrokerOrder
from trading.model.record import IntentRecord, OwnPosition
from trading.model.request import RequestKind

PAIR = (stop(), target())


def resized(
    need: int,
    *records: IntentRecord,
    position: OwnPosition | None = None,
    legs: Sequence[IntentRecord] = PAIR,
    pair_at: datetime | None = IN_SESSION,
    **facts: object,
) -> Plan:
    """Return what is planned for stop and target of nine shares when `need` are there."""
    given: Facts = facts
    state = state_of(need, *records, position=position, legs=legs, **given)
    plan = Plan()
    shown = [Leg(leg, state.snapshot.sights[leg.order_id or 0]) for leg in legs]
    plan_resize(state.journal.positions[0], shown, need, state, plan, pair_at)
    return plan


def state_of(
    need: int,
    *records: IntentRecord,
    position: OwnPosition | None = None,
    legs: Sequence[IntentRecord] = PAIR,
    now: datetime = IN_SESSION,
    **facts: object,
) -> TradingState:
    return moment(now, *legs, *records, **usually(facts, positions=[position or own(need)]))


def modifies(plan: Plan) -> list[tuple[str, int, float]]:
    return [(c.record.coid, c.quantity, c.price) for c in plan.commands if isinstance(c, Modify)]


def tried(
    *seconds: float, quantity: int = 12, price: float = 95.0, state: CommandState = CommandState.ACKED
) -> list[CommandRecord]:
    return [
        asked(
            PAIR[0],
            Step.RESIZE,
            after(at),
            kind=RequestKind.MODIFY,
            number=number,
            quantity=quantity,
            price=price,
            state=state,
        )
        for number, at in enumerate(seconds, 1)
    ]


def rows(*, stop_price: float = 95.0, target_price: float = 105.0, quantity: float = 9.0) -> list[BrokerOrder]:
    each: Facts = {"total_quantity": quantity, "remaining_quantity": quantity}
    return [shows(PAIR[0], price=stop_price, **each), shows(PAIR[1], price=target_price, **each)]


def test_legs_that_are_as_they_should_be_are_left_alone() -> None:
    plan = resized(9)
    assert plan.commands == []
    assert plan.asked == set()
    assert plan.look_again is None


def test_growing_starts_with_the_stop() -> None:
    assert modifies(resized(12)) == [("S", 12, 95.0), ("T", 12, 105.0)]
    assert modifies(resized(12, legs=(target(), stop()))) == [("S", 12, 95.0), ("T", 12, 105.0)]


@pytest.mark.parametrize(("close", "first"), [(96.0, "S"), (99.9, "S"), (100.1, "T"), (104.0, "T")])
def test_shrinking_starts_with_the_leg_that_is_nearer_to_the_market(close: float, first: str) -> None:
    plan = resized(5, closes={"AAPL": close})
    assert next(coid for coid, _, _ in modifies(plan)) == first
    assert {quantity for _, quantity, _ in modifies(plan)} == {5}


def test_good_stop_is_changed_and_not_given_up_for_one_share_more() -> None:
    plan = resized(10)
    assert cancels(plan) == []
    assert modifies(plan) == [("S", 10, 95.0), ("T", 10, 105.0)]


def test_only_the_leg_that_is_wrong_is_changed() -> None:
    shown = [rows(quantity=12.0)[0], rows()[1]]
    assert modifies(resized(12, orders=shown)) == [("T", 12, 105.0)]


def test_shares_that_a_leg_has_sold_count_towards_its_size() -> None:
    sold = replace(PAIR[1], filled=4)
    # Five of nine are left, and five shares are needed of each leg.
    plan = resized(5, legs=(PAIR[0], sold))
    assert modifies(plan) == [("S", 5, 95.0)]
    assert ("T", 10, 105.0) in modifies(resized(6, legs=(PAIR[0], sold)))


def test_leg_is_brought_back_to_the_price_of_the_plan() -> None:
    # The stop was sent at 95; the plan has moved to 96 since.
    plan = resized(9, position=own(9, stop_price=96.0))
    assert modifies(plan) == [("S", 9, 96.0)]


def test_rounding_to_a_cent_is_no_other_price() -> None:
    assert resized(9, position=own(9, stop_price=95.01)).commands == []
    assert modifies(resized(9, position=own(9, stop_price=95.02))) == [("S", 9, 95.02)]


# ---- what a person sets


def test_price_that_a_person_set_becomes_the_plan() -> None:
    plan = resized(9, orders=rows(stop_price=97.0))
    assert plan.commands == [Adopt(AAPL, 97.0, 105.0)]
    plan = resized(9, orders=rows(target_price=111.0))
    assert plan.commands == [Adopt(AAPL, 95.0, 111.0)]


def test_price_that_we_asked_for_ourselves_is_nobody_elses() -> None:
    plan = resized(9, orders=rows(stop_price=96.0), commands=tried(-60, quantity=9, price=96.0))
    assert not any(isinstance(command, Adopt) for command in plan.commands)


def test_price_that_was_adopted_is_not_adopted_again() -> None:
    assert resized(9, orders=rows(stop_price=97.0), position=own(9, stop_price=97.0)).commands == []


def test_person_who_moves_a_stop_keeps_its_price_when_its_size_changes() -> None:
    plan = resized(12, orders=rows(stop_price=97.0))
    assert ("S", 12, 97.0) in modifies(plan)


def test_size_that_a_person_set_is_made_that_of_the_shares_again() -> None:
    assert modifies(resized(9, orders=rows(quantity=4.0))) == [("S", 9, 95.0), ("T", 9, 105.0)]


# ---- splits


def test_orders_that_the_broker_adjusted_for_a_split_are_taken_over() -> None:
    split = own(18, entry_price=50.0, stop_price=47.5, target_price=52.5)
    plan = resized(18, position=split, orders=rows(stop_price=47.5, target_price=52.5, quantity=18.0))
    assert plan.commands == []


@pytest.mark.parametrize("held", [18.0, 9.0])
@pytest.mark.parametrize(("size", "price"), [(18.0, 47.5), (18.0, 47.6), (4.0, 190.0), (5.0, 190.0)])
def test_orders_after_a_split_that_is_not_booked_yet_are_left_alone(size: float, price: float, held: float) -> None:
    # The journal still has nine shares. The broker may show the old ones for a while, or no average price that agrees.
    adjusted = rows(stop_price=price, target_price=price * 105 / 95, quantity=size)
    assert resized(9, orders=adjusted, held={AAPL: held}).commands == []


@pytest.mark.parametrize(("size", "price"), [(18.0, 49.0), (17.0, 47.5), (9.0, 47.5), (18.0, 95.0)])
def test_order_that_no_split_explains_is_cut_to_the_shares_that_there_are(size: float, price: float) -> None:
    plan = resized(9, orders=rows(stop_price=price, quantity=size))
    assert [each for each in modifies(plan) if each[0] == "S"] == [("S", 9, price)] * (size != 9.0)
    assert [c.stop_price for c in plan.commands if isinstance(c, Adopt)] == [price] * (price != 95.0)


@pytest.mark.parametrize("price", [47.5, 47.52, 47.9, 48.5])
def test_order_near_the_plan_of_after_a_split_is_cut_to_the_shares_that_are_left(price: float) -> None:
    # The split is booked; a person has moved the stop a little, and sold half of the shares.
    booked = own(9, entry_price=50.0, stop_price=47.5, target_price=52.5)
    adjusted = rows(stop_price=price, target_price=52.5, quantity=18.0)
    assert [each[:2] for each in modifies(resized(9, position=booked, orders=adjusted))] == [("T", 9), ("S", 9)]


def test_order_after_a_second_split_is_told_by_what_was_asked_for_since_the_first() -> None:
    once = own(18, entry_price=50.0, stop_price=47.5, target_price=52.5)
    since = tried(-60, quantity=18, price=47.5, state=CommandState.CONFIRMED)
    twice = rows(stop_price=23.75, target_price=26.25, quantity=36.0)
    assert resized(18, position=once, commands=since, orders=twice, held={AAPL: 18.0}).commands == []


def test_after_a_split_orders_that_were_not_adjusted_are_changed_to_the_new_plan() -> None:
    split = own(18, entry_price=50.0, stop_price=47.5, target_price=52.5)
    assert modifies(resized(18, position=split)) == [("S", 18, 47.5), ("T", 18, 52.5)]


# ---- modifications that come to nothing


@pytest.mark.parametrize(("late_s", "again"), [(14.9, False), (15.0, True), (16.0, True)])
def test_modification_that_the_reading_does_not_show_is_asked_again_after_fifteen_seconds(
    late_s: float,
    again: bool,  # noqa: FBT001
) -> None:
    plan = resized(12, commands=tried(0), now=after(late_s))
    assert (("S", 12, 95.0) in modifies(plan)) is again
    assert ("S", Step.RESIZE) in plan.asked
    if not again:
        assert plan.look_again == after(15)


@pytest.mark.parametrize(("late_s", "refused"), [(29.9, []), (30.0, [2])])
def test_second_one_that_is_not_shown_counts_as_refused(late_s: float, refused: list[int]) -> None:
    plan = resized(12, commands=tried(0, 15), now=after(late_s))
    assert plan.refused == refused
    assert ("S", 12, 95.0) not in modifies(plan)
    # A look that is due by now would never be taken.
    assert plan.look_again is not None
    assert plan.look_again > after(late_s)


@pytest.mark.parametrize("state", [CommandState.LAPSED, CommandState.NOT_SENT, CommandState.CONFIRMED])
def test_modification_that_is_settled_is_no_try(state: CommandState) -> None:
    plan = resized(12, commands=tried(0, 15, state=state), now=after(30))
    assert plan.refused == []
    assert ("S", 12, 95.0) in modifies(plan)


def test_refused_modification_leads_to_a_new_pair() -> None:
    plan = resized(12, commands=tried(0, state=CommandState.REFUSED))
    assert cancels(plan) == [("S", Step.REPLACE), ("T", Step.REPLACE)]
    assert modifies(plan) == []


@pytest.mark.parametrize(("pair_at", "look_again"), [(None, None), (after(60), after(60))])
def test_stop_is_not_given_up_before_another_one_may_be_sent(
    pair_at: datetime | None, look_again: datetime | None
) -> None:
    refused = tried(0, state=CommandState.REFUSED)
    plan = resized(12, commands=refused, pair_at=pair_at)
    assert (plan.commands, plan.look_again) == ([], look_again)
    assert cancels(resized(6, commands=refused, pair_at=pair_at)) == [("S", Step.REPLACE), ("T", Step.REPLACE)]


@pytest.mark.parametrize(("now", "given_up"), [(IN_SESSION, False), (PRE_OPEN, True)])
def test_good_stop_is_not_given_up_for_a_target_in_regular_hours(now: datetime, given_up: bool) -> None:  # noqa: FBT001
    shown = [rows()[0], replace(rows()[1], total_quantity=1.0, remaining_quantity=1.0)]
    (command,) = tried(0, state=CommandState.REFUSED)
    refused = replace(command, draft=replace(command.draft, coids=("T",)))
    plan = resized(9, orders=shown, commands=[refused], now=now, pair_at=now)
    assert cancels(plan) == ([("S", Step.REPLACE), ("T", Step.REPLACE)] if given_up else [])
    assert modifies(plan) == []


def short_stop(shares: int, need: int, now: datetime, price: float = 95.0) -> Plan:
    """Return what is planned where the broker refuses to make a stop of so many shares as large as is needed."""
    shown = [
        replace(rows()[0], total_quantity=float(shares), remaining_quantity=float(shares), stop_price=price),
        replace(rows()[1], total_quantity=float(need), remaining_quantity=float(need)),
    ]
    refused = tried(-60, quantity=need, state=CommandState.REFUSED)
    return resized(need, orders=shown, commands=refused, now=now, pair_at=now)


@pytest.mark.parametrize(
    ("shares", "need", "given_up"),
    [(9, 10, False), (8, 10, True), (1, 2, False), (1, 3, True), (18, 20, False), (17, 20, True), (27, 29, False)],
)
def test_good_stop_is_not_given_up_for_a_few_shares_more_in_regular_hours(
    shares: int,
    need: int,
    given_up: bool,  # noqa: FBT001
) -> None:
    replaced = [("S", Step.REPLACE), ("T", Step.REPLACE)]
    assert cancels(short_stop(shares, need, IN_SESSION)) == (replaced if given_up else [])
    assert cancels(short_stop(shares, need, PRE_OPEN)) == replaced
    assert modifies(short_stop(shares, need, IN_SESSION)) == []


def test_stop_that_sells_one_share_too_many_or_rests_at_a_price_of_before_makes_way() -> None:
    replaced = [("S", Step.REPLACE), ("T", Step.REPLACE)]
    assert cancels(short_stop(10, 9, IN_SESSION)) == replaced
    moved = [replace(rows()[0], stop_price=90.0), rows()[1]]
    asked_for = tried(-60, quantity=9, price=90.0) + tried(-30, quantity=9, state=CommandState.REFUSED)
    assert cancels(resized(9, orders=moved, commands=asked_for)) == replaced


def test_refusal_of_earlier_does_no_harm_to_legs_that_are_right() -> None:
    assert resized(9, commands=tried(0, state=CommandState.REFUSED)).commands == []


def test_modification_that_the_reading_shows_is_confirmed() -> None:
    shown = [rows(quantity=12.0)[0], rows()[1]]
    assert resized(12, orders=shown, commands=tried(0)).confirmed == [1]
    assert resized(12, commands=tried(0)).confirmed == []
    other_price = [rows(quantity=12.0, stop_price=94.0)[0], rows()[1]]
    assert resized(12, orders=other_price, commands=tried(0)).confirmed == []


def test_modification_that_the_reading_shows_does_not_hold_the_next_one_back() -> None:
    # Nine shares became twelve, and fifteen before anybody looked: nobody waits for what has come already.
    shown = rows(quantity=12.0)
    for seconds in ((0,), (-20, -5)):
        plan = resized(15, orders=shown, commands=tried(*seconds), now=after(1))
        assert plan.confirmed == list(range(1, len(seconds) + 1))
        assert ("S", 15, 95.0) in modifies(plan)
        assert plan.refused == []


# ---- while an entry still works


CHILDREN = (stop("E-S", 2, parent="E"), target("E-T", 3, parent="E"))


def test_children_of_a_live_entry_are_not_made_larger() -> None:
    shown = [shows(CHILDREN[0], total_quantity=3.0, remaining_quantity=3.0), shows(CHILDREN[1]), shows(entry())]
    assert modifies(resized(9, entry(filled=9), legs=CHILDREN, orders=shown)) == []


def test_children_of_a_live_entry_are_cut_where_they_work_for_more_than_is_filled() -> None:
    part = resized(4, entry(filled=4), legs=CHILDREN)
    assert sorted(modifies(part)) == [("E-S", 4, 95.0), ("E-T", 4, 105.0)]


def test_children_of_a_live_entry_are_not_replaced() -> None:
    refused = replace(tried(0, state=CommandState.REFUSED)[0], draft=replace(tried(0)[0].draft, coids=("E-S",)))
    assert resized(4, entry(filled=4), legs=CHILDREN, commands=[refused]).commands == []

"""Own shares beside an entry that was sent when there were none: a sale of them was taken back since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import (
    DECIDED,
    IN_SESSION,
    SESSION,
    after,
    asked,
    entry,
    moment,
    own,
    shows,
    stop,
    target,
)
from tests.unit.trading.execution.planning.test_protection import pairs, plan_of, whole
from trading.execution.planning.cancels import plan_cancels
from trading.execution.planning.order_factory import Purpose, protective_pair
from trading.execution.planning.plan import Modify, Plan, Submit
from trading.execution.planning.protection import cover_of
from trading.execution.sending.door import may_leave
from trading.model.command import CommandState, Step
from trading.model.order import IntentState
from trading.model.request import RequestKind

NEW = entry("N", 11)
LEGS = (stop("N-S", 12, parent="N"), target("N-T", 13, parent="N"))
PAIR = protective_pair(own(), 9, Purpose(DECIDED, SESSION, IN_SESSION), None)


def test_legs_of_an_entry_that_bought_nothing_cover_nothing_and_keep_no_pair_away() -> None:
    state = moment(IN_SESSION, NEW, *LEGS, positions=[own()])
    assert cover_of(own(), state).uncovered == 9
    assert pairs(plan_of(state)) == whole()
    assert may_leave(Submit(PAIR, Step.PROTECTION), state) is None


@pytest.mark.parametrize("told_by_the_row", [True, False])
def test_legs_of_an_entry_that_bought_some_cover(*, told_by_the_row: bool) -> None:
    bought = NEW if told_by_the_row else replace(NEW, filled=3)
    rows = [shows(bought, filled_quantity=3.0, remaining_quantity=6.0), *(shows(leg) for leg in LEGS)]
    state = moment(IN_SESSION, bought, *LEGS, positions=[own()], orders=rows)
    assert cover_of(own(), state).uncovered == 0
    assert may_leave(Submit(PAIR, Step.PROTECTION), state) is not None


def test_legs_of_the_position_s_own_entry_are_waited_for() -> None:
    # Its execution is told of, and its row is older.
    state = moment(IN_SESSION, entry("E", 11), stop("E-S", 12, parent="E"), positions=[own()])
    assert pairs(plan_of(state)) == []


def test_of_two_pairs_the_one_of_an_entry_that_ended_without_a_fill_goes() -> None:
    ended, pair = replace(NEW, state=IntentState.CANCELLED), (stop(), target())
    plan = Plan()
    plan_cancels(moment(IN_SESSION, ended, *LEGS, *pair, positions=[own()]), plan)
    assert cancels(plan) == [("N-S", Step.EXCESS), ("N-T", Step.EXCESS)]


@pytest.mark.parametrize(
    ("bought_by", "state", "goes"),
    [("E", IntentState.WORKING, True), ("N", IntentState.WORKING, False), ("E", IntentState.UNKNOWN, False)],
)
def test_entry_beside_shares_of_another_one_is_cancelled(bought_by: str, state: IntentState, *, goes: bool) -> None:
    plan = Plan()
    entering = replace(NEW, state=state)
    plan_cancels(moment(IN_SESSION, entering, *LEGS, positions=[own(entry_coid=bought_by)]), plan)
    assert cancels(plan) == ([("N", Step.EXCESS)] if goes else [])


@pytest.mark.parametrize(("changed", "grows"), [(True, ["N-S"]), (False, [])])
def test_leg_that_was_changed_while_its_entry_works_grows_by_our_hand(*, changed: bool, grows: list[str]) -> None:
    bought = replace(NEW, filled=5)
    rows = [shows(bought, filled_quantity=5.0, remaining_quantity=4.0), shows(LEGS[0], remaining_quantity=3.0)]
    before = asked(LEGS[0], Step.RESIZE, after(-600), kind=RequestKind.MODIFY, state=CommandState.CONFIRMED, quantity=3)
    state = moment(
        IN_SESSION,
        bought,
        LEGS[0],
        LEGS[1],
        positions=[own(5, entry_coid="N")],
        orders=[*rows, shows(LEGS[1], remaining_quantity=5.0)],
        commands=[before] if changed else [],
    )
    assert [each.record.coid for each in plan_of(state).commands if isinstance(each, Modify)] == grows

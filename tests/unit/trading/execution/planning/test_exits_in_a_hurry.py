"""Sales after a halt, of a flatten and of the software guard, and limits that the price leaves behind."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.fakes.plans import cancels, refused, sent, sold, steps, waits
from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    CLOSE,
    IN_SESSION,
    MSFT,
    OPEN,
    PRE_OPEN,
    Facts,
    after,
    asked,
    bid,
    covered,
    moment,
    observing,
    own,
    planned,
    sale,
    stop,
    target,
)
from tests.unit.trading.execution.exit_moments import FLAT, SOLD, bare, plan_of
from trading.execution.planning.exits import WantedExit
from trading.execution.planning.plan import Refuse
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.mode import Mode
from trading.model.order import IntentState

# ---- halt and flatten


def test_halt_holds_back_every_exit_but_the_guards_and_a_persons() -> None:
    halted = bare(PRE_OPEN, mode=Mode.HALTED)
    assert (sent(plan_of(halted)), waits(plan_of(halted))) == ([], {"AAPL": "state"})
    assert sold(plan_of(bare(PRE_OPEN, **FLAT))) == [(9, None)]
    late = bare(IN_SESSION, mode=Mode.HALTED, quotes=[bid(94.0)])
    assert sold(plan_of(late, (WantedExit(own(), "stop", guarded=True),))) == [(9, 92.12)]


def test_flatten_cancels_the_cover_first_and_then_sells() -> None:
    plan = plan_of(covered(PRE_OPEN, **FLAT))
    assert steps(plan) == ["Prepare", "Cancel", "Cancel"]


def test_flatten_in_observe_mode_cancels_nothing() -> None:
    plan = plan_of(covered(PRE_OPEN, guard=observing(), **FLAT))
    assert cancels(plan) == []
    assert sent(plan) == []
    assert waits(plan) == {"AAPL": "account"}


def test_refusal_in_observe_mode_is_put_on_record_once() -> None:
    for decision in (SOLD, None):
        watching = {"guard": observing(), "decision": decision, **FLAT}
        assert steps(plan_of(bare(PRE_OPEN, **watching))) == ["Refuse"]
        refused = sale(state=IntentState.DENIED, detail="account")
        assert steps(plan_of(bare(PRE_OPEN, refused, **watching))) == []


def test_flatten_takes_over_an_exit_that_was_planned_for_another_reason() -> None:
    # What was planned would not pass after a halt: its cover would be cancelled and nothing sold.
    plan = plan_of(bare(PRE_OPEN, planned(sale()), **FLAT))
    assert steps(plan) == ["Refuse", "Submit"]
    assert [str(intent.reason) for intent in sent(plan)] == ["operator"]


def test_contract_that_is_short_stops_nobody_elses_sale() -> None:
    state = bare(PRE_OPEN, positions=[own(), own(4, MSFT)], held={AAPL: -9.0, MSFT: 4.0}, **FLAT)
    plan = plan_of(state)
    assert [(intent.conid, intent.quantity) for intent in sent(plan)] == [(MSFT, 4)]
    assert waits(plan) == {"AAPL": "short"}


def test_sale_of_a_flatten_that_was_taken_back_is_closed_and_not_sent() -> None:
    left_behind = planned(sale(reason="operator"))
    for mode in (Mode.ACTIVE, Mode.HALTED):
        plan = plan_of(bare(PRE_OPEN, left_behind, decision=None, mode=mode))
        assert (sent(plan), refused(plan)) == ([], [("X", "too_old")])
    goes_on = bare(PRE_OPEN, left_behind, **FLAT)
    assert [intent.coid for intent in sent(plan_of(goes_on))] == ["X"]


def test_decision_takes_over_where_a_flatten_was_taken_back() -> None:
    plan = plan_of(bare(PRE_OPEN, planned(sale(reason="operator"))))
    assert [str(intent.reason) for intent in sent(plan)] == ["trend_broken"]


# ---- the guard's sale


def test_guards_sale_stands_beside_a_stop_that_nobody_can_find() -> None:
    unknown = stop("S", None, state=IntentState.UNKNOWN)
    state = moment(IN_SESSION, unknown, positions=[own()], quotes=[bid(94.0)])
    plan = plan_of(state, (WantedExit(own(), "stop", guarded=True),))
    assert (sold(plan), cancels(plan)) == ([(9, 92.12)], [])


def test_guards_sale_waits_for_a_target_that_works() -> None:
    state = moment(IN_SESSION, target(), positions=[own()], quotes=[bid(94.0)])
    plan = plan_of(state, (WantedExit(own(), "stop", guarded=True),))
    assert (sent(plan), cancels(plan)) == ([], [("T", Step.EXIT)])


@pytest.mark.parametrize("realtime", ["false", "true"])
@pytest.mark.parametrize(("price", "limit"), [(94.0, 89.3), (95.0, 90.25), (96.0, 90.25)])
def test_guards_sale_at_a_delayed_price_lies_five_percent_under_price_and_stop(
    price: float, limit: float, realtime: str
) -> None:
    # Whoever wants real-time prices for the orders of the day has not asked for shares that nothing watches.
    settings = settings_of(f"execution.require_realtime={realtime}")
    state = bare(IN_SESSION, settings=settings, quotes=[bid(price, availability="D")])
    assert sold(plan_of(state, (WantedExit(own(), "stop", guarded=True),))) == [(9, limit)]


@pytest.mark.parametrize("now", [OPEN, after(299, OPEN), after(-1, CLOSE)])
def test_guards_sale_knows_no_first_and_last_minutes(now: datetime) -> None:
    state = bare(now, quotes=[bid(94.0, now)])
    assert sent(plan_of(state)) == []
    assert sold(plan_of(state, (WantedExit(own(), "stop", guarded=True),))) == [(9, 92.12)]


def test_guards_sale_before_the_open_is_a_market_order() -> None:
    for facts in ({}, {"mode": Mode.HALTED}):
        plan = plan_of(bare(PRE_OPEN, **facts), (WantedExit(own(), "stop", guarded=True),))
        assert sold(plan) == [(9, None)]


# ---- a limit that the price leaves behind


@pytest.mark.parametrize(
    ("price", "age_s", "given_up"),
    [(97.99, 60, True), (97.99, 59, False), (98.0, 60, False), (99.0, 600, False), (97.0, 61, True)],
)
def test_limit_that_the_price_has_left_behind_is_given_up(price: float, age_s: float, given_up: bool) -> None:  # noqa: FBT001
    working = sale(limit=98.0, sent_at=after(-age_s))
    plan = plan_of(bare(IN_SESSION, working, quotes=[bid(price)]))
    assert cancels(plan) == ([("X", Step.REPLACE)] if given_up else [])
    assert sent(plan) == []
    assert plan.leaving == {AAPL}
    assert plan.look_again == after(5)


def test_limit_is_left_alone_without_a_price_or_outside_regular_hours() -> None:
    working = sale(limit=98.0, sent_at=after(-600))
    assert plan_of(bare(IN_SESSION, working)).commands == []
    assert plan_of(bare(after(60, CLOSE), working, quotes=[bid(90.0, after(60, CLOSE))])).commands == []


def test_third_limit_that_is_left_behind_raises_an_alarm() -> None:
    ended = [sale(f"X{n}", 40 + n, limit=98.0, state=IntentState.CANCELLED, sent_at=OPEN) for n in range(2)]
    working = sale("X9", 49, limit=93.0, sent_at=after(-60))
    commands = [asked(each, Step.REPLACE, OPEN, number=n) for n, each in enumerate(ended)]
    for number, alarms in ((1, []), (2, [AlarmCode.EXIT])):
        state = bare(IN_SESSION, *ended[:number], working, commands=commands[:number], quotes=[bid(90.0)])
        assert [alarm.code for alarm in plan_of(state).alarms] == alarms


def test_price_from_which_a_planned_limit_has_gone_needs_a_new_one() -> None:
    # Half a percent is as far as a limit may be from the one that would be sent now.
    for price, names in ((100.4, ["X"]), (99.6, ["X"]), (101.0, [""]), (99.0, [""])):
        plan = plan_of(bare(IN_SESSION, planned(sale(limit=98.0)), quotes=[bid(price)]))
        assert [intent.coid for intent in sent(plan)] == names


def test_planned_limit_stays_while_its_cover_is_cancelled_and_gives_way_once_when_it_can_leave() -> None:
    # At the last collar the door knows no slack: each higher price leaves the limit too far below.
    ended = sale("X0", 40, limit=98.0, state=IntentState.CANCELLED, sent_at=OPEN)
    limited = planned(sale(limit=95.0))
    for price, names in ((100.0, ["X"]), (100.02, [""]), (100.4, [""]), (99.6, ["X"]), (99.4, [""])):
        facts: Facts = {"commands": [asked(ended, Step.REPLACE, OPEN)], "quotes": [bid(price)]}
        beside = plan_of(moment(IN_SESSION, ended, limited, stop(), target(), positions=[own()], **facts))
        assert set(steps(beside)) == {"Cancel"}
        alone = plan_of(bare(IN_SESSION, ended, limited, **facts))
        assert [intent.coid for intent in sent(alone)] == names
        gone = [command.denied for command in alone.commands if isinstance(command, Refuse)]
        assert [(denied.code, denied.value) for denied in gone] == ([] if names == ["X"] else [("too_old", 95.0)])
        assert all(denied.detail.startswith("the price has left its limit behind") for denied in gone)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (FLAT, "another sale takes its place"),
        ({"decision": None}, "it is not wanted any more"),
    ],
)
def test_planned_sale_that_gives_way_says_why(facts: dict[str, object], why: str) -> None:
    left = planned(sale(reason="trend_broken" if facts is FLAT else "operator"))
    plan = plan_of(bare(PRE_OPEN, left, **facts))
    assert [c.denied.detail for c in plan.commands if isinstance(c, Refuse)] == [why]

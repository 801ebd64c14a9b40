from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.plans import cancels, sent, sold, steps, waits
from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    CLOSE,
    CONTRACTS,
    DECIDED,
    IN_SESSION,
    MSFT,
    OPEN,
    PRE_OPEN,
    SESSION,
    Facts,
    after,
    asked,
    bid,
    covered,
    decided,
    moment,
    observing,
    own,
    planned,
    sale,
    shows,
    stop,
    target,
    unreadable,
)
from tests.unit.trading.execution.exit_moments import COVER, FLAT, SOLD, YESTERDAY, bare, plan_of
from trading.execution.planning.exits import pending_exits, waits_for_its_bar, wanted_exits
from trading.execution.planning.plan import Cancel, Prepare, Refuse
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import Reading
from trading.execution.reconciliation.doubts import shown_of
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.contract import PriceIncrement
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, ExecutionList, IntentState, OrderType
from trading.model.record import IntentRecord
from trading.ports import Sighting

# ---- which are wanted


def reasons(state: TradingState) -> list[tuple[str, str]]:
    return [(want.position.symbol, str(want.reason)) for want in wanted_exits(state)]


def test_exit_of_the_decision_is_wanted() -> None:
    assert reasons(bare()) == [("AAPL", "trend_broken")]
    assert reasons(bare(decision=decided(exits=["MSFT"]))) == []
    assert reasons(bare(decision=None)) == []


def test_flatten_wants_everything_sold_whatever_was_decided() -> None:
    state = bare(IN_SESSION, positions=[own(), own(4, MSFT)], **FLAT)
    assert reasons(state) == [("AAPL", "operator"), ("MSFT", "operator")]


@pytest.mark.parametrize("state", list(IntentState))
def test_exit_of_the_decision_goes_on_until_it_is_over_and_again_when_it_never_did_anything(state: IntentState) -> None:
    over = {IntentState.FILLED, IntentState.EXPIRED, IntentState.REJECTED, IntentState.DECLINED}
    # A cancel that nobody here asked for, and a refusal of ours, stand.
    over |= {IntentState.CANCELLED, IntentState.DENIED}
    assert bool(reasons(bare(PRE_OPEN, sale(state=state)))) is (state not in over)


@pytest.mark.parametrize(
    ("detail", "again"),
    [("too_old its window is over", True), ("market_closed", True), ("not_sent", True), ("account observed", False)],
)
def test_exit_that_only_came_too_late_is_wanted_again(detail: str, again: bool) -> None:  # noqa: FBT001
    denied = sale(state=IntentState.DENIED, detail=detail)
    assert bool(reasons(bare(IN_SESSION, denied))) is again


def test_exit_that_we_cancelled_ourselves_is_sent_again_and_one_that_a_person_cancelled_is_not() -> None:
    ended = sale(limit=98.0, state=IntentState.CANCELLED)
    assert reasons(bare(IN_SESSION, ended)) == []
    assert reasons(bare(IN_SESSION, ended, commands=[asked(ended, Step.REPLACE, IN_SESSION)])) != []


def test_exit_whose_question_nobody_answered_is_sent_again_and_one_that_the_broker_refused_is_not() -> None:
    assert reasons(bare(PRE_OPEN, sale(state=IntentState.REJECTED, reply_id="07a1"))) != []
    assert reasons(bare(PRE_OPEN, sale(state=IntentState.REJECTED))) == []


def test_exit_that_met_no_bar_is_sent_for_the_next_session_with_its_reason() -> None:
    unfilled = sale(state=IntentState.EXPIRED, decided=YESTERDAY, session=DECIDED, reason="time_stop")
    early = own(entry_session=YESTERDAY)
    assert waits_for_its_bar(unfilled)
    assert reasons(bare(PRE_OPEN, unfilled, decision=decided(), positions=[early])) == [("AAPL", "time_stop")]
    same_session = sale(state=IntentState.EXPIRED)
    assert reasons(bare(IN_SESSION, same_session, decision=decided())) == []


def test_exit_of_an_earlier_position_in_the_same_stock_counts_for_nothing() -> None:
    young = own(entry_session=SESSION)
    assert pending_exits([sale()], [young]) == frozenset()
    assert reasons(bare(IN_SESSION, sale(state=IntentState.WORKING), positions=[young], decision=None)) == []


@pytest.mark.parametrize("state", list(IntentState))
def test_exit_is_pending_while_it_may_still_sell(state: IntentState) -> None:
    pending = {IntentState.PLANNED, IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING}
    pending |= {IntentState.UNKNOWN, IntentState.WORKING, IntentState.EXPIRED}
    assert bool(pending_exits([sale(state=state)], [own()])) is (state in pending)


# ---- the way there


def test_exit_is_planned_before_the_first_of_its_cover_is_cancelled() -> None:
    plan = plan_of(covered(PRE_OPEN, decision=SOLD))
    assert steps(plan) == ["Prepare", "Cancel", "Cancel"]
    assert cancels(plan) == COVER
    assert plan.leaving == {AAPL}


def test_each_exit_is_planned_before_its_own_cancels() -> None:
    more = (stop("MS", 12, conid=MSFT), target("MT", 13, conid=MSFT))
    positions = [own(), own(9, MSFT)]
    plan = plan_of(covered(PRE_OPEN, *more, positions=positions, decision=decided(exits=["AAPL", "MSFT"])))
    first: dict[tuple[type, int], int] = {}
    for at, command in enumerate(plan.commands):
        conid = command.drafts[0].conid if isinstance(command, Prepare) else command.record.intent.conid  # type: ignore[union-attr]
        first.setdefault((type(command), conid), at)
    for conid in (AAPL, MSFT):
        assert first[(Prepare, conid)] < first[(Cancel, conid)]


def test_exit_that_is_planned_already_is_not_planned_again() -> None:
    plan = plan_of(covered(PRE_OPEN, planned(sale()), decision=SOLD))
    assert steps(plan) == ["Cancel", "Cancel"]


def test_planned_exit_is_sent_once_its_cover_is_over() -> None:
    over = (stop(state=IntentState.CANCELLED), target(state=IntentState.CANCELLED))
    plan = plan_of(bare(PRE_OPEN, *over, planned(sale())))
    assert [intent.coid for intent in sent(plan)] == ["X"]


def test_nothing_is_sold_while_one_leg_of_the_cover_may_live() -> None:
    over, on_its_way = stop(state=IntentState.CANCELLED), target()
    commands = [asked(on_its_way, Step.EXIT, after(-1, PRE_OPEN))]
    plan = plan_of(bare(PRE_OPEN, over, on_its_way, planned(sale()), commands=commands))
    assert plan.commands == []
    assert plan.look_again is not None
    assert ("T", Step.EXIT) in plan.asked


def test_exit_before_the_open_is_a_market_order() -> None:
    (intent,) = sent(plan_of(bare()))
    assert (intent.order_type, intent.limit_price, intent.quantity) == (OrderType.MARKET, None, 9)
    assert (intent.session, intent.decided, intent.reason) == (SESSION, DECIDED, "trend_broken")


def test_exit_that_missed_the_open_is_a_limit_two_percent_under_the_bid() -> None:
    assert sold(plan_of(bare(IN_SESSION, quotes=[bid(100.0)]))) == [(9, 98.0)]


def test_next_limits_lie_five_percent_under_the_bid() -> None:
    ended = [sale(f"X{n}", 40 + n, limit=98.0, state=IntentState.CANCELLED, sent_at=OPEN) for n in range(3)]
    for number in (1, 2, 3):
        first = ended[:number]
        commands = [asked(each, Step.REPLACE, OPEN, number=n) for n, each in enumerate(first)]
        assert sold(plan_of(bare(IN_SESSION, *first, commands=commands, quotes=[bid(100.0)]))) == [(9, 95.0)]


@pytest.mark.parametrize(("limit", "kept"), [(95.2, True), (95.0, True), (94.99, False), (94.6, False)])
def test_planned_limit_that_lies_more_than_five_percent_under_the_bid_by_now_is_planned_anew(
    limit: float, *, kept: bool
) -> None:
    ended = sale("X1", 41, limit=98.0, state=IntentState.CANCELLED, sent_at=OPEN)
    facts: Facts = {"commands": [asked(ended, Step.REPLACE, OPEN)], "quotes": [bid(100.0)]}
    assert sold(plan_of(bare(IN_SESSION, ended, planned(sale(limit=limit)), **facts))) == [(9, limit if kept else 95.0)]


@pytest.mark.parametrize(("limit", "kept"), [(98.0, True), (97.99, True), (98.0013, False)])
def test_planned_limit_that_its_contract_can_not_have_makes_way_for_one_that_it_can(
    limit: float, *, kept: bool
) -> None:
    made = planned(sale(limit=limit))
    plan = plan_of(bare(IN_SESSION, made, quotes=[bid(100.0)]))
    assert sold(plan) == [(9, limit if kept else 98.0)]
    assert [intent.coid for intent in sent(plan)] == ["X" if kept else ""]


def test_sale_without_a_possible_price_waits_and_an_alert_says_so() -> None:
    contracts = {"AAPL": replace(CONTRACTS["AAPL"], increments=(PriceIncrement(0.0, 0.0),))}
    plan = plan_of(bare(IN_SESSION, quotes=[bid(100.0)], contracts=contracts))
    assert waits(plan)["AAPL"] == "fat_finger"
    assert [alarm.code for alarm in plan.alarms] == [AlarmCode.EXIT]
    assert plan.look_again is not None


@pytest.mark.parametrize("held", [12.0, 9.0, 5.0, 4.9])
def test_exit_sells_no_more_than_the_broker_shows(held: float) -> None:
    assert sold(plan_of(bare(held={AAPL: held}))) == [(min(9, int(held)), None)]


def test_exit_waits_where_fewer_shares_were_shown_a_moment_ago() -> None:
    # A part of them is not sold: nobody would sell the rest.
    for before, expected in ((0, []), (5, []), (9, [(9, None)])):
        shown = {shown_of(AAPL): (Sighting(str(before), after(-20, PRE_OPEN)), Sighting("9", PRE_OPEN))}
        plan = plan_of(bare(held={AAPL: 9.0}, sightings=shown))
        assert sold(plan) == expected
        assert bool(expected) or (waits(plan)["AAPL"] == "short" and plan.look_again is not None)


@pytest.mark.parametrize(
    ("now", "sends"),
    [
        (after(-1, PRE_OPEN), False),
        (PRE_OPEN, True),
        (after(-120, OPEN), True),
        (after(-119, OPEN), False),
        (OPEN, False),
        (after(299, OPEN), False),
        (after(300, OPEN), True),
        (after(-600, CLOSE), True),
        (after(-599, CLOSE), False),
        (CLOSE, False),
    ],
)
def test_exit_leaves_in_the_window_or_in_the_middle_of_the_session(now: datetime, sends: bool) -> None:  # noqa: FBT001
    plan = plan_of(bare(now, quotes=[bid(100.0, now)]))
    assert bool(sent(plan)) is sends
    assert (plan.waiting == {}) is sends


def test_cover_stays_while_the_sale_would_not_pass() -> None:
    hindered: list[Facts] = [
        {"now": after(-60, OPEN)},
        {"now": IN_SESSION},
        {"now": IN_SESSION, "quotes": [bid(0.0)]},
        {"now": PRE_OPEN, "mode": Mode.HALTED},
        {"now": PRE_OPEN, "guard": observing()},
        {"now": PRE_OPEN, "held": {AAPL: 0.0}},
        {"now": PRE_OPEN, "held": {AAPL: -9.0}},
        {"now": PRE_OPEN, "reconciled": False},
        {"now": PRE_OPEN, "failed": ["positions"]},
        {"now": PRE_OPEN, "failed": ["executions"]},
        {"now": PRE_OPEN, "unreadable_orders": [unreadable(AAPL)]},
        {"now": PRE_OPEN, "unreadable_positions": [unreadable(None)]},
    ]
    for facts in hindered:
        plan = plan_of(covered(decision=SOLD, **facts))
        assert cancels(plan) == [], facts
        assert sent(plan) == [], facts
        assert plan.leaving == set(), facts
        assert list(plan.waiting) == ["AAPL"], facts


def test_row_that_can_be_told_to_be_of_another_contract_hinders_no_sale() -> None:
    assert sold(plan_of(bare(unreadable_orders=[unreadable(MSFT)]))) == [(9, None)]


def test_row_that_is_told_to_be_no_order_of_ours_hinders_no_sale() -> None:
    theirs = replace(unreadable(AAPL), order_id=99, order_ref="by hand", foreign=True)
    assert sold(plan_of(bare(unreadable_orders=[theirs, replace(theirs, conid=None)]))) == [(9, None)]


def test_execution_that_can_not_be_read_hinders_no_sale_of_shares_that_are_shown() -> None:
    listed = Reading(ExecutionList((), (unreadable(AAPL), unreadable(None))), PRE_OPEN)
    state = bare()
    state = replace(state, snapshot=replace(state.snapshot, executions=listed))
    assert sold(plan_of(state)) == [(9, None)]


def test_balances_that_could_not_be_read_hinder_no_sale() -> None:
    assert sold(plan_of(bare(failed=["account"]))) == [(9, None)]


@pytest.mark.parametrize("made", [stop, target])
def test_nothing_else_is_sold_while_a_sell_is_not_proven(made: object) -> None:
    unknown = made("U", None, state=IntentState.UNKNOWN)  # type: ignore[operator]
    plan = plan_of(bare(PRE_OPEN, unknown))
    assert (cancels(plan), sent(plan), waits(plan)) == ([], [], {"AAPL": "restricted"})


def test_second_exit_is_not_sent_beside_the_first() -> None:
    for first in (sale(), sale("X", None, state=IntentState.UNKNOWN)):
        plan = plan_of(bare(PRE_OPEN, first))
        assert plan.commands == []
        assert plan.leaving == {AAPL}


# ---- what nobody wants any more


@pytest.mark.parametrize(
    ("now", "made", "closed"),
    [
        (after(-120, OPEN), sale(), False),
        (after(-119, OPEN), sale(), True),
        (OPEN, sale(), True),
        (after(-599, CLOSE), sale(limit=98.0), True),
        (OPEN, sale(limit=98.0), False),
        (PRE_OPEN, sale(session=DECIDED), True),
    ],
)
def test_planned_exit_whose_time_is_over_is_closed(now: datetime, made: IntentRecord, closed: bool) -> None:  # noqa: FBT001
    plan = plan_of(bare(now, planned(made), reconciled=False))
    assert (steps(plan) == ["Refuse"]) is closed


def test_planned_exit_of_a_position_that_is_gone_is_closed() -> None:
    plan = plan_of(moment(PRE_OPEN, planned(sale())))
    (command,) = plan.commands
    assert isinstance(command, Refuse)
    assert (command.group[0].coid, command.denied.code) == ("X", "too_old")


def test_exit_whose_market_order_is_shown_by_the_reading_is_only_followed() -> None:
    for status in (BrokerStatus.PRE_SUBMITTED, BrokerStatus.PENDING_SUBMIT):
        state = bare(IN_SESSION, sale(), orders=[shows(sale(), status)], quotes=[bid(90.0)])
        assert plan_of(state).commands == []


def test_delayed_quote_sells_nothing_where_real_time_is_required() -> None:
    settings = settings_of("execution.require_realtime=true")
    quotes = [bid(100.0, availability="D")]
    assert waits(plan_of(bare(IN_SESSION, settings=settings, quotes=quotes))) == {"AAPL": "stale"}
    assert sold(plan_of(bare(IN_SESSION, quotes=quotes))) == [(9, 98.0)]


def test_cover_that_turns_up_beside_an_exit_that_works_gives_way() -> None:
    for exit_ in (sale(), sale(limit=98.0)):
        plan = plan_of(covered(IN_SESSION, exit_, decision=SOLD))
        assert (cancels(plan), sent(plan)) == (COVER, [])


def test_cover_stays_beside_an_exit_that_may_not_work_or_sells_too_little() -> None:
    unknown = sale("X", None, state=IntentState.UNKNOWN)
    assert cancels(plan_of(covered(IN_SESSION, unknown, decision=SOLD))) == []
    unsure = sale()
    rows = [shows(stop()), shows(target()), shows(unsure, BrokerStatus.INACTIVE)]
    assert cancels(plan_of(covered(IN_SESSION, unsure, decision=SOLD, orders=rows))) == []
    assert cancels(plan_of(covered(IN_SESSION, sale(quantity=4), decision=SOLD))) == []
    assert cancels(plan_of(covered(IN_SESSION, sale(), decision=SOLD, guard=observing()))) == []

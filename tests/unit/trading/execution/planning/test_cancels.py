from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import (
    AAPL,
    CLOSE,
    DECIDED,
    EPOCH,
    IN_SESSION,
    OPEN,
    PRE_OPEN,
    SESSION,
    Facts,
    after,
    asked,
    covered,
    entry,
    moment,
    own,
    planned,
    sale,
    shows,
    stop,
    target,
)
from trading.execution.planning.cancels import ask_cancel, lapse, plan_cancels
from trading.execution.planning.plan import Plan
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.command import CommandRecord, CommandState, Step
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, OrderType, Side
from trading.model.record import IntentRecord
from trading.model.request import RequestKind

HALTED = Mode.HALTED
TIMES = (0.0, 5.0, 20.0, 80.0, 140.0, 200.0)


def plan_of(state: TradingState) -> Plan:
    plan = Plan()
    plan_cancels(state, plan)
    return plan


def halt_asked(times: int, *, state: CommandState = CommandState.ACKED) -> list[CommandRecord]:
    return [
        asked(entry(), Step.HALT, after(at), number=number, state=state) for number, at in enumerate(TIMES[:times], 1)
    ]


# ---- what has to go


@pytest.mark.parametrize("facts", [{"mode": HALTED}, {"mode": HALTED, "flatten": True}])
def test_halt_and_flatten_cancel_entries(facts: Facts) -> None:
    assert cancels(plan_of(moment(PRE_OPEN, entry(), **facts))) == [("E", Step.HALT)]


@pytest.mark.parametrize("mode", [Mode.ACTIVE, Mode.REDUCING, Mode.RECONCILING])
def test_entry_stays_in_every_other_mode(mode: Mode) -> None:
    assert cancels(plan_of(moment(PRE_OPEN, entry(), mode=mode))) == []


def test_halt_leaves_the_cover_of_own_shares_alone() -> None:
    assert cancels(plan_of(covered(IN_SESSION, mode=HALTED))) == []


def test_entry_that_was_unknown_at_the_halt_is_cancelled_when_it_turns_up() -> None:
    unknown = entry("E", None, state=IntentState.UNKNOWN)
    assert cancels(plan_of(moment(PRE_OPEN, unknown, mode=HALTED))) == []
    assert cancels(plan_of(moment(PRE_OPEN, entry("E", 1), mode=HALTED))) == [("E", Step.HALT)]


def test_order_that_is_bound_by_likeness_alone_is_never_cancelled() -> None:
    assert cancels(plan_of(moment(PRE_OPEN, entry(provisional=True), mode=HALTED))) == []


def test_halt_tells_at_once_of_an_order_that_looks_like_an_entry_and_may_buy_on() -> None:
    like = entry("E", 1, provisional=True)
    assert plan_of(moment(PRE_OPEN, like)).alarms == []
    assert plan_of(moment(PRE_OPEN, entry("E", 1), mode=HALTED)).alarms == []
    [alarm] = plan_of(moment(PRE_OPEN, like, mode=HALTED)).alarms
    assert (alarm.code, alarm.subject) == (AlarmCode.ORDER_UNKNOWN, "E")
    assert "order 1 looks like it; claim it or cancel it at the broker" in alarm.text


def test_halt_does_not_cancel_by_an_id_of_an_earlier_session_that_this_one_has_not_shown() -> None:
    assert cancels(plan_of(moment(PRE_OPEN, entry(seen_epoch=EPOCH - 1), orders=[], mode=HALTED))) == []
    assert cancels(plan_of(moment(PRE_OPEN, entry(seen_epoch=EPOCH), orders=[], mode=HALTED))) == [("E", Step.HALT)]


@pytest.mark.parametrize(
    "state", [IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING, IntentState.UNKNOWN]
)
def test_order_whose_outcome_is_open_is_not_cancelled_by_an_id(state: IntentState) -> None:
    assert cancels(plan_of(moment(PRE_OPEN, entry(state=state), mode=HALTED))) == []


def test_id_that_the_broker_gave_to_another_order_is_not_cancelled() -> None:
    others = (
        {"conid": 5},
        {"side": Side.SELL},
        {"order_type": OrderType.STOP},
        {"order_ref": "somebody's"},
        {"order_ref": None, "total_quantity": 700.0, "limit_price": 3.0},
    )
    for changes in others:
        row = shows(entry(), **changes)
        assert cancels(plan_of(moment(PRE_OPEN, entry(), orders=[row], mode=HALTED))) == []


def test_order_that_no_reading_of_this_session_shows_is_not_cancelled() -> None:
    before = entry(seen_epoch=EPOCH - 1)
    assert cancels(plan_of(moment(PRE_OPEN, before, orders=[], mode=HALTED))) == []
    assert cancels(plan_of(moment(PRE_OPEN, entry(), orders=[], mode=HALTED))) == [("E", Step.HALT)]


def test_order_that_the_reading_shows_as_over_is_not_cancelled() -> None:
    for status in (BrokerStatus.FILLED, BrokerStatus.CANCELLED):
        shown = [shows(entry(), status)]
        assert cancels(plan_of(moment(PRE_OPEN, entry(), orders=shown, mode=HALTED))) == []


@pytest.mark.parametrize(("late_s", "expected"), [(-1, []), (0, []), (1, [("E", Step.SESSION_OVER)])])
def test_entry_that_lives_beyond_its_session_is_cancelled(late_s: int, expected: list[object]) -> None:
    assert cancels(plan_of(moment(after(late_s, CLOSE), entry()))) == expected


def test_entry_of_a_day_without_a_session_is_cancelled() -> None:
    sunday = entry(session=SESSION - timedelta(days=2))
    assert cancels(plan_of(moment(PRE_OPEN, sunday))) == [("E", Step.SESSION_OVER)]


@pytest.mark.parametrize("state", list(IntentState))
def test_entry_whose_stop_never_came_to_be_is_cancelled(state: IntentState) -> None:
    child = stop("E-S", 2, parent="E", state=state)
    refused = {IntentState.REJECTED, IntentState.DECLINED, IntentState.LOST}
    expected = [("E", Step.CHILD_REFUSED)] if state in refused else []
    assert cancels(plan_of(moment(PRE_OPEN, entry(), child))) == expected


def test_entry_without_its_target_may_go_on() -> None:
    child = target("E-T", 3, parent="E", state=IntentState.REJECTED)
    assert cancels(plan_of(moment(PRE_OPEN, entry(), child))) == []


def test_sells_with_no_shares_behind_them_are_cancelled() -> None:
    assert cancels(plan_of(moment(IN_SESSION, stop(), target()))) == [("S", Step.EXCESS), ("T", Step.EXCESS)]


def test_sells_stay_while_there_are_shares_or_may_yet_be() -> None:
    assert cancels(plan_of(covered())) == []
    for buy in (entry(), entry("E", None, state=IntentState.UNKNOWN), planned(entry())):
        assert cancels(plan_of(moment(IN_SESSION, stop(), target(), buy))) == []
    for gone in (IntentState.CANCELLED, IntentState.LOST, IntentState.FILLED):
        assert len(cancels(plan_of(moment(IN_SESSION, stop(), target(), entry(state=gone))))) == 2


# ---- more sells than shares


@pytest.mark.parametrize(
    ("shares", "filled", "listed", "goes"),
    [(9, 0, 9, False), (8, 0, 9, True), (0, 0, 9, True), (5, 4, 9, False), (8, 0, 5, False), (4, 4, 9, True)],
)
def test_exit_that_would_sell_more_than_is_left_is_cancelled(
    shares: int,
    filled: int,
    listed: int,
    goes: bool,  # noqa: FBT001
) -> None:
    # The row may be older than the executions, or the other way round: what both leave can still be sold.
    leaving = sale(filled=filled)
    rows = [shows(leaving, remaining_quantity=float(listed))]
    plan = plan_of(moment(PRE_OPEN, leaving, positions=[own(shares)] if shares else [], orders=rows))
    assert cancels(plan) == [("X", Step.EXCESS)] * goes


def test_exit_that_is_there_again_beside_its_successor_makes_the_newer_one_go() -> None:
    plan = plan_of(moment(PRE_OPEN, sale(), sale("X2", 14), positions=[own()]))
    assert cancels(plan) == [("X2", Step.EXCESS)]


def test_exit_that_is_bound_by_likeness_alone_is_not_cancelled_as_excess() -> None:
    assert cancels(plan_of(moment(PRE_OPEN, sale(provisional=True)))) == []


@pytest.mark.parametrize(("held", "goes"), [(-1.0, True), (0.0, False), (4.0, False)])
def test_nothing_sells_on_in_a_contract_that_the_account_is_short_of(held: float, *, goes: bool) -> None:
    for sells in ((stop(), target()), (sale(),)):
        plan = plan_of(moment(IN_SESSION, *sells, positions=[own()], held={AAPL: held}))
        assert cancels(plan) == ([(each.coid, Step.EXCESS) for each in sells] if goes else [])


def test_legs_of_an_entry_that_has_not_filled_stay_though_another_is_short_of_its_contract() -> None:
    legs = stop("E-S", 2, parent="E"), target("E-T", 3, parent="E")
    assert cancels(plan_of(moment(IN_SESSION, entry(), *legs, held={AAPL: -5.0}))) == []


PAIR, SECOND = (stop(), target()), (stop("S2", 12), target("T2", 13))


def test_pair_that_turns_up_after_it_was_replaced_makes_the_newer_one_go() -> None:
    plan = plan_of(moment(IN_SESSION, *PAIR, *SECOND, positions=[own()]))
    assert cancels(plan) == [("S2", Step.EXCESS), ("T2", Step.EXCESS)]


def test_one_stop_always_stays_even_when_it_is_too_large() -> None:
    assert cancels(plan_of(covered(positions=[own(4)], quantity=9))) == []
    three = moment(IN_SESSION, *PAIR, SECOND[0], stop("S3", 14), positions=[own(4)])
    assert cancels(plan_of(three)) == [("S3", Step.EXCESS), ("S2", Step.EXCESS)]


def test_stops_of_shares_that_may_yet_be_bought_are_not_too_many() -> None:
    children = (stop("E-S", 12, parent="E"), target("E-T", 13, parent="E"))
    assert cancels(plan_of(moment(IN_SESSION, *PAIR, entry(), *children, positions=[own()]))) == []
    part = moment(IN_SESSION, *PAIR, entry(filled=4), *children, positions=[own(13)])
    assert cancels(plan_of(part)) == []
    over = entry(state=IntentState.CANCELLED)
    assert len(cancels(plan_of(moment(IN_SESSION, *PAIR, over, *children, positions=[own()])))) == 2


def test_stop_of_which_nobody_knows_makes_no_other_one_go() -> None:
    unknown = stop("S2", None, state=IntentState.UNKNOWN)
    assert cancels(plan_of(moment(IN_SESSION, *PAIR, unknown, positions=[own()]))) == []
    rows = [shows(record) for record in (*PAIR, SECOND[0])]
    rows.append(shows(SECOND[0], BrokerStatus.CANCELLED))
    assert cancels(plan_of(moment(IN_SESSION, *PAIR, SECOND[0], positions=[own()], orders=rows))) == []


# ---- when it is asked for again


@pytest.mark.parametrize(("times", "due_s"), [(0, 0.0), (1, 5.0), (2, 20.0), (3, 80.0), (4, 140.0), (5, 200.0)])
def test_cancel_is_asked_for_again_after_5_15_60_and_then_every_60_seconds(times: int, due_s: float) -> None:
    # Whoever was alive at the earlier requests: they are in the journal, so a restart changes nothing.
    commands = halt_asked(times)
    for early, expected in ((0.001, 0), (0.0, 1), (-1.0, 1)):
        now = after(due_s - early)
        plan = plan_of(moment(now, entry(), commands=commands, mode=HALTED))
        assert len(cancels(plan)) == (expected if times else 1)
        assert plan.look_again == (None if expected or not times else after(due_s))


@pytest.mark.parametrize("state", [CommandState.SENT, CommandState.ACKED, CommandState.REFUSED, CommandState.UNKNOWN])
def test_whatever_the_answer_was_the_pause_is_kept(state: CommandState) -> None:
    commands = halt_asked(1, state=state)
    assert cancels(plan_of(moment(after(4), entry(), commands=commands, mode=HALTED))) == []


@pytest.mark.parametrize("state", [CommandState.NOT_SENT, CommandState.LAPSED, CommandState.CONFIRMED])
def test_cancel_that_did_not_leave_or_is_settled_keeps_no_pause(state: CommandState) -> None:
    commands = halt_asked(3, state=state)
    plan = plan_of(moment(after(21), entry(), commands=commands, mode=HALTED))
    assert cancels(plan) == [("E", Step.HALT)]
    assert plan.alarms == []


@pytest.mark.parametrize(("times", "alarms"), [(1, []), (2, []), (3, [AlarmCode.CANCEL]), (4, [AlarmCode.CANCEL])])
def test_third_request_raises_an_alarm(times: int, alarms: list[AlarmCode]) -> None:
    plan = plan_of(moment(after(600), entry(), commands=halt_asked(times), mode=HALTED))
    assert [alarm.code for alarm in plan.alarms] == alarms


def on_its_way(now: datetime, asked_at: datetime) -> Plan:
    shown = [shows(entry(), BrokerStatus.PENDING_CANCEL)]
    commands = [asked(entry(), Step.HALT, asked_at)]
    return plan_of(moment(now, entry(), orders=shown, commands=commands, mode=HALTED))


def test_cancel_on_its_way_before_the_open_is_asked_again_five_minutes_after_it() -> None:
    plan = on_its_way(after(600, PRE_OPEN), PRE_OPEN)
    assert cancels(plan) == []
    assert plan.look_again == OPEN + timedelta(minutes=5)


@pytest.mark.parametrize(("seconds", "due"), [(-1, False), (0, False), (60, False), (299, False), (300, True)])
def test_cancel_of_before_the_open_is_not_asked_again_in_its_first_five_minutes(seconds: int, due: bool) -> None:  # noqa: FBT001
    plan = on_its_way(after(seconds, OPEN), PRE_OPEN)
    assert cancels(plan) == ([("E", Step.HALT)] if due else [])
    assert plan.look_again == (None if due else OPEN + timedelta(minutes=5))


@pytest.mark.parametrize(("asked_s", "due_s"), [(-1, 300), (0, 5), (298, 303)])
def test_cancel_asked_in_the_session_does_not_wait_for_its_first_five_minutes(asked_s: int, due_s: int) -> None:
    asked_at = after(asked_s, OPEN)
    assert cancels(on_its_way(after(due_s - 1, OPEN), asked_at)) == []
    assert cancels(on_its_way(after(due_s, OPEN), asked_at)) == [("E", Step.HALT)]


def test_cancel_that_was_asked_before_the_close_of_the_day_before_waits_too() -> None:
    yesterday = after(-1, CLOSE) - timedelta(days=1)
    shown = [shows(stop(), BrokerStatus.PENDING_CANCEL)]
    for seconds, times in ((299, 0), (300, 1)):
        commands = [asked(stop(), Step.EXCESS, yesterday)]
        plan = plan_of(moment(after(seconds, OPEN), stop(), orders=shown, commands=commands))
        assert len(cancels(plan)) == times


def test_cancel_of_before_the_open_whose_order_works_again_is_asked_again_as_any_other() -> None:
    shown = [shows(entry())]
    plan = plan_of(moment(OPEN, entry(), orders=shown, commands=[asked(entry(), Step.HALT, PRE_OPEN)], mode=HALTED))
    assert cancels(plan) == [("E", Step.HALT)]


def test_cancel_on_its_way_after_the_close_waits_for_the_next_open() -> None:
    next_open = OPEN + timedelta(days=1)
    shown = [shows(stop(), BrokerStatus.PENDING_CANCEL)]
    for seconds in (600, 1200):
        now = after(seconds, CLOSE)
        commands = [asked(stop(), Step.EXCESS, after(30, CLOSE))]
        plan = plan_of(moment(now, stop(), orders=shown, commands=commands))
        assert cancels(plan) == []
        assert plan.look_again == next_open + timedelta(minutes=5)


def test_cancel_on_its_way_in_regular_hours_is_asked_again_as_any_other() -> None:
    assert cancels(on_its_way(after(5), IN_SESSION)) == [("E", Step.HALT)]


def test_first_cancel_needs_no_open_market() -> None:
    shown = [shows(entry(), BrokerStatus.PENDING_CANCEL)]
    assert cancels(plan_of(moment(PRE_OPEN, entry(), orders=shown, mode=HALTED))) == [("E", Step.HALT)]


def test_each_step_asks_for_itself() -> None:
    # The exit's cancel of a minute ago says nothing about the cancel that the replacement wants.
    state = covered(IN_SESSION, commands=[asked(stop(), Step.EXIT, IN_SESSION)])
    plan = Plan()
    assert ask_cancel(state.journal.by_coid["S"], Step.REPLACE, state, plan)
    assert cancels(plan) == [("S", Step.REPLACE)]


def test_order_that_is_over_needs_no_cancel() -> None:
    state = moment(IN_SESSION, stop(state=IntentState.CANCELLED), positions=[own()])
    plan = Plan()
    assert not ask_cancel(state.journal.by_coid["S"], Step.EXIT, state, plan)
    assert plan.commands == []


# ---- steps that can't go on


def lapsed(record: IntentRecord, step: Step, *, wanted: bool, **facts: object) -> list[int]:
    changes: Facts = facts
    command = replace(asked(record, step, IN_SESSION, number=41), **changes)
    plan = Plan()
    if wanted:
        plan.asked.add((record.coid, step))
    lapse(covered(IN_SESSION, commands=[command]), plan)
    return plan.lapsed


def test_cancel_that_nobody_asks_for_any_more_lapses() -> None:
    assert lapsed(stop(), Step.EXIT, wanted=False) == [41]
    assert lapsed(stop(), Step.EXIT, wanted=True) == []


@pytest.mark.parametrize("state", [CommandState.CONFIRMED, CommandState.LAPSED, CommandState.NOT_SENT])
def test_what_is_settled_does_not_lapse(state: CommandState) -> None:
    assert lapsed(stop(), Step.EXIT, wanted=False, state=state) == []


def test_submission_does_not_lapse() -> None:
    draft = replace(asked(stop(), Step.PROTECTION, IN_SESSION).draft, kind=RequestKind.SUBMIT)
    assert lapsed(stop(), Step.PROTECTION, wanted=False, draft=draft) == []


def test_refused_modification_is_remembered_for_its_order() -> None:
    draft = replace(asked(stop(), Step.RESIZE, IN_SESSION).draft, kind=RequestKind.MODIFY)
    assert lapsed(stop(), Step.RESIZE, wanted=False, draft=draft) == [41]
    assert lapsed(stop(), Step.RESIZE, wanted=False, draft=draft, state=CommandState.REFUSED) == []


def test_modification_that_the_reading_confirms_does_not_lapse() -> None:
    draft = replace(asked(stop(), Step.RESIZE, IN_SESSION).draft, kind=RequestKind.MODIFY)
    command = replace(asked(stop(), Step.RESIZE, IN_SESSION, number=41), draft=draft)
    plan = Plan(confirmed=[41])
    lapse(covered(IN_SESSION, commands=[command]), plan)
    assert plan.lapsed == []


def test_entry_decided_on_for_another_day_is_judged_by_its_own_session() -> None:
    early = entry(session=DECIDED)
    assert cancels(plan_of(moment(PRE_OPEN, early))) == [("E", Step.SESSION_OVER)]

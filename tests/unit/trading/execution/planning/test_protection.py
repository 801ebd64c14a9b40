from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import (
    AAPL,
    CLOSE,
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
    entry,
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
from trading.execution.planning.plan import Plan, Refuse, Submit
from trading.execution.planning.protection import (
    MAX_PAIRS,
    attempts,
    cover_of,
    covers,
    next_pair_at,
    plan_protection,
    price_through,
    sells_at_broker,
)
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, Role, Side
from trading.model.record import IntentRecord

OPEN_STATES = [IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING, IntentState.UNKNOWN]


def plan_of(state: TradingState, leaving: frozenset[int] = frozenset()) -> Plan:
    plan = Plan(leaving=set(leaving))
    plan_protection(state, plan)
    return plan


def pairs(plan: Plan) -> list[list[tuple[Role, int, float | None]]]:
    return [
        [(intent.role, intent.quantity, intent.stop_price or intent.limit_price) for intent in command.group]
        for command in plan.commands
        if isinstance(command, Submit) and command.step is Step.PROTECTION
    ]


def whole(quantity: int = 9) -> list[list[tuple[Role, int, float]]]:
    return [[(Role.STOP, quantity, 95.0), (Role.TARGET, quantity, 105.0)]]


def gone(number: int, seconds: float, state: IntentState = IntentState.CANCELLED) -> IntentRecord:
    """Return a stop of a pair that was sent so long after noon in New York and has ended."""
    return stop(f"S{number}", 100 + number, state=state, sent_at=after(seconds), detail="the broker's words")


# ---- cover


def test_whole_position_is_covered_by_its_stop() -> None:
    (cover,) = covers(covered())
    assert (cover.uncovered, cover.unproven, cover.exiting, cover.leaving) == (0, False, False, 0)
    assert cover.stop is not None
    assert cover.target is not None
    assert (cover.stop.shares, cover.stop.price, cover.target.price) == (9, 95.0, 105.0)


def test_target_alone_covers_nothing() -> None:
    assert cover_of(own(), moment(IN_SESSION, target(), positions=[own()])).uncovered == 9


def test_market_exit_covers_what_it_will_sell_and_a_limit_does_not() -> None:
    market = cover_of(own(), moment(IN_SESSION, sale(), positions=[own()]))
    assert (market.uncovered, market.exiting) == (0, True)
    limit = cover_of(own(), moment(IN_SESSION, sale(limit=98.0), positions=[own()]))
    assert (limit.uncovered, limit.exiting) == (9, True)


@pytest.mark.parametrize(
    "status", [BrokerStatus.INACTIVE, BrokerStatus.WARN_STATE, BrokerStatus.OTHER, BrokerStatus.CANCELLED]
)
def test_stop_that_may_not_be_able_to_fire_covers_nothing_and_is_not_proven(status: BrokerStatus) -> None:
    state = moment(IN_SESSION, stop(), positions=[own()], orders=[shows(stop(), status)])
    cover = cover_of(own(), state)
    assert (cover.uncovered, cover.unproven) == (9, True)


def test_contradicting_rows_of_a_stop_are_no_cover() -> None:
    rows = [shows(stop()), shows(stop(), BrokerStatus.CANCELLED)]
    assert cover_of(own(), moment(IN_SESSION, stop(), positions=[own()], orders=rows)).unproven


def test_stop_that_is_not_listed_covers_nothing_and_is_not_proven() -> None:
    cover = cover_of(own(), moment(IN_SESSION, stop(), positions=[own()], orders=[]))
    assert (cover.uncovered, cover.unproven) == (9, True)


def test_another_order_under_the_stops_id_is_no_cover() -> None:
    rows = [shows(stop(), conid=MSFT)]
    assert cover_of(own(), moment(IN_SESSION, stop(), positions=[own()], orders=rows)).unproven


# ---- a bare position


@pytest.mark.parametrize("now", [PRE_OPEN, OPEN, IN_SESSION, after(3600, CLOSE)])
@pytest.mark.parametrize("mode", list(Mode))
def test_bare_shares_get_a_stop_and_a_target_whatever_the_mode(now: datetime, mode: Mode) -> None:
    plan = plan_of(moment(now, positions=[own()], mode=mode))
    assert pairs(plan) == whole()


def test_each_position_has_its_own_pair() -> None:
    plan = plan_of(moment(IN_SESSION, positions=[own(), own(4, MSFT, stop_price=36.0, target_price=40.0)]))
    assert pairs(plan) == [*whole(), [(Role.STOP, 4, 36.0), (Role.TARGET, 4, 40.0)]]


def test_surviving_target_is_cancelled_before_the_pair_is_sent() -> None:
    plan = plan_of(moment(IN_SESSION, target(), positions=[own()]))
    assert cancels(plan) == [("T", Step.REPLACE)]
    assert pairs(plan) == []
    over = plan_of(moment(IN_SESSION, target(state=IntentState.CANCELLED), positions=[own()]))
    assert pairs(over) == whole()


@pytest.mark.parametrize("state", OPEN_STATES)
@pytest.mark.parametrize("made", [stop, target, sale])
def test_no_second_stop_beside_a_sell_that_is_not_proven(made: object, state: IntentState) -> None:
    unproven = made("U", None, state=state)  # type: ignore[operator]
    plan = plan_of(moment(IN_SESSION, unproven, positions=[own()]))
    assert plan.commands == []


def test_no_second_stop_beside_one_of_which_the_reading_says_two_things() -> None:
    rows = [shows(stop()), shows(stop(), BrokerStatus.CANCELLED)]
    assert plan_of(moment(IN_SESSION, stop(), positions=[own()], orders=rows)).commands == []


def test_no_stop_beside_an_exit_that_is_at_the_broker() -> None:
    for exit_ in (sale(), sale(limit=98.0)):
        assert plan_of(moment(IN_SESSION, exit_, positions=[own()])).commands == []


def test_nothing_is_put_back_for_a_position_that_an_exit_has_the_say_over() -> None:
    assert plan_of(moment(IN_SESSION, positions=[own()]), frozenset({AAPL})).commands == []
    assert pairs(plan_of(moment(IN_SESSION, positions=[own()]), frozenset({MSFT}))) == whole()


@pytest.mark.parametrize(("held", "covers_"), [(9.0, 9), (8.9, 8), (5.0, 5), (1.0, 1), (12.0, 9)])
def test_stop_is_for_own_shares_that_the_broker_shows(held: float, covers_: int) -> None:
    assert pairs(plan_of(moment(IN_SESSION, positions=[own()], held={AAPL: held}))) == whole(covers_)


@pytest.mark.parametrize("held", [0.0, 0.9, -9.0])
def test_no_stop_where_the_broker_shows_no_shares_or_is_short(held: float) -> None:
    assert plan_of(moment(IN_SESSION, positions=[own()], held={AAPL: held})).commands == []


def test_observe_mode_sends_no_stop() -> None:
    assert plan_of(moment(IN_SESSION, positions=[own()], guard=observing())).commands == []


@pytest.mark.parametrize("failed", ["orders", "executions", "positions"])
def test_list_that_could_not_be_read_holds_stops_back(failed: str) -> None:
    assert plan_of(moment(IN_SESSION, positions=[own()], failed=[failed])).commands == []


def test_balances_that_could_not_be_read_hold_no_stop_back() -> None:
    assert pairs(plan_of(moment(IN_SESSION, positions=[own()], failed=["account"]))) == whole()


@pytest.mark.parametrize(("conid", "held_back"), [(AAPL, True), (None, False), (MSFT, False)])
def test_row_that_could_not_be_read_holds_stops_back_in_its_contract_alone(
    conid: int | None,
    held_back: bool,  # noqa: FBT001
) -> None:
    rows: list[Facts] = [{"unreadable_orders": [unreadable(conid)]}, {"unreadable_positions": [unreadable(conid)]}]
    for facts in rows:
        assert (plan_of(moment(IN_SESSION, positions=[own()], **facts)).commands == []) is held_back


def test_row_that_could_not_be_read_is_no_reason_for_a_second_stop() -> None:
    state = moment(IN_SESSION, stop(), target(), positions=[own()], orders=[], unreadable_orders=[unreadable(None)])
    assert pairs(plan_of(state)) == []


def test_children_of_a_live_entry_are_judged_before_a_pair_is_sent() -> None:
    part = entry(filled=4)
    child = stop("E-S", 2, parent="E", state=IntentState.CANCELLED)
    waiting = target("E-T", None, parent="E", state=IntentState.UNKNOWN)
    assert pairs(plan_of(moment(IN_SESSION, part, child, waiting, positions=[own(4)]))) == []
    plan = plan_of(moment(IN_SESSION, part, child, positions=[own(4)]))
    assert pairs(plan) == whole(4)


# ---- again and again, but not without end


@pytest.mark.parametrize(
    ("sent_s", "due_s"),
    [
        ((0,), 5),
        ((0, 5), 15),
        ((0, 5, 15), 60),
        ((0, 5, 15, 60), 360),
        ((0, 5, 15, 60, 360), 660),
        ((0, 5, 15, 60, 360, 660), 960),
    ],
)
def test_pairs_are_sent_after_5_15_and_60_seconds_and_then_every_five_minutes(
    sent_s: tuple[float, ...], due_s: float
) -> None:
    stops = [gone(number, at) for number, at in enumerate(sent_s)]
    early = plan_of(moment(after(due_s - 0.001), *stops, positions=[own()]))
    assert pairs(early) == []
    assert early.look_again is not None
    assert early.look_again <= after(due_s)
    for late in (0.0, 1.0):
        assert pairs(plan_of(moment(after(due_s + late), *stops, positions=[own()]))) == whole()


@pytest.mark.parametrize(("sent", "more"), [(9, True), (10, False), (11, False)])
def test_ten_pairs_a_session_are_enough(sent: int, more: bool) -> None:  # noqa: FBT001
    stops = [gone(number, -3600 + number) for number in range(sent)]
    state = moment(IN_SESSION, *stops, positions=[own()])
    assert (pairs(plan_of(state)) == whole()) is more
    assert (next_pair_at(AAPL, state) is None) is not more


def test_pairs_before_the_open_use_up_none_of_the_session() -> None:
    stops = [gone(number, -10_800 + number) for number in range(MAX_PAIRS)]
    assert pairs(plan_of(moment(PRE_OPEN, *stops, positions=[own()]))) == []
    assert pairs(plan_of(moment(IN_SESSION, *stops, positions=[own()]))) == whole()


def test_next_session_counts_anew() -> None:
    stops = [gone(number, -7200 + number) for number in range(MAX_PAIRS)]
    tomorrow = IN_SESSION + timedelta(days=1)
    assert pairs(plan_of(moment(tomorrow, *stops, positions=[own()]))) == whole()


@pytest.mark.parametrize("state", list(IntentState))
def test_pair_counts_once_it_was_sent_whatever_became_of_it(state: IntentState) -> None:
    counts = state not in {IntentState.PLANNED, IntentState.DENIED}
    assert bool(attempts(AAPL, moment(IN_SESSION, gone(1, 0, state), positions=[own()]))) is counts


def test_brackets_own_stop_and_pairs_of_other_contracts_are_no_attempts() -> None:
    others = (stop("E-S", 2, parent="E", reason="entry"), stop("M", 5, conid=MSFT), target())
    assert attempts(AAPL, moment(IN_SESSION, *others, positions=[own()])) == ()


@pytest.mark.parametrize(("sent", "alarmed"), [(1, False), (2, True), (3, True), (10, True)])
def test_second_pair_raises_an_alarm_with_the_brokers_words(sent: int, alarmed: bool) -> None:  # noqa: FBT001
    stops = [gone(number, number * 0.1, IntentState.REJECTED) for number in range(sent)]
    found = [a for a in plan_of(moment(after(2), *stops, positions=[own()])).alarms if a.code is AlarmCode.PROTECTION]
    assert bool(found) is alarmed
    if alarmed:
        text = "its stop was put back more than once; the last one ended REJECTED: the broker's words"
        assert found[0].text == f"AAPL: {text}"


def test_alarm_goes_on_while_it_is_not_known_what_became_of_the_newest_pair() -> None:
    stops = [gone(0, 0, IntentState.REJECTED), gone(1, 5, IntentState.UNKNOWN)]
    plan = plan_of(moment(after(7), *stops, positions=[own()]))
    assert "put back more than once; the last one ended REJECTED" in plan.alarms[-1].text


# ---- pairs that were planned and did not leave


def test_pair_that_did_not_leave_is_sent_and_not_made_again() -> None:
    left_behind = (planned(stop("S1")), planned(target("T1")))
    plan = plan_of(moment(IN_SESSION, *left_behind, positions=[own()]))
    assert [[intent.coid for intent in c.group] for c in plan.commands if isinstance(c, Submit)] == [["S1", "T1"]]
    assert not any(isinstance(command, Refuse) for command in plan.commands)


def test_planned_pair_that_does_not_fit_any_more_is_closed() -> None:
    left_behind = (planned(stop("S1", quantity=5)), planned(target("T1", quantity=5)))
    plan = plan_of(moment(IN_SESSION, *left_behind, positions=[own()]))
    assert sorted(i.coid for c in plan.commands if isinstance(c, Refuse) for i in c.group) == ["S1", "T1"]
    assert pairs(plan) == whole()


def test_planned_pair_of_a_position_that_is_covered_or_gone_is_closed() -> None:
    left_behind = (planned(stop("S1")), planned(target("T1")))
    for state in (covered(IN_SESSION, *left_behind), moment(IN_SESSION, *left_behind)):
        plan = plan_of(state)
        assert sorted(i.coid for c in plan.commands if isinstance(c, Refuse) for i in c.group) == ["S1", "T1"]
        assert pairs(plan) == []


# ---- a stop without its target


def test_lost_target_is_put_back_outside_regular_hours_by_a_new_pair() -> None:
    child = stop("E-S", 2, parent="E", reason="entry")
    before = plan_of(moment(PRE_OPEN, child, positions=[own()]))
    assert cancels(before) == [("E-S", Step.REPLACE)]
    assert pairs(before) == []


def test_good_stop_is_not_given_up_for_a_target_in_regular_hours() -> None:
    child = stop("E-S", 2, parent="E", reason="entry")
    assert plan_of(moment(IN_SESSION, child, positions=[own()])).commands == []


def test_stop_without_target_is_replaced_once_a_session() -> None:
    assert plan_of(moment(PRE_OPEN, stop(), positions=[own()])).commands == []


# ---- what the guard asks


@pytest.mark.parametrize(
    ("price", "through"),
    [(94.99, "stop"), (95.0, "stop"), (95.01, None), (104.99, None), (105.0, "target"), (105.01, "target")],
)
def test_price_is_through_a_level_when_it_reaches_it(price: float, through: str | None) -> None:
    state = moment(IN_SESSION, positions=[own()], quotes=[bid(price)])
    assert price_through(own(), state) == through
    assert price_through(own(), moment(PRE_OPEN, closes={"AAPL": price})) == through


def test_price_that_is_not_known_is_through_nothing() -> None:
    assert price_through(own(), moment(IN_SESSION, positions=[own()], closes={"AAPL": 90.0})) is None
    assert price_through(own(), moment(PRE_OPEN, closes={})) is None


def test_any_sell_that_may_live_counts_as_one_at_the_broker() -> None:
    foreign = replace(shows(sale()), order_ref="by hand", order_id=77)
    for row, expected in (
        (foreign, True),
        (replace(foreign, status=BrokerStatus.OTHER), True),
        (replace(foreign, status=BrokerStatus.CANCELLED), False),
        (replace(foreign, side=Side.BUY), False),
        (replace(foreign, conid=MSFT), False),
        (replace(foreign, remaining_quantity=0.0), False),
    ):
        assert sells_at_broker(AAPL, moment(IN_SESSION, orders=[row])) is expected


def test_target_that_is_being_cancelled_is_not_asked_again_at_once() -> None:
    commands = [asked(target(), Step.REPLACE, after(-1))]
    plan = plan_of(moment(IN_SESSION, target(), positions=[own()], commands=commands))
    assert plan.commands == []
    assert ("T", Step.REPLACE) in plan.asked


def test_pair_is_for_the_session_that_is_on_or_comes_next() -> None:
    for now, day in ((PRE_OPEN, SESSION), (IN_SESSION, SESSION), (after(3600, CLOSE), SESSION + timedelta(days=1))):
        (command,) = plan_of(moment(now, positions=[own()])).commands
        assert isinstance(command, Submit)
        assert {intent.session for intent in command.group} == {day}
        assert {intent.decided for intent in command.group} == {DECIDED if now < CLOSE else SESSION}


def test_oldest_stop_is_the_one_that_protects_and_children_of_a_live_entry_come_last() -> None:
    second = (stop("S2", 12), target("T2", 13))
    cover = cover_of(own(), moment(IN_SESSION, stop(), target(), *second, positions=[own()]))
    assert cover.stop is not None
    assert cover.stop.record.coid == "S"
    child = stop("E-S", 14, parent="E", quantity=5)
    cover = cover_of(own(), moment(IN_SESSION, entry(quantity=5), child, stop(), target(), positions=[own()]))
    assert cover.stop is not None
    assert (cover.stop.record.coid, cover.uncovered) == ("S", 0)

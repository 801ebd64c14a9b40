"""What follows from one moment as a whole: the order of the commands, and which planner has the say."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.plans import cancels, sent, sold, steps, waits
from tests.fakes.trading_states import (
    AAPL,
    CLOSES,
    DECIDED,
    IN_SESSION,
    MSFT,
    OPEN,
    PRE_OPEN,
    XOM,
    Facts,
    after,
    approved,
    asked,
    bid,
    covered,
    decided,
    entry,
    moment,
    observing,
    own,
    planned,
    sale,
    shows,
    stop,
    target,
    usually,
)
from trading.execution.planning.obligations import obligations, quotes_needed
from trading.execution.planning.plan import Modify, Plan, Submit
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.command import CommandState, Step
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, OrderType, Role
from trading.model.request import RequestKind

FLAT: Facts = {"flatten": True, "mode": Mode.HALTED}
QUOTES = [
    bid(CLOSES[symbol], PRE_OPEN, conid=conid) for symbol, conid in (("AAPL", AAPL), ("MSFT", MSFT), ("XOM", XOM))
]


def busy(**facts: object) -> TradingState:
    """Return a moment before the open with everything to do: cancel, protect, sell and buy."""
    late = entry("L", 21, decided=DECIDED - timedelta(days=3), session=DECIDED)
    given = usually(
        facts,
        positions=[own(), own(9, MSFT, stop_price=36.0, target_price=40.0)],
        decision=decided(approved("XOM", 5, 95.0), exits=["AAPL"]),
        quotes=QUOTES,
    )
    return moment(PRE_OPEN, late, stop(), target(), **given)


def words(plan: Plan) -> list[str]:
    """Return the commands as kind and step."""
    return [" ".join(str(w) for w in (type(c).__name__, getattr(c, "step", "")) if w) for c in plan.commands]


def test_what_is_left_of_a_decision_is_too_late_also_where_the_order_list_is_not_read() -> None:
    """Once there is a newer decision nobody looks at this one."""
    facts = usually({}, decision=decided(approved()), failed=["orders"])
    for now, what in ((PRE_OPEN, []), (OPEN, ["Forgo"])):
        assert words(obligations(moment(now, **facts))) == what


def test_cancels_come_first_then_protection_then_exits_then_entries() -> None:
    assert words(obligations(busy())) == [
        "Cancel session_over",
        "Submit protection",
        "Prepare",
        "Cancel exit",
        "Cancel exit",
        "Submit entry",
    ]


def test_nothing_is_planned_when_the_order_list_could_not_be_read() -> None:
    moments: list[Facts] = [{}, FLAT, {"mode": Mode.HALTED}]
    for facts in moments:
        plan = obligations(busy(failed=["orders"], **facts))
        assert plan == Plan(look_again=plan.look_again)


def test_list_that_could_not_be_read_is_soon_read_again_while_own_shares_may_need_it() -> None:
    for now, positions, again in (
        (IN_SESSION, [own()], after(5)),
        (IN_SESSION, [], None),
        (PRE_OPEN, [own()], None),
    ):
        assert obligations(moment(now, positions=positions, failed=["orders"])).look_again == again


def test_positions_that_could_not_be_read_stop_what_needs_them_and_no_cancel() -> None:
    for failed in ("positions", "executions"):
        plan = obligations(busy(failed=[failed]))
        assert cancels(plan) == [("L", Step.SESSION_OVER)]
        assert sent(plan, Step.PROTECTION) == []
        assert sent(plan, Step.EXIT) == []


def test_same_moment_gives_the_same_plan() -> None:
    assert obligations(busy()) == obligations(busy())


def test_exit_has_the_say_over_its_stops_once_it_may_leave() -> None:
    # Bare, and to be sold now: no pair goes out that would have to be cancelled at once.
    plan = obligations(moment(PRE_OPEN, positions=[own()], decision=decided(exits=["AAPL"])))
    assert words(plan) == ["Submit exit"]


def test_protection_has_the_say_while_the_exit_has_to_wait() -> None:
    waiting = moment(after(-60, OPEN), positions=[own()], decision=decided(exits=["AAPL"]))
    plan = obligations(waiting)
    assert words(plan) == ["Submit protection"]
    assert waits(plan) == {"AAPL": "market_closed"}


def test_exit_whose_cover_was_cancelled_too_late_goes_into_the_session() -> None:
    over = (stop(state=IntentState.CANCELLED), target(state=IntentState.CANCELLED), planned(sale()))
    state = moment(IN_SESSION, *over, positions=[own()], decision=decided(exits=["AAPL"]), quotes=[bid(100.0)])
    plan = obligations(state)
    assert steps(plan) == ["Refuse", "Submit"]
    assert sold(plan) == [(9, 98.0)]


def test_stop_is_put_back_when_the_cancel_goes_through_and_the_exit_may_not_be_sent() -> None:
    over = (stop(state=IntentState.CANCELLED), target(state=IntentState.CANCELLED), planned(sale()))
    plan = obligations(moment(after(60, OPEN), *over, positions=[own()], decision=decided(exits=["AAPL"])))
    assert [intent.role for intent in sent(plan)] == [Role.STOP, Role.TARGET]


def test_cancel_of_a_cover_lapses_when_the_exit_can_not_go_on() -> None:
    commands = [asked(stop(), Step.EXIT, after(-30), number=5), asked(target(), Step.EXIT, after(-30), number=6)]
    halted = covered(IN_SESSION, commands=commands, decision=decided(exits=["AAPL"]), mode=Mode.HALTED)
    plan = obligations(halted)
    assert (plan.lapsed, cancels(plan)) == ([5, 6], [])
    going_on = covered(IN_SESSION, commands=commands, decision=decided(exits=["AAPL"]), quotes=[bid(100.0)])
    assert obligations(going_on).lapsed == []


def test_guards_sale_takes_the_place_of_the_pair_and_of_the_decided_exit() -> None:
    state = moment(IN_SESSION, positions=[own()], quotes=[bid(94.0)], decision=decided(exits=["AAPL"]))
    plan = obligations(state)
    assert [(command.step, command.guarded) for command in plan.commands if isinstance(command, Submit)] == [
        (Step.EXIT, True)
    ]
    assert [str(intent.reason) for intent in sent(plan)] == ["stop"]


def test_guard_that_is_blind_leaves_the_pairs_to_go_on() -> None:
    plan = obligations(moment(IN_SESSION, positions=[own()]))
    assert words(plan) == ["Submit protection"]
    assert {alarm.code for alarm in plan.alarms} == {AlarmCode.UNCOVERED, AlarmCode.BLIND}


def test_halt_lets_cancels_stops_the_guard_and_a_person_through() -> None:
    halted = busy(mode=Mode.HALTED)
    assert words(obligations(halted)) == ["Cancel halt", "Submit protection"]
    flat = obligations(busy(**FLAT))
    assert {str(i.reason) for i in sent(flat)} == {"operator"}
    assert cancels(flat) == [("L", Step.HALT), ("S", Step.EXIT), ("T", Step.EXIT)]
    breach = moment(IN_SESSION, positions=[own()], quotes=[bid(94.0)], mode=Mode.HALTED)
    assert words(obligations(breach)) == ["Submit exit"]


def test_observe_mode_sends_and_cancels_nothing_of_a_flatten() -> None:
    plan = obligations(covered(PRE_OPEN, guard=observing(), **FLAT))
    assert cancels(plan) == []
    assert sent(plan) == []


def test_foreign_short_contract_stops_nothing_in_the_others() -> None:
    plan = obligations(busy(held={AAPL: 9.0, MSFT: 9.0, XOM: -3.0}))
    assert len(sent(plan, Step.PROTECTION)) == 2
    assert ("S", Step.EXIT) in cancels(plan)


def test_refused_modification_leads_to_a_new_pair_and_stays_so() -> None:
    commands = [
        asked(stop(), Step.RESIZE, after(-60), kind=RequestKind.MODIFY, state=CommandState.REFUSED, quantity=12),
        asked(stop(), Step.REPLACE, after(-1), number=2),
        asked(target(), Step.REPLACE, after(-1), number=3),
    ]
    shown = [shows(stop(), BrokerStatus.PENDING_CANCEL), shows(target(), BrokerStatus.PENDING_CANCEL)]
    for known in (commands[:1], commands):
        plan = obligations(covered(positions=[own(12)], commands=known, orders=shown))
        assert plan.lapsed == []
        assert not any(isinstance(command, Modify) for command in plan.commands)
        assert {step for _, step in plan.asked} == {Step.REPLACE}


def test_pair_that_replaces_one_is_for_all_shares() -> None:
    over = (stop(state=IntentState.CANCELLED, sent_at=after(-7200)), target(state=IntentState.CANCELLED))
    plan = obligations(moment(IN_SESSION, *over, positions=[own(12)]))
    assert [(intent.order_type, intent.quantity) for intent in sent(plan)] == [
        (OrderType.STOP, 12),
        (OrderType.LIMIT, 12),
    ]


# ---- quotes


def test_quotes_are_needed_before_the_open_for_what_is_bought() -> None:
    state = moment(PRE_OPEN, planned(entry("M", conid=MSFT)), decision=decided(approved("XOM", 5, 95.0)))
    assert quotes_needed(state) == {XOM, MSFT}
    watching = moment(PRE_OPEN, decision=decided(approved("XOM", 5, 95.0)), guard=observing())
    assert quotes_needed(watching) == frozenset()
    unknown = moment(PRE_OPEN, decision=decided(approved("XOM", 5, 95.0)), contracts={})
    assert quotes_needed(unknown) == frozenset()


def test_quotes_are_needed_in_regular_hours_for_what_is_sold_or_bare() -> None:
    assert quotes_needed(covered(decision=decided(exits=["AAPL"]))) == {AAPL}
    assert quotes_needed(moment(IN_SESSION, positions=[own(9, MSFT)])) == {MSFT}
    assert quotes_needed(moment(IN_SESSION, sale(limit=98.0))) == {AAPL}
    assert quotes_needed(covered()) == frozenset()


def test_no_quotes_are_needed_before_the_open_for_what_is_sold() -> None:
    assert quotes_needed(moment(PRE_OPEN, positions=[own()], decision=decided(exits=["AAPL"]))) == frozenset()

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.fakes.plans import refused, sent, steps, waits
from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    ACCOUNT,
    CLOSE,
    CLOSES,
    DECIDED,
    MSFT,
    OPEN,
    PRE_OPEN,
    SESSION,
    XOM,
    Facts,
    after,
    approved,
    asked,
    bid,
    decided,
    entry,
    observing,
    own,
    planned,
    stop,
)
from tests.unit.trading.execution.entry_moments import GROUP, before, code
from trading.execution.planning.entries import entries_left, passes, plan_entries
from trading.execution.planning.plan import Plan, Submit
from trading.execution.planning.state import AccountGuard, TradingState
from trading.execution.reading.snapshot import Reading
from trading.execution.sending.door import may_leave
from trading.model.account import AccountKind, PositionList
from trading.model.command import CommandRecord, CommandState, Step
from trading.model.decision import Denied, RiskState
from trading.model.mode import Mode
from trading.model.order import IntentState, Role
from trading.model.record import IntentRecord
from trading.model.request import RequestKind

NAN = math.nan


def plan_of(state: TradingState) -> Plan:
    plan = Plan()
    plan_entries(state, plan)
    return plan


def test_entry_leaves_with_its_stop_and_target() -> None:
    plan = plan_of(before())
    assert [(i.role, i.quantity, i.limit_price, i.stop_price) for i in sent(plan, Step.ENTRY)] == [
        (Role.ENTRY, 9, 100.01, None),
        (Role.STOP, 9, None, 95.01),
        (Role.TARGET, 9, 105.01, None),
    ]
    assert {(i.decided, i.session, i.conid) for i in sent(plan)} == {(DECIDED, SESSION, AAPL)}


def test_entries_leave_in_the_order_of_the_decision() -> None:
    wanted = [approved(symbol, 9, limit) for symbol, limit in (("XOM", 95.0), ("AAPL", 100.01), ("MSFT", 38.0))]
    plan = plan_of(before(decision=decided(*wanted)))
    assert [intent.symbol for intent in sent(plan) if intent.role is Role.ENTRY] == ["XOM", "AAPL", "MSFT"]


@pytest.mark.parametrize("state", list(IntentState))
def test_entry_of_a_decision_is_made_once_whatever_became_of_it(state: IntentState) -> None:
    assert entries_left(before(PRE_OPEN, entry(state=state))) == ()


def test_entry_of_an_earlier_decision_is_another_one() -> None:
    yesterdays = entry(state=IntentState.EXPIRED, decided=DECIDED - timedelta(days=3), session=DECIDED)
    assert len(entries_left(before(PRE_OPEN, yesterdays))) == 1


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (after(-1, PRE_OPEN), []),
        (PRE_OPEN, ["Submit"]),
        (after(-120, OPEN), ["Submit"]),
        (after(-119, OPEN), ["Forgo"]),
        (OPEN, ["Forgo"]),
        # Nobody looked before the next session was over, too.
        (after(900, CLOSE), ["Forgo"]),
        (after(4000, CLOSE), ["Forgo"]),
    ],
)
def test_entry_leaves_inside_its_window_and_is_over_after_it(now: datetime, what: list[str]) -> None:
    assert steps(plan_of(before(now))) == what


def test_without_a_decision_there_is_no_entry() -> None:
    assert plan_of(before(decision=None)).commands == []


@pytest.mark.parametrize("mode", [Mode.HALTED, Mode.RECONCILING, Mode.REDUCING])
def test_entry_waits_for_the_mode_inside_its_window(mode: Mode) -> None:
    plan = plan_of(before(mode=mode))
    assert (plan.commands, waits(plan)) == ([], {"AAPL": "state"})
    assert plan.look_again == after(60, PRE_OPEN)
    assert refused(plan_of(before(after(-119, OPEN), mode=mode))) == [("", "too_old")]


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"reconciled": False}, "state"),
        ({"free_bytes": None}, "state"),
        ({"uncovered_shares": 1}, "state"),
        ({"skew_s": 11.0}, "state"),
        ({"failed": ["account"]}, "state"),
        ({"failed": ["orders"]}, "state"),
        ({"failed": ["executions"]}, "state"),
        ({"failed": ["positions"]}, "state"),
        ({"quotes": [bid(100.0, PRE_OPEN, halted=True, prior_close=100.5)]}, "halted_symbol"),
        ({"blocked": {AAPL: ("restricted", "an order of ours in it is not proven")}}, "restricted"),
        ({"quotes": []}, "split"),
    ],
)
def test_entry_waits_for_what_may_pass(facts: Facts, what: str) -> None:
    plan = plan_of(before(**facts))
    assert (plan.commands, waits(plan)) == ([], {"AAPL": what})


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"guard": observing()}, "account"),
        ({"guard": AccountGuard(ACCOUNT, AccountKind.PAPER, "", "DU7")}, "account"),
        ({"closes": {}}, "stale"),
        ({"closes": {"AAPL": 99.0}}, "price_collar"),
        ({"quotes": [bid(100.0, PRE_OPEN, prior_close=50.25)]}, "split"),
        ({"blocked": {AAPL: ("manual", "a foreign order")}}, "manual"),
        ({"settings": settings_of("risk.max_order_quantity=8")}, "max_quantity"),
    ],
)
def test_refusal_that_will_not_pass_is_put_on_record(facts: Facts, what: str) -> None:
    plan = plan_of(before(**facts))
    assert (refused(plan), sent(plan)) == ([("", what)], [])


def test_symbol_without_a_contract_waits_and_stops_nobody_else() -> None:
    known = {"MSFT": before().contracts["MSFT"]}
    plan = plan_of(before(decision=decided(approved(), approved("MSFT", 9, 38.0)), contracts=known))
    assert waits(plan) == {"AAPL": "instrument"}
    assert {intent.symbol for intent in sent(plan)} == {"MSFT"}


@pytest.mark.parametrize(
    ("denied", "passing"),
    [
        (Denied("AAPL", "rate", 21, 20), True),
        (Denied("AAPL", "split", None, 100.0), True),
        (Denied("AAPL", "split", 50.0, 100.0), False),
        (Denied("AAPL", "account", None, None), False),
        (Denied("AAPL", "daily_loss", 0.06, 0.05), True),
        (Denied("AAPL", "drawdown_halt", 0.21, 0.2), False),
        (Denied("AAPL", "open_risk", 1201.0, 1200.0), False),
    ],
)
def test_waiting_helps_against_some_refusals(denied: Denied, passing: bool) -> None:  # noqa: FBT001
    assert passes(denied, ()) is passing


@pytest.mark.parametrize(
    ("hour", "minute", "what"), [(5, 34, ["Submit"]), (5, 35, []), (5, 50, []), (6, 29, []), (6, 30, ["Submit"])]
)
def test_entries_wait_for_the_end_of_the_nightly_reset(hour: int, minute: int, what: list[str]) -> None:
    now = PRE_OPEN.replace(hour=hour, minute=minute)
    settings = settings_of("execution.send_from=after_close")
    state = before(now, settings=settings, quotes=[bid(CLOSES["AAPL"], now)])
    plan = plan_of(state)
    assert steps(plan) == what
    assert [denied.code for denied in plan.waiting.values()] == ([] if what else ["reset"])
    assert plan.look_again == (None if what else now + timedelta(minutes=1))


# ---- what was planned and did not leave


def test_planned_entry_is_sent_as_it_is_with_its_children() -> None:
    plan = plan_of(before(after(60, PRE_OPEN), *GROUP))
    assert [intent.coid for intent in sent(plan)] == ["E", "E-S", "E-T"]


def test_planned_entry_whose_window_is_over_is_closed() -> None:
    assert refused(plan_of(before(after(-119, OPEN), *GROUP))) == [("E", "too_old")]
    old = planned(entry(decided=date(2014, 2, 28), session=DECIDED))
    assert refused(plan_of(before(PRE_OPEN, old, decision=None))) == [("E", "too_old")]


@pytest.mark.parametrize("state", [IntentState.UNKNOWN, IntentState.LOST])
def test_planned_entry_of_whose_group_a_part_may_have_left_is_refused_not_sent(state: IntentState) -> None:
    *rest, target = GROUP
    plan = plan_of(before(PRE_OPEN, *rest, replace(target, state=state)))
    assert (sent(plan), refused(plan)) == ([], [("E", "duplicate")])
    (command,) = plan.commands
    assert [each.coid for each in command.group] == [each.coid for each in rest]  # type: ignore[union-attr]


@pytest.mark.parametrize("records", [(), GROUP], ids=["a draft", "planned"])
def test_entry_waits_for_a_contract_that_can_not_be_read(records: tuple[IntentRecord, ...]) -> None:
    plan = plan_of(before(PRE_OPEN, *records, contracts={}))
    assert (plan.commands, plan.waiting["AAPL"].detail) == ([], "no contract")
    assert plan.look_again == PRE_OPEN + timedelta(minutes=1)


def test_planned_entry_needs_no_decision_at_hand() -> None:
    assert [intent.coid for intent in sent(plan_of(before(PRE_OPEN, *GROUP, decision=None)))] == ["E", "E-S", "E-T"]


def unsent(*seconds: float) -> list[CommandRecord]:
    """Return attempts to send the planned entry, so long after the window began, that did not leave."""
    return [
        asked(entry(), Step.ENTRY, after(at, PRE_OPEN), kind=RequestKind.SUBMIT, state=CommandState.NOT_SENT, number=n)
        for n, at in enumerate(seconds, 1)
    ]


@pytest.mark.parametrize(
    ("tried_s", "due_s"),
    [((0,), 5), ((0, 5), 15), ((0, 5, 15), 35), ((0, 5, 15, 35, 75), 135), ((0, 5, 15, 35, 75, 3470), 3480)],
)
def test_entry_that_did_not_leave_is_tried_again_after_pauses_that_grow_to_a_minute(
    tried_s: tuple[float, ...], due_s: float
) -> None:
    commands = unsent(*tried_s)
    early = plan_of(before(after(due_s - 1, PRE_OPEN), *GROUP, commands=commands))
    assert (early.commands, early.look_again) == ([], after(due_s, PRE_OPEN))
    assert early.waiting["AAPL"].code == "not_sent"
    late = plan_of(before(after(due_s, PRE_OPEN), *GROUP, commands=commands))
    assert [intent.coid for intent in sent(late)] == ["E", "E-S", "E-T"]


# ---- limits that look at the other orders


@pytest.mark.parametrize(("number", "allowed"), [(3, True), (4, False)])
def test_unproven_orders_hold_entries_back(number: int, allowed: bool) -> None:  # noqa: FBT001
    unknown = [stop(f"U{n}", None, state=IntentState.UNKNOWN, conid=MSFT) for n in range(number)]
    assert (code(before(PRE_OPEN, *unknown)) is None) is allowed


@pytest.mark.parametrize("state", [IntentState.WORKING, IntentState.UNKNOWN, IntentState.PLANNED])
def test_second_entry_in_a_contract_is_a_duplicate(state: IntentState) -> None:
    assert code(before(PRE_OPEN, entry("F", 9, state=state))) == "duplicate"
    assert code(before(PRE_OPEN, entry("F", 9, state=state, conid=MSFT))) is None
    assert code(before(PRE_OPEN, entry("F", 9, state=IntentState.CANCELLED))) is None


@pytest.mark.parametrize(("quantity", "allowed"), [(90, True), (91, False)])
def test_cash_is_counted_less_what_other_entries_may_still_take(quantity: int, allowed: bool) -> None:  # noqa: FBT001
    # 10,000 less 901.09 for this entry leaves 9,098.91; 90 x 100.00 and 1.00, or 91 x 100.00 and 1.00.
    other = entry("F", None, state=IntentState.UNKNOWN, conid=MSFT, quantity=quantity, limit=100.0)
    its_stop = stop("F-S", None, state=IntentState.UNKNOWN, conid=MSFT, quantity=quantity, parent="F")
    assert (code(before(PRE_OPEN, other, its_stop)) is None) is allowed


@pytest.mark.parametrize(
    ("price", "cash", "allowed"),
    [
        (40.98, 5_000.0, True),
        (40.99, 5_000.0, True),
        (41.0, 5_000.0, False),
        # As far as the account is said to be worth them.
        (60.0, 6_000.0, True),
        (60.0, 5_900.09, True),
        (60.0, 5_900.08, False),
        # Without a price they count nothing: the cash alone bounds it.
        (None, 5_000.0, True),
        (NAN, 5_000.0, True),
        (-37.63, 5_000.0, True),
    ],
)
def test_foreign_shares_count_in_the_money_that_is_in_shares(
    price: float | None,
    cash: float,
    allowed: bool,  # noqa: FBT001
) -> None:
    # 100 of them, with 900.09 for this entry, against half of 10,000.
    state = before(held={MSFT: 100.0}, settings=settings_of("risk.max_exposure=0.5"))
    (row,) = state.snapshot.positions.value.positions if state.snapshot.positions.value else ()
    rows = Reading(PositionList((replace(row, market_price=price),)), PRE_OPEN)
    account = state.snapshot.account.value
    assert account is not None
    balances = Reading(replace(account, cash=cash, available_funds=cash), PRE_OPEN)
    state = replace(state, snapshot=replace(state.snapshot, positions=rows, account=balances))
    assert (code(state) is None) is allowed


def test_limit_that_is_crossed_between_plan_and_wire_is_caught() -> None:
    (command,) = plan_of(before()).commands
    assert isinstance(command, Submit)
    assert may_leave(command, before()) is None
    crossed: list[tuple[Facts, str]] = [
        ({"held": {AAPL: 5.0}, "blocked": {AAPL: ("manual", "5 shares of others")}}, "manual"),
        ({"failed": ["positions"]}, "state"),
        ({"mode": Mode.HALTED}, "state"),
        ({"uncovered_shares": 1}, "state"),
        ({"risk": RiskState(peak=12_501.0, prior_equity=10_000.0)}, "drawdown_halt"),
        ({"risk": RiskState(peak=10_600.0, prior_equity=10_600.0)}, "daily_loss"),
        ({"settings": settings_of("risk.max_open_risk=0.004")}, "open_risk"),
        ({"quotes": [bid(100.0, PRE_OPEN, halted=True, prior_close=100.5)]}, "halted_symbol"),
        ({"guard": AccountGuard(ACCOUNT, AccountKind.PAPER, "", "DU7")}, "account"),
        ({"settings": settings_of("risk.max_order_quantity=8")}, "max_quantity"),
        ({"settings": settings_of("risk.max_exposure=0.05")}, "exposure"),
        ({"now": OPEN}, "too_old"),
    ]
    for facts, what in crossed:
        denied = may_leave(command, before(**facts))
        assert denied is not None
        assert denied.code == what


@pytest.mark.parametrize(("others", "allowed"), [(1, True), (2, False)])
def test_positions_and_entries_that_may_fill_count_against_the_slots(others: int, allowed: bool) -> None:  # noqa: FBT001
    elsewhere = [entry("F", None, state=IntentState.UNKNOWN, conid=MSFT, quantity=1), own(1, XOM)][-others:]
    records = [each for each in elsewhere if isinstance(each, IntentRecord)]
    positions = [each for each in elsewhere if not isinstance(each, IntentRecord)]
    settings = settings_of("risk.max_positions=2")
    assert (code(before(PRE_OPEN, *records, positions=positions, settings=settings)) is None) is allowed


def test_filled_part_of_another_entry_is_in_the_cash_already() -> None:
    other = entry("F", 9, conid=MSFT, quantity=91, limit=100.0, filled=1)
    assert code(before(PRE_OPEN, other, stop("F-S", 10, conid=MSFT, quantity=91, parent="F"))) is None


@pytest.mark.parametrize(
    ("ages_s", "allowed"),
    [
        ([1] * 19, True),
        ([1] * 20, False),
        ([59] * 20, False),
        ([60] * 20, True),
        ([61] * 199, True),
        ([61] * 200, False),
    ],
)
def test_rate_of_entries_counts_what_the_journal_says_was_sent(ages_s: list[float], allowed: bool) -> None:  # noqa: FBT001
    now = after(600, PRE_OPEN)
    sent_before = [
        entry(f"F{n}", 50 + n, conid=MSFT, state=IntentState.CANCELLED, sent_at=after(-age, now))
        for n, age in enumerate(ages_s)
    ]
    assert (code(before(now, *sent_before)) is None) is allowed


def test_day_of_the_rate_is_that_of_the_exchange() -> None:
    # 20:30 in New York on Monday is Tuesday in UTC; Tuesday's count begins with Tuesday in New York.
    evening = datetime.combine(SESSION, PRE_OPEN.time(), PRE_OPEN.tzinfo) - timedelta(hours=12)
    sent_before = [entry(f"F{n}", 50 + n, conid=MSFT, state=IntentState.CANCELLED, sent_at=evening) for n in range(200)]
    assert code(before(PRE_OPEN, *sent_before)) is None


@pytest.mark.parametrize(("days", "left"), [(7, ["AAPL"]), (8, [])])
def test_what_became_of_the_entries_of_a_decision_of_long_ago_is_not_known(days: int, left: list[str]) -> None:
    state = before(PRE_OPEN)
    assert state.decision is not None
    old = replace(state, decision=replace(state.decision, session=PRE_OPEN.date() - timedelta(days=days)))
    assert [approved.symbol for approved in entries_left(old)] == left

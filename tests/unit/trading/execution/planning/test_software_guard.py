"""The last line: own shares whose stop can't rest are sold when the price is through it, on strict evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.trading_states import (
    AAPL,
    CLOSE,
    IN_SESSION,
    MSFT,
    OPEN,
    PRE_OPEN,
    Facts,
    after,
    bid,
    covered,
    moment,
    own,
    sale,
    shows,
    stop,
    target,
    unreadable,
    usually,
)
from trading.execution.planning.plan import Plan
from trading.execution.planning.software_guard import breach_of, guarded_exits, watched, whole_of
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import Reading
from trading.model.account import Quote
from trading.model.alarm import AlarmCode
from trading.model.decision import ExitReason
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, ExecutionList, IntentState
from trading.model.record import IntentRecord
from trading.ports import Sighting

BREACH, WHOLE = breach_of(AAPL), whole_of(AAPL)
UNKNOWN = stop("S", None, state=IntentState.UNKNOWN)
Seen = dict[str, tuple[Sighting, ...]]


def seen(**seconds: tuple[float, ...]) -> Seen:
    """Return evidence that was kept so long after noon in New York."""
    names = {"breach": BREACH, "whole": WHOLE}
    return {names[name]: tuple(Sighting(name, after(at)) for at in ats) for name, ats in seconds.items()}


def guarded(state: TradingState) -> tuple[list[str], Plan]:
    """Return the reasons of the guard's sales, all of which stand for the guard, and the plan with what it says."""
    plan = Plan()
    wanted = guarded_exits(state, plan)
    assert all(want.guarded for want in wanted)
    return [str(want.reason) for want in wanted], plan


def bare(price: float | None = 94.0, *, now: datetime = IN_SESSION, **facts: object) -> TradingState:
    """Return a moment with nine shares and no stop at all."""
    quotes = [] if price is None else [bid(price, now)]
    return moment(now, **usually(facts, positions=[own()], quotes=quotes))


def unproven(at: float, sightings: Seen, *, price: float = 94.0, **facts: object) -> TradingState:
    """Return a moment at which nobody knows what became of the stop."""
    now = after(at)
    given = usually(facts, positions=[own()], quotes=[bid(price, now)], sightings=sightings)
    return moment(now, UNKNOWN, **given)


# ---- what is watched


def test_shares_without_a_working_stop_are_watched_in_regular_hours() -> None:
    assert watched(bare()) == {AAPL}
    assert watched(bare(now=PRE_OPEN)) == frozenset()
    assert watched(covered()) == frozenset()
    assert watched(unproven(0, {})) == {AAPL}


def test_covered_shares_need_no_guard_whatever_the_price() -> None:
    reasons, plan = guarded(covered(quotes=[bid(80.0)], sightings=seen(breach=(0,), whole=(0,))))
    assert reasons == []
    assert plan.over == {BREACH, WHOLE}


@pytest.mark.parametrize("exit_", [sale(), sale(limit=93.0), sale("X", None, state=IntentState.UNKNOWN)])
def test_exit_that_is_at_the_broker_needs_no_other_one(exit_: IntentRecord) -> None:
    state = moment(IN_SESSION, exit_, positions=[own()], quotes=[bid(90.0)])
    assert guarded(state)[0] == []


# ---- breach


@pytest.mark.parametrize(("price", "sold"), [(95.01, []), (95.0, ["stop"]), (94.99, ["stop"]), (50.0, ["stop"])])
def test_price_that_reaches_the_stop_sells_bare_shares(price: float, sold: list[str]) -> None:
    reasons, plan = guarded(bare(price))
    assert reasons == sold
    assert (AlarmCode.BREACH in [alarm.code for alarm in plan.alarms]) is bool(sold)
    assert plan.look_again == after(5)


def test_guard_works_after_a_halt() -> None:
    assert guarded(bare(mode=Mode.HALTED))[0] == ["stop"]


def test_price_at_the_target_sells_bare_shares_too() -> None:
    assert guarded(bare(105.0))[0] == ["target"]
    assert guarded(bare(104.99))[0] == []


def test_price_that_came_back_takes_the_evidence_away() -> None:
    reasons, plan = guarded(bare(96.0, sightings=seen(breach=(-60,))))
    assert reasons == []
    assert plan.over == {BREACH, WHOLE}


@pytest.mark.parametrize(
    ("before", "sold"),
    [
        ((), []),
        (("price through the stop: 93.5, of 1",), ["stop"]),
        (("price through the stop: 94, of 1",), ["stop"]),
        # The same price read again: the broker had it at that time and not since.
        (("price through the stop: 94, of 1393948800000",), []),
        (("price through the stop: 93.5, of 1", "price through the stop: 94, of 1393948800000"), ["stop"]),
    ],
)
def test_delayed_price_counts_after_two_of_them(before: tuple[str, ...], sold: list[str]) -> None:
    quote = bid(94.0, availability="D")
    breaches = {BREACH: tuple(Sighting(text, after(-5)) for text in before)} if before else {}
    reasons, plan = guarded(bare(quotes=[quote], sightings=breaches))
    assert reasons == sold
    # The first of them is kept, and the second one; a breach may last for hours.
    kept = "price through the stop: 94, of 1393948800000"
    assert plan.notes == [(BREACH, kept)] * (len(before) < 2 and kept not in before)
    assert "(delayed price)" in plan.alarms[-1].text


def test_delayed_price_at_the_target_sells_nothing() -> None:
    assert guarded(bare(quotes=[bid(105.0, availability="D")]))[0] == []


# ---- blind


BLIND: list[list[Quote]] = [
    [],
    [bid(94.0, halted=True)],
    [bid(0.0)],
    [bid(None)],
    [bid(94.0, after(-61))],
    [bid(94.0, after(-1201), availability="D")],
    [bid(94.0, availability="Z")],
]


@pytest.mark.parametrize("quotes", BLIND)
def test_without_a_usable_price_nothing_is_sold_and_somebody_is_told(quotes: list[Quote]) -> None:
    reasons, plan = guarded(bare(quotes=quotes))
    assert reasons == []
    assert [alarm.code for alarm in plan.alarms] == [AlarmCode.BLIND]
    assert plan.look_again == after(5)


def test_missing_price_is_no_evidence_that_the_price_came_back() -> None:
    assert guarded(bare(None, sightings=seen(breach=(-60,))))[1].over == set()


# ---- a stop of which nobody knows what became


def test_unproven_stop_alone_sells_nothing_at_the_first_breach() -> None:
    reasons, plan = guarded(unproven(0, {}))
    assert reasons == []
    assert BREACH in [subject for subject, _ in plan.notes]
    assert [alarm.code for alarm in plan.alarms] == [AlarmCode.BREACH]


def test_unproven_stop_is_never_sold_beside_at_the_target() -> None:
    assert guarded(unproven(100, seen(breach=(0,), whole=(70,)), price=106.0))[0] == []


@pytest.mark.parametrize(
    ("at", "sightings", "sold"),
    [
        # Visible within 60 s: only then readings begin to count.
        (59.9, seen(breach=(0,)), []),
        (60.0, seen(breach=(0,)), []),
        (64.9, seen(breach=(0,), whole=(60,)), []),
        (65.0, seen(breach=(0,), whole=(60,)), ["stop"]),
        (66.0, seen(breach=(0,), whole=(60,)), ["stop"]),
        # The evidence of a breach that is younger than that.
        (65.0, seen(breach=(10,), whole=(60,)), []),
        # No reading yet.
        (90.0, seen(breach=(0,)), []),
    ],
)
def test_sale_beside_an_unproven_stop_needs_an_old_breach_and_two_whole_readings(
    at: float, sightings: Seen, sold: list[str]
) -> None:
    assert guarded(unproven(at, sightings))[0] == sold


def test_whole_reading_is_kept_as_evidence_once_the_breach_is_old_enough() -> None:
    note = (WHOLE, "whole, and no sell in the list")
    assert note not in guarded(unproven(59.9, seen(breach=(0,))))[1].notes
    assert note in guarded(unproven(60.0, seen(breach=(0,))))[1].notes
    for at in (62.0, 90.0):
        assert note not in guarded(unproven(at, seen(breach=(0,), whole=(60,))))[1].notes


@pytest.mark.parametrize(
    "facts",
    [
        {"held": {AAPL: 8.0}},
        {"held": {}},
        {"orders": [shows(stop())]},
        {"orders": [shows(stop("F", 99), order_ref="by hand")]},
        {"orders": [shows(target(), BrokerStatus.INACTIVE)]},
        {"failed": ["executions"]},
        {"failed": ["positions"]},
        {"unreadable_orders": [unreadable(AAPL)]},
        {"unreadable_positions": [unreadable(None)]},
    ],
)
def test_reading_that_is_not_whole_or_shows_a_sell_takes_the_evidence_away(facts: Facts) -> None:
    reasons, plan = guarded(unproven(65, seen(breach=(0,), whole=(60,)), **facts))
    assert reasons == []
    assert WHOLE in plan.over


@pytest.mark.parametrize(
    ("state", "status", "sold"),
    [
        (IntentState.REJECTED, BrokerStatus.INACTIVE, ["stop"]),
        (IntentState.REJECTED, BrokerStatus.WARN_STATE, []),
        (IntentState.REJECTED, BrokerStatus.SUBMITTED, []),
        (IntentState.LOST, BrokerStatus.INACTIVE, []),
        (IntentState.WORKING, BrokerStatus.INACTIVE, []),
    ],
)
def test_inactive_row_of_an_earlier_stop_that_was_rejected_is_no_sell(
    state: IntentState, status: BrokerStatus, sold: list[str]
) -> None:
    now, earlier = after(65), stop("R", 60, state=state)
    rows = [shows(earlier, status, remaining_quantity=9.0)]
    facts = usually({}, positions=[own()], quotes=[bid(94.0, now)], sightings=seen(breach=(0,), whole=(60,)))
    assert guarded(moment(now, earlier, UNKNOWN, orders=rows, **facts))[0] == sold


@pytest.mark.parametrize(("conid", "sold"), [(None, [ExitReason.STOP]), (MSFT, [ExitReason.STOP]), (AAPL, [])])
def test_trade_that_can_not_be_read_stops_the_sale_in_its_own_contract_alone(
    conid: int | None, sold: list[ExitReason]
) -> None:
    state = unproven(65, seen(breach=(0,), whole=(60,)))
    listed = Reading(ExecutionList((), (unreadable(conid),)), state.now)
    assert guarded(replace(state, snapshot=replace(state.snapshot, executions=listed)))[0] == sold


def test_order_list_that_could_not_be_read_proves_nothing() -> None:
    assert guarded(unproven(65, seen(breach=(0,), whole=(60,)), failed=["orders"]))[0] == []


def test_stop_of_which_the_reading_says_two_things_is_not_proven_either() -> None:
    rows = [shows(stop()), shows(stop(), BrokerStatus.CANCELLED)]
    state = moment(IN_SESSION, stop(), positions=[own()], quotes=[bid(94.0)], orders=rows)
    assert guarded(state)[0] == []


# ---- outside regular hours


@pytest.mark.parametrize(("close", "sold"), [(95.01, []), (95.0, ["stop"]), (90.0, ["stop"]), (106.0, [])])
def test_close_under_the_stop_of_bare_shares_is_sold_at_the_open(close: float, sold: list[str]) -> None:
    assert guarded(bare(None, now=PRE_OPEN, closes={"AAPL": close}))[0] == sold


def test_close_under_a_stop_that_rests_or_is_not_proven_is_its_own_matter() -> None:
    low: Facts = {"closes": {"AAPL": 90.0}, "positions": [own()]}
    assert guarded(moment(PRE_OPEN, stop(), target(), **low))[0] == []
    assert guarded(moment(PRE_OPEN, UNKNOWN, **low))[0] == []


@pytest.mark.parametrize(("now", "watches"), [(after(-0.001, OPEN), False), (OPEN, True), (after(-1, CLOSE), True)])
def test_guard_begins_with_the_open_and_does_not_pause_before_the_close(now: datetime, watches: bool) -> None:  # noqa: FBT001
    # No first five and last ten minutes here: the sale stands for a stop, which knows none either.
    assert bool(guarded(bare(now=now))[0]) is watches


def test_guard_ends_with_the_close() -> None:
    assert guarded(bare(now=CLOSE))[0] == []

"""What money that came or went did to peak and prior close, and what they would be without it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from trading.model.balances import BalanceMemory, Balances, Decided, Flow, FlowState, flow_factor, without
from trading.model.decision import RiskState

AT = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATCHES = {"rejects": date(2014, 3, 3)}


def test_memory_is_the_same_after_it_was_written_and_read() -> None:
    reading = Balances(AT, 9_000.25, 10_000.5)
    memory = BalanceMemory(reading, Balances(AT, 1.0, 2.0), AT, (reading,))
    assert msgspec.json.decode(msgspec.json.encode(memory), type=BalanceMemory) == memory


def test_nobody_has_said_anything_about_a_flow_at_first() -> None:
    assert Flow(1, AT, 500.0, 10_500.0).state is FlowState.UNCONFIRMED


@pytest.mark.parametrize(
    ("amount", "before", "after", "factor"),
    [
        (-25.0, 100.0, 75.0, 0.75),
        (-25.0, 100.0, 70.0, 70.0 / 95.0),
        (100.0, 100.0, 190.0, 2.0),
        (100.0, 1.0, 90.0, 101.0),
        (-100.0, 100.0, 0.01, 0.01 / 100.01),
        (-90.0, 100.0, 0.0, 1.0),
        (-90.0, 100.0, -1.0, 1.0),
        (90.0, 0.0, 90.0, 1.0),
        (0.0, 100.0, 100.0, 1.0),
        (math.nan, 100.0, 90.0, 1.0),
        (10.0, math.nan, 90.0, 1.0),
        (-10.0, 100.0, math.nan, 1.0),
        (math.inf, 100.0, 90.0, 1.0),
    ],
)
def test_factor_is_above_zero_and_finite_whatever_came_or_went(
    amount: float, before: float, after: float, factor: float
) -> None:
    assert flow_factor(amount, before, after) == pytest.approx(factor)


# ---- without a flow


def taken(factor: float, *, number: int = 1, at: datetime = AT) -> Flow:
    """Return a flow that met a peak of 120 and a prior close of 100."""
    return Flow(number, at, 0.0, 0.0, factor=factor, peak=120.0, prior=100.0)


@pytest.mark.parametrize("factor", [0.75, 1.25])
def test_without_a_decision_since_peak_and_prior_close_are_what_they_were(factor: float) -> None:
    before = RiskState(120.0, 100.0, LATCHES)
    found = without(before.scaled(factor), taken(factor), (), ())
    assert (found.peak, found.prior_equity) == pytest.approx((120.0, 100.0))
    assert found.latches == LATCHES


@pytest.mark.parametrize(
    ("factor", "decided", "peak"),
    [(0.75, [100.0], 120.0), (0.75, [130.0, 110.0], 130.0), (1.25, [108.0], 120.0), (1.25, [140.0, 130.0], 140.0)],
)
def test_what_a_decision_set_anew_stays(factor: float, decided: list[float], peak: float) -> None:
    risk = RiskState(max(120.0 * factor, *decided, 0.0), decided[-1])
    found = without(risk, taken(factor), (), [Decided(AT + HOUR * number, each) for number, each in enumerate(decided)])
    assert (found.peak, found.prior_equity) == pytest.approx((peak, decided[-1]))


def test_loss_that_a_false_withdrawal_hid_from_the_decision_is_there_again() -> None:
    decided = [Decided(AT + HOUR, 90.0)]
    found = without(RiskState(108.0, 90.0, daily_loss=0.0), taken(0.9), (), decided)
    assert found.daily_loss == pytest.approx(0.1)
    again = [*decided, Decided(AT + HOUR * 25, 90.0)]
    assert without(RiskState(108.0, 90.0, daily_loss=0.0), taken(0.9), (), again).daily_loss == 0.0


def test_peak_that_a_person_set_since_stays() -> None:
    assert without(RiskState(95.0, 95.0), taken(1.0), (), [Decided(AT + HOUR, 95.0)]).peak == 95.0


def test_later_flows_that_stand_count() -> None:
    later = taken(0.5, number=2, at=AT + 2 * HOUR)
    risk = RiskState(120.0 * 1.25 * 0.5, 100.0 * 1.25 * 0.5)
    found = without(risk, taken(1.25), [later], ())
    assert (found.peak, found.prior_equity) == pytest.approx((60.0, 50.0))
    found = without(replace(risk, prior_equity=65.0), taken(1.25), [later], [Decided(AT + HOUR, 130.0)])
    assert (found.peak, found.prior_equity) == pytest.approx((65.0, 65.0))


def test_first_flow_of_all_that_was_none_leaves_what_decisions_set() -> None:
    flow = replace(taken(1.25), peak=None, prior=None)
    assert without(RiskState(110.0, 105.0), flow, (), [Decided(AT, 110.0)]) == RiskState(110.0, 105.0)
    assert without(RiskState(), flow, (), ()) == RiskState()

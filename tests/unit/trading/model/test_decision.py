"""A decision tells by itself whether a latch keeps new entries off; what is remembered is remembered once."""

from __future__ import annotations

import math
from datetime import date

import pytest

from trading.model.decision import Decision, RiskState, StopOut

DAY = date(2015, 8, 24)


def decision(risk: RiskState) -> Decision:
    return Decision(
        session=DAY, equity=8000.0, cash=8000.0, drawdown=0.2, exits=(), entries=(), denials=(), verdicts=(), risk=risk
    )


def test_without_a_latch_entries_are_allowed() -> None:
    assert not decision(RiskState(peak=10_000.0)).reducing


def test_any_latch_means_reducing() -> None:
    assert decision(RiskState(peak=10_000.0, latches={"drawdown_halt": DAY})).reducing


def test_stop_out_is_remembered_once() -> None:
    old, new = StopOut("GE", date(2014, 2, 3)), StopOut("AAPL", date(2014, 3, 4))
    assert RiskState(stop_outs=(old,)).with_stop_outs([new, old]).stop_outs == (old, new)


# ---- money that came or went


@pytest.mark.parametrize(
    ("amount", "equity", "peak", "prior"),
    [
        (-50.0, 40.0, 100.0 * 40 / 90, 95.0 * 40 / 90),
        (90.0, 180.0, 200.0, 190.0),
        (-25.0, 75.0, 75.0, 71.25),
        (-90.0, 0.0, None, None),
        (100.0, 90.0, None, None),
        (100.0, 100.0, None, None),
        (-90.0, -1.0, None, None),
        (math.nan, 90.0, None, None),
        (10.0, math.nan, None, None),
    ],
)
def test_flow_moves_peak_and_prior_close_so_that_the_loss_stays_the_same_part(
    amount: float, equity: float, peak: float | None, prior: float | None
) -> None:
    risk = RiskState(100.0, 95.0, {"rejects": DAY})
    moved = risk.with_flow(amount, equity)
    assert (moved.peak, moved.prior_equity) == pytest.approx((peak, prior))
    assert moved.latches == risk.latches
    assert RiskState().with_flow(amount, equity) == RiskState()


def test_deposit_and_withdrawal_of_the_same_sum_leave_everything_as_it_was() -> None:
    risk = RiskState(120.0, 105.0)
    back = risk.with_flow(50.0, 150.0).with_flow(-50.0, 100.0)
    assert (back.peak, back.prior_equity) == pytest.approx((120.0, 105.0))

"""A decision tells by itself whether a latch keeps new entries off; what is remembered is remembered once."""

from __future__ import annotations

from datetime import date

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


def test_flow_moves_peak_and_prior_close_and_nothing_else() -> None:
    risk = RiskState(100.0, 95.0, {"rejects": DAY})
    assert risk.scaled(0.5) == RiskState(50.0, 47.5, {"rejects": DAY})
    assert risk.scaled(2.0).scaled(0.5) == risk
    assert RiskState().scaled(2.0) == RiskState()

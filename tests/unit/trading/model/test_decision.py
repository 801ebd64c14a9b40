"""A decision tells by itself whether a latch keeps new entries off."""

from __future__ import annotations

from datetime import date

from trading.model.decision import Decision, RiskState

DAY = date(2015, 8, 24)


def decision(risk: RiskState) -> Decision:
    return Decision(
        session=DAY, equity=8000.0, cash=8000.0, drawdown=0.2, exits=(), entries=(), denials=(), verdicts=(), risk=risk
    )


def test_without_a_latch_entries_are_allowed() -> None:
    assert not decision(RiskState(peak=10_000.0)).reducing


def test_any_latch_means_reducing() -> None:
    assert decision(RiskState(peak=10_000.0, latches={"drawdown_halt": DAY})).reducing

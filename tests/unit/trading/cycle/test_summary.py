"""What one cycle tells of itself."""

from __future__ import annotations

import pytest

from trading.cycle.summary import CycleSummary


def test_a_cycle_in_which_nothing_happened_is_not_worth_a_row() -> None:
    assert not CycleSummary(mode="ACTIVE", positions=3, unknown=1, uncovered=10, duration_s=0.2).eventful


@pytest.mark.parametrize("count", ["signals", "orders", "fills", "trades", "refusals"])
def test_anything_done_is_worth_a_row(count: str) -> None:
    summary = CycleSummary()
    setattr(summary, count, 1)
    assert summary.eventful


def test_a_decision_without_a_signal_is_worth_a_row() -> None:
    assert CycleSummary(session="2014-03-03").eventful


def test_the_mapping_holds_every_count_by_name() -> None:
    values = CycleSummary("2014-03-03", "ACTIVE", 1, 2, 3, 4, 5, 6, 7, 8, 0.5).as_mapping()
    assert values == {
        "session": "2014-03-03",
        "mode": "ACTIVE",
        "signals": 1,
        "orders": 2,
        "fills": 3,
        "trades": 4,
        "refusals": 5,
        "positions": 6,
        "unknown": 7,
        "uncovered": 8,
        "duration_s": 0.5,
    }

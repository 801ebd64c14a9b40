"""What one cycle tells of itself."""

from __future__ import annotations

from trading.cycle.summary import CycleSummary


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


def test_a_cycle_did_something_where_it_counts_anything_but_how_things_stand() -> None:
    assert not CycleSummary(mode="ACTIVE", positions=3, unknown=1, uncovered=2, duration_s=4.0).did_something
    for done in (
        {"session": "2014-03-03"},
        {"orders": 1},
        {"fills": 1},
        {"trades": 1},
        {"refusals": 1},
        {"signals": 1},
    ):
        assert CycleSummary(**done).did_something
    assert CycleSummary(mode="ACTIVE", positions=3).words != CycleSummary(mode="HALTED", positions=3).words

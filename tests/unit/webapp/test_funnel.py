from __future__ import annotations

from itertools import pairwise

from tests.unit.webapp.desk import decision
from webapp import funnel


def test_every_symbol_has_exactly_one_fate_and_what_is_acted_on_comes_first() -> None:
    lines = funnel.lines(decision())
    assert [(line.symbol, line.fate) for line in lines] == [
        ("AAA", funnel.Fate.BUY),
        ("BBB", funnel.Fate.REFUSED),
        ("CCC", funnel.Fate.SELL),
        ("DDD", funnel.Fate.HELD),
        ("EEE", funnel.Fate.NO_SIGNAL),
        ("FFF", funnel.Fate.SKIPPED),
    ]
    assert all(line.sentences for line in lines)
    assert len(lines[4].sentences) == 2


def test_counts_add_up() -> None:
    counts = funnel.counts(funnel.lines(decision()))
    assert counts[""] == 6
    assert sum(count for fate, count in counts.items() if fate) == 6


def test_the_funnel_takes_each_symbol_away_once() -> None:
    steps = funnel.funnel(decision())
    assert steps[0].left == 3  # held symbols are no candidates
    assert [step.left for step in steps] == [3, 3, 3, 3, 2, 2, 2, 2, 2, 1]
    for before, after in pairwise(steps):
        assert before.left - after.left == after.gone

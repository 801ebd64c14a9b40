from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from tests.unit.webapp.desk import decision
from trading.model.strategy_words import StrategyWords
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
    assert lines[4].sentences == (
        "It dipped 0.42; 1.00 are asked.",
        "Close, 4.20 USD, is less than 5.00 USD.",
    )
    assert [finding.passed for finding in lines[4].findings] == [True, False, False]
    assert [finding.passed for finding in lines[0].findings] == [True, True, True]
    assert lines[2].findings == lines[3].findings == ()


def test_counts_add_up() -> None:
    counts = funnel.counts(funnel.lines(decision()))
    assert counts[""] == 6
    assert sum(count for fate, count in counts.items() if fate) == 6


def test_the_funnel_takes_each_symbol_away_once() -> None:
    steps = funnel.funnel(decision())
    assert steps[0].left == 3  # held symbols are no candidates
    assert [(step.label, step.left) for step in steps] == [
        ("Not held", 3),
        ("Traded in this session", 3),
        ("Enough history", 3),
        ("Rising", 3),
        ("Dipped", 2),
        ("Price: a buy signal", 2),
        ("Within the limits", 1),
    ]
    for before, after in pairwise(steps):
        assert before.left - after.left == after.gone


def test_a_decision_from_before_strategies_had_words_is_counted_by_its_reasons() -> None:
    old = decision()
    verdicts = tuple(replace(verdict, failed=None) for verdict in old.verdicts)
    old = replace(old, words=StrategyWords(), verdicts=verdicts)
    labels = [step.label for step in funnel.funnel(old)]
    assert labels[3:] == ["Dip", "Price: a buy signal", "Within the limits"]
    assert funnel.lines(old)[4].sentences == ("Dip: 0.42, limit 1.", "Price: 4.20, limit 5.")

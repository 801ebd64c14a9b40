"""What a strategy's checks found about one symbol, in the strategy's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trading.model.decision import Reason, SymbolVerdict
from trading.model.decision_words import sentence
from trading.model.strategy_words import Check, StrategyWords, plain
from webapp.numbers import number


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One check: its rule in a few words, and what was measured."""

    code: str
    title: str
    text: str
    passed: bool


def findings(verdict: SymbolVerdict, words: StrategyWords) -> tuple[CheckFinding, ...]:
    """Return what each check found, in their order; nothing where they did not decide."""
    if verdict.failed is None:
        return ()
    return tuple(
        _finding(check, verdict.values, passed=place not in verdict.failed) for place, check in enumerate(words.checks)
    )


def why_not(verdict: SymbolVerdict, words: StrategyWords) -> tuple[str, ...]:
    """Return a sentence for each rule that kept a symbol from a signal; the first failed check speaks for its rule."""
    said: dict[str, str] = {}
    for finding in findings(verdict, words):
        if not finding.passed:
            said.setdefault(finding.code, finding.text)
    return tuple(said.values()) or tuple(sentence(reason, number) for reason in verdict.reasons)


def rules(words: StrategyWords, reasons: Sequence[Reason]) -> dict[str, str]:
    """Return the title of each rule by its code, in the strategy's order; after them what `reasons` name besides."""
    titles: dict[str, str] = {}
    for check in words.checks:
        titles.setdefault(check.code, check.heading)
    for reason in reasons:
        titles.setdefault(reason.code, plain(reason.code))
    return titles


def _finding(check: Check, values: Mapping[str, float], *, passed: bool) -> CheckFinding:
    limit = values.get(check.limit) if isinstance(check.limit, str) else check.limit
    text = check.sentence(values.get(check.measure), limit, number, passed=passed)
    return CheckFinding(check.code, check.heading, text, passed)

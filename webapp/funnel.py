"""A decision, symbol by symbol: what became of each, and how many were left after each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trading.model.decision import Decision, SymbolVerdict
from trading.model.decision_words import CAPS, exit_sentence, sentence
from webapp.findings import CheckFinding, findings, rules, why_not
from webapp.numbers import number, price

BEFORE_RULES: Mapping[str, str] = {"no_bar": "Traded in this session", "warm_up": "Enough history"}
"""What a symbol needs before the strategy's rules look at it, named by what is left."""


class Fate(StrEnum):
    """What became of a symbol in one decision."""

    BUY = "buy"
    REFUSED = "refused"
    SELL = "sell"
    HELD = "held"
    NO_SIGNAL = "no_signal"
    SKIPPED = "skipped"


FATES: Mapping[str, str] = {
    "": "All",
    Fate.BUY: "To buy",
    Fate.REFUSED: "Refused",
    Fate.SELL: "To sell",
    Fate.HELD: "Held",
    Fate.NO_SIGNAL: "No signal",
    Fate.SKIPPED: "No data",
}
_ORDER = {fate: index for index, fate in enumerate(Fate)}


@dataclass(frozen=True, slots=True)
class SymbolLine:
    """One symbol: `sentences` say why, `findings` what each check found, `values` are what was measured."""

    symbol: str
    fate: Fate
    label: str
    score: float | None
    sentences: tuple[str, ...]
    findings: tuple[CheckFinding, ...]
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many symbols were left after a rule, and how many it took away."""

    label: str
    left: int
    gone: int


def lines(decision: Decision) -> tuple[SymbolLine, ...]:
    """Return every symbol of the decision: what is acted on first, then by score and name."""
    approved = {entry.symbol: entry for entry in decision.entries}
    denied = {denial.symbol: denial for denial in decision.denials}
    sold = {order.symbol: order for order in decision.exits}
    found: list[SymbolLine] = []
    for verdict in decision.verdicts:
        symbol = verdict.symbol
        score = None if verdict.signal is None else verdict.signal.score
        says: tuple[str, ...]
        if symbol in approved:
            entry = approved[symbol]
            fate = Fate.BUY
            says = (
                f"Buy {entry.quantity} at {price(entry.limit_price)} or less, stop {price(entry.stop_price)}, target "
                f"{price(entry.target_price)}. The size is set by {CAPS.get(entry.binding_cap, entry.binding_cap)}.",
            )
        elif symbol in denied:
            fate, says = Fate.REFUSED, (sentence(denied[symbol], number),)
        elif symbol in sold:
            order = sold[symbol]
            fate, says = (
                Fate.SELL,
                (f"{exit_sentence(order.reason, decision.words)} Sell {order.quantity} at the next open.",),
            )
        elif verdict.held:
            fate, says = Fate.HELD, ("Held; no reason to sell.",)
        else:
            fate, says = Fate.NO_SIGNAL, why_not(verdict, decision.words)
        found.append(
            SymbolLine(symbol, fate, FATES[fate], score, says, findings(verdict, decision.words), _values(verdict))
        )
    found += [
        SymbolLine(symbol, Fate.SKIPPED, FATES[Fate.SKIPPED], None, (why,), (), ())
        for symbol, why in decision.skipped.items()
    ]
    return tuple(sorted(found, key=_rank))


def funnel(decision: Decision) -> tuple[RuleCount, ...]:
    """Return how many symbols each rule left; a symbol goes at its first failing rule."""
    judged = [verdict for verdict in decision.verdicts if not verdict.held]
    steps = [RuleCount("Not held", len(judged), 0)]
    left = judged
    named = rules(decision.words, [reason for verdict in judged for reason in verdict.reasons])
    for rule, label in {**BEFORE_RULES, **named}.items():
        kept = [verdict for verdict in left if all(r.code != rule for r in verdict.reasons)]
        steps.append(RuleCount(label, len(kept), len(left) - len(kept)))
        left = kept
    signals = [verdict for verdict in left if verdict.signal is not None]
    steps[-1] = RuleCount(f"{steps[-1].label}: a buy signal", len(signals), steps[-2].left - len(signals))
    steps.append(RuleCount("Within the limits", len(decision.entries), len(signals) - len(decision.entries)))
    return tuple(steps)


def counts(found: tuple[SymbolLine, ...]) -> Mapping[str, int]:
    """Return how many symbols met each fate; the empty name counts all."""
    return {name: sum(1 for line in found if name in ("", line.fate)) for name in FATES}


def _values(verdict: SymbolVerdict) -> tuple[tuple[str, float], ...]:
    return tuple(verdict.values.items())


def _rank(line: SymbolLine) -> tuple[int, float, str]:
    return (_ORDER[line.fate], 0.0 if line.score is None else -line.score, line.symbol)

"""Why a symbol is bought or not, and how many each rule lets through, as values that tables and programs read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from trading.cli.output import decimal
from trading.config import SizingSettings
from trading.decision import DecisionSystem
from trading.market.panel import Panel
from trading.model.decision import Approved, Decision, Denied, Reason, Signal
from trading.rules import CAPS, SizeRules
from trading.strategies.base import OrderPrices
from trading.strategies.signals import NO_BAR, WARM_UP, SignalPanel


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One rule: how many symbols it fails, and how many are left after it and all rules before it."""

    rule: str
    failed: int
    left: int


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One comparison: `value` `relation` `limit`; `against` names the limit where it is a measured value itself.

    `title` and `text` are the strategy's own words for it.
    """

    rule: str
    measure: str
    value: float | None
    relation: str
    limit: float | None
    against: str | None
    passed: bool
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class CapSize:
    """Shares that one cap of the position size allows, before rounding down; None where the cap is off."""

    cap: str
    shares: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One symbol on one day. Without a judgement (`not_judged`) there are no checks, prices or sizes.

    Prices and sizes are there for a symbol without a signal too: what would be ordered if the rules held.
    """

    symbol: str
    session: date
    not_judged: Reason | None
    checks: tuple[CheckOutcome, ...]
    score: float | None
    prices: OrderPrices | None
    sizes: tuple[CapSize, ...]
    quantity: int | None
    binding_cap: str | None
    verdict: Approved | Denied | None
    """What the limits of the portfolio say to its signal; None without a signal."""

    @property
    def signal(self) -> bool:
        """Whether every rule of a buy signal holds."""
        return self.not_judged is None and all(check.passed for check in self.checks)


def funnel(signals: SignalPanel, row: int) -> tuple[FunnelStep, ...]:
    """Return the rules in their order, those that need bars first."""
    bits = signals.failed[row]
    counts = signals.reason_counts(row)
    masks: dict[str, int] = {}
    for number, check in enumerate(signals.checks):
        masks[check.code] = masks.get(check.code, 0) | 1 << number
    left = np.ones(bits.shape, dtype=bool)
    steps = []
    for code in ("no_bar", "warm_up", *masks):
        lost = {"no_bar": bits == NO_BAR, "warm_up": bits == WARM_UP}.get(code)
        left &= ~lost if lost is not None else (bits & masks[code]) == 0
        steps.append(FunnelStep(code, counts.get(code, 0), int(left.sum())))
    return tuple(steps)


def explained(
    symbol: str, panel: Panel, decision: Decision, system: DecisionSystem, sizing: SizingSettings
) -> Explanation:
    """Return everything about one symbol of `decision`, which was taken on a session of `panel`."""
    signals = system.screener.signals(panel)
    row, column = _row(panel, decision.session), panel.column(symbol)
    if signals.failed[row, column] in {NO_BAR, WARM_UP}:
        (reason,) = signals.reasons(row, column)
        return Explanation(symbol, decision.session, reason, (), None, None, (), None, None, None)
    signal = system.screener.signal(signals, row, column)
    size = system.risk.size(signal, decision.equity)
    return Explanation(
        symbol=symbol,
        session=decision.session,
        not_judged=None,
        checks=_checks(signals, row, column),
        score=signals.value("score", row, column),
        prices=OrderPrices(signal.limit_price, signal.stop_price, signal.target_price),
        sizes=tuple(_cap_size(cap, signal, decision.equity, system, sizing) for cap in CAPS),
        quantity=size.quantity,
        binding_cap=size.binding_cap,
        verdict=verdicts_of(decision).get(symbol),
    )


def verdicts_of(decision: Decision) -> dict[str, Approved | Denied]:
    """Return what the limits of the portfolio say to each signal, by symbol."""
    verdicts: dict[str, Approved | Denied] = {denial.symbol: denial for denial in decision.denials}
    return verdicts | {entry.symbol: entry for entry in decision.entries}


def _row(panel: Panel, session: date) -> int:
    return int(np.searchsorted(panel.sessions, np.datetime64(session, "D")))


def _checks(signals: SignalPanel, row: int, column: int) -> tuple[CheckOutcome, ...]:
    bits = int(signals.failed[row, column])
    outcomes = []
    for number, check in enumerate(signals.checks):
        against = check.limit if isinstance(check.limit, str) else None
        limit = signals.value(check.limit, row, column) if isinstance(check.limit, str) else float(check.limit)
        value, passed = signals.value(check.measure, row, column), not bits >> number & 1
        outcomes.append(
            CheckOutcome(
                rule=check.code,
                measure=check.measure,
                value=value,
                relation=check.relation,
                limit=limit,
                against=against,
                passed=passed,
                title=check.heading,
                text=check.sentence(value, limit, decimal, passed=passed),
            )
        )
    return tuple(outcomes)


def _cap_size(cap: str, signal: Signal, equity: float, system: DecisionSystem, sizing: SizingSettings) -> CapSize:
    """Size the position with one cap alone; the others are wide open."""
    wide_open = SizeRules(0.0, math.inf, math.inf, math.inf)
    alone = {
        "allocation": wide_open._replace(allocation=float(sizing.allocation_per_trade)),
        "risk": wide_open._replace(risk_per_trade=float(sizing.risk_per_trade)),
        "concentration": wide_open._replace(max_position_size=float(sizing.max_position_size)),
        "liquidity": wide_open._replace(max_participation=float(sizing.max_participation)),
    }
    exact = system.strategy.calculate_position_size(signal, equity, alone[cap]).exact
    return CapSize(cap, exact if math.isfinite(exact) else None)

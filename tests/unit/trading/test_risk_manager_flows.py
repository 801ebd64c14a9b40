"""Money that comes and goes latches nothing and hides no loss, whenever it does."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest

from tests.fakes.stages import settings_of
from trading.model.balances import flow_factor
from trading.model.decision import RiskState
from trading.risk_manager import RiskManager, Standing
from trading.strategies.discovery import make_strategy

SETTINGS = settings_of()
MANAGER = RiskManager(SETTINGS.risk, SETTINGS.sizing, make_strategy(SETTINGS))
FIRST = date(2014, 3, 3)
START = 100_000.0


def assess(number: int, equity: float, before: RiskState) -> Standing:
    return MANAGER.assess(FIRST + timedelta(days=number), equity, before)


def paid(risk: RiskState, amount: float, equity: float) -> RiskState:
    return risk.scaled(flow_factor(amount, equity - amount, equity))


def run(returns: list[float], flows: dict[int, float]) -> list[Standing]:
    """Let each session return so much, and let money come or go in the night before some."""
    found: list[Standing] = []
    equity, risk = START, RiskState()
    for number, gained in enumerate(returns):
        if number in flows:
            equity += flows[number]
            risk = paid(risk, flows[number], equity)
        equity *= 1.0 + gained
        found.append(assess(number, equity, risk))
        risk = found[-1].risk
    return found


@pytest.mark.parametrize("seed", range(200))
def test_deposit_and_withdrawal_of_the_same_sum_leave_latches_and_losses_as_they_are(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a path, no secret
    returns = [chance.gauss(-0.002, 0.03) for _ in range(40)]
    amount = chance.choice((1.0, -1.0)) * chance.uniform(100.0, 40_000.0)
    first, second = sorted(chance.sample(range(1, 40), 2))
    plain, paid = run(returns, {}), run(returns, {first: amount, second: -amount})
    for without, with_flows in zip(plain, paid, strict=True):
        assert with_flows.drawdown == pytest.approx(without.drawdown, abs=1e-9)
        assert with_flows.daily_loss == pytest.approx(without.daily_loss, abs=1e-9)
        assert (with_flows.halted, with_flows.risk.latches) == (without.halted, without.risk.latches)


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.19])
@pytest.mark.parametrize("part", [0.25, 0.75, 0.99])
def test_withdrawal_alone_never_latches(lost: float, part: float) -> None:
    equity = START * (1.0 - lost)
    risk = assess(1, equity, RiskState(START, equity)).risk
    gone = part * equity
    after = assess(2, equity - gone, paid(risk, -gone, equity - gone))
    assert not after.halted
    assert (after.drawdown, after.daily_loss) == pytest.approx((lost, 0.0))


@pytest.mark.parametrize(("lost", "latched"), [(0.1999, False), (0.2001, True)])
def test_deposit_hides_no_loss(lost: float, *, latched: bool) -> None:
    risk = paid(RiskState(START, START), 9 * START, 10 * START)
    assert assess(1, 10 * START * (1.0 - lost), risk).halted is latched


@pytest.mark.parametrize("equity", [0.0, -0.01, -5.0, math.nan, math.inf, -math.inf])
def test_equity_that_is_none_latches_nothing_and_is_not_remembered(equity: float) -> None:
    before = RiskState(START, START)
    standing = assess(1, equity, before)
    assert (standing.risk, standing.halted) == (before, True)
    assert not assess(1, START, before).halted

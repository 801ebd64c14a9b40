"""Limits on the money at risk and on what was lost, asked again with the equity of now."""

from __future__ import annotations

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import CLOSES, MSFT, PRE_OPEN, entry, own, reading, stop
from tests.unit.trading.execution.entry_moments import LEAVES, before, code
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.decision import RiskState


def rich() -> BrokerSnapshot:
    """Return a reading of an account of 10,000 with credit for more."""
    return reading(PRE_OPEN, cash=1e6)


@pytest.mark.parametrize(
    ("price", "allowed"), [(94.0, True), (106.54, True), (106.55, True), (106.56, False), (None, True)]
)
def test_own_shares_are_at_risk_from_their_price_to_their_stop(price: float | None, allowed: bool) -> None:  # noqa: FBT001
    # 100 shares to their stop at 95.00, and 45.00 for this entry, against 1,200.00; without a price, from 100.00.
    closes = {"AAPL": CLOSES["AAPL"]} if price is None else {**CLOSES, "MSFT": price}
    settings = settings_of("risk.max_exposure=4")
    state = before(PRE_OPEN, positions=[own(100, MSFT)], closes=closes, settings=settings)
    assert code(state) == (None if allowed else "open_risk")


@pytest.mark.parametrize(
    ("quantity", "stop_price", "allowed"), [(230, 95.0, True), (231, 95.0, True), (232, 95.0, False), (12, None, False)]
)
def test_other_entries_are_at_risk_to_their_stops(quantity: int, stop_price: float | None, allowed: bool) -> None:  # noqa: FBT001
    # This one's 45.00 leave 1,155.00: 231 shares to a stop 5.00 below. Without a stop all of a share is at risk.
    other = entry("F", 9, conid=MSFT, quantity=quantity, limit=100.0)
    child = [] if stop_price is None else [stop("F-S", 10, conid=MSFT, quantity=quantity, stop=stop_price, parent="F")]
    settings = settings_of("risk.max_exposure=4")
    found = code(before(PRE_OPEN, other, *child, settings=settings, snapshot=rich()))
    assert found == (None if allowed else "open_risk")


def test_entry_that_leaves_without_a_stop_is_not_sent() -> None:
    assert code(before(), LEAVES[:1]) == "open_risk"
    assert code(before(), LEAVES) is None


@pytest.mark.parametrize(
    ("risk", "expected"),
    [
        (RiskState(peak=12_499.0, prior_equity=10_000.0), None),
        (RiskState(peak=12_501.0, prior_equity=10_000.0), "drawdown_halt"),
        (RiskState(peak=10_526.0, prior_equity=10_526.0), None),
        (RiskState(peak=10_527.0, prior_equity=10_527.0), "daily_loss"),
        (RiskState(peak=10_000.0, prior_equity=10_000.0, daily_loss=0.05), None),
        (RiskState(peak=10_000.0, prior_equity=10_000.0, daily_loss=0.0501), "daily_loss"),
        (RiskState(peak=10_000.0, prior_equity=10_000.0, daily_loss=None), "daily_loss"),
        (RiskState(), "drawdown_halt"),
    ],
)
def test_equity_of_now_is_compared_with_its_peak_and_the_close_before(risk: RiskState, expected: str | None) -> None:
    assert code(before(risk=risk)) == expected

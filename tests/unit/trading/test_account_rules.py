"""What the rules of an account's kind let it spend, and how many day trades they let it risk."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.trading.test_risk_manager import RICH, ROW, SIGNALS, codes, manager, signal, walk
from trading.model.decision import DayTrade, RiskState
from trading.risk_manager import Funds, PricedAccount, spendable

CASH_RULES = "risk.account_rules=cash"
PDT_RULES = "risk.account_rules=pdt"


@pytest.mark.parametrize(
    ("settled", "left"),
    [(999.99, 899.99), (1_000.0, 900.0), (5_000.01, 4_900.0), (0.0, -100.0), (-50.0, -150.0), (None, -100.0),
     (math.nan, -100.0)],
)  # fmt: skip
def test_cash_account_spends_its_settled_cash_and_none_that_nobody_tells(settled: float | None, left: float) -> None:
    funds = Funds(5_000.0, settled, committed=100.0)
    assert spendable(funds, "cash") == pytest.approx(left)
    assert spendable(replace(funds, cash_account=True), "none") == pytest.approx(left)
    for account_rules in ("none", "pdt"):
        assert spendable(funds, account_rules) == 4_900.0


@pytest.mark.parametrize(("available", "left"), [(4_999.0, 4_999.0), (5_001.0, 5_000.0), (-1.0, -1.0)])
def test_no_account_spends_more_than_its_available_funds(available: float, left: float) -> None:
    assert spendable(Funds(5_000.0, 9_000.0, available), "cash") == left
    assert spendable(Funds(5_000.0, 0.0, available), "none") == left


@pytest.mark.parametrize("funds", [Funds(math.nan, 1.0), Funds(1.0, 1.0, math.nan)])
def test_funds_that_are_no_number_are_none_to_spend(funds: Funds) -> None:
    assert math.isnan(spendable(funds, "cash"))
    portfolio = replace(RICH, spendable=spendable(funds, "cash"))
    assert codes(walk(manager(), signal("A"), portfolio=portfolio)[1]) == [("A", "buying_power")]


@pytest.mark.parametrize(("left", "accepted"), [(2_001.99, 1), (2_002.0, 2), (2_002.01, 2)])
def test_walk_spends_what_the_account_s_rules_leave_of_its_cash(left: float, accepted: int) -> None:
    found, denials = walk(manager(), signal("A"), signal("B"), portfolio=replace(RICH, spendable=left))
    assert (len(found), codes(denials)) == (accepted, [("B", "buying_power")] * (2 - accepted))


def day_trades(*rows: int) -> RiskState:
    return RiskState(day_trades=tuple(DayTrade("X", SIGNALS.panel.day(row)) for row in rows))


SMALL = PricedAccount(24_999.99, 24_999.99, ())


@pytest.mark.parametrize(
    ("risk", "accepted"),
    [
        (day_trades(), 3),
        (day_trades(ROW), 2),
        (day_trades(ROW, ROW - 3), 1),
        (day_trades(ROW, ROW - 1, ROW - 2), 0),
        (day_trades(ROW - 4, ROW - 5), 3),
    ],
)
def test_each_entry_may_become_a_day_trade_of_the_next_five_sessions(risk: RiskState, accepted: int) -> None:
    signals = [signal(symbol) for symbol in "ABAB"]
    found, denials = walk(manager(PDT_RULES), *signals, portfolio=SMALL, risk=risk)
    assert len(found) == accepted
    assert [(each.code, each.value, each.limit) for each in denials] == [("day_trades", 4.0, 3.0)] * (4 - accepted)


@pytest.mark.parametrize(
    ("overrides", "portfolio"),
    [
        ((), SMALL),
        ((CASH_RULES,), SMALL),
        ((PDT_RULES,), replace(SMALL, equity=25_000.0)),
        ((PDT_RULES, f"risk.pdt_ends={SIGNALS.panel.day(ROW)}"), SMALL),
    ],
)
def test_day_trades_count_by_configuration_in_small_accounts_until_the_rule_ends(
    overrides: tuple[str, ...], portfolio: PricedAccount
) -> None:
    risk = day_trades(ROW, ROW - 1, ROW - 2)
    assert len(walk(manager(*overrides), signal("A"), portfolio=portfolio, risk=risk)[0]) == 1
    day_before = f"risk.pdt_ends={SIGNALS.panel.day(ROW) + timedelta(days=1)}"
    assert walk(manager(PDT_RULES, day_before), signal("A"), portfolio=SMALL, risk=risk)[0] == ()


def test_day_trades_that_no_limit_counts_are_forgotten() -> None:
    risk = day_trades(ROW - 5, ROW - 4, ROW - 3, ROW)
    assert manager(PDT_RULES).remembered(risk, SIGNALS, ROW) == day_trades(ROW - 3, ROW)
    assert manager().remembered(risk, SIGNALS, ROW) == RiskState()

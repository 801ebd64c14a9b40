"""An account in another currency is its dollars and own shares; without either it says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.fakes.trading_states import AAPL, ACCOUNT, IN_SESSION, MSFT, own, reading
from trading.execution.reading.dollars import convert_first, in_dollars
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.model.account import AccountState, BrokerPosition, PositionList
from trading.model.record import JournalView, OwnPosition


def shown(currency: str, cash: float, price: float | None = 110.0) -> BrokerSnapshot:
    rows = (
        BrokerPosition(AAPL, "AAPL", 9.0, 100.0, price, "STK"),
        BrokerPosition(MSFT, "MSFT", 50.0, 38.0, 40.0, "STK"),
    )
    account = AccountState(ACCOUNT, currency, 50_000.0, cash, cash, 45_000.0)
    made = reading(IN_SESSION)
    positions = Reading(PositionList(rows), IN_SESSION)
    return BrokerSnapshot(made.began, made.epoch, made.orders, made.executions, positions, Reading(account, IN_SESSION))


def balances(
    snapshot: BrokerSnapshot, positions: Sequence[OwnPosition] = (), **closes: float
) -> tuple[float, float, float]:
    account = in_dollars(snapshot, JournalView((), tuple(positions)), closes).account.value
    assert account is not None
    return account.net_liquidation, account.cash, account.available_funds


def test_account_in_dollars_is_what_the_broker_says() -> None:
    snapshot = shown("USD", 10_000.0)
    assert in_dollars(snapshot, JournalView((), (own(),)), {}) is snapshot
    assert convert_first(snapshot) == ()


@pytest.mark.parametrize(("price", "worth"), [(110.0, 990.0), (None, 900.0), (0.0, 900.0), (-1.0, 900.0)])
def test_account_in_euros_is_its_dollars_and_own_shares(price: float | None, worth: float) -> None:
    # Shares of others and the euros are no part of it.
    found = balances(shown("EUR", 8_000.0, price), [own()])
    assert found == (8_000.0 + worth, 8_000.0, 8_000.0)


@pytest.mark.parametrize(
    ("price", "close", "worth"), [(110.0, 120.0, 990.0), (None, 120.0, 1_080.0), (0.0, -1.0, 900.0)]
)
def test_own_shares_that_the_broker_has_no_price_for_are_worth_their_close(
    price: float | None, close: float, worth: float
) -> None:
    assert balances(shown("EUR", 0.0, price), [own()], AAPL=close)[0] == worth


NONE = ("the account is kept in EUR and holds no US dollars: convert some first",)
OWES = ("the account is kept in EUR and owes 50.00 US dollars: convert more than that first",)


@pytest.mark.parametrize(
    ("cash", "positions", "says"),
    [(0.01, [], ()), (0.0, [], NONE), (0.0, [own()], ()), (-50.0, [], OWES), (-50.0, [own()], OWES)],
)
def test_without_dollars_some_have_to_be_converted(
    cash: float, positions: list[OwnPosition], says: tuple[str, ...]
) -> None:
    snapshot = in_dollars(shown("EUR", cash), JournalView((), tuple(positions)), {})
    assert convert_first(snapshot) == says


@pytest.mark.parametrize(("available", "left"), [(0.01, 8_000.0), (0.0, 8_000.0), (-0.01, 0.0)])
def test_available_funds_below_zero_leave_nothing_to_spend_in_any_currency(available: float, left: float) -> None:
    snapshot = shown("EUR", 8_000.0)
    assert snapshot.account.value is not None
    account = replace(snapshot.account.value, available_funds=available)
    snapshot = replace(snapshot, account=Reading(account, IN_SESSION))
    assert balances(snapshot) == (8_000.0, 8_000.0, left)


def test_balances_that_could_not_be_read_are_none_in_any_currency() -> None:
    snapshot = reading(IN_SESSION, failed=["account"])
    assert in_dollars(snapshot, JournalView((), ()), {}) is snapshot
    assert convert_first(snapshot) == ()

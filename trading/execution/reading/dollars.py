"""An account that is kept in another currency trades its dollars: no exchange rate moves a limit of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.record import JournalView

DOLLARS = "USD"


def in_dollars(snapshot: BrokerSnapshot, journal: JournalView, closes: Mapping[str, float]) -> BrokerSnapshot:
    """Return a reading whose balances are the account's dollars, where it is kept in another currency.

    Equity is its dollars and own shares: at the broker's prices, else at `closes` (by symbol), else at their cost. No
    more than the dollars can be spent, and nothing where its available funds are below zero, in whatever currency.
    """
    account = snapshot.account.value
    if account is None or account.currency == DOLLARS:
        return snapshot
    rows = snapshot.positions.value.positions if snapshot.positions.value is not None else ()
    prices = {row.conid: row.market_price for row in rows if row.market_price is not None and row.market_price > 0.0}
    shares = sum(
        own.quantity * (prices.get(own.conid) or max(closes.get(own.symbol, 0.0), 0.0) or own.entry_price)
        for own in journal.positions
    )
    available = min(account.cash, 0.0) if account.available_funds < 0.0 else account.cash
    made = replace(account, net_liquidation=round(account.cash + shares, 2), available_funds=available)
    return replace(snapshot, account=replace(snapshot.account, value=made))


def convert_first(snapshot: BrokerSnapshot) -> tuple[str, ...]:
    """Return what has to be done before an account in another currency can buy anything."""
    account = snapshot.account.value
    if account is None or account.currency == DOLLARS:
        return ()
    kept = f"the account is kept in {account.currency}"
    if account.cash < 0.0:
        return (f"{kept} and owes {-account.cash:,.2f} US dollars: convert more than that first",)
    if account.net_liquidation > 0.0:
        return ()
    return (f"{kept} and holds no US dollars: convert some first",)

"""The books of the account hold whatever is traded."""

from __future__ import annotations

import pytest

from simulator.exchange.account import Account
from simulator.exchange.orders import Kind, Order, Side, Ticket, Tif


def book(account: Account, side: Side, quantity: int, price: float) -> float:
    ticket = Ticket(1, 7, side, Kind.MKT, quantity, Tif.DAY)
    return account.book(Order(ticket, "ABC", 0, 0, 0, quantity=quantity), quantity, price, 0)


def test_round_trip_leaves_what_was_earned_less_commissions() -> None:
    account = Account("DU1", 1000.0)
    assert book(account, Side.BUY, 10, 50.0) == 1.0
    assert account.positions[7].average_cost == 50.1
    book(account, Side.SELL, 10, 55.0)
    assert account.cash == 1048.0
    assert account.positions[7].realized == pytest.approx(48.0)
    assert (account.positions[7].quantity, account.positions[7].cost) == (0, 0.0)


def test_partial_sale_realizes_its_part_of_the_cost() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 4, 60.0)
    assert account.positions[7].cost == pytest.approx(0.6 * 501.0)
    assert account.positions[7].realized == pytest.approx(240.0 - 1.0 - 0.4 * 501.0)


def test_sale_beyond_the_position_goes_short_at_its_own_price() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 20, 50.0)
    assert account.positions[7].quantity == -10
    assert account.positions[7].average_cost == pytest.approx(49.95)


def test_proceeds_of_a_sale_settle_later_and_a_purchase_at_once() -> None:
    account = Account("DU1", 1000.0)
    for side, price in ((Side.BUY, 50.0), (Side.SELL, 60.0)):
        ticket = Ticket(1, 7, side, Kind.MKT, 10, Tif.DAY)
        account.book(Order(ticket, "ABC", 0, 0, 0, quantity=10), 10, price, 0, settles_us=100)
    assert (account.cash, account.settled_cash(99), account.settled_cash(100)) == (1098.0, 499.0, 1098.0)
    account.settle(100)
    assert account.unsettled == []


def test_split_of_nothing_is_nothing() -> None:
    assert Account("DU1", 1000.0).split(7, 2.0, 50.0, 0) == 0

"""The books of the account hold whatever is traded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.exchange.account import Account, Execution
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


def executed(side: Side, quantity: int, price: float) -> Execution:
    return Execution("0000a.b.01.01", 1, None, 7, "ABC", side, quantity, price, 1.0, 0, 0)


@pytest.mark.parametrize("left", [0, 4])
def test_shares_whose_sale_is_taken_back_cost_what_they_did(left: int) -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 10 - left, 60.0)
    old = executed(Side.SELL, 10 - left, 60.0)
    account.correct(old, replace(old, quantity=0), 0)
    position = account.positions[7]
    assert position.quantity == 10
    assert position.average_cost == pytest.approx(50.1)
    # The commission of the sale stays charged.
    assert account.cash == 498.0
    assert position.realized == pytest.approx(-1.0)


def test_shares_that_come_back_after_a_split_cost_what_it_made_of_that() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 10, 60.0)
    account.split(7, 2.0, 30.0, 0)
    old = executed(Side.SELL, 10, 60.0)
    account.correct(old, replace(old, quantity=0), 0)
    assert account.positions[7].average_cost == pytest.approx(25.05)


def test_price_of_a_sale_is_corrected_in_what_it_earned_and_that_of_a_purchase_in_what_the_shares_cost() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 4, 60.0)
    sold, bought = executed(Side.SELL, 4, 60.0), executed(Side.BUY, 10, 50.0)
    position = account.positions[7]
    earned = position.realized
    account.correct(sold, replace(sold, price=59.0), 0)
    assert position.average_cost == pytest.approx(50.1)
    assert position.realized == pytest.approx(earned - 4.0)
    account.correct(bought, replace(bought, price=49.4), 0)
    assert position.quantity == 6
    assert position.average_cost == pytest.approx(49.1)
    assert account.cash == 1000.0 - 501.0 + 239.0 - 4.0 + 6.0


def test_what_a_correction_earned_is_of_the_day_on_which_it_came() -> None:
    account = Account("DU1", 1000.0)
    book(account, Side.BUY, 10, 50.0)
    book(account, Side.SELL, 10, 60.0)
    old = executed(Side.SELL, 10, 60.0)
    account.correct(old, replace(old, price=61.0), 1)
    position = account.positions[7]
    assert position.realized == pytest.approx(10.0)
    assert position.realized_day == 1
    assert position.cost == 0.0


def test_correction_in_a_contract_that_was_never_held_moves_cash_alone() -> None:
    account = Account("DU1", 1000.0)
    old = executed(Side.BUY, 10, 50.0)
    account.correct(old, replace(old, quantity=9), 0)
    assert (account.cash, account.positions) == (1050.0, {})

"""The broker's look at the account before it takes an order: margin, settled cash, short sales.

A margin account needs half the value of what an order adds to its positions (Reg T), on top of what those it has
need; orders that are still working are not counted. A cash account pays for everything with settled cash, less what
its working purchases will need, and sells no more than it has. Orders that only close a position always pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.broker import Broker
from simulator.exchange.orders import Side, Ticket
from simulator.views.order_text import price_of
from simulator.views.valuation import INITIAL_FRACTION, MAINTENANCE_FRACTION, Valuation
from trading.market import fills

NOT_ACCEPTED = "YOUR ORDER IS NOT ACCEPTED."


@dataclass(frozen=True, slots=True)
class Credit:
    """What a group of orders changes when all of it fills; USD."""

    value: Valuation
    amount: float
    commission: float
    exposure: float
    """by how much the value of the account's positions, long and short together, changes"""
    refusal: str | None

    @property
    def initial_change(self) -> float:
        """Return the change of the initial margin."""
        return fills.cents(INITIAL_FRACTION * self.exposure)

    @property
    def maintenance_change(self) -> float:
        """Return the change of the maintenance margin."""
        return fills.cents(MAINTENANCE_FRACTION * self.exposure)


def look(broker: Broker, tickets: Iterable[Ticket]) -> Credit:
    """Weigh the orders of one call; children of brackets wait for their parent, and of a group one counts."""
    amount = commission = exposure = 0.0
    groups: set[str] = set()
    counted = []
    for ticket in tickets:
        if ticket.parent_id is not None or ticket.oca_group in groups:
            continue
        groups |= {ticket.oca_group} if ticket.oca_group else set()
        counted.append(ticket)
        price = _price(broker, ticket)
        amount += ticket.quantity * price
        commission += fills.commission(ticket.quantity, price)
        exposure += _added(broker, ticket) * price
    value = Valuation.of(broker)
    weigh = _cash_account if broker.behaviour.account_type == "cash" else _margin_account
    refusal = weigh(broker, counted, value, exposure, commission)
    return Credit(value, fills.cents(amount), fills.cents(commission), exposure, refusal)


def _price(broker: Broker, ticket: Ticket) -> float:
    last = broker.exchange.price_of(broker.contracts.by_conid[ticket.conid].column)
    return price_of(ticket) or last


def _added(broker: Broker, ticket: Ticket) -> int:
    """Return by how many shares an order makes its position, long or short, larger."""
    held = broker.account.held(ticket.conid)
    change = ticket.quantity if ticket.side is Side.BUY else -ticket.quantity
    return abs(held + change) - abs(held)


def _margin_account(
    broker: Broker, _tickets: list[Ticket], value: Valuation, exposure: float, commission: float
) -> str | None:
    if exposure <= 0.0:
        return None
    equity = fills.cents(value.equity - commission)
    initial = fills.cents(value.initial_margin + INITIAL_FRACTION * exposure)
    if equity >= initial:
        return None
    return (
        f"{NOT_ACCEPTED} IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] "
        f"MUST EXCEED THE INITIAL MARGIN [{initial:.2f} USD]; {broker.config.account_id} lacks "
        f"{initial - equity:.2f} USD of it."
    )


def _cash_account(
    broker: Broker, tickets: list[Ticket], value: Valuation, _exposure: float, commission: float
) -> str | None:
    for ticket in tickets:
        held = broker.account.held(ticket.conid)
        if ticket.side is Side.SELL and ticket.quantity > held:
            return f"{NOT_ACCEPTED} A CASH ACCOUNT MAY NOT SELL SHORT: it holds {held} of {ticket.quantity} shares."
    needed = sum(ticket.quantity * _price(broker, ticket) for ticket in tickets if ticket.side is Side.BUY)
    if not needed:
        return None
    ids = {ticket.order_id for ticket in tickets}
    working = [
        order
        for order in broker.exchange.book.live.values()
        if order.ticket.side is Side.BUY and order.ticket.parent_id is None and order.order_id not in ids
    ]
    reserved = sum(order.remaining * _price(broker, order.ticket) for order in working)
    free = fills.cents(value.settled - reserved)
    if fills.cents(needed + commission) <= free:
        return None
    return (
        f"{NOT_ACCEPTED} A CASH ACCOUNT NEEDS THE WHOLE VALUE IN SETTLED CASH: {needed + commission:.2f} USD, "
        f"and {free:.2f} USD is free."
    )

"""The account's books: cash to the cent, positions with their cost, executions."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.exchange.orders import Order, Side
from trading.market import fills


@dataclass(slots=True)
class Position:
    """Shares held of one contract, negative when short; `cost` with commissions, signed like the shares."""

    conid: int
    column: int
    symbol: str
    quantity: int = 0
    cost: float = 0.0
    realized: float = 0.0
    realized_day: int = -1

    @property
    def average_cost(self) -> float:
        """Return the cost of a share with commissions, 0.0 when flat."""
        return self.cost / self.quantity if self.quantity else 0.0


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill; `position` is what the account held afterwards."""

    execution_id: str
    order_id: int
    coid: str | None
    conid: int
    symbol: str
    side: Side
    quantity: int
    price: float
    commission: float
    at_us: int
    position: int


@dataclass(slots=True)
class Account:
    """Cash, positions and executions of the one account."""

    account_id: str
    cash: float
    positions: dict[int, Position] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    closes: list[tuple[int, float]] = field(default_factory=list)
    """net liquidation at each close, by the session's index"""
    equity_before: float = 0.0
    """net liquidation at the end of the last completed session"""

    def held(self, conid: int) -> int:
        """Return the shares held of a contract."""
        position = self.positions.get(conid)
        return position.quantity if position else 0

    def book(self, order: Order, quantity: int, price: float, day_index: int) -> float:
        """Book a fill and return its commission.

        The commission is that of the whole order so far, less what earlier partial fills were charged. Each cash
        movement, and the balance after each, is rounded to the cent.
        """
        ticket = order.ticket
        order.filled += quantity
        order.value += quantity * price
        mean = price if order.filled == quantity else order.value / order.filled
        charge = max(0.0, fills.cents(fills.commission(order.filled, mean) - order.commission))
        order.commission += charge
        sign = 1 if ticket.side is Side.BUY else -1
        value = fills.cents(quantity * price)
        self.cash = fills.cents(self.cash - sign * value)
        self.cash = fills.cents(self.cash - charge)
        self._hold(order, sign * quantity, sign * value + charge, day_index)
        return charge

    def adjust(self, conid: int, shares: int, cost: float) -> None:
        """Change a position and what it cost without an order: a correction, a split."""
        position = self.positions.get(conid)
        if position is not None:
            position.quantity += shares
            position.cost += cost
        self.cash = fills.cents(self.cash - cost)

    def _hold(self, order: Order, change: int, cost: float, day_index: int) -> None:
        position = self.positions.setdefault(
            order.ticket.conid, Position(order.ticket.conid, order.column, order.symbol)
        )
        if position.realized_day != day_index:
            position.realized, position.realized_day = 0.0, day_index
        held = position.quantity
        closing = min(abs(held), abs(change)) if held * change < 0 else 0
        if not closing:
            position.quantity += change
            position.cost += cost
            return
        part = closing / abs(change)
        released = position.cost * closing / abs(held)
        position.realized += -cost * part - released
        position.quantity += change
        position.cost = position.cost - released + cost * (1.0 - part) if position.quantity else 0.0

"""The account's books: cash to the cent, positions with their cost, executions."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.exchange.orders import Order, Side
from trading.market import fills

_CLOSE = 1e-9
"""a product of shares and ratio this near to a whole number is one"""


@dataclass(slots=True)
class Position:
    """Shares held of one contract, negative when short; `cost` with commissions, signed like the shares.

    `closed_at` is the cost of a share when the last one was closed, after splits since.
    """

    conid: int
    column: int
    symbol: str
    quantity: int = 0
    cost: float = 0.0
    realized: float = 0.0
    realized_day: int = -1
    closed_at: float = 0.0

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
    unsettled: list[tuple[int, float]] = field(default_factory=list)
    """proceeds of sales with the instant from which they are settled"""
    equity_before: float = 0.0
    """net liquidation at the end of the last completed session"""

    def held(self, conid: int) -> int:
        """Return the shares held of a contract."""
        position = self.positions.get(conid)
        return position.quantity if position else 0

    def settled_cash(self, now_us: int) -> float:
        """Return the cash without the proceeds of sales that have still to settle; purchases are taken off at once."""
        return fills.cents(self.cash - sum(amount for at_us, amount in self.unsettled if at_us > now_us))

    def settle(self, now_us: int) -> None:
        """Forget what has settled."""
        self.unsettled = [entry for entry in self.unsettled if entry[0] > now_us]

    def book(self, order: Order, quantity: int, price: float, day_index: int, *, settles_us: int = 0) -> float:
        """Book a fill, settled from `settles_us` on, and return its commission.

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
        if ticket.side is Side.SELL:
            self.unsettled.append((settles_us, fills.cents(value - charge)))
        self._hold(order, sign * quantity, sign * value + charge, day_index)
        return charge

    def correct(self, old: Execution, new: Execution, day_index: int) -> None:
        """Book an execution as `new` that was booked as `old`: cash, shares and their cost.

        Shares whose sale is taken back cost what they did before it, and so do those short of a purchase that had
        covered them; what was earned is taken back with it. Where none are held, shares had been bought and sold.
        """
        sign = 1 if old.side is Side.BUY else -1
        shares = sign * (new.quantity - old.quantity)
        value = sign * (new.quantity * new.price - old.quantity * old.price)
        self.cash = fills.cents(self.cash - value)
        position = self.positions.get(old.conid)
        if position is None:
            return
        held, after = position.quantity, position.quantity + shares
        cost = value
        closed = held * sign < 0 or (held == 0 and old.side is Side.SELL)
        if closed and after * sign <= 0:
            cost = shares * (position.average_cost or position.closed_at)
            position.realized = (position.realized if position.realized_day == day_index else 0.0) + cost - value
            position.realized_day = day_index
        self._change(position, shares, cost)

    def split(self, conid: int, ratio: float, price: float, day_index: int) -> int:
        """Split a position and return the whole shares of it; a fraction is paid out at `price`, that after the split.

        What the position cost stays, less the part of the fraction, which is realized.
        """
        position = self.positions.get(conid)
        if position is None:
            return 0
        position.closed_at /= ratio
        if not position.quantity:
            return 0
        exact = position.quantity * ratio
        whole = int(exact + (_CLOSE if exact > 0.0 else -_CLOSE))
        fraction = exact - whole
        if abs(fraction) > _CLOSE:
            released = position.cost * fraction / exact
            paid = fills.cents(fraction * price)
            self.cash = fills.cents(self.cash + paid)
            if position.realized_day != day_index:
                position.realized, position.realized_day = 0.0, day_index
            position.realized += paid - released
            position.cost = position.cost - released if whole else 0.0
        position.quantity = whole
        return whole

    def _hold(self, order: Order, change: int, cost: float, day_index: int) -> None:
        position = self.positions.setdefault(
            order.ticket.conid, Position(order.ticket.conid, order.column, order.symbol)
        )
        if position.realized_day != day_index:
            position.realized, position.realized_day = 0.0, day_index
        held = position.quantity
        closing = min(abs(held), abs(change)) if held * change < 0 else 0
        if not closing:
            self._change(position, change, cost)
            return
        part = closing / abs(change)
        released = position.cost * closing / abs(held)
        position.realized += -cost * part - released
        self._change(position, change, cost * (1.0 - part) - released)

    @staticmethod
    def _change(position: Position, shares: int, cost: float) -> None:
        """Change a position and what it cost; that of a flat one is exactly 0."""
        position.closed_at = position.average_cost or position.closed_at
        position.quantity += shares
        position.cost = position.cost + cost if position.quantity else 0.0

"""The order book: which orders there are, which can still fill, and which fills next."""

from __future__ import annotations

from bisect import bisect_left

from simulator.exchange.orders import Kind, Order, Side, State


class Book:
    """All orders of the account, the live ones apart."""

    def __init__(self) -> None:
        """Start empty."""
        self.orders: dict[int, Order] = {}
        self.live: dict[int, Order] = {}
        self._ended: list[Order] = []

    def add(self, order: Order) -> None:
        """Take a live order onto the book."""
        self.orders[order.order_id] = order
        self.live[order.order_id] = order

    def end(self, order: Order) -> None:
        """Take an order off the live ones; it has its final state and the instant of it."""
        if self.live.pop(order.order_id, None) is not None:
            self._ended.append(order)

    def came_up_again(self, order: Order) -> None:
        """List an order that had ended among the newest: something happened to it after its end."""
        self._ended = [other for other in self._ended if other is not order] + [order]

    def recent(self, since_us: int) -> list[Order]:
        """Return the live orders and those that ended at or after `since_us`."""
        first = bisect_left(self._ended, since_us, key=lambda order: order.changed_us)
        return [*self._ended[first:], *self.live.values()]

    def children(self, order_id: int) -> list[Order]:
        """Return the live children of an order."""
        return [order for order in self.live.values() if order.ticket.parent_id == order_id]

    def group(self, order: Order, *, brackets: bool) -> list[Order]:
        """Return the live orders that a fill of `order` cancels; with `brackets` its parent's other children too."""
        ticket = order.ticket
        found = []
        for other in self.live.values():
            if other is order:
                continue
            same_group = ticket.oca_group is not None and other.ticket.oca_group == ticket.oca_group
            same_parent = brackets and ticket.parent_id is not None and other.ticket.parent_id == ticket.parent_id
            if same_group or same_parent:
                found.append(other)
        return found

    def next_due(self, now_us: int) -> Order | None:
        """Return the order that fills next: by time, market sells for the open first, then by symbol, then as sent."""
        best: Order | None = None
        best_key: tuple[int, int, str, int] | None = None
        for order in self.live.values():
            if order.due_us is None or order.state is not State.WORKING:
                continue
            first = order.due_position == 0.0 and order.ticket.kind is Kind.MKT and order.ticket.side is Side.SELL
            key = (max(order.due_us, now_us), 0 if first else 1, order.symbol, order.number)
            if best_key is None or key < best_key:
                best, best_key = order, key
        return best

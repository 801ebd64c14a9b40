"""Brackets: when children begin to work, and for how many shares."""

from __future__ import annotations

from typing import Literal

from simulator.exchange.book import Book
from simulator.exchange.orders import Order

Activation = Literal["whole", "proportional", "full"]
"""children when their parent fills in part: at once, for what is filled, or after the whole"""


def begins(parent: Order, mode: Activation) -> bool:
    """Return whether the children of `parent` may work by now."""
    return parent.remaining == 0 if mode == "full" else parent.filled > 0


def share(book: Book, parent: Order, child: Order, *, linked: bool) -> int:
    """Return the quantity of a child that grows with its parent: what is filled, less what the others have sold of it.

    Children that do not know of each other (`linked` false) have each the whole of it.
    """
    sold = 0
    if linked:
        family = (other for other in book.orders.values() if other.ticket.parent_id == parent.order_id)
        sold = sum(other.filled for other in family if other is not child)
    return max(child.filled, min(child.ticket.quantity, parent.filled - sold))


def may_grow(book: Book, child: Order, mode: Activation) -> bool:
    """Return whether a child gets more shares when its parent goes on filling."""
    if mode != "proportional" or child.ticket.parent_id is None:
        return False
    parent = book.orders.get(child.ticket.parent_id)
    return parent is not None and parent.is_live and parent.remaining > 0 and child.quantity < child.ticket.quantity

from __future__ import annotations

import pytest

from simulator.exchange import brackets
from simulator.exchange.book import Book
from simulator.exchange.orders import Kind, Order, Side, State, Ticket, Tif


def family(parent_filled: int, *sold: int) -> tuple[Book, Order, list[Order]]:
    """Return a parent of 10 that has filled so much, with a child of 10 for each number sold."""
    book = Book()
    parent = Order(Ticket(1, 7, Side.BUY, Kind.LMT, 10, Tif.GTC, limit=1.0), "ABC", 0, 0, 0, quantity=10)
    parent.filled = parent_filled
    book.add(parent)
    children = []
    for number, filled in enumerate(sold, start=2):
        ticket = Ticket(number, 7, Side.SELL, Kind.LMT, 10, Tif.GTC, limit=2.0, parent_id=1)
        child = Order(ticket, "ABC", 0, 0, number, quantity=filled, filled=filled)
        book.add(child)
        children.append(child)
    return book, parent, children


@pytest.mark.parametrize(
    ("mode", "filled", "expected"),
    [
        ("whole", 0, False),
        ("whole", 1, True),
        ("proportional", 0, False),
        ("proportional", 1, True),
        ("full", 9, False),
        ("full", 10, True),
    ],
)
def test_children_begin(mode: brackets.Activation, filled: int, expected: bool) -> None:  # noqa: FBT001
    assert brackets.begins(family(filled)[1], mode) is expected


@pytest.mark.parametrize(
    ("filled", "sold", "linked", "expected"),
    [
        (4, (0, 0), True, 4),
        (8, (0, 3), True, 5),
        (8, (2, 3), True, 5),
        (8, (0, 3), False, 8),
        (2, (3, 0), True, 3),
        (30, (0, 0), True, 10),
    ],
)
def test_share_of_a_child(filled: int, sold: tuple[int, ...], linked: bool, expected: int) -> None:  # noqa: FBT001
    book, parent, children = family(filled, *sold)
    assert brackets.share(book, parent, children[0], linked=linked) == expected


def test_child_may_grow_while_its_parent_fills() -> None:
    book, parent, [child] = family(4, 4)
    assert brackets.may_grow(book, child, "proportional")
    assert not brackets.may_grow(book, child, "whole")
    assert not brackets.may_grow(book, parent, "proportional")
    parent.state = State.CANCELLED
    assert not brackets.may_grow(book, child, "proportional")

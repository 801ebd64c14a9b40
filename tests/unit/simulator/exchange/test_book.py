from __future__ import annotations

from simulator.exchange.book import Book
from simulator.exchange.orders import Kind, Order, Side, State, Ticket, Tif


def order(number: int, symbol: str = "ABC", **fields: object) -> Order:
    values: dict[str, object] = {"side": Side.BUY, "kind": Kind.LMT, "quantity": 1, "tif": Tif.DAY, **fields}
    ticket = Ticket(number, 1, **values)  # type: ignore[arg-type]  # the fields of a ticket, by name
    return Order(ticket, symbol, 0, 0, number, quantity=1)


def book(*orders: Order) -> Book:
    made = Book()
    for item in orders:
        made.add(item)
    return made


def due(item: Order, at: int, position: float = 0.0) -> Order:
    item.due_us, item.due_position = at, position
    return item


def test_next_is_by_time_then_symbol_then_number() -> None:
    late, other, first, second = (
        due(order(1), 20),
        due(order(2, "XYZ"), 10),
        due(order(3), 10),
        due(order(4), 10),
    )
    made = book(late, other, second, first)
    found = []
    while (item := made.next_due(0)) is not None:
        found.append(item.number)
        made.end(item)
    assert found == [3, 4, 2, 1]


def test_market_sells_for_the_open_are_before_everything_at_that_instant() -> None:
    sell = due(order(2, "XYZ", side=Side.SELL, kind=Kind.MKT), 10)
    inside = due(order(3, "AAA", side=Side.SELL, kind=Kind.MKT), 10, 0.5)
    made = book(due(order(1), 10), sell, inside)
    assert made.next_due(0) is sell


def test_orders_that_wait_are_not_due() -> None:
    held = due(order(1), 10)
    held.state = State.HELD
    assert book(held, order(2)).next_due(0) is None


def test_recent_are_the_live_ones_and_those_that_ended_since() -> None:
    orders = [order(number) for number in range(4)]
    made = book(*orders)
    for item, at in zip(orders[:3], (10, 20, 30), strict=True):
        item.changed_us = at
        made.end(item)
    assert [item.number for item in made.recent(20)] == [1, 2, 3]


def test_groups_and_children_are_found() -> None:
    one, two = order(1, oca_group="g"), order(2, oca_group="g")
    stop, target = order(3, parent_id=1), order(4, parent_id=1)
    made = book(one, two, stop, target)
    assert made.group(one, brackets=True) == [two]
    assert made.group(stop, brackets=True) == [target]
    assert made.group(stop, brackets=False) == []
    assert made.children(1) == [stop, target]

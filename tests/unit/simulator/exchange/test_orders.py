from __future__ import annotations

import msgspec
import pytest

from simulator.exchange.orders import Kind, Order, Side, State, Ticket, Tif, shown_status


def order(kind: Kind = Kind.LMT, state: State = State.WORKING, *, triggered: bool = False) -> Order:
    ticket = Ticket(1, 265598, Side.BUY, kind, 10, Tif.DAY, limit=1.0, stop=1.0)
    return Order(ticket, "AAPL", 0, 0, 0, state, quantity=10, triggered=triggered)


def marked(state: State = State.WORKING, *, acknowledged: bool = False, cancelling: bool = False) -> Order:
    found = order(state=state)
    found.acknowledged, found.cancelling, found.warned = acknowledged, cancelling, not acknowledged and not cancelling
    return found


@pytest.mark.parametrize(
    ("found", "market_open", "status"),
    [
        (order(), True, "Submitted"),
        (order(), False, "PreSubmitted"),
        (order(Kind.STP), True, "PreSubmitted"),
        (order(Kind.STOP_LIMIT, triggered=True), True, "Submitted"),
        (order(state=State.HELD), True, "PreSubmitted"),
        (order(state=State.SENT), True, "PendingSubmit"),
        (marked(State.SENT, acknowledged=True), True, "PreSubmitted"),
        (marked(cancelling=True), True, "PendingCancel"),
        (marked(State.CANCELLED, cancelling=True), True, "Cancelled"),
        (marked(), True, "WarnState"),
        (order(state=State.FILLED), False, "Filled"),
        (order(state=State.CANCELLED), True, "Cancelled"),
        (order(state=State.INACTIVE), True, "Inactive"),
    ],
)
def test_shown_status(found: Order, market_open: bool, status: str) -> None:  # noqa: FBT001
    assert shown_status(found, market_open=market_open) == status


def test_ticket_is_read_back_from_the_log_as_it_was() -> None:
    ticket = order(Kind.STOP_LIMIT).ticket
    assert msgspec.json.decode(msgspec.json.encode(ticket), type=Ticket) == ticket


def test_sides_are_each_others_opposite() -> None:
    assert Side.BUY.opposite is Side.SELL
    assert Side.SELL.opposite is Side.BUY

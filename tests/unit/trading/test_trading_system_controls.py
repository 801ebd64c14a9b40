"""What people ask for, as the loop takes it up and carries it out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.trading_desk import CLOSE, OPEN, PRE_OPEN
from tests.fakes.trading_room import Room
from trading.errors import NotSent
from trading.model.mode import Mode
from trading.model.operator_request import RequestKind
from trading.model.order import BrokerStatus, OrderType, Role, Side


def test_halt_cancels_entries_and_keeps_stops(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    sent = len(room.office.broker.submits())
    entry = room.fill_an_entry()
    assert room.office.broker.live(Side.BUY)
    room.requests.ask(RequestKind.HALT)
    for _ in range(3):
        system.run_cycle()
        room.office.clock.go(5)
    assert room.office.store.mode().mode is Mode.HALTED
    assert room.office.broker.live(Side.BUY) == []
    assert {order.order_type for order in room.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}
    assert [kind for kind, _ in room.requests.answers] == [RequestKind.HALT]
    assert len(room.office.broker.submits()) == sent


def test_halt_is_not_done_before_the_broker_has_cancelled(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.office.broker.cancels_wait = True
    room.requests.ask(RequestKind.HALT)
    assert system.run_cycle() == room.office.clock.time + timedelta(seconds=5)
    assert room.office.broker.live(Side.BUY)


def test_halt_before_the_first_decision_is_done_at_once(room: Room) -> None:
    room.office.clock.time = OPEN + timedelta(hours=1)
    room.requests.ask(RequestKind.HALT)
    room.start().run_cycle()
    assert room.decided() == []
    assert room.office.store.mode().mode is Mode.HALTED


def test_halt_is_taken_up_while_the_gateway_is_away(room: Room) -> None:
    room.session.shows = NotSent("POST /tickle", "connection refused")
    room.requests.ask(RequestKind.HALT)
    with pytest.raises(NotSent):
        room.start().run_cycle()
    assert room.office.store.mode().mode is Mode.HALTED


def test_halted_system_buys_nothing_and_a_resumed_one_does(room: Room) -> None:
    room.requests.ask(RequestKind.HALT)
    system = room.start()
    system.run_cycle()
    assert room.office.broker.submits() == []
    room.requests.ask(RequestKind.RESUME)
    system.run_cycle()
    assert room.office.broker.live(Side.BUY)


@pytest.mark.parametrize(
    ("at", "order_type"), [(PRE_OPEN, OrderType.MARKET), (OPEN + timedelta(minutes=10), OrderType.LIMIT)]
)
def test_flatten_sells_own_shares_and_is_done_once_they_are_gone(
    room: Room, at: datetime, order_type: OrderType
) -> None:
    system = room.start()
    system.run_cycle()
    room.office.clock.time = at
    entry = room.fill_an_entry()
    room.requests.ask(RequestKind.FLATTEN)
    for _ in range(4):
        system.run_cycle()
        room.office.clock.go(5)
    (sale,) = room.office.broker.live()
    assert (sale.conid, sale.side, sale.order_type) == (entry.conid, Side.SELL, order_type)
    assert sale.total_quantity == entry.total_quantity
    assert room.office.store.halts.flatten_goal() is not None
    room.office.broker.fill(sale.order_id, 50.0)
    system.run_cycle()
    system.run_cycle()
    assert room.office.broker.live() == []
    assert room.office.journal.own_positions() == ()
    assert room.office.store.halts.flatten_goal() is None
    assert room.office.store.mode().mode is Mode.HALTED
    exits = [record for record in room.office.journal.intents() if record.intent.role is Role.EXIT]
    assert [record.intent.reason for record in exits] == ["operator"]


def test_stop_that_is_lost_while_everything_is_to_be_sold_is_not_put_back(room: Room) -> None:
    system, entry = room.begin_with_a_position()
    room.office.clock.time = CLOSE + timedelta(minutes=1)
    room.requests.ask(RequestKind.FLATTEN)
    room.office.broker.end(room.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    sent = len(room.office.broker.submits())
    for _ in range(3):
        system.run_cycle()
        room.office.clock.go(5)
    assert len(room.office.broker.submits()) == sent
    assert room.office.store.halts.flatten_goal() is not None

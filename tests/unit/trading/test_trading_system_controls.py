"""What people ask for, as the loop takes it up and carries it out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.fake_broker import lost_request
from tests.fakes.trading_context import CLOSE, OPEN, PRE_OPEN
from tests.fakes.trading_loop import LoopParts
from trading.errors import NotSent, OutcomeUnknown
from trading.model.mode import Mode
from trading.model.operator_request import OperatorVerb
from trading.model.order import UNPROVEN, BrokerStatus, IntentState, OrderType, Role, Side
from trading.model.request import CancelOrder, PreparedRequest
from trading.model.status import StatusKey
from trading.trading_system import TradingSystem


def cancels(loop: LoopParts) -> list[PreparedRequest]:
    return [request for request in loop.broker.arrived if isinstance(request.content, CancelOrder)]


def test_halt_cancels_entries_and_keeps_stops(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    sent = len(loop.broker.submits())
    entry = loop.fill_an_entry()
    assert loop.broker.live(Side.BUY)
    loop.requests.ask(OperatorVerb.HALT)
    for _ in range(3):
        system.run_cycle()
        loop.clock.go(5)
    assert loop.store.mode().mode is Mode.HALTED
    assert loop.broker.live(Side.BUY) == []
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}
    assert [kind for kind, _ in loop.requests.answers] == [OperatorVerb.HALT]
    assert len(loop.broker.submits()) == sent


def test_cancel_that_is_not_confirmed_is_asked_for_again(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    entries = len(loop.broker.live(Side.BUY))
    loop.broker.cancels_wait = True
    loop.requests.ask(OperatorVerb.HALT)
    system.run_cycle()
    # Before the open a confirmation may take until after it.
    assert system.run_cycle() == OPEN
    assert len(cancels(loop)) == entries
    loop.clock.time = OPEN + timedelta(minutes=5)
    system.run_cycle()
    assert len(cancels(loop)) == 2 * entries
    loop.broker.cancels_wait = False
    loop.clock.go(15)
    system.run_cycle()
    assert loop.broker.live() == []


def test_halt_before_the_first_decision_is_done_at_once(loop: LoopParts) -> None:
    loop.clock.time = OPEN + timedelta(hours=1)
    loop.requests.ask(OperatorVerb.HALT)
    loop.start().run_cycle()
    assert loop.decided() == []
    assert loop.store.mode().mode is Mode.HALTED


def test_halt_is_taken_up_while_the_gateway_is_away(loop: LoopParts) -> None:
    loop.session.shows = NotSent("POST /tickle", "connection refused")
    loop.requests.ask(OperatorVerb.HALT)
    with pytest.raises(NotSent):
        loop.start().run_cycle()
    assert loop.store.mode().mode is Mode.HALTED


def test_halted_system_buys_nothing_and_a_resumed_one_does(loop: LoopParts) -> None:
    loop.requests.ask(OperatorVerb.HALT)
    system = loop.start()
    system.run_cycle()
    assert loop.broker.submits() == []
    loop.requests.ask(OperatorVerb.RESUME)
    system.run_cycle()
    assert loop.broker.live(Side.BUY)


@pytest.mark.parametrize(
    ("at", "order_type"), [(PRE_OPEN, OrderType.MARKET), (OPEN + timedelta(minutes=10), OrderType.LIMIT)]
)
def test_flatten_sells_own_shares_and_is_done_once_they_are_gone(
    loop: LoopParts, at: datetime, order_type: OrderType
) -> None:
    system = loop.start()
    system.run_cycle()
    loop.clock.time = at
    entry = loop.fill_an_entry()
    loop.requests.ask(OperatorVerb.FLATTEN)
    for _ in range(4):
        system.run_cycle()
        loop.clock.go(5)
    (sale,) = loop.broker.live()
    assert (sale.conid, sale.side, sale.order_type) == (entry.conid, Side.SELL, order_type)
    assert sale.total_quantity == entry.total_quantity
    goal = loop.store.halts.flatten_goal()
    assert goal is not None
    assert "was sent" in goal.waits_for
    loop.broker.fill(sale.order_id, 50.0)
    system.run_cycle()
    system.run_cycle()
    assert loop.broker.live() == []
    assert loop.journal.own_positions() == ()
    assert loop.store.halts.flatten_goal() is None
    assert loop.store.mode().mode is Mode.HALTED
    exits = [record for record in loop.journal.intents() if record.intent.role is Role.EXIT]
    assert [record.intent.reason for record in exits] == ["operator"]


def test_stop_that_is_lost_while_the_sale_can_not_leave_yet_is_put_back(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.clock.time = CLOSE + timedelta(minutes=1)
    loop.requests.ask(OperatorVerb.FLATTEN)
    loop.broker.end(loop.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    system.run_cycle()
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}
    goal = loop.store.halts.flatten_goal()
    assert goal is not None
    assert "outside the time for such orders" in goal.waits_for


# ---- reconcile


def lose_an_entry(loop: LoopParts, system: TradingSystem) -> str:
    """Send an entry that never arrives, which nobody can know; return its name."""
    loop.symbols = ["AAPL"]
    loop.broker.faults.append(lost_request)
    system.run_cycle()
    (record,) = [each for each in loop.journal.intents(states=UNPROVEN) if each.intent.role is Role.ENTRY]
    return record.coid


def test_decision_about_an_order_is_carried_out_on_the_reading_of_its_cycle_and_a_turn_follows(loop: LoopParts) -> None:
    system = loop.start()
    coid = lose_an_entry(loop, system)
    loop.requests.ask(OperatorVerb.RECONCILE, f"absent {coid}")
    system.run_cycle()
    ((kind, answer),) = loop.requests.answers
    assert (kind, answer.startswith(coid)) == (OperatorVerb.RECONCILE, True)
    assert {record.state for record in loop.journal.intents() if record.coid.startswith(coid)} == {IntentState.LOST}
    assert loop.store.value(StatusKey.DIFFERENCES) == "[]"
    system.run_cycle()
    assert len(loop.requests.answers) == 1


def test_decision_about_an_order_waits_while_the_broker_is_not_there(loop: LoopParts) -> None:
    system = loop.start()
    coid = lose_an_entry(loop, system)
    assert coid in str(loop.store.value(StatusKey.DIFFERENCES))
    loop.requests.ask(OperatorVerb.RECONCILE, f"absent {coid}")
    loop.broker.reads_fail = True
    with pytest.raises(OutcomeUnknown):
        system.run_cycle()
    assert loop.requests.answers == []
    loop.broker.reads_fail = False
    system.run_cycle()
    assert len(loop.requests.answers) == 1

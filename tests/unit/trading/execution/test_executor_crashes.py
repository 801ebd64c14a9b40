"""The process dies at each point of carrying out a decision; the next one goes on without an order twice."""

from __future__ import annotations

import pytest

from tests.fakes.fake_broker import question
from tests.fakes.trading_desk import (
    Office,
    Process,
    approved,
    decision_of,
)
from tests.fakes.trading_scenes import check_truth, states, with_position
from trading.execution import failpoints
from trading.model.decision import Decision
from trading.model.order import IntentState, OrderType, Role, Side


class Crash(BaseException):
    """The process dies here."""


def die() -> None:
    raise Crash


# The first answer is a question, the second one takes the order.
ENTRY_POINTS = ("K01", "K02", "K03", "K04", "K06", "K06:2", "K07", "K07:2", "K08", "K09", "K12")
EXIT_POINTS = ("K01", "K02", "K03", "K04", "K06", "K07", "K08", "K09", "K12", "K20", "K21", "K22", "K23")
# Nothing had left, or a question stood unanswered: that can't be known afterwards, so nothing is sent by guess.
NOTHING_LEFT = {"K03", "K04", "K06", "K07", "K08", "K09"}


def carry_out_with_crash(office: Office, process: Process, decision: Decision, point: str) -> None:
    """Die at a failpoint, start again on what survives, and go on for some cycles."""
    failpoints.arm(point, die)
    try:
        with pytest.raises(Crash):
            office.carry_out(process, decision)
    finally:
        failpoints.disarm()
    for _ in range(4):
        process = office.start()
        office.carry_out(process, decision)
        office.clock.go(10)
    for _ in range(3):
        office.carry_out(process, decision)
        office.clock.go(10)


@pytest.mark.parametrize("point", ENTRY_POINTS)
def test_crash_while_an_entry_is_sent_never_sends_it_twice(point: str) -> None:
    office = Office()
    office.broker.faults.append(question("o10152"))
    carry_out_with_crash(office, office.start(), decision_of(approved()), point)
    entries = [order for order in office.broker.book.values() if order.side is Side.BUY]
    if point in NOTHING_LEFT:
        assert entries == []
        assert states(office, Role.ENTRY) == [IntentState.UNKNOWN]
    else:
        assert len(entries) == 1
        assert set(states(office, Role.ENTRY)) <= {IntentState.WORKING}
    check_truth(office)


@pytest.mark.parametrize("point", EXIT_POINTS)
def test_crash_while_an_exit_is_sent_never_sells_twice(point: str) -> None:
    office = Office()
    process = with_position(office)
    cancels = [None, None]
    office.broker.faults.extend([*cancels, question("o10151")])
    carry_out_with_crash(office, process, decision_of(exits=(("AAPL", 9),)), point)
    exits = [order for order in office.broker.book.values() if order.order_type is OrderType.MARKET]
    assert len(exits) <= 1
    for order in office.broker.live(Side.SELL):
        office.broker.fill(order.order_id, 99.0)
        break
    office.start().read()
    check_truth(office)


def test_crash_while_a_fill_is_counted_counts_it_once() -> None:
    for point in ("K13", "K15"):
        office = Office()
        process = office.start()
        office.carry_out(process, decision_of(approved()))
        office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
        failpoints.arm(point, die)
        with pytest.raises(Crash):
            process.read()
        failpoints.disarm()
        office.start().read()
        assert [position.quantity for position in office.journal.own_positions()] == [9]
        check_truth(office)

from __future__ import annotations

import pytest

from tests.fakes.trading_states import AAPL, XOM, entry, shows, stop
from tests.unit.trading.execution.shares_shown import shown
from trading.execution.ownership.share_trades import in_flight
from trading.model.order import BrokerOrder, BrokerStatus, IntentState, Side
from trading.model.record import IntentRecord, JournalView


def flies(record: IntentRecord, *rows: BrokerOrder) -> bool:
    return in_flight(AAPL, shown({}, orders=rows), JournalView((record,), ()))


@pytest.mark.parametrize(
    "record",
    [
        stop(state=IntentState.UNKNOWN, order_id=None),
        stop(state=IntentState.SENDING, order_id=None),
        entry(provisional=True),
    ],
)
def test_order_that_is_not_proven_is_in_flight(record: IntentRecord) -> None:
    assert flies(record)


@pytest.mark.parametrize(
    "row",
    [
        shows(stop(), BrokerStatus.FILLED, filled_quantity=9.0),
        shows(stop(), BrokerStatus.CANCELLED),
        shows(stop(), filled_quantity=4.0, remaining_quantity=5.0),
    ],
)
def test_order_that_is_over_or_has_filled_beyond_its_executions_is_in_flight(row: BrokerOrder) -> None:
    assert flies(stop(), row)


def test_stop_that_rests_is_not_in_flight() -> None:
    assert not flies(stop(), shows(stop()))


def test_order_that_ended_is_not_in_flight() -> None:
    assert not flies(stop(state=IntentState.CANCELLED), shows(stop(), BrokerStatus.CANCELLED))


def test_order_in_another_contract_is_not_in_flight_here() -> None:
    assert not flies(stop(conid=XOM, state=IntentState.UNKNOWN, order_id=None))


def test_order_of_the_other_side_is_none_of_the_one_that_is_asked_for() -> None:
    unproven = stop(state=IntentState.UNKNOWN, order_id=None)
    for side, flying in ((Side.BUY, False), (Side.SELL, True), (None, True)):
        assert in_flight(AAPL, shown({}), JournalView((unproven,), ()), side) is flying

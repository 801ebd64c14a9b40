"""A split between two sessions, with the stop gone: the shares keep their plan, and nothing is sold for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.fakes.fake_broker import question
from tests.fakes.trading_loop import LoopParts
from trading.model.decision import ExitOrder, ExitReason
from trading.model.order import BrokerOrder, BrokerStatus, OrderType
from trading.trading_system import TradingSystem


def evening(loop: LoopParts) -> tuple[TradingSystem, BrokerOrder]:
    """Return a loop after the decision of Tuesday, with a position whose stop rests, and its entry."""
    system, entry = loop.begin_with_a_position()
    for hour, minute in ((16, 0), (21, 16), (23, 0)):
        at(loop, system, 4, hour, minute)
    return system, entry


def at(loop: LoopParts, system: TradingSystem, day: int, hour: int, minute: int) -> None:
    loop.clock.time = datetime(2014, 3, day, hour, minute, tzinfo=UTC)
    system.run_cycle()


def split(loop: LoopParts, entry: BrokerOrder, ratio: float) -> None:
    """Split a contract overnight; the broker cancels its orders."""
    loop.broker.split(entry.conid, ratio)
    for order in loop.sales_of(entry):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_shares_that_were_split_get_their_stop_back_and_are_not_sold(
    loop: LoopParts, ratio: float, *, restarted: bool
) -> None:
    system, entry = evening(loop)
    before = loop.journal.own_positions()[0]
    split(loop, entry, ratio)
    if restarted:
        system = loop.start()
    for hour, minute in ((13, 31), (13, 40), (14, 0), (14, 31)):
        at(loop, system, 5, hour, minute)
    (position,) = loop.journal.own_positions()
    assert position.quantity == before.quantity * ratio
    assert position.stop_price == pytest.approx(before.stop_price / ratio)
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}
    assert loop.rows("SELECT 1 FROM intent WHERE role = 'exit'") == []


def test_second_split_and_one_after_it_are_counted_together(loop: LoopParts) -> None:
    system, entry = evening(loop)
    split(loop, entry, 0.5)
    at(loop, system, 5, 13, 31)
    split(loop, entry, 4.0)
    at(loop, system, 5, 13, 40)
    assert [stop.total_quantity for stop in loop.sales_of(entry)] == [52, 52]
    assert loop.rows("SELECT 1 FROM intent WHERE role = 'exit'") == []


@pytest.mark.parametrize(("ratio", "shares"), [(2.0, 52), (0.5, 13)])
def test_exit_that_was_decided_before_the_split_sells_all_that_it_made(
    loop: LoopParts, ratio: float, shares: int
) -> None:
    _, entry = evening(loop)
    decision = loop.store.last_decision()
    assert decision is not None
    symbol = loop.journal.own_positions()[0].symbol
    # The one that is carried out is the newest, for the same session.
    sold = replace(decision, exits=(ExitOrder(symbol, 26, ExitReason.TREND_BROKEN),), entries=())
    split(loop, entry, ratio)
    loop.clock.time = datetime(2014, 3, 5, 13, 31, tzinfo=UTC)
    loop.account_turns().run(loop.view(), sold, balances=True)
    assert [(each.order_type, each.total_quantity) for each in loop.sales_of(entry)] == [(OrderType.MARKET, shares)]


def test_question_about_a_stop_is_judged_by_the_close_of_after_the_split(loop: LoopParts) -> None:
    system, entry = evening(loop)
    split(loop, entry, 2.0)
    loop.broker.faults.append(question("o163"))
    at(loop, system, 5, 13, 31)
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}

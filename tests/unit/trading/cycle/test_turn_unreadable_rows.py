"""A turn with rows that can't be read: what of own shares waits, and for which rows nothing does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.fake_market_data import CONIDS
from tests.fakes.trading_context import SESSION, ContextParts, decision_of
from trading.model.order import BrokerStatus, OrderType, UnreadableRow

AAPL = CONIDS["AAPL"]


def test_row_of_somebody_else_that_can_not_be_read_keeps_no_share_without_a_stop(parts: ContextParts) -> None:
    parts.buy()
    parts.broker.unreadable["orders"] = (UnreadableRow("no size", 4711, AAPL, "by hand", None, None),)
    for order in parts.broker.live():
        parts.broker.end(order.order_id, BrokerStatus.CANCELLED)
    parts.account_turns().run(parts.view(), None, balances=True)
    assert [order.order_type for order in parts.broker.live()] == [OrderType.STOP, OrderType.LIMIT]


@pytest.mark.parametrize(("name", "conid"), [("orders", None), ("orders", AAPL), ("positions", AAPL)])
def test_row_that_keeps_own_shares_from_being_sold_is_a_problem_until_it_is_gone(
    parts: ContextParts, name: str, conid: int | None
) -> None:
    parts.buy()
    parts.clock.time += timedelta(days=1)
    sold = decision_of(exits=(("AAPL", 9),), session=SESSION)
    parts.broker.unreadable[name] = (UnreadableRow("no size", None, conid, None, None, None),)
    turn = parts.account_turns().run(parts.view(), sold, balances=True)
    assert turn.sent == 0
    assert ["a row can't be read" in problem for problem in turn.problems] == [True]
    del parts.broker.unreadable[name]
    turn = parts.account_turns().run(parts.view(), sold, balances=True)
    assert (turn.sent, turn.problems) == (1, ())


def test_row_of_a_position_with_a_symbol_of_ours_keeps_those_shares_until_it_is_gone(parts: ContextParts) -> None:
    parts.buy()
    parts.clock.time += timedelta(days=1)
    sold = decision_of(exits=(("AAPL", 9),), session=SESSION)
    row = UnreadableRow("conid: not positive: 0", None, None, None, None, "STK", names=("AAPL",))
    parts.broker.unreadable["positions"] = (row,)
    turn = parts.account_turns().run(parts.view(), sold, balances=True)
    assert turn.sent == 0
    (problem,) = turn.problems
    assert "the system does not sell AAPL, leaves its stop as it is" in problem
    del parts.broker.unreadable["positions"]
    turn = parts.account_turns().run(parts.view(), sold, balances=True)
    assert (turn.sent, turn.problems) == (1, ())


@pytest.mark.parametrize("names", [(), ("AAPL.RT",), ("ZZZ",)])
def test_row_of_a_position_that_can_not_be_one_of_ours_keeps_nothing_from_being_sold(
    parts: ContextParts, names: tuple[str, ...]
) -> None:
    parts.buy()
    parts.clock.time += timedelta(days=1)
    sold = decision_of(exits=(("AAPL", 9),), session=SESSION)
    parts.broker.unreadable["positions"] = (UnreadableRow("no size", None, None, None, None, None, names=names),)
    turn = parts.account_turns().run(parts.view(), sold, balances=True)
    assert (turn.sent, turn.problems) == (1, ())

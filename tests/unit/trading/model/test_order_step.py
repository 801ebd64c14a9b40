from __future__ import annotations

from trading.model.order import IntentState, Role
from trading.model.order_step import OrderStep


def test_steps_of_one_order_are_told_apart_by_their_number() -> None:
    first = OrderStep(1, "E", "AAPL", Role.ENTRY, IntentState.WORKING, "order 5", 0)
    assert first != OrderStep(2, "E", "AAPL", Role.ENTRY, IntentState.WORKING, "order 5", 0)

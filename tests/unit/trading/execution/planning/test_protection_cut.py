"""What rests beside an order that isn't proven sells no more than there is."""

from __future__ import annotations

import pytest

from tests.fakes.trading_states import IN_SESSION, moment, own, sale, stop, target
from trading.execution.planning.plan import Modify, Plan
from trading.execution.planning.protection import plan_protection
from trading.model.order import IntentState
from trading.model.record import IntentRecord


def cuts(quantity: int, *records: IntentRecord) -> list[tuple[str, int]]:
    plan = Plan()
    plan_protection(moment(IN_SESSION, *records, positions=[own(quantity)]), plan)
    return [(each.record.coid, each.quantity) for each in plan.commands if isinstance(each, Modify)]


@pytest.mark.parametrize(("quantity", "cut"), [(9, []), (8, [("T", 8)]), (10, [])])
def test_target_is_cut_to_the_shares_that_are_left_while_the_stop_is_not_proven(
    quantity: int, cut: list[tuple[str, int]]
) -> None:
    assert cuts(quantity, stop(provisional=True), target()) == cut
    assert cuts(quantity, stop(order_id=None, state=IntentState.UNKNOWN), target()) == cut


def test_stop_is_cut_while_the_target_is_not_proven_and_neither_for_an_exit() -> None:
    assert cuts(8, stop(), target(provisional=True)) == [("S", 8)]
    assert cuts(8, stop(), target(), sale(state=IntentState.UNKNOWN, order_id=None)) == []

"""A flatten over cancels whose answers are lost again and again, and a restart: all is sold, once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fakes.fake_broker import Fault, late, lost_answer, lost_request
from tests.fakes.trading_loop import LoopParts
from trading.execution.look_again import POLL_S
from trading.model.mode import Mode
from trading.model.operator_request import OperatorVerb
from trading.model.order import BrokerOrder, BrokerStatus, Role, Side

ENOUGH = 60


@pytest.mark.parametrize("restart_at", [0, 1, 3])
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([lost_request] * 4, id="never arrived"),
        pytest.param([lost_answer] * 2, id="arrived"),
        pytest.param([late] * 4, id="arrive later"),
        pytest.param([lost_request, lost_answer] * 2, id="one arrived"),
        pytest.param([lost_request] * 8, id="never arrived many times"),
    ],
)
def test_flatten_whose_cancels_are_lost_again_and_again_sells_all_once(
    loop: LoopParts, faults: Sequence[Fault], restart_at: int
) -> None:
    entry = flatten_with(loop, faults)
    system, sale = loop.start(), None
    for turn in range(ENOUGH):
        system.run_cycle()
        if turn == restart_at:
            system = loop.start()
        if turn == restart_at + 1:
            loop.broker.arrive()
        if (sale := alone(loop, entry)) is not None:
            break
        loop.clock.go(POLL_S)
    assert sale is not None
    assert not loop.broker.faults
    assert sale.total_quantity == entry.total_quantity
    loop.broker.fill(sale.order_id, sale.limit_price or 0.0)
    for _ in range(ENOUGH):
        loop.clock.go(POLL_S)
        system.run_cycle()
    assert loop.broker.live() == []
    assert sum(fill.quantity for fill in loop.broker.fills if fill.side is Side.SELL) == entry.total_quantity
    exits = loop.rows("SELECT coid, state FROM intent WHERE role = ?", Role.EXIT)
    assert [(row["coid"], row["state"]) for row in exits] == [(sale.order_ref, "FILLED")]
    assert loop.journal.own_positions() == ()
    assert loop.store.halts.flatten_goal() is None
    assert loop.store.mode().mode is Mode.HALTED


def flatten_with(loop: LoopParts, faults: Sequence[Fault]) -> BrokerOrder:
    """Ask for a flatten of one position whose next requests meet faults; return its entry."""
    system, entry = loop.begin_with_a_position()
    for order in loop.broker.live(Side.BUY):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    loop.clock.go(900)
    system.run_cycle()
    loop.requests.ask(OperatorVerb.FLATTEN)
    loop.broker.faults.extend(faults)
    return entry


def alone(loop: LoopParts, entry: BrokerOrder) -> BrokerOrder | None:
    """Return the sale once it works; by then nothing else may that sells the shares."""
    sales = loop.sales_of(entry)
    plain = [order for order in sales if order.parent_id is None]
    assert not plain or len(sales) == 1
    return plain[0] if plain else None

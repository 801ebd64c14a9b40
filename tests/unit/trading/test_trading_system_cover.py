"""Shares whose stop was refused, or that no list shows: they get their stop and target, or are sold once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.fake_broker import late, legs_refused
from tests.fakes.trading_context import OPEN
from tests.fakes.trading_loop import LoopParts
from trading.execution.look_again import POLL_S
from trading.execution.reconciliation.absence import FREEZE_AFTER
from trading.model.decision import ExitReason
from trading.model.mode import Mode
from trading.model.order import BrokerOrder, BrokerStatus, IntentState, OrderType, Role, Side
from trading.trading_system import TradingSystem

TURNS = 24
RESTART_BEFORE = 3
TRADING = OPEN + timedelta(minutes=10)
# The decision after the close, the entries before the next open, and that session.
NEXT_DAY = tuple(datetime(2014, 3, *at, tzinfo=UTC) for at in ((4, 21, 16), (5, 13, 31), (5, 14, 40)))
THROUGH_THE_STOP = 30.0
LOWER = 25.0


class Turns:
    """Turns a few seconds apart; `restarted`: another process takes them from the third on."""

    def __init__(self, loop: LoopParts, system: TradingSystem, *, restarted: bool) -> None:
        self._loop = loop
        self._system = system
        self._restarted = restarted
        self._taken = 0

    def take(self, count: int = 1) -> None:
        for _ in range(count):
            self._loop.clock.go(POLL_S)
            self._taken += 1
            if self._restarted and self._taken == RESTART_BEFORE:
                self._system = self._loop.start()
            self._system.run_cycle()


def plain_sales(loop: LoopParts, entry: BrokerOrder) -> list[BrokerOrder]:
    """Return the sales that stand alone, whatever became of them: neither bracket children nor one of a pair."""
    sales = (order for order in loop.broker.book.values() if (order.conid, order.side) == (entry.conid, Side.SELL))
    return [order for order in sales if order.parent_id is None and order.oca_group is None]


def states_of(loop: LoopParts, entry: BrokerOrder, role: Role) -> list[str]:
    sql = "SELECT state FROM intent WHERE conid = ? AND role = ? ORDER BY seq"
    return [row["state"] for row in loop.rows(sql, entry.conid, role)]


# ---- a stop that is refused while its entry fills


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("filled", "ended"), [(26, "FILLED"), (10, "CANCELLED")])
def test_entry_that_fills_though_its_stop_was_refused_ends_with_a_stop_and_a_target_for_what_it_bought(
    loop: LoopParts, filled: int, ended: str, *, restarted: bool
) -> None:
    system = loop.start()
    loop.broker.cancels_wait = True
    loop.broker.faults.append(legs_refused(1))
    system.run_cycle()
    entry = loop.broker.live(Side.BUY)[0]
    assert entry.status is BrokerStatus.PENDING_CANCEL
    loop.clock.time = OPEN
    loop.broker.fill(entry.order_id, entry.limit_price or 0.0, filled)
    turns = Turns(loop, system, restarted=restarted)
    turns.take(2)
    loop.broker.cancels_wait = False
    for order in loop.broker.live():
        if order.status is BrokerStatus.PENDING_CANCEL:
            loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    turns.take(TURNS)
    (position,) = loop.journal.own_positions()
    assert (position.conid, position.quantity) == (entry.conid, filled)
    pair = {order.order_type: order for order in loop.sales_of(entry)}
    stop, target = pair[OrderType.STOP], pair[OrderType.LIMIT]
    assert (stop.total_quantity, stop.stop_price) == (filled, position.stop_price)
    assert (target.total_quantity, target.limit_price) == (filled, position.target_price)
    assert stop.oca_group == target.oca_group is not None
    assert len(loop.sales_of(entry)) == 2
    assert states_of(loop, entry, Role.ENTRY) == [ended]
    assert states_of(loop, entry, Role.EXIT) == []


# ---- a pair that is not proven while the price goes through the stop


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("witness", [False, True])
@pytest.mark.parametrize(
    ("arrives", "day"),
    [
        ("never", "of the entry"),
        ("never", "after it"),
        ("beside the sale", "of the entry"),
        ("beside the sale", "after it"),
        ("after the sale", "of the entry"),
    ],
)
def test_price_through_a_stop_that_nobody_can_find_sells_all_own_shares_once(
    loop: LoopParts, arrives: str, day: str, *, witness: bool, restarted: bool
) -> None:
    turns, entry = unproven_pair(loop, day, witness=witness, restarted=restarted)
    loop.market_data.prior_closes[entry.conid] = THROUGH_THE_STOP
    began = loop.clock.time
    # A process that has just begun sells nothing until its records agree with the broker's.
    limit = FREEZE_AFTER if restarted else timedelta(seconds=90)
    while not plain_sales(loop, entry):
        assert loop.clock.time - began < limit
        turns.take()
    # Not before a pair that had arrived would have shown itself.
    assert loop.clock.time - began >= timedelta(seconds=loop.settings.execution.visibility_s)
    (sale,) = plain_sales(loop, entry)
    assert (sale.total_quantity, sale.order_type) == (entry.total_quantity, OrderType.LIMIT)
    assert bool([order for order in loop.broker.live() if order.conid != entry.conid]) == witness
    if arrives == "beside the sale":
        loop.broker.arrive()
    turns.take(3)
    assert loop.sales_of(entry) == [sale]
    loop.broker.fill(sale.order_id, sale.limit_price or 0.0)
    if arrives == "after the sale":
        loop.broker.arrive()
    turns.take(TURNS)
    assert len(plain_sales(loop, entry)) == 1
    assert loop.sales_of(entry) == []
    assert loop.broker.held[entry.conid] == 0
    assert loop.journal.own_positions() == ()
    assert states_of(loop, entry, Role.EXIT) == [IntentState.FILLED]
    assert [row["exit_reason"] for row in loop.rows("SELECT exit_reason FROM trade")] == [ExitReason.STOP]
    # The process that began anew had taken it for lost.
    wrong = restarted and arrives != "never"
    assert loop.store.mode().mode is (Mode.REDUCING if wrong else Mode.ACTIVE)


@pytest.mark.parametrize("day", ["of the entry", "after it"])
def test_sale_that_the_price_leaves_behind_is_replaced_by_one_that_follows_it(loop: LoopParts, day: str) -> None:
    turns, entry = unproven_pair(loop, day, witness=True, restarted=False)
    loop.market_data.prior_closes[entry.conid] = THROUGH_THE_STOP
    while not plain_sales(loop, entry):
        turns.take()
    loop.market_data.prior_closes[entry.conid] = LOWER
    turns.take(2 * TURNS)
    (sale,) = loop.sales_of(entry)
    assert sale.total_quantity == entry.total_quantity
    assert (sale.limit_price or LOWER) < LOWER
    assert states_of(loop, entry, Role.EXIT) == [IntentState.CANCELLED, IntentState.WORKING]


@pytest.mark.parametrize("restarted", [False, True])
def test_pair_that_turns_up_in_time_keeps_the_guard_from_selling(loop: LoopParts, *, restarted: bool) -> None:
    turns, entry = unproven_pair(loop, "of the entry", witness=True, restarted=restarted)
    loop.market_data.prior_closes[entry.conid] = THROUGH_THE_STOP
    turns.take(4)
    loop.broker.arrive()
    turns.take(TURNS)
    assert plain_sales(loop, entry) == []
    assert {order.order_type for order in loop.sales_of(entry)} == {OrderType.STOP, OrderType.LIMIT}


def unproven_pair(loop: LoopParts, day: str, *, witness: bool, restarted: bool) -> tuple[Turns, BrokerOrder]:
    """Lose the stop and target of a position, and the request for new ones; a `witness` is another order that works."""
    system, entry = loop.begin_with_a_position()
    for moment in (TRADING,) if day == "of the entry" else (TRADING, *NEXT_DAY):
        loop.clock.time = moment
        system.run_cycle()
    assert any(order.conid != entry.conid for order in loop.broker.live())
    for order in loop.sales_of(entry) if witness else loop.broker.live():
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)
    loop.broker.faults.append(late)
    system.run_cycle()
    assert states_of(loop, entry, Role.STOP)[-1] == IntentState.UNKNOWN
    return Turns(loop, system, restarted=restarted), entry

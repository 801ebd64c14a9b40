"""One turn: a completed session is decided on once, what was decided is carried out, and the next turn is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from trading.execution.manual import BELIEVED_AFTER_S

from tests.fakes.trading_desk import (
    CLOSE,
    CONIDS,
    DECIDED,
    OPEN,
    PRE_OPEN,
    SESSION,
    FakeMarketData,
    approved,
    decision_of,
)
from tests.fakes.trading_room import Room, quiet
from trading.errors import ConfigError, SessionLost
from trading.market.panel import Panel
from trading.model.contract import Contract
from trading.model.metric import Counter
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, OrderType, Side
from trading.model.status import StatusKey
from trading.trading_system import BARS_RETRY_S

WEEK = [date(2014, 3, day) for day in (3, 4, 5, 6, 7)]
LOST = SessionLost("GET /iserver/marketdata/history", "not authenticated", 401)
SETTLED = CLOSE + timedelta(seconds=900)


class LosingMarketData(FakeMarketData):
    """Finds the session gone at the first reading of bars."""

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        if self.readings == 0:
            self.readings += 1
            raise LOST
        return super().daily_bars(contracts, through, count)


def cancel_entries_at_the_broker(room: Room) -> None:
    for order in room.office.broker.live(Side.BUY):
        room.office.broker.end(order.order_id, BrokerStatus.CANCELLED)


# ---- the decision


def test_cycle_decides_on_the_newest_session_and_sends_what_it_decided(room: Room) -> None:
    room.start().run_cycle()
    assert room.decided() == [DECIDED]
    entries = room.office.store.decisions[DECIDED].entries
    assert entries
    assert len(room.office.broker.live(Side.BUY)) == len(entries)
    assert room.office.store.equity[DECIDED][0] == 10_000.0
    assert room.office.store.mode().mode is Mode.ACTIVE


def test_decision_is_on_completed_bars_alone(room: Room) -> None:
    room.run_turns(1)
    assert max(day for _, day in room.office.store.bars) == DECIDED


def test_session_is_decided_on_once_however_many_cycles_and_restarts(room: Room) -> None:
    for _ in range(3):
        system = room.start()
        for _ in range(3):
            system.run_cycle()
    assert room.decided() == [DECIDED]
    assert room.office.market_data.readings == 1
    assert len(room.office.broker.submits()) == len(room.office.store.decisions[DECIDED].entries)


def test_each_completed_session_is_decided_on_once(room: Room) -> None:
    room.run_until(datetime(2014, 3, 8, tzinfo=UTC))
    assert room.decided() == WEEK
    assert room.office.market_data.readings == len(WEEK)
    assert room.turns > 2 * len(WEEK)
    assert room.lines("unexpected error") == []


def test_first_decision_waits_for_a_close_that_it_saw_in_time(room: Room) -> None:
    room.office.clock.time = OPEN + timedelta(hours=1)
    system = room.start()
    system.run_cycle()
    assert room.decided() == []
    room.office.clock.time = SETTLED - timedelta(seconds=1)
    system.run_cycle()
    assert room.decided() == []
    room.office.clock.time = SETTLED
    system.run_cycle()
    assert room.decided() == [SESSION]
    assert room.office.broker.submits() == []


def test_bars_that_are_not_there_yet_are_looked_for_again(room: Room) -> None:
    there = room.office.market_data.panel
    room.office.market_data.panel = quiet(room.office.calendar, date(2014, 2, 28))
    system = room.start()
    assert system.run_cycle() == PRE_OPEN + timedelta(seconds=BARS_RETRY_S)
    assert room.decided() == []
    room.office.market_data.panel = there
    system.run_cycle()
    assert room.decided() == [DECIDED]


def told(room: Room, count: str) -> list[object]:
    """Return one count of each cycle, from the log."""
    return [fields[count] for _, event, fields in room.office.log.lines if event == "cycle"]


def test_decision_is_told_in_the_turn_that_took_it(room: Room) -> None:
    room.office.market_data.panel = quiet(room.office.calendar, date(2014, 3, 10))
    system = room.start()
    system.run_cycle()
    room.office.clock.time = SETTLED + timedelta(minutes=15)
    system.run_cycle()
    system.run_cycle()
    assert told(room, "session") == ["2014-03-03", "2014-03-04", ""]
    assert room.office.metrics.counts[Counter.CYCLES, None] == 3


def test_decision_of_before_a_restart_is_carried_out_once(room: Room) -> None:
    room.office.market_data.panel = quiet(room.office.calendar, date(2014, 3, 10))
    room.office.store.record_decision(decision_of(approved("AAPL")), PRE_OPEN)
    room.run_turns(2)
    room.run_turns(4)
    assert len(room.office.broker.submits()) == 1


def test_entry_of_an_ended_session_that_still_works_is_cancelled_before_the_decision(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.office.broker.cancels_wait = True
    room.office.clock.time = SETTLED
    assert system.run_cycle() == SETTLED + timedelta(seconds=5)
    assert room.decided() == [DECIDED]
    cancel_entries_at_the_broker(room)
    room.office.clock.go(5)
    system.run_cycle()
    assert room.decided() == [DECIDED, SESSION]


def test_account_in_another_currency_is_not_traded(room: Room) -> None:
    balances = room.office.broker.account()
    room.office.broker.account = lambda: replace(balances, currency="EUR")  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="EUR"):
        room.start().run()
    assert room.decided() == []


# ---- orders


def test_fill_stop_and_trade_are_recorded(room: Room) -> None:
    system, entry = room.begin_with_a_position()
    assert [(held.conid, held.quantity) for held in room.office.journal.own_positions()] == [
        (entry.conid, entry.total_quantity)
    ]
    assert 1 in told(room, "fills")
    assert room.office.store.value(StatusKey.UNCOVERED_SHARES) == "0"
    stop = room.stop_of(entry)
    room.office.clock.go(60)
    room.office.broker.fill(stop.order_id, stop.stop_price or 0.0)
    system.run_cycle()
    assert [trade.exit_reason for trade in room.office.store.trades()] == ["stop"]
    assert room.office.metrics.counts[Counter.FILLS, None] == 2


def test_stopped_out_symbol_is_remembered_by_the_next_decision(room: Room) -> None:
    system, entry = room.begin_with_a_position()
    room.office.broker.fill(room.stop_of(entry).order_id, 10.0)
    system.run_cycle()
    cancel_entries_at_the_broker(room)
    room.office.clock.time = SETTLED
    room.start().run_cycle()
    outs = room.office.store.decisions[SESSION].risk.stop_outs
    assert [(out.session, out.symbol) for out in outs] == [(SESSION, room.office.store.trades()[0].symbol)]


def test_lost_stop_is_put_back_in_the_following_cycles(room: Room) -> None:
    system, entry = room.begin_with_a_position()
    room.office.broker.end(room.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    for _ in range(3):
        room.office.clock.go(5)
        system.run_cycle()
    assert sorted(str(order.order_type) for order in room.sales_of(entry)) == ["LMT", "STP"]
    assert room.office.store.value(StatusKey.UNCOVERED_SHARES) == "0"
    assert "uncovered" in room.office.notes.codes()


def test_foreign_order_in_a_contract_keeps_us_out_of_it(room: Room) -> None:
    for conid in CONIDS.values():
        room.office.broker.place_foreign(conid)
    room.start().run_cycle()
    assert room.office.broker.submits() == []


def test_stop_follows_own_shares_that_were_sold_by_hand(room: Room) -> None:
    system, entry = room.begin_with_a_position()
    room.office.broker.held[entry.conid] = 4
    system.run_cycle()
    assert room.stop_of(entry).total_quantity == entry.total_quantity
    room.office.clock.go(BELIEVED_AFTER_S)
    for _ in range(3):
        system.run_cycle()
        room.office.clock.go(5)
    assert [held.quantity for held in room.office.journal.own_positions()] == [4]
    stops = [order for order in room.sales_of(entry) if order.order_type is OrderType.STOP]
    assert [order.total_quantity for order in stops] == [4]
    assert room.office.store.value(StatusKey.UNCOVERED_SHARES) == "0"


# ---- epochs


def test_new_epoch_is_compared_with_the_broker_before_the_system_is_active(room: Room) -> None:
    room.run_turns(1)
    assert room.office.store.mode().mode is Mode.ACTIVE
    assert [word for fact, word in room.office.store.mode_log if fact == "reconciled"] == ["", "RECONCILING", ""]


def test_session_that_a_read_found_lost_begins_a_new_epoch(room: Room) -> None:
    panel = room.office.market_data.panel
    room.office.market_data = LosingMarketData()
    room.office.market_data.panel = panel
    room.run_turns(2)
    assert room.office.store.value("epoch") == "2"
    assert room.decided() == [DECIDED]


# ---- the next turn


def test_next_cycle_is_at_the_next_event_of_the_market(room: Room) -> None:
    system = room.start()
    room.office.clock.time = PRE_OPEN - timedelta(hours=3)
    assert system.run_cycle() == PRE_OPEN
    room.office.clock.time = PRE_OPEN
    assert system.run_cycle() == OPEN
    room.office.clock.time = OPEN
    assert system.run_cycle() == SETTLED


def test_polling_system_looks_every_interval_and_sooner_while_orders_work_in_the_session(room: Room) -> None:
    room.check_interval_s = 60.0
    room.office.clock.time = PRE_OPEN - timedelta(hours=5)
    system = room.start()
    assert system.run_cycle() == room.office.clock.time + timedelta(seconds=60)
    room.office.clock.time = PRE_OPEN
    assert system.run_cycle() == PRE_OPEN + timedelta(seconds=60)
    room.office.clock.time = OPEN + timedelta(minutes=30)
    assert system.run_cycle() == room.office.clock.time + timedelta(seconds=5)

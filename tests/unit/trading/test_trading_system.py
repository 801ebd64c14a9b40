"""One turn: a completed session is decided on once, what was decided is carried out, and the next turn is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.fakes.fake_broker import refused
from tests.fakes.fake_market_data import CONIDS, quiet
from tests.fakes.trading_context import CLOSE, DECIDED, OPEN, PRE_OPEN, SESSION, decision_of
from tests.fakes.trading_loop import LoopParts
from tests.fakes.trading_states import approved
from trading.cycle.missing_bars import RETRY_S
from trading.errors import SessionLost
from trading.execution.look_again import POLL_S
from trading.model.account import Quote
from trading.model.decision import Approved
from trading.model.metric import Counter
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, OrderType, Side
from trading.model.status import SessionState, StatusKey

WEEK = [date(2014, 3, day) for day in (3, 4, 5, 6, 7)]
LOST = SessionLost("GET /iserver/marketdata/history", "not authenticated", 401)
SETTLED = CLOSE + timedelta(seconds=900)


def entries_of(loop: LoopParts) -> tuple[Approved, ...]:
    """Return what the newest decision wants bought."""
    decision = loop.store.last_decision()
    assert decision is not None
    return decision.entries


def cancel_entries_at_the_broker(loop: LoopParts) -> None:
    for order in loop.broker.live(Side.BUY):
        loop.broker.end(order.order_id, BrokerStatus.CANCELLED)


# ---- the decision


def test_cycle_decides_on_the_newest_session_and_sends_what_it_decided(loop: LoopParts) -> None:
    loop.start().run_cycle()
    assert loop.decided() == [DECIDED]
    entries = entries_of(loop)
    assert entries
    assert len(loop.broker.live(Side.BUY)) == len(entries)
    assert loop.rows("SELECT equity FROM equity WHERE session = ?", "2014-03-03")[0]["equity"] == 10_000 * 10_000
    assert loop.store.mode().mode is Mode.ACTIVE


def test_decision_is_on_completed_bars_alone(loop: LoopParts) -> None:
    loop.run_turns(1)
    assert loop.rows("SELECT max(session) AS newest FROM bar")[0]["newest"] == "2014-03-03"


def test_session_is_decided_on_once_however_many_cycles_and_restarts(loop: LoopParts) -> None:
    for _ in range(3):
        system = loop.start()
        for _ in range(3):
            system.run_cycle()
    assert loop.decided() == [DECIDED]
    assert loop.market_data.readings == 1
    assert len(loop.broker.submits()) == len(entries_of(loop))


def test_each_completed_session_is_decided_on_once(loop: LoopParts) -> None:
    loop.run_until(datetime(2014, 3, 8, tzinfo=UTC))
    assert loop.decided() == WEEK
    assert loop.market_data.readings == len(WEEK)
    assert loop.turns > 2 * len(WEEK)
    assert loop.lines("unexpected error") == []


def test_first_decision_waits_for_a_close_that_it_saw_in_time(loop: LoopParts) -> None:
    loop.clock.time = OPEN + timedelta(hours=1)
    system = loop.start()
    system.run_cycle()
    assert loop.decided() == []
    loop.clock.time = SETTLED - timedelta(seconds=1)
    system.run_cycle()
    assert loop.decided() == []
    loop.clock.time = SETTLED
    system.run_cycle()
    assert loop.decided() == [SESSION]
    assert loop.broker.submits() == []


def test_bars_that_are_not_there_yet_are_looked_for_again(loop: LoopParts) -> None:
    there = loop.market_data.panel
    loop.market_data.panel = quiet(loop.calendar, date(2014, 2, 28))
    system = loop.start()
    again = PRE_OPEN + timedelta(seconds=RETRY_S)
    assert [system.run_cycle(), system.run_cycle()] == [again, again]
    assert (loop.decided(), loop.market_data.readings) == ([], 1)
    loop.market_data.panel = there
    loop.clock.time = again
    system.run_cycle()
    assert loop.decided() == [DECIDED]


def test_decision_is_told_in_the_turn_that_took_it(loop: LoopParts) -> None:
    loop.market_data.panel = quiet(loop.calendar, date(2014, 3, 10))
    system = loop.start()
    system.run_cycle()
    loop.clock.time = SETTLED + timedelta(minutes=15)
    system.run_cycle()
    system.run_cycle()
    # A turn in which nothing happens is no news.
    assert loop.told("session") == ["2014-03-03", "2014-03-04"]
    assert loop.metrics.counts[Counter.CYCLES, None] == 3


def test_decision_of_before_a_restart_is_carried_out_once(loop: LoopParts) -> None:
    loop.market_data.panel = quiet(loop.calendar, date(2014, 3, 10))
    loop.store.record_decision(decision_of(approved("AAPL")), PRE_OPEN)
    loop.run_turns(2)
    loop.run_turns(4)
    assert len(loop.broker.submits()) == 1


def test_entry_of_an_ended_session_that_still_works_is_cancelled_before_the_decision(loop: LoopParts) -> None:
    system = loop.start()
    system.run_cycle()
    loop.broker.cancels_wait = True
    loop.clock.time = SETTLED
    assert system.run_cycle() <= SETTLED + timedelta(seconds=60)
    assert loop.decided() == [DECIDED]
    cancel_entries_at_the_broker(loop)
    loop.clock.go(5)
    system.run_cycle()
    assert loop.decided() == [DECIDED, SESSION]


# ---- orders


def test_fill_stop_and_trade_are_recorded(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    assert [(held.conid, held.quantity) for held in loop.journal.own_positions()] == [
        (entry.conid, entry.total_quantity)
    ]
    assert 1 in loop.told("fills")
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "0"
    stop = loop.stop_of(entry)
    loop.clock.go(60)
    loop.broker.fill(stop.order_id, stop.stop_price or 0.0)
    system.run_cycle()
    assert [row["exit_reason"] for row in loop.rows("SELECT * FROM trade")] == ["stop"]
    assert loop.metrics.counts[Counter.FILLS, None] == 2


def test_stopped_out_symbol_is_remembered_by_the_next_decision(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.fill(loop.stop_of(entry).order_id, 10.0)
    system.run_cycle()
    cancel_entries_at_the_broker(loop)
    loop.clock.time = SETTLED
    loop.start().run_cycle()
    decision = loop.store.last_decision()
    assert decision is not None
    assert decision.session == SESSION
    trade = loop.rows("SELECT * FROM trade")[0]
    assert [(out.session, out.symbol) for out in decision.risk.stop_outs] == [(SESSION, trade["symbol"])]


def test_lost_stop_is_put_back_in_the_same_turn(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.end(loop.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    system.run_cycle()
    assert sorted(str(order.order_type) for order in loop.sales_of(entry)) == ["LMT", "STP"]
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "0"


def test_shares_without_a_stop_are_told_while_they_stand_so(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.end(loop.stop_of(entry).order_id, BrokerStatus.CANCELLED)
    loop.broker.faults.extend([refused] * 4)
    system.run_cycle()
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == str(round(entry.total_quantity))
    assert "uncovered" in loop.notes.codes()
    loop.broker.faults.clear()
    for _ in range(4):
        loop.clock.go(30)
        system.run_cycle()
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "0"
    assert loop.notes.codes().count("uncovered") == 1


def test_foreign_order_in_a_contract_keeps_us_out_of_it(loop: LoopParts) -> None:
    for conid in CONIDS.values():
        loop.broker.place_foreign(conid)
    loop.start().run_cycle()
    assert loop.broker.submits() == []


def test_stop_follows_own_shares_that_were_sold_by_hand_once_that_is_proven(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    loop.broker.held[entry.conid] = 22
    system.run_cycle()
    assert loop.stop_of(entry).total_quantity == entry.total_quantity
    for _ in range(6):
        loop.clock.go(30)
        system.run_cycle()
    assert [held.quantity for held in loop.journal.own_positions()] == [22]
    stops = [order for order in loop.sales_of(entry) if order.order_type is OrderType.STOP]
    assert [order.total_quantity for order in stops] == [22]
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "0"


# ---- epochs


def test_new_epoch_is_compared_with_the_broker_before_the_system_is_active(loop: LoopParts) -> None:
    loop.run_turns(1)
    assert loop.store.mode().mode is Mode.ACTIVE
    told = loop.rows("SELECT value FROM mode_log WHERE fact = 'reconciled' ORDER BY id")
    assert [row["value"] for row in told] == ["0", "1"]


def test_session_that_a_read_found_lost_begins_a_new_epoch(loop: LoopParts) -> None:
    loop.refuse(loop.market_data, "daily_bars", LOST, 1)
    loop.run_turns(2)
    assert loop.store.value("epoch") == "2"
    assert loop.decided() == [DECIDED]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_session_that_is_there_and_that_reads_find_lost_again_and_again_is_told_with_its_cause(
    loop: LoopParts, times: int
) -> None:
    loop.refuse(loop.market_data, "daily_bars", LOST, times)
    loop.run_turns(times)
    # Before each further one the session is opened again.
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.READY
    assert loop.session.initialisations == times - 1
    assert loop.store.value(StatusKey.TROUBLE) == str(LOST)
    loop.run_turns(1)
    assert (loop.store.value(StatusKey.TROUBLE) or "") == ""


# ---- the next turn


@pytest.mark.parametrize(("takes_s", "next_s"), [(0.0, POLL_S), (4.9, 0.1), (5.0, 0.0), (11.0, 0.0)])
def test_look_that_comes_due_while_a_turn_still_reads_is_made_at_once(
    loop: LoopParts, takes_s: float, next_s: float
) -> None:
    def slow(_conids: Sequence[int]) -> Mapping[int, Quote]:
        loop.clock.time += timedelta(seconds=takes_s)
        return {}

    loop.market_data.quotes = slow  # type: ignore[method-assign, assignment]
    # The entries wait for their quotes, which are looked for again 5 s after the turn began.
    assert loop.start().run_cycle() == loop.clock.time + timedelta(seconds=next_s)


def test_next_cycle_is_at_the_next_event_of_the_market(loop: LoopParts) -> None:
    system = loop.start()
    loop.clock.time = PRE_OPEN - timedelta(hours=3)
    assert system.run_cycle() == PRE_OPEN
    loop.clock.time = PRE_OPEN
    assert system.run_cycle() == OPEN
    loop.clock.time = OPEN
    assert system.run_cycle() == SETTLED


def test_polling_system_looks_every_interval_and_sooner_while_orders_work_in_the_session(loop: LoopParts) -> None:
    loop.check_interval_s = 60.0
    loop.clock.time = PRE_OPEN - timedelta(hours=5)
    system = loop.start()
    assert system.run_cycle() == loop.clock.time + timedelta(seconds=60)
    loop.clock.time = PRE_OPEN
    assert system.run_cycle() == PRE_OPEN + timedelta(seconds=60)
    loop.clock.time = OPEN + timedelta(minutes=30)
    assert system.run_cycle() == loop.clock.time + timedelta(seconds=5)


def test_turn_in_which_nothing_happens_waits_for_no_disk_and_is_shown_all_the_same(loop: LoopParts) -> None:
    system, _ = loop.begin_with_a_position()
    system.run_cycle()
    for _ in range(5):
        before = loop.disk.waits
        loop.clock.go(60)
        loop.turns += 1
        system.run_cycle()
        assert loop.disk.waits == before
        assert loop.store.value(StatusKey.MARKET_NOW) == loop.clock.now().isoformat()


def test_turn_that_counts_a_fill_waits_for_the_disk(loop: LoopParts) -> None:
    system, entry = loop.begin_with_a_position()
    system.run_cycle()
    before = loop.disk.waits
    loop.broker.fill(loop.stop_of(entry).order_id, 90.0)
    system.run_cycle()
    assert loop.disk.waits > before

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_desk import CLOSE, CONIDS, DECIDED, OPEN, PRE_OPEN, SESSION
from tests.fakes.trading_room import AWAY, READY, Room, market
from trading.errors import ConfigError, InvariantBroken, NotSent, SessionLost
from trading.model.metric import Counter
from trading.model.mode import ControlKind, Mode
from trading.model.order import IntentState, OrderType, Role, Side
from trading.model.pulse import PulseKey


@pytest.fixture
def room() -> Room:
    made = Room()
    made.office.settings = settings_of("risk.profile=strategy")
    made.office.market_data.panel = market()
    return made


def decisions(room: Room) -> list[date]:
    return sorted(room.office.store.decisions)


def test_cycle_decides_on_the_newest_session_and_sends_what_it_decided(room: Room) -> None:
    room.start().run_cycle()
    assert decisions(room) == [DECIDED]
    entries = room.office.store.decisions[DECIDED].entries
    assert entries
    assert len(room.office.broker.live(Side.BUY)) == len(entries)
    assert room.office.store.equity[DECIDED][0] == 10_000.0
    assert room.office.store.mode().mode is Mode.ACTIVE


def test_session_is_decided_on_once_however_many_cycles_and_restarts(room: Room) -> None:
    for _ in range(3):
        system = room.start()
        for _ in range(3):
            system.run_cycle()
    assert decisions(room) == [DECIDED]
    assert room.office.market_data.readings == 1
    assert len(room.office.broker.submits()) == len(room.office.store.decisions[DECIDED].entries)


def test_first_decision_waits_for_a_close_that_it_saw_in_time(room: Room) -> None:
    room.office.clock.time = OPEN + timedelta(hours=1)
    system = room.start()
    system.run_cycle()
    assert decisions(room) == []
    room.office.clock.time = CLOSE + timedelta(seconds=899)
    system.run_cycle()
    assert decisions(room) == []
    room.office.clock.time = CLOSE + timedelta(seconds=900)
    system.run_cycle()
    assert decisions(room) == [SESSION]
    assert room.office.broker.submits() == []


def test_fill_stop_and_trade_are_recorded(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.office.clock.time = OPEN
    entry = room.office.broker.live(Side.BUY)[0]
    room.office.broker.fill(entry.order_id, entry.limit_price or 0.0)
    system.run_cycle()
    stop = next(o for o in room.office.broker.live(Side.SELL) if o.parent_id == entry.order_id and o.stop_price)
    room.office.clock.go(60)
    room.office.broker.fill(stop.order_id, stop.stop_price or 0.0)
    system.run_cycle()
    assert [trade.exit_reason for trade in room.office.store.trades()] == ["stop"]
    assert room.office.metrics.counts[Counter.FILLS, None] == 2


def test_stopped_out_symbol_is_remembered_by_the_next_decision(room: Room) -> None:
    test_fill_stop_and_trade_are_recorded(room)
    room.office.clock.time = CLOSE
    for order in room.office.broker.live(Side.BUY):
        room.office.broker.end(order.order_id, type(order.status).CANCELLED)
    room.office.clock.time = CLOSE + timedelta(seconds=900)
    room.start().run_cycle()
    outs = room.office.store.decisions[SESSION].risk.stop_outs
    assert [(out.session, out.symbol) for out in outs] == [(SESSION, room.office.store.trades()[0].symbol)]


def test_next_cycle_is_at_the_next_event_of_the_market(room: Room) -> None:
    system = room.start()
    room.office.clock.time = PRE_OPEN - timedelta(hours=3)
    assert system.run_cycle() == PRE_OPEN
    room.office.clock.time = PRE_OPEN
    assert system.run_cycle() == OPEN
    room.office.clock.time = OPEN
    assert system.run_cycle() == CLOSE + timedelta(seconds=900)


def test_polling_system_looks_every_interval_and_sooner_while_orders_work_in_the_session(room: Room) -> None:
    system = room.start(check_interval_s=60.0)
    assert system.run_cycle() == PRE_OPEN + timedelta(seconds=60)
    room.office.clock.time = OPEN + timedelta(minutes=30)
    assert system.run_cycle() == room.office.clock.time + timedelta(seconds=5)


def test_entry_of_an_ended_session_that_still_works_is_cancelled_before_the_decision(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.office.broker.cancels_wait = True
    room.office.clock.time = CLOSE + timedelta(seconds=900)
    assert system.run_cycle() == room.office.clock.time + timedelta(seconds=5)
    assert decisions(room) == [DECIDED]
    for order in room.office.broker.live(Side.BUY):
        room.office.broker.end(order.order_id, type(order.status).CANCELLED)
    room.office.clock.go(5)
    system.run_cycle()
    assert decisions(room) == [DECIDED, SESSION]


def test_halt_cancels_entries_and_keeps_stops(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    entry = room.office.broker.live(Side.BUY)[0]
    room.office.broker.fill(entry.order_id, entry.limit_price or 0.0)
    room.controls.ask(ControlKind.HALT, room.office.clock.now())
    system.run_cycle()
    assert room.office.store.mode().mode is Mode.HALTED
    assert room.office.broker.live(Side.BUY) == []
    own = [o for o in room.office.broker.live(Side.SELL) if o.conid == entry.conid]
    assert {order.order_type for order in own} == {OrderType.STOP, OrderType.LIMIT}
    assert [kind for kind, _ in room.controls.answers] == [ControlKind.HALT]


def test_halt_is_taken_up_while_the_gateway_is_away(room: Room) -> None:
    room.session.error = NotSent("POST /tickle", "connection refused")
    room.controls.ask(ControlKind.HALT, room.office.clock.now())
    with pytest.raises(NotSent):
        room.start().run_cycle()
    assert room.office.store.mode().mode is Mode.HALTED


def test_halted_system_buys_nothing_and_a_resumed_one_does(room: Room) -> None:
    room.controls.ask(ControlKind.HALT, room.office.clock.now())
    system = room.start()
    system.run_cycle()
    assert room.office.broker.submits() == []
    room.controls.ask(ControlKind.RESUME, room.office.clock.now())
    system.run_cycle()
    assert room.office.broker.live(Side.BUY)


def test_flatten_sells_own_shares_and_halts(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    entry = room.office.broker.live(Side.BUY)[0]
    room.office.broker.fill(entry.order_id, entry.limit_price or 0.0)
    room.controls.ask(ControlKind.FLATTEN, room.office.clock.now())
    system.run_cycle()
    sells = [o for o in room.office.broker.live(Side.SELL) if o.conid == entry.conid]
    assert [order.order_type for order in sells] == [OrderType.MARKET]
    room.office.broker.fill(sells[0].order_id, 50.0)
    system.run_cycle()
    assert room.office.broker.live() == []
    assert room.office.store.mode().mode is Mode.HALTED
    exits = [record for record in room.office.journal.intents() if record.intent.role is Role.EXIT]
    assert [record.intent.reason for record in exits] == ["operator"]


def test_lost_stop_is_put_back_in_the_following_cycles(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.office.clock.time = OPEN
    entry = room.office.broker.live(Side.BUY)[0]
    room.office.broker.fill(entry.order_id, entry.limit_price or 0.0)
    system.run_cycle()
    stop = next(o for o in room.office.broker.live(Side.SELL) if o.parent_id == entry.order_id and o.stop_price)
    room.office.broker.end(stop.order_id, type(stop.status).CANCELLED)
    for _ in range(3):
        room.office.clock.go(5)
        system.run_cycle()
    own = [o for o in room.office.broker.live(Side.SELL) if o.conid == entry.conid]
    assert sorted(str(o.order_type) for o in own) == ["LMT", "STP"]
    assert room.office.store.value(PulseKey.UNCOVERED_SHARES) == "0"
    assert "uncovered" in room.office.notes.codes()


def test_foreign_order_in_a_contract_keeps_us_out_of_it(room: Room) -> None:
    for conid in CONIDS.values():
        room.office.broker.place_foreign(conid)
    room.start().run_cycle()
    assert room.office.broker.submits() == []


def test_new_login_begins_an_epoch_that_is_reconciled_first(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.session.status = AWAY
    with pytest.raises(SessionLost):
        system.run_cycle()
    room.session.status = READY
    room.office.broker.reads_fail = True
    with pytest.raises(Exception, match="failed"):
        system.run_cycle()
    assert room.office.store.mode().mode is Mode.RECONCILING
    room.office.broker.reads_fail = False
    system.run_cycle()
    assert room.office.store.mode().mode is Mode.ACTIVE
    assert room.office.store.value("epoch") == "2"


@pytest.mark.parametrize(
    ("error", "cap_s"),
    [(NotSent("POST /tickle", "refused"), 60.0), (ValueError("unexpected"), 300.0)],
)
def test_failures_back_off_doubling_with_jitter_up_to_a_cap(room: Room, error: Exception, cap_s: float) -> None:
    room.session.error = error
    room.stop_after = 500
    room.start().run()
    waits = per_failure(room)
    assert 0.5 <= waits[0] <= 1.0
    assert all(cap_s / 2 - 5 <= wait <= cap_s for wait in waits[10:-1])
    assert len(set(waits)) > 1


def per_failure(room: Room) -> list[float]:
    """Return how long was paused after each failed cycle: slices of 5 s are one pause."""
    found, total = [], 0.0
    for seconds in room.pauses:
        total += seconds
        if seconds < 5.0:
            found.append(total)
            total = 0.0
    return found


def test_success_ends_the_back_off(room: Room) -> None:
    room.session.error = NotSent("POST /tickle", "refused")
    room.stop_after = 40
    system = room.start()
    system.run()
    assert system._backoff.failures > 2
    room.session.error = None
    room.stop_after = 1
    system.run()
    assert system._backoff.failures == 0


def test_broken_invariant_halts_and_goes_on_serving(room: Room) -> None:
    def broken() -> tuple[object, ...]:
        raise InvariantBroken("I10", "sold more than there was")

    room.office.broker.positions = broken  # type: ignore[method-assign,assignment]
    room.stop_after = 3
    room.start().run()
    assert room.office.store.mode().mode is Mode.HALTED
    assert "I10" in room.office.notes.codes()


def test_wrong_setting_found_while_running_ends_the_process(room: Room) -> None:
    room.session.error = ConfigError("IBKR_ACCOUNT_ID", None, "set it")
    with pytest.raises(ConfigError):
        room.start().run()


def test_end_of_the_data_is_told_once_and_controls_go_on(room: Room) -> None:
    system = room.start()
    room.office.clock.time = CLOSE
    room.ended = True
    room.stop_after = 20
    room.controls.ask(ControlKind.HALT, room.office.clock.now())
    system.run()
    assert decisions(room) == [SESSION]
    assert room.office.store.value(PulseKey.SESSION_STATE) == "ended"
    assert [line[2]["state"] for line in room.office.log.lines if line[1] == "session"].count("ended") == 1
    assert [kind for kind, _ in room.controls.answers] == [ControlKind.HALT]


def test_stop_request_leaves_everything_at_the_broker(room: Room) -> None:
    room.stop_after = 1
    room.start().run()
    live = len(room.office.broker.live())
    room.stop_after = 0
    room.start().run()
    assert len(room.office.broker.live()) == live
    assert all(record.state is not IntentState.SENDING for record in room.office.journal.intents())


def test_account_in_another_currency_is_not_traded(room: Room) -> None:
    balances = room.office.broker.account()
    room.office.broker.account = lambda: replace(balances, currency="EUR")  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="EUR"):
        room.start().run()
    assert decisions(room) == []


def test_gateway_that_goes_away_while_the_loop_waits_ends_nothing(room: Room) -> None:
    waits: list[datetime] = []
    away = NotSent("POST /sim/advance", "connection refused")

    def wait(until: datetime) -> None:
        waits.append(until)
        if len(waits) == 1:
            raise away

    room.office.clock.wait = wait  # type: ignore[method-assign]
    room.stop_after = 4
    room.start().run()
    assert len(waits) > 1
    assert room.pauses


def test_failure_that_repeats_is_logged_once(room: Room) -> None:
    room.session.error = NotSent("POST /tickle", "connection refused")
    room.stop_after = 50
    room.start().run()
    assert [line[1] for line in room.office.log.lines].count("cycle failed") == 1

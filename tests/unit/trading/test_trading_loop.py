"""The loop: one decision a session, back-off, the halt, the clean end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from tests.fakes.bars import random_walk
from tests.fakes.chance import seeded
from tests.fakes.fake_broker import ACCOUNT
from tests.fakes.stages import system_of
from tests.fakes.trading_desk import (
    CONIDS,
    DECIDED,
    OPEN,
    PRE_OPEN,
    SESSION,
    FakeMarketData,
    Office,
    approved,
    decision_of,
)
from trading.cycle.controls import CANCEL_ENTRIES, FLATTEN, ControlDesk
from trading.cycle.session_keeper import SessionKeeper
from trading.errors import ConfigError, InvariantBroken, NotSent, SessionLost
from trading.market.bars import Panel, build_panel
from trading.market.calendar import TradingCalendar
from trading.model.account import SessionStatus
from trading.model.contract import Contract
from trading.model.metric import Counter
from trading.model.mode import Control, ControlKind, Mode
from trading.model.order import Side
from trading.model.pulse import PulseKey, SessionState
from trading.trading_system import BARS_RETRY_S, SIGN_OF_LIFE_S, Pace, TradingSystem

READY = SessionStatus(authenticated=True, connected=True, competing=False, established=True, message="")
LOGGED_OUT = SessionStatus(authenticated=False, connected=False, competing=False, established=False, message="")
DOWN = NotSent("POST /tickle", "connection refused")
LOST = SessionLost("GET /iserver/marketdata/history", "not authenticated", 401)
WEEK = [date(2014, 3, day) for day in (3, 4, 5, 6, 7)]
ENOUGH = 200

Happening = SessionStatus | Exception


class ScriptedSession:
    """Shows one thing after the other, and at the end a good session for ever."""

    def __init__(self) -> None:
        self.script: list[Happening] = []

    def keep_alive(self) -> SessionStatus:
        shows = self.script.pop(0) if self.script else READY
        if isinstance(shows, Exception):
            raise shows
        return shows

    def initialise(self) -> SessionStatus:
        return self.keep_alive()

    def accounts(self) -> tuple[str, ...]:
        return (ACCOUNT,)


class MemoryControls:
    def __init__(self) -> None:
        self.waiting: list[Control] = []
        self.broken = 0

    def pending(self) -> tuple[Control, ...]:
        if self.broken:
            self.broken -= 1
            raise InvariantBroken("controls", "the file is damaged")
        return tuple(self.waiting)

    def answer(self, control: Control, result: str, now: datetime) -> None:
        self.waiting.remove(control)


class LosingMarketData(FakeMarketData):
    """Finds the session gone at the first reading of bars."""

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        if self.readings == 0:
            self.readings += 1
            raise LOST
        return super().daily_bars(contracts, through, count)


def bars(calendar: TradingCalendar, through: date = date(2014, 3, 10)) -> Panel:
    """Return random walks on the exchange's sessions through one of them."""
    sessions = [session.day for session in calendar.sessions(date(2013, 6, 3), through)]
    dates = np.array(sessions, dtype="datetime64[D]")
    chance = np.random.default_rng(7)
    return build_panel({symbol: replace(random_walk(chance, len(sessions)), dates=dates) for symbol in CONIDS})


class House:
    """A loop on fakes that is told to stop by `over`, and after so many turns that a test can't hang."""

    def __init__(self) -> None:
        self.office = Office()
        self.office.market_data.panel = bars(self.office.calendar)
        self.session = ScriptedSession()
        self.controls = MemoryControls()
        self.pauses: list[float] = []
        self.turns = 0
        self.over: Callable[[], bool] = lambda: False
        self.market_ended: Callable[[], bool] = lambda: False
        self.interval_s: float | None = None

    def system(self) -> TradingSystem:
        """Return a loop as after a boot."""
        office = self.office
        desk = office.desk()
        pace = Pace(
            check_interval_s=self.interval_s,
            pause=self.pauses.append,
            stopping=lambda: self.over() or self.turns >= ENOUGH or len(self.pauses) >= ENOUGH,
            taken_up=self._turn,
            market_ended=lambda: self.market_ended(),
            stopwatch=lambda: float(self.turns),
            free_bytes=lambda: 10**12,
        )
        keeper = SessionKeeper(self.session, office.store, office.clock, (office.log, office.metrics), yield_s=300.0)
        controls = ControlDesk(self.controls, office.store, office.clock, office.log)
        return TradingSystem(desk, keeper, controls, system_of(), tuple(CONIDS), pace, seeded())

    def run_turns(self, turns: int) -> None:
        self.over = lambda: self.turns >= turns
        self.system().run()

    def run_until(self, until: datetime) -> None:
        self.over = lambda: self.office.clock.time >= until
        self.system().run()
        assert self.turns < ENOUGH

    def lines(self, event: str) -> list[str]:
        return [level for level, name, _ in self.office.log.lines if name == event]

    def _turn(self) -> None:
        self.turns += 1


@pytest.fixture
def house() -> House:
    return House()


# ---- decisions


def test_each_completed_session_is_decided_on_once(house: House) -> None:
    house.run_until(datetime(2014, 3, 8, tzinfo=UTC))
    assert sorted(house.office.store.decisions) == WEEK
    assert house.office.market_data.readings == len(WEEK)
    assert house.turns > 2 * len(WEEK)
    assert house.lines("unexpected error") == []


def test_decision_is_on_completed_bars_alone(house: House) -> None:
    house.run_turns(1)
    assert max(day for _, day in house.office.store.bars) == DECIDED


def test_after_a_restart_the_same_session_is_not_decided_on_again(house: House) -> None:
    house.run_turns(1)
    assert list(house.office.store.decisions) == [DECIDED]
    house.run_turns(2)
    assert list(house.office.store.decisions) == [DECIDED]
    assert house.office.market_data.readings == 1


def test_first_decision_of_all_waits_for_a_close_that_the_system_has_seen(house: House) -> None:
    house.office.clock.time = OPEN + timedelta(minutes=30)
    house.run_turns(1)
    assert house.office.store.decisions == {}
    house.run_until(datetime(2014, 3, 5, tzinfo=UTC))
    assert list(house.office.store.decisions) == [SESSION]


def test_bars_that_are_not_there_yet_are_looked_for_again(house: House) -> None:
    house.office.market_data.panel = bars(house.office.calendar, date(2014, 2, 28))
    system = house.system()
    assert system.run_cycle() == PRE_OPEN + timedelta(seconds=BARS_RETRY_S)
    assert house.office.store.decisions == {}
    house.office.market_data.panel = bars(house.office.calendar)
    system.run_cycle()
    assert list(house.office.store.decisions) == [DECIDED]


def test_decision_is_told_to_the_pages_and_quiet_turns_are_not(house: House) -> None:
    system = house.system()
    system.run_cycle()
    assert [summary["session"] for summary, _ in house.office.store.cycles] == ["2014-03-03"]
    house.office.clock.time = PRE_OPEN + timedelta(hours=9)
    house.office.store.cycles.clear()
    system.run_cycle()
    system.run_cycle()
    assert [summary["session"] for summary, _ in house.office.store.cycles] == ["2014-03-04"]
    assert house.office.metrics.counts[Counter.CYCLES, None] == 3


# ---- orders


def test_decision_of_before_a_restart_is_carried_out_once(house: House) -> None:
    house.office.store.record_decision(decision_of(approved("AAPL")), PRE_OPEN)
    house.run_turns(2)
    house.run_turns(4)
    assert len(house.office.broker.submits()) == 1


def test_fill_is_counted_and_its_shares_stay_covered(house: House) -> None:
    house.office.store.record_decision(decision_of(approved("AAPL", 9)), PRE_OPEN)
    system = house.system()
    system.run_cycle()
    (entry,) = house.office.broker.live(Side.BUY)
    house.office.clock.time = OPEN + timedelta(seconds=30)
    house.office.broker.fill(entry.order_id, 100.0)
    system.run_cycle()
    assert [(held.symbol, held.quantity) for held in house.office.journal.own_positions()] == [("AAPL", 9)]
    assert [summary["fills"] for summary, _ in house.office.store.cycles[-1:]] == [1]
    assert house.office.store.value(PulseKey.UNCOVERED_SHARES) == "0"
    assert len(house.office.broker.submits()) == 1


def test_halt_cancels_entries_and_sends_none(house: House) -> None:
    house.office.store.record_decision(decision_of(approved("AAPL")), PRE_OPEN)
    system = house.system()
    system.run_cycle()
    assert house.office.broker.live(Side.BUY) != []
    house.controls.waiting = [Control(1, ControlKind.HALT, "enough", "mary", PRE_OPEN)]
    for _ in range(3):
        system.run_cycle()
        house.office.clock.go(5)
    assert house.office.broker.live() == []
    assert len(house.office.broker.submits()) == 1
    assert house.office.store.value(CANCEL_ENTRIES) == ""


def test_flatten_sells_own_shares_and_is_done_once_they_are_gone(house: House) -> None:
    house.office.store.record_decision(decision_of(approved("AAPL", 9)), PRE_OPEN)
    system = house.system()
    system.run_cycle()
    (entry,) = house.office.broker.live(Side.BUY)
    house.office.clock.time = OPEN + timedelta(minutes=10)
    house.office.broker.fill(entry.order_id, 100.0)
    system.run_cycle()
    house.controls.waiting = [Control(1, ControlKind.FLATTEN, "", "mary", PRE_OPEN)]
    for _ in range(4):
        system.run_cycle()
        house.office.clock.go(5)
    (sale,) = house.office.broker.live()
    assert (sale.side, sale.total_quantity) == (Side.SELL, 9)
    house.office.broker.fill(sale.order_id, 99.0)
    system.run_cycle()
    system.run_cycle()
    assert house.office.journal.own_positions() == ()
    assert house.office.store.value(FLATTEN) == ""
    assert house.office.broker.live() == []
    assert house.office.store.mode().mode is Mode.HALTED


# ---- epochs and time


def test_new_epoch_is_compared_with_the_broker_before_the_system_is_active(house: House) -> None:
    house.run_turns(1)
    assert house.office.store.mode().mode is Mode.ACTIVE
    assert [word for fact, word in house.office.store.mode_log if fact == "reconciled"] == ["", "RECONCILING", ""]


def test_session_that_a_read_found_lost_begins_a_new_epoch(house: House) -> None:
    panel = house.office.market_data.panel
    house.office.market_data = LosingMarketData()
    house.office.market_data.panel = panel
    house.run_turns(2)
    assert house.office.store.value("epoch") == "2"
    assert list(house.office.store.decisions) == [DECIDED]


def test_live_market_is_polled_at_the_interval_at_least(house: House) -> None:
    house.interval_s = 60.0
    house.office.clock.time = PRE_OPEN - timedelta(hours=5)
    system = house.system()
    assert system.run_cycle() == house.office.clock.time + timedelta(seconds=60)


def test_simulated_market_is_not_polled(house: House) -> None:
    house.office.clock.time = PRE_OPEN - timedelta(hours=5)
    assert house.system().run_cycle() == PRE_OPEN


# ---- failures


def test_pauses_grow_with_each_failure_and_begin_anew_after_a_success(house: House) -> None:
    house.session.script = [DOWN, DOWN, DOWN, READY, DOWN]
    house.run_turns(6)
    assert len(house.pauses) == 4
    for pause, longest in zip(house.pauses, (1.0, 2.0, 4.0, 1.0), strict=True):
        assert longest / 2 <= pause <= longest
    assert house.office.metrics.counts[Counter.CYCLE_ERRORS, None] == 4
    assert house.office.metrics.counts[Counter.HTTP_ERRORS, None] == 4


def test_long_pause_gives_signs_of_life(house: House) -> None:
    house.session.script = [DOWN] * 8
    house.run_turns(9)
    assert sum(house.pauses) >= 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30
    assert max(house.pauses) <= SIGN_OF_LIFE_S
    assert house.office.metrics.writes >= len(house.pauses)


def test_person_who_wants_something_ends_the_pause(house: House) -> None:
    house.office.wanted = True
    house.session.script = [DOWN, DOWN]
    house.run_turns(3)
    assert house.office.metrics.counts[Counter.CYCLE_ERRORS, None] == 2
    assert house.pauses == []


def test_waiting_for_the_login_is_logged_once(house: House) -> None:
    house.session.script = [LOGGED_OUT] * 4
    house.run_turns(4)
    assert house.lines("cycle failed") == ["warning"]
    assert house.office.broker.reads == 0
    assert house.office.store.value(PulseKey.SESSION_STATE) == SessionState.WAITING_LOGIN


def test_unexpected_error_is_logged_and_the_loop_goes_on(house: House) -> None:
    house.session.script = [RuntimeError("nobody thought of this")]
    house.run_turns(2)
    assert house.lines("unexpected error") == ["error"]
    assert list(house.office.store.decisions) == [DECIDED]


def test_setting_that_cannot_be_used_ends_the_process(house: House) -> None:
    house.session.script = [ConfigError("GATEWAY_CA_BUNDLE", None, "name a file")]
    with pytest.raises(ConfigError):
        house.run_turns(5)
    assert house.turns == 1


def test_broken_invariant_halts_alerts_and_goes_on_serving(house: House) -> None:
    house.controls.broken = 1
    house.run_turns(2)
    mode = house.office.store.mode()
    assert (mode.mode, mode.actor, mode.reason) == (Mode.HALTED, "system", "controls: the file is damaged")
    assert house.office.notes.codes() == ["controls"]
    assert house.lines("invariant broken") == ["error"]
    assert house.office.metrics.counts[Counter.CYCLES, None] == 1
    assert house.office.broker.arrived == []


def test_halt_by_a_person_keeps_its_reason_when_an_invariant_breaks(house: House) -> None:
    house.office.store.set_halt(halted=True, reason="earnings", actor="mary", now=PRE_OPEN)
    house.controls.broken = 1
    house.run_turns(2)
    assert house.office.store.mode().reason == "earnings"


# ---- the end


def test_told_to_stop_nothing_is_read_and_nothing_sent(house: House) -> None:
    house.run_turns(0)
    assert house.turns == 0
    assert house.office.broker.reads == 0


def test_at_the_end_orders_stay_at_the_broker(house: House) -> None:
    order_id = house.office.broker.place_foreign(CONIDS["AAPL"])
    house.run_turns(1)
    assert [order.order_id for order in house.office.broker.live()] == [order_id]


def test_at_the_end_of_the_data_the_last_bar_is_decided_on_and_then_only_people_are_served(house: House) -> None:
    house.office.clock.time = datetime(2014, 3, 4, 21, 0, tzinfo=UTC)
    house.market_ended = lambda: True
    halt = Control(1, ControlKind.HALT, "enough", "mary", PRE_OPEN)

    def over() -> bool:
        if len(house.pauses) == 2 and house.office.store.mode().mode is not Mode.HALTED:
            house.controls.waiting = [halt]
        return len(house.pauses) == 4

    house.over = over
    house.system().run()
    assert list(house.office.store.decisions) == [SESSION]
    assert house.office.clock.time == datetime(2014, 3, 4, 21, 15, tzinfo=UTC)
    assert house.office.store.value(PulseKey.SESSION_STATE) == SessionState.ENDED
    assert house.pauses == [SIGN_OF_LIFE_S] * 4
    assert house.office.store.mode().mode is Mode.HALTED
    assert house.office.metrics.mode is Mode.HALTED

"""What goes wrong around the loop: it says so once, waits longer each time, and goes on."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.fakes.fake_session import LOGGED_OUT, READY, Happening
from tests.fakes.trading_desk import DECIDED, PRE_OPEN
from tests.fakes.trading_room import Room
from trading.errors import ConfigError, InvariantBroken, NotSent, OutcomeUnknown, SessionLost
from trading.model.account import PositionList
from trading.model.metric import Counter
from trading.model.mode import OPERATOR, Mode
from trading.model.status import SessionState, StatusKey
from trading.trading_system import SIGN_OF_LIFE_S

DOWN = NotSent("POST /tickle", "connection refused")
BROKEN = InvariantBroken("I10", "sold more than there was")


def pauses_by_failure(room: Room) -> list[float]:
    """Return how long was paused after each failed cycle: slices of 5 s are one pause."""
    found, total = [], 0.0
    for seconds in room.pauses:
        total += seconds
        if seconds < SIGN_OF_LIFE_S:
            found.append(total)
            total = 0.0
    return found


# ---- the back-off


@pytest.mark.parametrize(("error", "cap_s"), [(DOWN, 60.0), (ValueError("unexpected"), 300.0)])
def test_failures_back_off_doubling_with_jitter_up_to_a_cap(room: Room, error: Exception, cap_s: float) -> None:
    room.session.shows = error
    room.start().run()
    waits = pauses_by_failure(room)
    assert 0.5 <= waits[0] <= 1.0
    assert all(cap_s / 2 - 5 <= wait <= cap_s for wait in waits[10:-1])
    assert len(set(waits)) > 1


def test_pauses_grow_with_each_failure_and_begin_anew_after_a_success(room: Room) -> None:
    room.session.script = [DOWN, DOWN, DOWN, READY, DOWN]
    room.run_turns(6)
    assert len(room.pauses) == 4
    for pause, longest in zip(room.pauses, (1.0, 2.0, 4.0, 1.0), strict=True):
        assert longest / 2 <= pause <= longest
    assert room.office.metrics.counts[Counter.CYCLE_ERRORS, None] == 4
    assert room.office.metrics.counts[Counter.HTTP_ERRORS, None] == 4


def test_long_pause_gives_signs_of_life(room: Room) -> None:
    room.session.script = [DOWN] * 8
    room.run_turns(9)
    assert sum(room.pauses) >= 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30
    assert max(room.pauses) <= SIGN_OF_LIFE_S
    assert room.office.metrics.writes >= len(room.pauses)


def test_person_who_wants_something_ends_the_pause(room: Room) -> None:
    room.office.wanted = True
    room.session.script = [DOWN, DOWN]
    room.run_turns(3)
    assert room.office.metrics.counts[Counter.CYCLE_ERRORS, None] == 2
    assert room.pauses == []


# ---- the gateway and the login


@pytest.mark.parametrize(
    ("shows", "state"), [(LOGGED_OUT, SessionState.WAITING_LOGIN), (DOWN, SessionState.GATEWAY_DOWN)]
)
def test_failure_that_repeats_is_logged_once(room: Room, shows: Happening, state: SessionState) -> None:
    room.session.shows = shows
    room.run_turns(10)
    assert room.lines("cycle failed") == ["warning"]
    assert room.office.broker.reads == 0
    assert room.office.store.value(StatusKey.SESSION_STATE) == state


def test_new_login_begins_an_epoch_that_is_reconciled_first(room: Room) -> None:
    system = room.start()
    system.run_cycle()
    room.session.shows = LOGGED_OUT
    with pytest.raises(SessionLost):
        system.run_cycle()
    room.session.shows = READY
    room.office.broker.reads_fail = True
    with pytest.raises(OutcomeUnknown):
        system.run_cycle()
    assert room.office.store.mode().mode is Mode.RECONCILING
    room.office.broker.reads_fail = False
    system.run_cycle()
    assert room.office.store.mode().mode is Mode.ACTIVE
    assert room.office.store.value("epoch") == "2"


def test_gateway_that_goes_away_while_the_loop_waits_ends_nothing(room: Room) -> None:
    waits: list[datetime] = []

    def wait(until: datetime) -> None:
        waits.append(until)
        if len(waits) == 1:
            raise DOWN

    room.office.clock.wait = wait  # type: ignore[method-assign]
    room.run_turns(4)
    assert len(waits) > 1
    assert room.pauses


# ---- what nobody thought of, and what must never be


def test_unexpected_error_is_logged_and_the_loop_goes_on(room: Room) -> None:
    room.session.script = [RuntimeError("nobody thought of this")]
    room.run_turns(2)
    assert room.lines("unexpected error") == ["error"]
    assert room.decided() == [DECIDED]


def test_wrong_setting_found_while_running_ends_the_process(room: Room) -> None:
    room.session.script = [ConfigError("GATEWAY_CA_BUNDLE", None, "name a file")]
    with pytest.raises(ConfigError):
        room.start().run()
    assert room.turns == 1


def broken_positions(room: Room) -> None:
    true_ones, failures = room.office.broker.positions, [BROKEN]

    def positions() -> PositionList:
        if failures:
            raise failures.pop()
        return true_ones()

    room.office.broker.positions = positions  # type: ignore[method-assign]


def test_broken_invariant_halts_alerts_and_goes_on_serving(room: Room) -> None:
    broken_positions(room)
    room.run_turns(2)
    mode = room.office.store.mode()
    assert (mode.mode, mode.actor, mode.reason) == (Mode.HALTED, "system", "I10: sold more than there was")
    assert room.office.notes.codes() == ["I10"]
    assert room.lines("invariant broken") == ["error"]
    assert room.office.metrics.counts[Counter.CYCLES, None] == 1
    assert room.office.broker.arrived == []


def test_halt_by_a_person_keeps_its_reason_when_an_invariant_breaks(room: Room) -> None:
    room.office.store.halts.raise_halt(OPERATOR, "test", reason="earnings", actor="mary", now=PRE_OPEN)
    broken_positions(room)
    room.run_turns(2)
    assert room.office.store.mode().reason == "earnings (and 1 more)"


def test_halt_that_cannot_be_stored_is_told_and_the_loop_goes_on(room: Room) -> None:
    def full(*_: object, **__: object) -> bool:
        raise InvariantBroken("storage", "the disk is full")

    stored = room.office.store.halts.raise_halt
    room.office.store.halts.raise_halt = full  # type: ignore[method-assign]
    broken_positions(room)
    room.run_turns(1)
    assert room.lines("the halt could not be stored") == ["error"]
    assert room.office.notes.codes() == ["I10"]
    assert room.office.broker.arrived == []
    room.office.store.halts.raise_halt = stored  # type: ignore[method-assign]
    room.run_turns(2)
    assert room.decided() == [DECIDED]

"""The machine's clock and the simulated market's."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.trading.gateway.scripted import ScriptedTransport, StillClock, good, raw
from trading.errors import NotSent, OutcomeUnknown
from trading.gateway.clocks import DAY_S, LONGEST_STEP_S, LockstepClock, SystemClock, WakeUp

MORNING = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
EVENING = datetime(2014, 3, 4, 21, 15, tzinfo=UTC)


class CountingWakeUp(WakeUp):
    """Remembers how long it was asked to sleep, and sleeps no time at all."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        return not self.wanted


class SetClock(SystemClock):
    """A machine's clock that is set by so many seconds in its first wait."""

    def __init__(self, set_s: float) -> None:
        self.sleeps = CountingWakeUp()
        self.set_s = set_s
        super().__init__(self.sleeps)

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.monotonic() + (self.set_s if self.sleeps.slept else 0.0))

    def monotonic(self) -> float:
        return sum(self.sleeps.slept)


def told(now: datetime, *, ended: bool = False) -> object:
    return {"now": now.isoformat(), "ended": ended}


def simulator() -> ScriptedTransport:
    """A simulator that shows the morning, and the evening once it was let go on."""
    transport = ScriptedTransport(StillClock())
    transport.script("GET /clock", good(told(MORNING)))
    transport.script("POST /advance", good(told(EVENING)))
    return transport


def test_a_wake_ends_waits_until_it_is_taken_up() -> None:
    wake = WakeUp()
    assert not wake.wanted
    wake.wake()
    assert wake.wanted
    assert not wake.sleep(60.0)
    wake.taken_up()
    assert not wake.wanted
    assert wake.sleep(0.0)


def test_a_stop_is_never_taken_up() -> None:
    wake = WakeUp()
    wake.request_stop()
    wake.taken_up()
    assert wake.stopping
    assert wake.wanted
    assert not wake.sleep(60.0)


def test_a_wake_is_no_stop() -> None:
    wake = WakeUp()
    wake.wake()
    assert not wake.stopping


def test_a_negative_sleep_is_none() -> None:
    assert WakeUp().sleep(-5.0)


def test_the_system_clock_is_aware_utc() -> None:
    assert SystemClock(WakeUp()).now().tzinfo is UTC


def test_time_limits_do_not_follow_a_clock_that_people_set() -> None:
    assert abs(SystemClock(WakeUp()).monotonic() - time.clock_gettime(time.CLOCK_MONOTONIC)) < 60.0


def test_the_system_clock_waits_no_time_for_what_is_over() -> None:
    clock = SystemClock(WakeUp())
    began = clock.monotonic()
    clock.wait(clock.now() - timedelta(days=1))
    assert clock.monotonic() - began < 5.0


def test_the_system_clock_does_not_return_before_the_time() -> None:
    clock = SystemClock(WakeUp())
    until = clock.now() + timedelta(milliseconds=20)
    clock.wait(until)
    assert clock.now() >= until


def test_a_wake_ends_the_system_clocks_wait() -> None:
    wake = WakeUp()
    clock = SystemClock(wake)
    wake.wake()
    until = clock.now() + timedelta(days=1)
    clock.wait(until)
    assert clock.now() < until


def test_the_system_clock_looks_anew_at_a_time_far_away() -> None:
    class StopAtOnce(CountingWakeUp):
        def sleep(self, seconds: float) -> bool:
            self.request_stop()
            return super().sleep(seconds)

    wake = StopAtOnce()
    clock = SystemClock(wake)
    clock.wait(clock.now() + timedelta(days=1))
    assert wake.slept == [30.0]


def test_simulated_time_stands_and_is_asked_for_once() -> None:
    transport = simulator()
    clock = LockstepClock(transport, WakeUp(), 0.0)
    assert transport.calls == []
    assert clock.now() == clock.now() == MORNING
    assert clock.monotonic() == MORNING.timestamp()
    assert transport.count("GET /clock") == 1


@pytest.mark.parametrize(("set_s", "waits_s"), [(-3600.0, 61.0), (-1.5, 61.0), (0.0, 60.0), (20.0, 40.0)])
def test_a_clock_that_is_set_in_a_wait_makes_it_no_longer(set_s: float, waits_s: float) -> None:
    clock = SetClock(set_s)
    clock.wait(clock.now() + timedelta(seconds=60))
    assert clock.monotonic() == pytest.approx(waits_s)


def test_waiting_lets_the_market_go_on_to_the_next_event_at_most() -> None:
    transport = simulator()
    clock = LockstepClock(transport, WakeUp(), 0.0)
    clock.wait(EVENING + timedelta(hours=1))
    (advance,) = [call for call in transport.calls if call.verb == "POST"]
    assert json.loads(advance.body or b"") == {"to": "2014-03-04T22:15:00+00:00", "stop_on_event": True}
    assert clock.now() == EVENING
    assert transport.count("GET /clock") == 1


def test_waiting_for_what_is_over_moves_nothing() -> None:
    transport = simulator()
    clock = LockstepClock(transport, WakeUp(), 0.0)
    clock.wait(MORNING)
    assert transport.count("POST /advance") == 0


def test_the_market_stands_while_somebody_wants_something() -> None:
    transport, wake = simulator(), WakeUp()
    clock = LockstepClock(transport, wake, 0.0)
    wake.wake()
    clock.wait(EVENING)
    assert transport.count("POST /advance") == 0
    wake.taken_up()
    clock.wait(EVENING)
    assert transport.count("POST /advance") == 1


def test_a_step_is_paid_for_in_real_time_before_the_next() -> None:
    transport, wake = simulator(), CountingWakeUp()
    clock = LockstepClock(transport, wake, 48.0)
    clock.wait(EVENING)
    clock.wait(EVENING + timedelta(hours=1))
    moved_s = (EVENING - MORNING).total_seconds()
    assert wake.slept == [0.0, pytest.approx(48.0 * moved_s / DAY_S)]


def test_a_step_that_was_interrupted_is_still_to_be_paid_for() -> None:
    transport, wake = simulator(), CountingWakeUp()
    clock = LockstepClock(transport, wake, 48.0)
    clock.wait(EVENING)
    wake.wake()
    clock.wait(EVENING + timedelta(hours=1))
    wake.taken_up()
    clock.wait(EVENING + timedelta(hours=1))
    assert wake.slept[1] == wake.slept[2] > 0.0


def test_a_long_rest_is_taken_in_pieces_in_which_people_are_looked_after() -> None:
    transport, wake = simulator(), CountingWakeUp()
    clock = LockstepClock(transport, wake, 900.0)
    clock.wait(EVENING)
    due_s = 900.0 * (EVENING - MORNING).total_seconds() / DAY_S
    until = EVENING + timedelta(hours=1)
    transport.script(
        "POST /advance", lambda call: good(told(datetime.fromisoformat(json.loads(call.body or b"")["to"])))
    )
    looks = 0
    while clock.now() < until:
        looks += 1
        clock.wait(until)
    assert looks == due_s // 60.0 + 1
    assert max(wake.slept) == 60.0
    assert sum(wake.slept) == pytest.approx(due_s, rel=0.01)


def test_a_pause_between_two_tries_is_short_and_what_was_due_before_it_still_is() -> None:
    transport, wake = simulator(), CountingWakeUp()
    clock = LockstepClock(transport, wake, 48.0)
    clock.wait(EVENING)
    transport.script("POST /advance", good(told(EVENING + timedelta(seconds=5))))
    clock.wait(EVENING + timedelta(seconds=5))
    assert clock.now() == EVENING + timedelta(seconds=5)
    clock.wait(EVENING + timedelta(hours=1))
    due_s = 48.0 * ((EVENING - MORNING).total_seconds() + 5.0) / DAY_S
    assert wake.slept == [0.0, 1.0, pytest.approx(due_s - 1.0)]


def test_a_weekend_is_shown_no_longer_than_a_night() -> None:
    transport, wake = simulator(), CountingWakeUp()
    transport.script("POST /advance", good(told(MORNING + timedelta(days=3))))
    clock = LockstepClock(transport, wake, 24.0)
    clock.wait(MORNING + timedelta(days=3))
    clock.wait(MORNING + timedelta(days=4))
    assert wake.slept[-1] == pytest.approx(24.0 * LONGEST_STEP_S / DAY_S)


def test_the_end_of_the_data_is_told_once_it_was_seen() -> None:
    transport = simulator()
    transport.script("POST /advance", good(told(EVENING, ended=True)))
    clock = LockstepClock(transport, WakeUp(), 0.0)
    assert not clock.ended
    clock.wait(EVENING)
    assert clock.ended


def test_after_a_failed_step_the_time_is_asked_for_again() -> None:
    transport = simulator()
    clock = LockstepClock(transport, WakeUp(), 0.0)
    transport.script("POST /advance", NotSent("POST /advance", "connection refused"))
    with pytest.raises(NotSent):
        clock.wait(EVENING)
    transport.script("GET /clock", good(told(EVENING)))
    assert clock.now() == EVENING


def test_while_the_simulator_is_away_its_last_time_stands() -> None:
    transport = simulator()
    clock = LockstepClock(transport, WakeUp(), 0.0)
    before = clock.now()
    transport.script("POST /advance", NotSent("POST /advance", "connection refused"))
    with pytest.raises(NotSent):
        clock.wait(EVENING)
    transport.script("GET /clock", NotSent("GET /clock", "connection refused"))
    assert clock.now() == before


def test_a_gateway_without_a_clock_is_no_simulator() -> None:
    transport = simulator()
    transport.script("GET /clock", raw(b"not found", status=404))
    with pytest.raises(OutcomeUnknown) as caught:
        LockstepClock(transport, WakeUp(), 0.0).now()
    assert caught.value.status == 404
    assert caught.value.call == "GET /sim/clock"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"now": 5, "ended": false}', b'{"now": "soon", "ended": false}'])
def test_a_time_that_cannot_be_read_is_an_error_of_the_gateway(body: bytes) -> None:
    transport = simulator()
    transport.script("GET /clock", raw(body))
    with pytest.raises(OutcomeUnknown):
        LockstepClock(transport, WakeUp(), 0.0).now()


def test_a_time_of_another_zone_becomes_utc() -> None:
    transport = simulator()
    transport.script("GET /clock", good({"now": "2014-03-04T08:30:00-05:00", "ended": False}))
    now = LockstepClock(transport, WakeUp(), 0.0).now()
    assert now == MORNING
    assert now.tzinfo is UTC

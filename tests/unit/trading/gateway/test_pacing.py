from __future__ import annotations

import threading
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.unit.trading.gateway.scripted import Desk, StillClock, good, raw
from trading.errors import InvariantBroken, NotSent, Refused, Suspended
from trading.gateway.memory import ProcessMemory
from trading.gateway.pacing import PENALTY, QUIET_AT_START_S, OnWait, Pacing, untold

ORDERS = ("GET", "/iserver/account/orders")


def paced(clock: StillClock, on_wait: OnWait = untold) -> Pacing:
    """Return the pacing of a process that has been quiet for long enough."""
    clock.elapsed = -2.0 * QUIET_AT_START_S
    pacing = Pacing(clock, limited=True, on_wait=on_wait)
    clock.elapsed = 0.0
    return pacing


def test_ten_requests_go_at_once_and_the_eleventh_waits_a_second() -> None:
    clock = StillClock()
    waits: list[float] = []
    pacing = paced(clock, waits.append)
    for _ in range(10):
        with pacing.request("GET", "/x"):
            pass
    assert clock.elapsed == 0.0
    assert waits == [0.0] * 10
    with pacing.request("GET", "/x"):
        pass
    assert 1.0 <= clock.elapsed < 1.3
    assert waits[10:] == [pytest.approx(clock.elapsed)]


@pytest.mark.parametrize(
    ("verb", "path", "period_s"),
    [
        ("GET", "/iserver/account/orders", 5.0),
        ("GET", "/iserver/account/trades", 5.0),
        ("GET", "/iserver/account/pnl/partitioned", 5.0),
        ("GET", "/portfolio/accounts", 5.0),
        ("GET", "/portfolio/subaccounts", 5.0),
        ("GET", "/sso/validate", 60.0),
        ("POST", "/tickle", 1.0),
        ("GET", "/tickle", 1.0),
    ],
)
def test_each_documented_limit_is_kept(verb: str, path: str, period_s: float) -> None:
    clock = StillClock()
    pacing = paced(clock)
    for _ in range(2):
        with pacing.request(verb, path):
            pass
    assert period_s <= clock.elapsed < period_s + 0.5


def test_a_request_counts_until_after_its_end_since_it_may_arrive_at_any_moment_before() -> None:
    clock = StillClock()
    pacing = paced(clock)
    with pacing.request(*ORDERS):
        clock.elapsed += 2.0
    with pacing.request(*ORDERS):
        assert clock.elapsed >= 7.0


def test_an_order_is_not_held_up_by_the_limit_on_the_order_list() -> None:
    clock = StillClock()
    pacing = paced(clock)
    with pacing.request(*ORDERS):
        pass
    with pacing.request("POST", "/iserver/account/DU1234567/orders"):
        assert clock.elapsed == 0.0


def test_no_sliding_window_is_ever_exceeded() -> None:
    desk = Desk(paced=True, answer_s=0.03)
    desk.script("GET /iserver/account/orders", good({"orders": [], "snapshot": True}))
    desk.script("GET /iserver/account/trades", good([]))
    desk.script("GET /portfolio2/DU1234567/positions", good([]))
    for _ in range(12):
        desk.broker.orders()
        desk.broker.executions(1)
        for _ in range(15):
            desk.broker.positions()
    calls = desk.transport.calls
    times = [call.at for call in calls]
    assert all(later - earlier > 1.0 for earlier, later in zip(times, times[10:], strict=False))
    for path in ("/iserver/account/orders", "/iserver/account/trades"):
        times = [call.at for call in calls if call.path == path]
        assert all(later - earlier >= 5.0 for earlier, later in pairwise(times))


def test_without_limits_nothing_waits() -> None:
    clock = StillClock()
    pacing = Pacing(clock, limited=False)
    for _ in range(100):
        with pacing.request(*ORDERS):
            pass
    assert clock.waits == []


class Forbidden(StillClock):
    def monotonic(self) -> float:
        raise AssertionError


def test_without_limits_no_time_is_asked_for() -> None:
    with Pacing(Forbidden(), limited=False).request(*ORDERS):
        pass


def test_a_wait_that_is_ended_early_again_and_again_sends_nothing() -> None:
    pacing = paced(StillClock(impatient=True))
    with pacing.request(*ORDERS):
        pass
    with pytest.raises(NotSent, match="ended early"), pacing.request(*ORDERS):
        pass


def test_a_failed_request_counts_too() -> None:
    clock = StillClock()
    pacing = paced(clock)
    with pytest.raises(KeyError), pacing.request(*ORDERS):
        raise KeyError
    with pacing.request(*ORDERS):
        assert clock.elapsed >= 5.0


class ThreadedClock(StillClock):
    """A still clock that gives way to the other threads."""

    def wait(self, until: datetime) -> None:
        threading.Event().wait(0.001)
        super().wait(until)


def test_no_more_than_four_histories_are_under_way_at_a_time() -> None:
    pacing = paced(ThreadedClock())
    under_way, most, lock = 0, 0, threading.Lock()

    def one() -> None:
        nonlocal under_way, most
        with pacing.request("GET", "/iserver/marketdata/history"):
            with lock:
                under_way += 1
                most = max(most, under_way)
            threading.Event().wait(0.005)
            with lock:
                under_way -= 1

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 < most <= 4


def test_after_too_many_requests_none_goes_out_but_one_probe_a_minute() -> None:
    desk = Desk()
    desk.script("GET /iserver/account/orders", raw(b'{"error":"Too Many Requests"}', 429))
    desk.script("POST /tickle", raw(b"", 429))
    with pytest.raises(Refused):
        desk.broker.orders()
    sent = len(desk.transport.calls)
    for _ in range(20):
        with pytest.raises(NotSent):
            desk.broker.orders()
        with pytest.raises(NotSent):
            desk.session.keep_alive()
    assert len(desk.transport.calls) == sent
    for _ in range(10):
        desk.clock.elapsed += 60.0
        for _ in range(3):
            with pytest.raises(Suspended, match="too many"):
                desk.session.keep_alive()
    probes = [call.at for call in desk.transport.calls[sent:]]
    assert len(probes) == 10
    assert all(later - earlier >= 60.0 for earlier, later in pairwise(probes))


def test_a_probe_that_gets_through_ends_the_suspension() -> None:
    desk = Desk()
    desk.script("GET /iserver/account/orders", raw(b"", 429), good({"orders": [], "snapshot": True}))
    desk.script("POST /tickle", good({"iserver": {"authStatus": {"authenticated": True, "connected": True}}}))
    with pytest.raises(Refused):
        desk.broker.orders()
    desk.clock.elapsed += 60.0
    assert desk.session.keep_alive().usable
    assert desk.broker.orders().orders == ()


def test_the_first_request_of_a_process_waits_until_those_of_an_earlier_one_count_no_longer() -> None:
    clock = StillClock()
    pacing = Pacing(clock, limited=True)
    clock.elapsed = 2.0
    with pacing.request(*ORDERS):
        assert 5.0 < clock.elapsed < 5.3
    with pacing.request("GET", "/x"):
        assert clock.elapsed < 5.3


def test_requests_of_one_process_without_limits_need_not_wait_for_those_of_another() -> None:
    clock = StillClock()
    with Pacing(clock, limited=False).request(*ORDERS):
        assert clock.elapsed == 0.0


def is_let_through(pacing: Pacing, *, probe: bool) -> bool:
    try:
        with pacing.request("POST", "/tickle", probe=probe):
            return True
    except NotSent:
        return False


def test_a_penalty_goes_on_in_the_next_process_with_a_probe_a_minute() -> None:
    clock, memory = StillClock(), ProcessMemory()
    first = Pacing(clock, limited=True, memory=memory)
    first.penalise()
    first.keep()
    clock.elapsed += 30.0
    second = Pacing(clock, limited=True, memory=memory)
    assert second.penalised
    assert not is_let_through(second, probe=True), "the last probe may have been a moment ago"
    clock.elapsed += 61.0
    assert not is_let_through(second, probe=False)
    assert is_let_through(second, probe=True)
    second.forgive()
    second.keep()
    assert not Pacing(clock, limited=True, memory=memory).penalised


def test_the_end_of_a_penalty_is_kept_before_the_next_request_and_stays_while_it_lasts() -> None:
    clock, memory = StillClock(), ProcessMemory()
    pacing = Pacing(clock, limited=True, memory=memory)
    end = clock.now() + PENALTY
    pacing.penalise()
    clock.elapsed += 61.0
    assert is_let_through(pacing, probe=True)
    pacing.penalise()
    pacing.keep()
    assert memory.penalty_end() == end
    clock.elapsed += PENALTY.total_seconds()
    pacing.penalise()
    pacing.keep()
    assert memory.penalty_end() == clock.now() + PENALTY, "it was not over then"


def test_a_penalty_that_is_over_suspends_nothing_in_the_next_process() -> None:
    clock, memory = StillClock(), ProcessMemory()
    memory.keep_penalty_end(clock.now())
    assert not Pacing(clock, limited=True, memory=memory).penalised


def test_a_penalty_of_a_clock_that_went_wrong_lasts_no_longer_than_any_other() -> None:
    clock, memory = StillClock(), ProcessMemory()
    memory.keep_penalty_end(clock.now() + timedelta(days=10))
    pacing = Pacing(clock, limited=True, memory=memory)
    assert pacing.penalised
    clock.elapsed += PENALTY.total_seconds()
    pacing.penalise()
    pacing.keep()
    assert memory.penalty_end() == clock.now() + PENALTY


def test_a_request_that_waits_when_another_is_told_too_many_is_not_sent() -> None:
    class Penalised(StillClock):
        pacing: Pacing

        def wait(self, until: datetime) -> None:
            super().wait(until)
            self.pacing.penalise()

    clock = Penalised()
    clock.pacing = paced(clock)
    with clock.pacing.request(*ORDERS):
        pass
    with pytest.raises(NotSent, match="suspended"), clock.pacing.request(*ORDERS):
        pass


class FullDisk(ProcessMemory):
    def keep_penalty_end(self, end: datetime | None) -> None:
        raise InvariantBroken("storage", "the disk is full")


def test_what_an_order_was_answered_counts_though_the_penalty_cannot_be_kept() -> None:
    desk = Desk(paced=True, memory=FullDisk())
    desk.script("POST /x", raw(b"", 429))
    assert desk.api.write("POST", "/x", b"{}").status == 429
    with pytest.raises(InvariantBroken):
        desk.api.write("POST", "/x", b"{}")
    assert desk.count("POST /x") == 1


def test_probe_that_does_not_arrive_tells_why_and_is_sent_once() -> None:
    desk = Desk()
    desk.script("GET /x", raw(b"", 429))
    desk.script("POST /tickle", NotSent("POST /tickle", "connection refused"))
    with pytest.raises(Refused):
        desk.api.get("/x")
    desk.clock.elapsed += 60.0
    with pytest.raises(NotSent, match="connection refused"):
        desk.session.keep_alive()
    assert desk.count("POST /tickle") == 1


def test_the_client_keeps_the_penalty_at_once_and_forgets_it_when_a_probe_gets_through() -> None:
    memory = ProcessMemory()
    desk = Desk(paced=True, memory=memory)
    desk.script("GET /x", raw(b"", 429))
    desk.script("POST /tickle", raw(b"", 429), good({}))
    with pytest.raises(Refused):
        desk.api.get("/x")
    end = desk.clock.now() + PENALTY
    assert memory.penalty_end() == end
    desk.clock.elapsed += 61.0
    with pytest.raises(Suspended, match="suspended"):
        desk.session.keep_alive()
    with pytest.raises(NotSent, match="ends at about 15:1"):
        desk.api.get("/x")
    assert memory.penalty_end() == end
    desk.clock.elapsed += 61.0
    desk.session.keep_alive()
    assert memory.penalty_end() is None

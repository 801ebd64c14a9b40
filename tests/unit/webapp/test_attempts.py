from __future__ import annotations

from tests.unit.webapp.desk import HandClock
from webapp.attempts import LIMIT, MAX_ADDRESSES, AttemptLimit


def test_each_address_has_attempts_of_its_own() -> None:
    limit = AttemptLimit(HandClock())
    for _ in range(LIMIT):
        assert limit.begin("10.0.0.1") is None
    assert limit.begin("10.0.0.1") == 60.0
    assert limit.begin("10.0.0.2") is None


def test_attempts_come_back_one_by_one_with_time() -> None:
    clock = HandClock()
    limit = AttemptLimit(clock)
    for _ in range(LIMIT):
        limit.begin("a")
        clock.pass_by(10)
    assert limit.begin("a") == 10.0
    clock.pass_by(10)
    assert limit.begin("a") is None
    assert limit.begin("a") == 10.0


def test_waiting_does_not_lengthen_the_wait() -> None:
    clock = HandClock()
    limit = AttemptLimit(clock)
    for _ in range(LIMIT):
        limit.begin("a")
    for _ in range(100):
        assert limit.begin("a") is not None
    clock.pass_by(60)
    assert limit.begin("a") is None


def test_many_addresses_do_not_fill_the_memory() -> None:
    limit = AttemptLimit(HandClock())
    for number in range(MAX_ADDRESSES + 100):
        limit.begin(str(number))
    assert len(limit._failures) <= MAX_ADDRESSES

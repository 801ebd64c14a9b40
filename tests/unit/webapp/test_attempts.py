from __future__ import annotations

import pytest

from tests.unit.webapp.desk import HandClock
from webapp.attempts import LIMIT, STRANGERS_LIMIT, AttemptLimit, guesser, session_guesser

ELSEWHERE = guesser("10.0.0.1")


def test_each_address_has_attempts_of_its_own() -> None:
    limit = AttemptLimit(HandClock())
    for _ in range(LIMIT):
        assert limit.begin(ELSEWHERE) is None
    assert limit.begin(ELSEWHERE) == 60.0
    assert limit.begin(guesser("10.0.0.2")) is None


def test_attempts_come_back_one_by_one_with_time() -> None:
    clock = HandClock()
    limit = AttemptLimit(clock)
    for _ in range(LIMIT):
        limit.begin(ELSEWHERE)
        clock.pass_by(10)
    assert limit.begin(ELSEWHERE) == 10.0
    clock.pass_by(10)
    assert limit.begin(ELSEWHERE) is None
    assert limit.begin(ELSEWHERE) == 10.0


def test_waiting_does_not_lengthen_the_wait() -> None:
    clock = HandClock()
    limit = AttemptLimit(clock)
    for _ in range(LIMIT):
        limit.begin(ELSEWHERE)
    for _ in range(100):
        assert limit.begin(ELSEWHERE) is not None
    clock.pass_by(60)
    assert limit.begin(ELSEWHERE) is None


def test_a_right_password_is_taken_back_of_every_count() -> None:
    limit = AttemptLimit(HandClock())
    for number in range(3 * STRANGERS_LIMIT):
        who = guesser(f"10.0.0.{number % 7}")
        assert limit.begin(who) is None
        limit.succeed(who)


@pytest.mark.parametrize("form", ["10.1.{}.{}", "2001:db8:{:x}:{:x}::1"])
def test_addresses_that_cost_nothing_have_one_limit_together(form: str) -> None:
    clock = HandClock()
    limit = AttemptLimit(clock)
    guesses = 0
    for second in range(600):
        for number in range(3):
            guesses += limit.begin(guesser(form.format(second // 250, (second * 3 + number) % 250))) is None
        clock.pass_by(1)
    assert guesses <= 10 * STRANGERS_LIMIT
    assert len(limit._failures) <= STRANGERS_LIMIT + 1


def test_the_owner_gets_in_while_others_guess() -> None:
    clock = HandClock()
    limit = AttemptLimit(clock)
    for second in range(600):
        for number in range(3):
            limit.begin(guesser(f"10.0.{number}.{second % 250}"))
        for _ in range(3):
            limit.begin(guesser("127.0.0.1"))
        if second % 20 == 19:
            # His browser of before is known, wherever he is; his session asks for the password once more.
            for owner in (guesser("127.0.0.1", "of before"), guesser("10.0.0.9", "another"), session_guesser("his")):
                assert limit.begin(owner) is None
                limit.succeed(owner)
        clock.pass_by(1)


def test_guesses_from_elsewhere_do_not_count_for_this_machine() -> None:
    limit = AttemptLimit(HandClock())
    for number in range(100):
        limit.begin(guesser(f"10.0.0.{number}"))
    assert limit.begin(guesser("127.0.0.1")) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_this_machine_is_one_whatever_its_address(address: str) -> None:
    assert guesser(address) == guesser("127.0.0.1")
    assert not guesser(address).stranger


def test_one_host_of_ipv6_is_one_whatever_address_it_takes() -> None:
    assert guesser("2001:db8:0:1::1") == guesser("2001:db8:0:1:ffff::9")
    assert guesser("2001:db8:0:1::1") != guesser("2001:db8:0:2::1")
    assert guesser("unknown").stranger


def test_guesses_of_one_browser_or_session_are_bounded_too() -> None:
    limit = AttemptLimit(HandClock())
    for who in (guesser("127.0.0.1", "stolen"), session_guesser("open")):
        assert [limit.begin(who) is None for _ in range(LIMIT + 1)] == [*[True] * LIMIT, False]

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from trading.errors import GatewayError, NotSent, OutcomeUnknown, OutOfTime, Refused, SessionLost
from trading.gateway.parts import GatewayTrouble, each, gets_an_answer, in_parts, never, tells_nothing

FAILED = OutcomeUnknown("GET /x", "the gateway failed", 500)
LOST = SessionLost("GET /x", "not logged in", 401)


class Server:
    """Answers with the keys, unless a bad one is among them."""

    def __init__(self, *bad: int, error: GatewayError = FAILED) -> None:
        self.bad = bad
        self.error = error
        self.asked: list[tuple[int, ...]] = []
        self.repeated: list[bool] = []

    def __call__(self, keys: Sequence[int], repeat: bool) -> list[int]:  # noqa: FBT001 (the signature of in_parts)
        self.asked.append(tuple(keys))
        self.repeated.append(repeat)
        if set(keys) & set(self.bad):
            raise self.error
        return list(keys)


def answered(parts: list[list[int]]) -> list[int]:
    return sorted(key for part in parts for key in part)


def test_what_is_answered_at_once_is_asked_once() -> None:
    server = Server()
    assert in_parts([1, 2, 3], server, never) == ([[1, 2, 3]], {})
    assert server.asked == [(1, 2, 3)]


def test_nothing_is_asked_for_nothing() -> None:
    server = Server()
    assert in_parts([], server, never) == ([], {})
    assert server.asked == []


@pytest.mark.parametrize("bad", [(7,), (0, 99), (3, 40, 41, 77)])
@pytest.mark.parametrize("error", [FAILED, Refused("GET /x", "bad conid", 400)])
def test_a_bad_key_is_left_out_with_its_reason_and_the_others_are_answered(
    bad: tuple[int, ...], error: GatewayError
) -> None:
    server = Server(*bad, error=error)
    answers, causes = in_parts(list(range(100)), server, never)
    assert answered(answers) == [key for key in range(100) if key not in bad]
    assert causes == dict.fromkeys(bad, error.cause)
    assert len(server.asked) < 60
    assert server.repeated == [True] + [False] * (len(server.asked) - 1)


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_a_gateway_that_answers_for_no_key_is_an_error_soon(count: int) -> None:
    server = Server(*range(100))
    with pytest.raises(OutcomeUnknown):
        in_parts(list(range(count)), server, never)
    assert len(server.asked) <= 12


def test_a_key_that_is_asked_for_alone_is_at_fault_while_others_are_answered() -> None:
    assert in_parts([7], Server(7), lambda: True) == ([], {7: "the gateway failed"})


@pytest.mark.parametrize("error", [LOST, NotSent("GET /x", "refused"), Refused("GET /x", "too many requests", 429)])
def test_a_gateway_that_cannot_be_asked_is_an_error_at_once(error: GatewayError) -> None:
    server = Server(1, error=error)
    with pytest.raises(type(error)):
        in_parts([1, 2], server, lambda: True)
    assert len(server.asked) == 1


@pytest.mark.parametrize("parallel", [1, 4])
def test_each_is_read_in_order_and_its_error_is_its_own(parallel: int) -> None:
    def read(number: int) -> int:
        if number == 3:
            raise FAILED
        return number * 10

    found: list[int] = []
    for number, answer in each(range(6), read, parallel):
        try:
            found.append(answer())
        except OutcomeUnknown:
            found.append(-number)
    assert found == [0, 10, 20, -3, 40, 50]


def test_several_are_read_at_a_time_and_no_more_than_that() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def read(_number: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.005)
        with lock:
            under_way -= 1

    for _, answer in each(range(20), read, 4):
        answer()
    assert 1 < most <= 4


def test_trouble_is_the_gateways_after_three_in_a_row() -> None:
    trouble = GatewayTrouble(10, never)
    for _ in range(5):
        trouble.unanswered(FAILED)
        trouble.unanswered(FAILED)
        trouble.answered()
    trouble.unanswered(FAILED)
    trouble.unanswered(FAILED)
    with pytest.raises(OutcomeUnknown):
        trouble.unanswered(FAILED)


@pytest.mark.parametrize("asked", [1, 2])
def test_trouble_is_the_gateways_earlier_where_fewer_were_asked_for(asked: int) -> None:
    trouble = GatewayTrouble(asked, never)
    for _ in range(asked - 1):
        trouble.unanswered(FAILED)
    with pytest.raises(OutcomeUnknown):
        trouble.unanswered(FAILED)


def test_an_answer_to_another_one_ends_the_trouble() -> None:
    asked: list[int] = []

    def is_answered() -> bool:
        asked.append(1)
        return True

    trouble = GatewayTrouble(10, is_answered)
    for _ in range(9):
        trouble.unanswered(FAILED)
    assert len(asked) == 3


def test_want_of_time_is_told_as_what_took_it() -> None:
    late = OutOfTime("GET /x", "not asked")
    trouble = GatewayTrouble(10, never)
    with pytest.raises(OutOfTime):
        trouble.not_asked(late)
    trouble.unanswered(FAILED)
    with pytest.raises(OutcomeUnknown, match="the gateway failed"):
        trouble.not_asked(late)
    trouble.answered()
    with pytest.raises(OutOfTime):
        trouble.not_asked(late)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (FAILED, False),
        (OutOfTime("x", "not asked"), False),
        (Refused("x", "bad conid", 400), True),
        (Refused("x", "too many requests", 429), False),
        (Refused("x", "not allowed", 403), False),
    ],
)
def test_a_refusal_is_an_answer_and_a_failure_is_none(error: GatewayError, *, answer: bool) -> None:
    def ask() -> object:
        raise error

    assert gets_an_answer(ask) is answer
    assert gets_an_answer(lambda: None)


def test_a_lost_session_is_not_taken_for_no_answer() -> None:
    def ask() -> object:
        raise LOST

    with pytest.raises(SessionLost):
        gets_an_answer(ask)


@pytest.mark.parametrize(
    ("error", "nothing"), [(FAILED, True), (Refused("x", "not allowed", 403), True), (Refused("x", "gone", 404), False)]
)
def test_what_is_not_allowed_tells_as_little_of_a_symbol_as_no_answer(
    error: OutcomeUnknown | Refused, *, nothing: bool
) -> None:
    assert tells_nothing(error) is nothing

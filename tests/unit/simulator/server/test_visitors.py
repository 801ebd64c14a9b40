from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from simulator.server.visitors import Visitor, Visitors

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    with contextlib.ExitStack() as stack:
        made = [socket.socketpair() for _ in range(4)]
        for pair in made:
            for end in pair:
                stack.enter_context(end)
        yield made


def entered(visitors: Visitors, pair: Pair) -> Visitor:
    visitor = visitors.enter(pair[0], 0.0)
    assert visitor is not None
    return visitor


def is_cut(pair: Pair) -> bool:
    pair[1].settimeout(1.0)
    return pair[1].recv(1) == b""


def test_longest_silent_visitor_makes_place_for_a_new_one(pairs: list[Pair]) -> None:
    visitors = Visitors(2)
    first, second = entered(visitors, pairs[0]), entered(visitors, pairs[1])
    assert visitors.begin_answer(first)
    visitors.end_answer(first)
    assert visitors.enter(pairs[2][0], 0.0) is None  # the place is free when its thread has seen it
    assert is_cut(pairs[1])
    visitors.leave(second)
    entered(visitors, pairs[2])


def test_request_of_one_who_was_sent_away_is_not_obeyed(pairs: list[Pair]) -> None:
    visitors = Visitors(1)
    first = entered(visitors, pairs[0])
    visitors.enter(pairs[1][0], 0.0)
    assert not visitors.begin_answer(first)


def test_nobody_who_is_being_answered_is_sent_away(pairs: list[Pair]) -> None:
    visitors = Visitors(1)
    first = entered(visitors, pairs[0])
    assert visitors.begin_answer(first)
    assert visitors.enter(pairs[1][0], 0.0) is None
    assert visitors.enter(pairs[1][0], 0.01) is None
    thread = threading.Thread(target=visitors.leave, args=(first,))
    thread.start()
    assert visitors.enter(pairs[1][0], 5.0) is not None
    thread.join()


def test_who_does_not_take_his_answer_makes_place_for_a_new_one(pairs: list[Pair]) -> None:
    visitors = Visitors(1)
    first = entered(visitors, pairs[0])
    visitors.begin_answer(first)
    visitors.begin_taking(first)
    assert visitors.enter(pairs[1][0], 0.0) is None
    assert is_cut(pairs[0])


def test_at_the_end_an_answer_that_is_being_taken_is_waited_for(pairs: list[Pair]) -> None:
    visitors = Visitors(1)
    first = entered(visitors, pairs[0])
    visitors.begin_answer(first)
    visitors.begin_taking(first)
    assert not visitors.part(0.0)
    assert not first.sent_away
    visitors.end_answer(first)
    assert visitors.part(0.0)


def test_part_sends_the_silent_away_and_waits_for_the_answers(pairs: list[Pair]) -> None:
    visitors = Visitors(4)
    silent, answered = entered(visitors, pairs[0]), entered(visitors, pairs[1])
    visitors.begin_answer(answered)
    assert not visitors.part(0.01)
    thread = threading.Thread(target=visitors.end_answer, args=(answered,))
    thread.start()
    assert visitors.part(5.0)
    thread.join()
    assert silent.sent_away
    assert is_cut(pairs[0])

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.unit.webapp.desk import HandClock
from webapp.crowd import Crowd, Phase, Visitor, places

MOST = 3
LIMIT_S = 15.0


class Hall:
    """A crowd on a clock that the test moves, and the clients' ends of its connections."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock = HandClock()
        self.crowd = Crowd(MOST, LIMIT_S, self.clock.monotonic)
        self._clients: dict[Visitor, socket.socket] = {}
        self._stack = stack

    def come(self) -> Visitor:
        """Connect a second after the one before."""
        ours, theirs = (self._stack.enter_context(sock) for sock in socket.socketpair())
        theirs.setblocking(False)
        visitor = self.crowd.enter(ours)
        self._stack.callback(self.crowd.leave, visitor)
        self._clients[visitor] = theirs
        self.clock.pass_by(1)
        return visitor

    def is_cut(self, visitor: Visitor) -> bool:
        """Return whether the client sees the end of its connection."""
        try:
            return self._clients[visitor].recv(1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def hall() -> Iterator[Hall]:
    with ExitStack() as stack:
        yield Hall(stack)


@pytest.mark.parametrize(
    ("files", "most"), [(-1, 64), (4096, 64), (1024, 64), (256, 64), (176, 64), (174, 63), (100, 26), (40, 8), (0, 8)]
)
def test_there_are_no_more_places_than_files_for_them(files: int, most: int) -> None:
    assert places(files) == most


def test_where_there_is_room_nobody_has_to_go(hall: Hall) -> None:
    visitors = [hall.come() for _ in range(MOST - 1)]
    assert hall.crowd.make_room(0.0)
    assert not any(hall.is_cut(visitor) for visitor in visitors)


def test_the_one_who_keeps_us_waiting_longest_goes_for_a_newcomer(hall: Hall) -> None:
    first, second, third = (hall.come() for _ in range(MOST))
    # A new request: its time begins anew.
    hall.crowd.begin(first, Phase.SENDING)
    assert not hall.crowd.make_room(0.0)
    assert [hall.is_cut(visitor) for visitor in (first, second, third)] == [False, True, False]
    hall.crowd.leave(second)
    assert hall.crowd.make_room(0.0)


def test_whoever_is_on_his_way_out_is_not_sent_twice(hall: Hall) -> None:
    first, second, third = (hall.come() for _ in range(MOST))
    for _ in range(2):
        assert not hall.crowd.make_room(0.0)
    assert [hall.is_cut(visitor) for visitor in (first, second, third)] == [True, True, False]


def test_where_the_system_has_no_room_the_slowest_goes_though_there_are_places(hall: Hall) -> None:
    first, second = hall.come(), hall.come()
    hall.crowd.send_slowest_away()
    assert [hall.is_cut(first), hall.is_cut(second)] == [True, False]


def test_who_does_not_take_his_answer_goes_as_one_who_does_not_send(hall: Hall) -> None:
    first = hall.come()
    hall.crowd.begin(first, Phase.TAKING)
    for _ in range(MOST - 1):
        hall.crowd.begin(hall.come(), Phase.ANSWERED)
    assert not hall.crowd.make_room(0.0)
    assert hall.is_cut(first)


def test_whose_request_is_worked_on_keeps_his_place(hall: Hall) -> None:
    visitors = [hall.come() for _ in range(MOST)]
    for visitor in visitors:
        assert hall.crowd.begin(visitor, Phase.ANSWERED)
    assert not hall.crowd.make_room(0.0)
    hall.clock.pass_by(10 * LIMIT_S)
    hall.crowd.send_late_away()
    assert not any(hall.is_cut(visitor) for visitor in visitors)


def test_the_request_of_one_who_was_sent_away_is_not_obeyed(hall: Hall) -> None:
    first, *_ = [hall.come() for _ in range(MOST)]
    hall.crowd.make_room(0.0)
    assert not hall.crowd.begin(first, Phase.ANSWERED)


@pytest.mark.parametrize("phase", [Phase.SENDING, Phase.TAKING])
def test_who_is_not_done_in_time_goes_without_a_newcomer(hall: Hall, phase: Phase) -> None:
    visitor = hall.come()
    hall.crowd.begin(visitor, phase)
    hall.clock.pass_by(LIMIT_S)
    hall.crowd.send_late_away()
    assert not hall.is_cut(visitor)
    hall.clock.pass_by(0.1)
    hall.crowd.send_late_away()
    assert hall.is_cut(visitor)


def test_at_the_end_only_answers_are_waited_for(hall: Hall) -> None:
    silent, answered = hall.come(), hall.come()
    hall.crowd.begin(answered, Phase.ANSWERED)
    assert not hall.crowd.part(0.0)
    assert [hall.is_cut(silent), hall.is_cut(answered)] == [True, False]
    hall.crowd.leave(silent)
    hall.crowd.leave(answered)
    assert hall.crowd.part(0.0)

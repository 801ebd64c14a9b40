"""Requests of people, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from trading.model.mode import NOTHING_SEEN, Seen
from trading.model.operator_request import OperatorRequest, OperatorVerb

ASKED = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
EVERY_LATCH = 99


class FakeRequests:
    """Implements `Requests`: they wait until they are answered.

    People have seen the halt that `newest` tells, and all limits that latched.

    What is in `failures` under the name of a method is raised by it, one a call.
    """

    def __init__(self, newest: Callable[[], int] = lambda: 0) -> None:
        self.newest = newest
        self.file: OperatorRequest | None = None
        self.waiting: list[OperatorRequest] = []
        self.answers: list[tuple[OperatorVerb | None, str]] = []
        self.failures: dict[str, list[Exception]] = {}
        self._made = 0

    def ask(
        self,
        kind: OperatorVerb | None,
        argument: str = "",
        *,
        seen: Seen | None = None,
        age_s: float | None = 0.5,
    ) -> OperatorRequest:
        self._made += 1
        seen = Seen(self.newest(), EVERY_LATCH) if seen is None else seen
        request = OperatorRequest(self._made, kind, argument, "mary", ASKED, age_s, seen, taken_up=False)
        self.waiting.append(request)
        return request

    def grow_old(self, request: OperatorRequest, age_s: float) -> None:
        self.waiting = [replace(each, age_s=age_s) if each.number == request.number else each for each in self.waiting]

    def make_file(self, text: str = "fire") -> None:
        self.file = OperatorRequest(
            None, OperatorVerb.HALT, text, "file HALT", ASKED, None, NOTHING_SEEN, taken_up=False
        )

    def halt_file(self) -> OperatorRequest | None:
        return self.file

    def halt_file_done(self) -> None:
        self._fail("halt_file_done")
        self.file = None

    def pending(self) -> tuple[OperatorRequest, ...]:
        self._fail("pending")
        return tuple(self.waiting)

    def take_up(self, request: OperatorRequest, now: datetime) -> None:
        self._fail("take_up")
        at = self.waiting.index(request)
        self.waiting[at] = replace(request, taken_up=True)

    def answer(self, request: OperatorRequest, text: str, now: datetime) -> None:
        self._fail("answer")
        self.waiting = [each for each in self.waiting if each.number != request.number]
        self.answers.append((request.kind, text))

    def _fail(self, call: str) -> None:
        if self.failures.get(call):
            raise self.failures[call].pop(0)

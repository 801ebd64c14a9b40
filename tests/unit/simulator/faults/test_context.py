from __future__ import annotations

import random

from simulator.fault_plan import Fault
from simulator.faults.context import Firing
from simulator.messages import Request, Response
from tests.unit.simulator.faults.support import client


def firing(body: bytes = b"{}", **values: object) -> Firing:
    answer = Response(200, body)
    request = Request("GET", "/tickle")
    draws = random.Random(1)  # noqa: S311  (a schedule, no secret)
    return Firing(client().broker, Fault("H01"), request, lambda: answer, lambda _request: answer, draws, values.get)


def test_parameters_are_read_as_what_they_are() -> None:
    found = firing(a=1, b=2.0, c="x", d=True)
    assert (found.number("a"), found.integer("b"), found.text("c"), found.flag("d")) == (1.0, 2, "x", True)


def test_answer_is_applied_and_read() -> None:
    assert firing(b'{"a":1}').answer()[1] == {"a": 1}
    assert firing(b"<html>").answer()[1] is None


def test_impossible_deed_is_left_out() -> None:
    found = firing()
    assert found.external_event(do="cancel", order_id=1) is None
    assert found.external_event(do="cash", amount=5.0) == {"cash": 100_005.0}

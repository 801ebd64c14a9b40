from __future__ import annotations

from simulator.fault_plan import Fault
from simulator.faults.context import Firing
from simulator.messages import Request, Response
from tests.unit.simulator.faults.support import client


def firing(body: bytes = b"{}", **parameters: object) -> Firing:
    fault = Fault("H01", parameters=parameters)
    answer = Response(200, body)
    return Firing(client().broker, fault, Request("GET", "/tickle"), lambda: answer, lambda _request: answer)


def test_parameters_of_another_type_fall_back_to_the_default() -> None:
    found = firing(a="x", b=2, c=True)
    assert (found.number("a", 1.5), found.integer("b", 1), found.text("b", "t"), found.flag("c")) == (1.5, 2, "t", True)


def test_answer_is_applied_and_read() -> None:
    assert firing(b'{"a":1}').answer()[1] == {"a": 1}
    assert firing(b"<html>").answer()[1] is None

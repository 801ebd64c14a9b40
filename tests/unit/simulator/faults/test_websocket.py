from __future__ import annotations

import pytest

from simulator.messages import Break
from tests.unit.simulator.faults.support import Case, check, client, plan, tickle
from tests.unit.simulator.support import Client, Json


def delivered(on: Client) -> Json:
    """Let two messages leave; return how."""
    answers = [on.simulator.deliver(message) for message in (b"1", b"2")]
    return [(answer.body, answer.wire.broken if answer.wire else None) for answer in answers]


CASES = [
    Case("G11", delivered, [(b"1", Break.RESET), (b"2", Break.RESET)]),
    Case("G11", delivered, [(b"1", Break.SILENT), (b"2", Break.SILENT)], {"how": "stall"}),
    Case("G11", delivered, [(b"1", Break.FLOOD), (b"2", Break.FLOOD)], {"how": "flood"}),
    Case("G11", delivered, [(b"1", Break.GARBAGE), (b"2", Break.GARBAGE)], {"how": "garbage"}),
    Case("G11", delivered, [(b"1", None), (b"1", None)], {"how": "replay"}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_message_leaves_as_the_fault_has_it(case: Case) -> None:
    check(case)


def test_rate_is_the_selectors_probability() -> None:
    on = client()
    plan(on, "G11", selector={"probability": 0.5}, how="garbage")
    broken = [on.simulator.deliver(b"1").wire is not None for _ in range(60)]
    assert 15 < sum(broken) < 45


def test_faults_of_calls_leave_messages_alone_and_the_other_way_round() -> None:
    on = client()
    plan(on, "H02")
    plan(on, "G11")
    assert tickle(on).status == 403
    assert on.simulator.deliver(b"1").wire is not None
    assert on.simulator.deliver(b"1").status == 200

"""Bugs in what is sent, planted."""

from __future__ import annotations

from msgspec.structs import replace

from drill.mutants import planted
from drill.schedule import Kill, Schedule
from drill.trial import try_out
from drill.world import World


def found(name: str | None, schedule: Schedule, world: World) -> set[str]:
    with planted(name):
        return {violation.invariant for violation in try_out(schedule, world).violations}


def test_order_that_is_sent_again_after_a_lost_answer_is_found(ordinary: Schedule, world: World) -> None:
    fault = {"id": "T05", "selector": {"role": "entry", "nth": 1}, "parameters": {}}
    schedule = replace(ordinary, faults=[fault])
    assert {"I1", "I4"} <= found("retry_post_on_timeout", schedule, world)
    assert not {"I1", "I4"} & found(None, schedule, world)
    assert found("retry_post_on_timeout", ordinary, world) == set()


def test_what_is_not_committed_before_it_is_sent_is_gone_with_the_process(ordinary: Schedule, world: World) -> None:
    schedule = replace(ordinary, kills=[Kill("call_after", 1, "entry")])
    assert "I1" in found("w2_not_committed", schedule, world)
    assert found(None, schedule, world) == found("w2_not_committed", ordinary, world) == set()

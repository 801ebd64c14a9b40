"""Bugs in doing what a person asked for, planted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drill.mutants import planted
from drill.schedule import Request, Schedule
from drill.trial import try_out
from drill.world import World


def found(name: str | None, schedule: Schedule, world: World) -> set[str]:
    with planted(name):
        return {violation.invariant for violation in try_out(schedule, world).violations}


@pytest.mark.parametrize(
    ("name", "request_", "invariant"),
    [
        ("halt_cancels_nothing", Request("2014-04-23T12:40:00+00:00", "halt"), "I13"),
        ("flatten_sells_nothing", Request("2014-04-23T17:00:00+00:00", "flatten"), "I20"),
    ],
)
def test_request_that_is_not_carried_out_is_found(
    name: str, request_: Request, invariant: str, ordinary: Schedule, world: World
) -> None:
    schedule = replace(ordinary, requests=[request_])
    assert invariant in found(name, schedule, world)
    assert found(None, schedule, world) == set()

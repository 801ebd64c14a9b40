"""Bugs in what may be sent at all, planted."""

from __future__ import annotations

from msgspec.structs import replace

from drill.mutants import planted
from drill.schedule import Kill, Request, Schedule
from drill.trial import try_out
from drill.world import World


def found(name: str | None, schedule: Schedule, world: World) -> set[str]:
    with planted(name):
        return {violation.invariant for violation in try_out(schedule, world).violations}


def test_halt_that_is_forgotten_at_a_restart_is_found(ordinary: Schedule, world: World) -> None:
    schedule = replace(
        ordinary,
        requests=[Request("2014-04-23T12:40:00+00:00", "halt")],
        kills=[Kill("waiting", at="2014-04-23T15:00:00+00:00")],
    )
    assert "I13" in found("mode_not_persisted", schedule, world)
    assert "I13" not in found(None, schedule, world)

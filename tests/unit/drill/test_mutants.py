"""Planted bugs: where they are planted, that they go again, and that some are found at once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drill.mutants import MUTANTS, UnknownMutantError, planted
from drill.schedule import Kill, Request, Schedule
from drill.trial import try_out
from drill.world import World


@pytest.mark.parametrize("name", MUTANTS)
def test_planted_bug_stands_in_for_what_is_there_and_goes_again(name: str) -> None:
    before = [getattr(patch.owner, patch.name) for patch in MUTANTS[name].patches]
    with planted(name):
        assert all(
            getattr(patch.owner, patch.name) is not old
            for patch, old in zip(MUTANTS[name].patches, before, strict=True)
        )
    assert [getattr(patch.owner, patch.name) for patch in MUTANTS[name].patches] == before


def test_bug_that_there_is_none_of_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UnknownMutantError, match="retry_on_5xx"), planted("nothing"):
        pass


def found(name: str | None, schedule: Schedule, world: World) -> set[str]:
    with planted(name):
        return {violation.invariant for violation in try_out(schedule, world).violations}


def test_order_that_is_sent_again_after_a_lost_answer_is_found(ordinary: Schedule, world: World) -> None:
    fault = {"id": "T05", "selector": {"role": "entry", "nth": 1}, "parameters": {}}
    schedule = replace(ordinary, faults=[fault])
    assert {"I1", "I4"} <= found("retry_post_on_timeout", schedule, world)
    assert not {"I1", "I4"} & found(None, schedule, world)
    assert found("retry_post_on_timeout", ordinary, world) == set()


def test_halt_that_is_forgotten_at_a_restart_is_found(ordinary: Schedule, world: World) -> None:
    schedule = replace(
        ordinary,
        requests=[Request("2014-04-23T12:40:00+00:00", "halt")],
        kills=[Kill("waiting", at="2014-04-23T15:00:00+00:00")],
    )
    assert "I13" in found("mode_not_persisted", schedule, world)
    assert "I13" not in found(None, schedule, world)

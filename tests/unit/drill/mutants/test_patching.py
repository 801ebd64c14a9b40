"""Planted bugs: where they are planted, and that they go again."""

from __future__ import annotations

import pytest

from drill.mutants import MUTANTS, UnknownMutantError, planted


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

"""Bugs in how own shares are covered, planted."""

from __future__ import annotations

import pytest

from drill.hunt import STORED, problem
from drill.schedule import read
from drill.world import World


@pytest.mark.parametrize("name", ["no_stop_is_resized", "replaced_before_its_end"])
def test_shares_that_are_covered_wrong_are_found(name: str, world: World) -> None:
    assert problem(name, read((STORED / f"{name}.json").read_bytes()), world) is None

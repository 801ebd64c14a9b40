"""Bugs in what is counted, planted."""

from __future__ import annotations

import pytest

from drill.hunt import STORED, problem
from drill.schedule import read
from drill.world import World


@pytest.mark.parametrize("name", ["fill_matched_by_time", "ignores_a_split"])
def test_what_is_counted_wrong_is_found(name: str, world: World) -> None:
    assert problem(name, read((STORED / f"{name}.json").read_bytes()), world) is None

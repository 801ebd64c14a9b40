"""Bugs in what is believed of orders that nobody has seen, planted."""

from __future__ import annotations

import pytest

from drill.hunt import STORED, problem
from drill.schedule import read
from drill.world import World


@pytest.mark.parametrize("name", ["empty_list_means_absent", "vote_before_it_can_show"])
def test_absence_that_is_none_is_found(name: str, world: World) -> None:
    assert problem(name, read((STORED / f"{name}.json").read_bytes()), world) is None

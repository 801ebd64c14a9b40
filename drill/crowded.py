"""A crowd: the swarm's schedule of a seed with the faults of another seed as well, some twenty to thirty of them."""

from __future__ import annotations

from msgspec.structs import replace

from drill.draw import swarm
from drill.schedule import Schedule
from drill.world import World

OTHER = 1_000_000
"""how far away the other seed is: beyond those that a run of the swarm reaches"""
_SPLITS = "C06"


def crowded(seed: int, world: World) -> Schedule:
    """Return the schedule of a seed with what else the faults of the other one are. A stock splits by one of them."""
    drawn, other = swarm(seed, world), swarm(seed + OTHER, world)
    known = {fault["id"] for fault in drawn.faults}
    if any(deed.do == "split" for deed in drawn.deeds):
        known.add(_SPLITS)
    return replace(drawn, faults=[*drawn.faults, *(fault for fault in other.faults if fault["id"] not in known)])

"""Faults: each by its id and parameters, drawn from one seed, each firing in the truth log."""

from __future__ import annotations

from simulator.faults import (
    acceptance,
    accounts,
    bars,
    bodies,
    changes,
    connection,
    corporate,
    delivery,
    fills,
    instruments,
    lists,
    manual_actions,
    questions,
    quotes,
    refusals,
    sessions,
    websocket,
)
from simulator.faults.declaration import FaultKind

_AREAS = "THGOCM"
_MODULES = (
    connection,
    delivery,
    refusals,
    bodies,
    lists,
    sessions,
    websocket,
    questions,
    acceptance,
    fills,
    changes,
    manual_actions,
    accounts,
    corporate,
    quotes,
    bars,
    instruments,
)
KINDS: dict[str, FaultKind] = {
    kind.id: kind
    for kind in sorted(
        (kind for module in _MODULES for kind in module.KINDS), key=lambda kind: (_AREAS.index(kind.id[0]), kind.id)
    )
}
"""every fault that is simulated, by its id"""

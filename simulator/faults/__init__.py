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
from simulator.faults.rules import RULES

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
"""every fault of the catalogue, by its id"""
APART: dict[str, FaultKind] = {RULES.id: RULES}
"""what can be planned like a fault, and says itself what is wrong"""


def kind_of(identifier: object) -> FaultKind | None:
    """Return what can be planned under an id, None where there is none."""
    return KINDS.get(identifier) or APART.get(identifier) if isinstance(identifier, str) else None


def known_kind(identifier: str) -> FaultKind:
    """Return what was planned under an id that has been checked."""
    return APART[identifier] if identifier in APART else KINDS[identifier]

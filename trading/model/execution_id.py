"""The broker's ids of executions: dotted parts, of which the last counts the corrections of one fill."""

from __future__ import annotations

import re

_CORRECTABLE = re.compile(r"(?P<fill>[^.]+\.[^.]+\.[^.]+)\.(?P<version>\d{1,3})")


def fill_of(execution_id: str) -> str:
    """Return what all versions of a fill have in common, with its last dot; empty where the id has no versions."""
    found = _CORRECTABLE.fullmatch(execution_id)
    return "" if found is None else found["fill"] + "."


def fill_key(execution_id: str) -> str:
    """Return what all versions of a fill have in common, the id itself where it has no versions."""
    return fill_of(execution_id) or execution_id


def version_of(execution_id: str) -> int:
    """Return which version of its fill it is, 0 where the id has none."""
    found = _CORRECTABLE.fullmatch(execution_id)
    return 0 if found is None else int(found["version"])

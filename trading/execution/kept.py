"""Evidence under a prefix: what a module keeps about its own subjects, told apart from what others keep."""

from __future__ import annotations

from trading.ports import Evidence


def kept_under(evidence: Evidence, prefix: str) -> frozenset[str]:
    """Return the subjects under a prefix that there is evidence about, without the prefix."""
    return frozenset(each.removeprefix(prefix) for each in evidence.subjects() if each.startswith(prefix))

"""Chance that is the same every time."""

from __future__ import annotations

import random


def seeded(seed: int = 1) -> random.Random:
    """Return a generator for tests; nothing secret comes out of it."""
    return random.Random(seed)  # noqa: S311 - tests need the same numbers every time

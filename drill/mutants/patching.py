"""How a bug is planted: attributes of the trading system that something else stands in for, from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Patch:
    """One attribute with what stands in for it, made of what was there."""

    owner: object
    name: str
    instead: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug; `needs_fault`: it does no harm until something goes wrong."""

    sentence: str
    patches: tuple[Patch, ...]
    needs_fault: bool = True


def always(value: object) -> Callable[[Any], object]:
    """Return what makes a function that answers `value` whatever it is asked."""
    return lambda _before: lambda *_arguments, **_more: value


def constant(value: object) -> Callable[[Any], object]:
    """Return what puts `value` in an attribute's place."""
    return lambda _before: value

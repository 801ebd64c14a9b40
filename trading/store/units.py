"""How money and times stand in the files: integers of 1/10,000 USD, ISO 8601 UTC text."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from trading.errors import InvariantBroken

UNITS_PER_DOLLAR = 10_000
_UNITS_PER_CENT = 100


def to_units(amount: float) -> int:
    """Return a price or an amount in units; one that is the double nearest to four decimals comes back exactly.

    Raises: InvariantBroken, it is not a finite number.
    """
    if not math.isfinite(amount):
        raise InvariantBroken("money", f"{amount} is no amount")
    return round(amount * UNITS_PER_DOLLAR)


def from_units(units: int) -> float:
    """Return the double nearest to the decimal number that `units` stands for."""
    return units / UNITS_PER_DOLLAR


def to_units_or_none(amount: float | None) -> int | None:
    """Return `to_units`, None for None."""
    return None if amount is None else to_units(amount)


def from_units_or_none(units: int | None) -> float | None:
    """Return `from_units`, None for None."""
    return None if units is None else from_units(units)


def cents(units: int) -> int:
    """Return the amount rounded half up to whole cents, still in units."""
    return (units + _UNITS_PER_CENT // 2) // _UNITS_PER_CENT * _UNITS_PER_CENT


def utc_text(moment: datetime) -> str:
    """Return an aware time as UTC text of fixed width, so that text order is time order.

    Raises: InvariantBroken, it has no zone.
    """
    if moment.tzinfo is None:
        raise InvariantBroken("time", f"{moment} has no zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def time_or_none(text: str | None) -> datetime | None:
    """Return the time that a text of the files stands for, None for None."""
    return None if text is None else datetime.fromisoformat(text)

"""What stands in an answer, read strictly: a value of the wrong kind is an error, an absent one is None, never zero.

The API sends the same number as a JSON number here and as a string there, with thousands separators (`"1,300.5"`),
marks (`"C187.20"`) or a unit (`"1.2M"`, too rough for anything that is decided), so each field says what it takes.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from trading.model.account import mask_accounts

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_EXACT = 2**53
_LARGEST = 1e300


class FieldError(ValueError):
    """A field of an answer is missing or not what it should be; the text names it and carries no secret."""

    def __init__(self, name: str, problem: str) -> None:
        """Name the field and what is wrong with it."""
        super().__init__(f"{name}: {problem}")


def plain(text: str, limit: int = 500) -> str:
    """Return foreign text fit for a log or a page: one line, no control or direction signs, no account id, cut off."""
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in text[: 4 * limit])
    return mask_accounts(" ".join(visible.split()))[:limit]


def shown(value: object) -> str:
    """Return a short form of a value for an error text."""
    return plain(repr(value), 40)


def member(row: Mapping[str, object], *names: str) -> object:
    """Return the first of `names` that `row` has with something in it, else None."""
    for name in names:
        value = row.get(name)
        if value is not None and value != "":
            return value
    return None


def number(value: object, name: str) -> float:
    """Return a finite number, sent as such or as text (`"1,300.5"`).

    Raises: FieldError.
    """
    if isinstance(value, str):
        text = value.strip()
        if not any(sign.isdigit() for sign in text) or not text.isascii() or not _NUMBER.fullmatch(text):
            raise FieldError(name, f"not a number: {shown(value)}")
        result = float(text.replace(",", ""))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        result = float(value) if abs(value) < _LARGEST else math.inf
    else:
        raise FieldError(name, "missing" if value is None else f"not a number: {shown(value)}")
    if not math.isfinite(result):
        raise FieldError(name, "not finite")
    return result


def optional_number(value: object, name: str) -> float | None:
    """Return a number, or None where nothing was sent."""
    return None if value is None or value == "" else number(value, name)


def integer(value: object, name: str) -> int:
    """Return a whole number, sent as such, as text or as `5.0`.

    Raises: FieldError.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    result = number(value, name)
    if not result.is_integer() or abs(result) > _EXACT:
        raise FieldError(name, f"not a whole number: {shown(value)}")
    return int(result)


def optional_integer(value: object, name: str) -> int | None:
    """Return a whole number, or None where nothing was sent."""
    return None if value is None or value == "" else integer(value, name)


def conid(value: object) -> int:
    """Return a contract id, which is positive."""
    result = integer(value, "conid")
    if result <= 0:
        raise FieldError("conid", f"not positive: {result}")
    return result


def order_id(value: object, name: str) -> int:
    """Return an order's id, which is positive.

    Raises: FieldError.
    """
    result = integer(value, name)
    if result <= 0:
        raise FieldError(name, f"not positive: {result}")
    return result


def quantity(value: object, name: str) -> float:
    """Return a number of shares that is zero or more.

    Raises: FieldError.
    """
    result = number(value, name)
    if result < 0.0:
        raise FieldError(name, f"negative: {shown(value)}")
    return result


def number_or_none(value: object) -> float | None:
    """Return a number on which nothing depends, None for anything else."""
    try:
        return optional_number(value, "")
    except FieldError:
        return None


def order_price(value: object, name: str) -> float | None:
    """Return an order's price, below zero too (spreads), or None where there is none: nothing, zero and −1.

    Raises: FieldError.
    """
    result = optional_number(value, name)
    return None if result in (0.0, -1.0) else result


def optional_price(value: object, name: str) -> float | None:
    """Return a price, or None for what the API sends where it has none: nothing, zero and −1."""
    result = optional_number(value, name)
    if result is None or result in (0.0, -1.0):
        return None
    if result < 0.0:
        raise FieldError(name, f"negative: {shown(value)}")
    return result


def text(value: object, name: str) -> str:
    """Return text that is not empty, fit for a log or a page.

    Raises: FieldError.
    """
    if not isinstance(value, str) or not value.strip():
        raise FieldError(name, "missing" if value in (None, "") else f"not text: {shown(value)}")
    return plain(value)


def optional_text(value: object) -> str | None:
    """Return text fit for a log or a page, or None where nothing was sent."""
    return plain(value) or None if isinstance(value, str) else None


def identifier(value: object, name: str) -> str:
    """Return a name that a machine gave (account, cOID, execution id) unchanged.

    Raises: FieldError, it has signs that no such name has.
    """
    if not is_identifier(value):
        raise FieldError(name, "missing" if value in (None, "") else "not an identifier")
    return value


def is_identifier(value: object) -> TypeGuard[str]:
    """Return whether a value can be a name that a machine gave."""
    return isinstance(value, str) and re.fullmatch(r"[!-~]{1,128}", value) is not None


def optional_identifier(value: object, name: str) -> str | None:
    """Return a name that a machine gave, or None where nothing was sent."""
    return None if value is None or value == "" else identifier(value, name)


def reference(value: object) -> str | None:
    """Return a name that somebody gave an order: a machine's unchanged, free text fit for a log, None for nothing."""
    if value is None or value == "":
        return None
    try:
        return identifier(value, "order_ref")
    except FieldError:
        return plain(str(value)) or None


def flag(value: object) -> bool:
    """Return whether the field is JSON's true; anything else counts as false."""
    return value is True


@dataclass(frozen=True, slots=True)
class LastPrice:
    """Field 31 taken apart: the price (None where there is none) and its marks."""

    price: float | None
    is_prior_close: bool
    halted: bool


def last_price(value: object) -> LastPrice:
    """Return field 31 as a price with its marks: "C" the previous close, nothing traded today; "H" halted.

    Raises: FieldError, not a price after the mark.
    Source: Client Portal API, market data fields.
    """
    mark = ""
    if isinstance(value, str) and value[:1] in ("C", "H"):
        mark, value = value[0], value[1:]
    return LastPrice(optional_price(value, "31"), mark == "C", mark == "H")

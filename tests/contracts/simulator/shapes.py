"""Shapes of JSON values: names, types and nesting without the values, and how two of them differ."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Json: TypeAlias = Any  # a JSON value, or the shape of one

_SCALARS = {bool: "bool", int: "number", float: "number", str: "text", type(None): "null"}
_ACCOUNT = re.compile(r"^D?U\d{6,8}C?")


def shape_of(value: Json, *, every: bool = False) -> Json:
    """Return the shape: an object by its keys, a list by its members, a scalar by the name of its type.

    Of a list's members it has the keys that all of them have, with `every` those that any of them has.

    Account ids as keys become `<account>`, currencies `<currency>`, dates `<date>`, symbols of a look-up `<symbol>`.
    """
    if isinstance(value, dict):
        shape: dict[str, Json] = {}
        for key, member in value.items():
            name = general_name(key)
            shape[name] = (
                merged(shape[name], shape_of(member, every=every), every=every)
                if name in shape
                else shape_of(member, every=every)
            )
        return shape
    if isinstance(value, list):
        members = [shape_of(member, every=every) for member in value]
        joined = members[0] if members else None
        for member in members[1:]:
            joined = merged(joined, member, every=every)
        return [] if joined is None else [joined]
    return _SCALARS[type(value)]


def general_name(key: str) -> str:
    """Return a key without what it says about one account, day or contract."""
    if _ACCOUNT.match(key):
        return _ACCOUNT.sub("<account>", key)
    if re.fullmatch(r"\d{8}", key):
        return "<date>"
    return "<symbol>" if key in ("AAPL", "BBVA", "CDN", "CFC", "GOOG", "ES", "SPY") else key


def merged(one: Json, other: Json, *, every: bool = False) -> Json:
    """Return the shape of both: keys in common, with `every` all keys; where the types differ, all of them."""
    if isinstance(one, dict) and isinstance(other, dict):
        common = {key: merged(one[key], other[key], every=every) for key in one if key in other}
        return {**one, **other, **common} if every else common
    if isinstance(one, list) and isinstance(other, list):
        return [merged(one[0], other[0], every=every)] if one and other else one or other
    if one == other:
        return one
    types = sorted({part for side in (one, other) for part in (side.split("|") if isinstance(side, str) else [])})
    return "|".join(types) if types else one


def differences(wanted: Json, found: Json, at: str = "") -> list[str]:
    """Return what the shape `wanted` has and `found` has not, or has in another type; null goes with every type.

    A list without members where the wanted one has some is a difference too.
    """
    kind = dict if isinstance(wanted, dict) else list if isinstance(wanted, list) else str
    if kind is not str and not isinstance(found, kind):
        return [f"{at or '.'}: {_kind(found)} instead of {_kind(wanted)}"]
    if kind is dict:
        missing = [f"{at}.{key}: missing" for key in wanted if key not in found]
        inside = (differences(wanted[key], found[key], f"{at}.{key}") for key in wanted if key in found)
        return missing + [difference for part in inside for difference in part]
    if kind is list:
        if wanted and not found:
            return [f"{at}[]: empty"]
        return differences(wanted[0], found[0], f"{at}[]") if wanted else []
    allowed = set(wanted.split("|")) | {"null"}
    if wanted == "null" or (isinstance(found, str) and set(found.split("|")) <= allowed):
        return []
    return [f"{at or '.'}: {_kind(found)} instead of {wanted}"]


def _kind(shape: Json) -> str:
    return "an object" if isinstance(shape, dict) else "a list" if isinstance(shape, list) else str(shape)

"""How answers are rewritten: their rows, their lists, and tokens that no JSON encoder writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from simulator.faults.context import Firing, Handler
from simulator.messages import Response

_encode = msgspec.json.Encoder().encode
_LISTS = ("orders", "data", "secdef", "contracts")
_RAW = re.compile(rb'"@raw@([^"@]*)@"')
Row = dict[str, Any]


def raw(token: str) -> str:
    """Return what stands in an answer for `token` as it is, unquoted: 1e400, NaN, -0."""
    return f"@raw@{token}@"


def encode(value: object) -> bytes:
    """Return JSON with its raw tokens in it."""
    return _RAW.sub(rb"\1", _encode(value))


def rewritten(firing: Firing, change: Callable[[Any], Any]) -> Response:
    """Return the true answer with its JSON changed; what is no JSON stays as it is."""
    response, value = firing.answer()
    return response if value is None else replace(response, body=encode(change(value)))


def rows_of(value: object) -> list[Row]:
    """Return the objects that an answer lists: orders, trades, positions, quotes, bars, or the answer itself."""
    if isinstance(value, dict):
        for name in _LISTS:
            if isinstance(value.get(name), list):
                return [row for row in value[name] if isinstance(row, dict)]
        if value and all(isinstance(listed, list) for listed in value.values()):
            return [row for listed in value.values() for row in listed if isinstance(row, dict)]
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def each_row(change: Callable[[Firing, Row], None]) -> Handler:
    """Return a handler that changes every row of the answer."""

    def handler(firing: Firing) -> Response:
        def changed(value: object) -> object:
            for row in rows_of(value):
                change(firing, row)
            return value

        return rewritten(firing, changed)

    return handler


def whole_list(change: Callable[[Firing, list[Any]], list[Any]]) -> Handler:
    """Return a handler that changes the list in the answer."""

    def handler(firing: Firing) -> Response:
        def changed(value: object) -> object:
            if isinstance(value, dict):
                for name in _LISTS:
                    if isinstance(value.get(name), list):
                        return {**value, name: change(firing, value[name])}
            return change(firing, value) if isinstance(value, list) else value

        return rewritten(firing, changed)

    return handler

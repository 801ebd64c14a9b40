"""Bodies that no parser should be trusted with: wrong types, keys and tokens, depth, size, encodings."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from simulator.faults.context import Firing
from simulator.faults.declaration import Anything, FaultKind, Parameter, choice, number, text, whole
from simulator.faults.rewriting import Row, each_row, raw
from simulator.messages import Response

_NUMBER = re.compile(rb"(?<=[:\[,])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?=[,}\]])")
_FIRST_KEY = re.compile(rb'^\s*\{\s*("(?:[^"\\]|\\.)*")\s*:')
_CHUNK = 1_048_576


def _number_in(value: object) -> float:
    try:
        return float(str(value).lstrip("CH").replace(",", ""))
    except ValueError:
        return 1300.0


CONVERSIONS: dict[str, Callable[[Any], object]] = {
    "list": lambda value: [value],
    "object": lambda value: {"value": value},
    "text": str,
    "number": _number_in,
    "bool": lambda _value: True,
    "null": lambda _value: None,
    "thousands": lambda value: f"{max(_number_in(value), 1300.0):,.0f}",
    "prefixed": lambda value: f"C{_number_in(value):g}",
    "huge": lambda _value: raw("1e400"),
    "minus_zero": lambda _value: raw("-0"),
}
"""what another type a value can become, by the name of it"""


def _wrong_type(firing: Firing, row: Row) -> None:
    name = firing.text("field")
    if name in row:
        row[name] = _other(firing, row[name])


def _other(firing: Firing, value: object) -> object:
    written = firing.value("value")
    return CONVERSIONS[firing.text("as")](value) if written is None else written


def _other_key(firing: Firing, row: Row) -> None:
    name, new, extra = firing.text("field"), firing.text("rename"), firing.text("extra")
    if name in row and firing.draws.random() < firing.number("p"):
        value = row.pop(name)
        if new:
            row[new] = value
    if extra:
        row[extra] = firing.value("value")


def not_a_number(body: bytes) -> bytes:
    """Return a body in which every number is none."""
    return _NUMBER.sub(b"NaN", body) if _NUMBER.search(body) else b'{"price":NaN,"size":Infinity}'


def double_key(body: bytes) -> bytes:
    """Return an object whose first key comes again, empty: which of the two counts depends on the parser."""
    found = _FIRST_KEY.match(body)
    if found is None:
        return b'{"orders":[{}],"orders":null,"snapshot":true}'
    return body.rstrip()[:-1] + b"," + found.group(1) + b":null}"


@lru_cache(maxsize=2)
def gzip_bomb(size: int) -> bytes:
    """Return `size` zeros in an object, compressed to about a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b'{"padding":"')]
    left = size
    while left > 0:
        parts.append(packer.compress(b"0" * min(left, _CHUNK)))
        left -= _CHUNK
    parts += [packer.compress(b'"}'), packer.flush()]
    return b"".join(parts)


@lru_cache(maxsize=1)
def large(size: int) -> bytes:
    """Return an object with `size` bytes of padding; made once, since drawing it anew takes longer than all else."""
    return b'{"padding":"' + b"x" * size + b'"}'


def hostile(firing: Firing) -> Response:
    """An answer that no parser should be trusted with; the call is applied."""
    response = firing.proceed()
    size, depth = firing.integer("bytes"), firing.integer("depth")
    match firing.text("kind"):
        case "nan":
            body = not_a_number(response.body)
        case "double":
            body = double_key(response.body)
        case "deep":
            body = b"[" * depth + b"]" * depth
        case "large":
            body = large(size)
        case "gzip":
            headers = (*response.headers, ("Content-Encoding", "gzip"))
            return replace(response, body=gzip_bomb(size), headers=headers)
        case "utf8":
            body = b'{"text":"\xff\xfe"}'
        case _:
            body = b"\xef\xbb\xbf" + response.body
    return replace(response, status=200, body=body)


KINDS = (
    FaultKind(
        "H10",
        "Wrong types",
        each_row(_wrong_type),
        (
            text("field", "price", "name of the field, in every row of the answer"),
            choice("as", "list", tuple(CONVERSIONS), 'what it becomes; thousands is "1,300", prefixed is "C187.2"'),
            Parameter("value", None, Anything(), "in place of that, this value"),
        ),
    ),
    FaultKind(
        "H11",
        "Keys missing, renamed or too many",
        each_row(_other_key),
        (
            text("field", "order_ref", "name of the field, in every row of the answer"),
            text("rename", "", "its new name; empty: it is missing"),
            text("extra", "", "name of a field that is added"),
            Parameter("value", None, Anything(), "value of the added field"),
            number("p", 1.0, "chance of each row", most=1.0),
        ),
    ),
    FaultKind(
        "H12",
        "A body that breaks parsers",
        hostile,
        (
            choice(
                "kind",
                "nan",
                ("nan", "double", "deep", "large", "gzip", "utf8", "bom"),
                "numbers that are none, a key twice, depth, size, a gzip bomb, bad UTF-8, a byte order mark",
            ),
            whole("bytes", 50_000_000, "size of large and of gzip unpacked", most=1_000_000_000, unit="bytes"),
            whole("depth", 10_000, "depth of deep", most=1_000_000),
        ),
    ),
)

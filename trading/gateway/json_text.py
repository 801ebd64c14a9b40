"""JSON both ways: nothing doubtful is read, and equal values are written as equal bytes.

NaN and Infinity are read as what they are, though JSON has neither: one in a row of somebody else's must not make the
whole list unreadable, and no field takes a number that isn't finite.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import cast

import numpy as np

MAX_DEPTH = 64

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


# The brackets of arrays; those of objects differ from them in one bit.
_OPENING, _CLOSING = ord("["), ord("]")
_SAME_BRACKET = 0xFF ^ (ord("{") ^ ord("["))


class Flaw(StrEnum):
    """Why a text is not read."""

    EMPTY = "empty"
    HTML = "HTML, not JSON"
    DEEP = "nested too deep"
    ENCODING = "not UTF-8"
    SYNTAX = "no JSON, or cut off"
    NUMBER = "a number of too many digits"
    TWICE = "a key twice in one object"


class JsonError(ValueError):
    """The text is no JSON that this system takes; `flaw` says why."""

    def __init__(self, flaw: Flaw) -> None:
        """Keep the flaw; the text itself may hold anything."""
        super().__init__(flaw.value)
        self.flaw = flaw


def read_json(body: bytes) -> object:
    """Return the value that `body` holds.

    Raises: JsonError: empty, HTML, not UTF-8, cut off, a key twice in one object, endless digits, nested too deep.
    """
    if not body.strip():
        raise JsonError(Flaw.EMPTY)
    if body.lstrip()[:1] == b"<":
        raise JsonError(Flaw.HTML)
    # Most answers have not so many brackets at all.
    if (
        body.count(b"[") + body.count(b"{") > MAX_DEPTH
        and _depth(body) > MAX_DEPTH
        and _depth(_STRING.sub(b"", body)) > MAX_DEPTH
    ):
        raise JsonError(Flaw.DEEP)
    try:
        return cast("object", json.loads(body.decode("utf-8"), object_pairs_hook=_object))
    except UnicodeDecodeError:
        raise JsonError(Flaw.ENCODING) from None
    except json.JSONDecodeError:
        raise JsonError(Flaw.SYNTAX) from None
    except RecursionError:
        raise JsonError(Flaw.DEEP) from None
    except JsonError:
        raise
    except ValueError:
        raise JsonError(Flaw.NUMBER) from None


def write_json(value: object) -> bytes:
    """Return `value` as bytes that are the same whenever the value is: no spaces, keys in the order they were given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonError(Flaw.TWICE)
    return result


def _is_deep(body: bytes) -> bool:
    """Return whether brackets may nest too deep; most answers have not so many of them at all."""
    return body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH


def _depth(body: bytes) -> int:
    """Return how deep brackets nest, those inside strings counted too."""
    signs = np.frombuffer(body, dtype=np.uint8)
    folded = signs & _SAME_BRACKET
    steps = (folded == _OPENING).astype(np.int8) - (folded == _CLOSING).astype(np.int8)
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))

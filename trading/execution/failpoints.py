"""Named places where a test lets the process die; in production each is a look into an empty mapping.

The names K01 to K36 are those of the kill points in docs and tests: before and after each commit and each byte that
leaves.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from trading.errors import ConfigError

VARIABLE = "TRADING_FAILPOINT"
_FORM = re.compile(r"(?P<name>K\d\d)(?::(?P<hit>[1-9]\d{0,5}))?")


@dataclass(slots=True)
class _Trap:
    hits_left: int
    spring: Callable[[], None]


_armed: dict[str, _Trap] = {}


def arm(text: str, spring: Callable[[], None]) -> None:
    """Call `spring` at the nth passage of a failpoint; `text` is "K05" or, for the third one, "K05:3".

    Raises: ConfigError, it is neither.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigError(VARIABLE, text, "write it like K05 or K05:3")
    _armed[found["name"]] = _Trap(int(found["hit"] or 1), spring)


def disarm() -> None:
    """Forget all traps."""
    _armed.clear()


def failpoint(name: str) -> None:
    """Mark a place where the process may die; does nothing unless a test armed it."""
    trap = _armed.get(name)
    if trap is None:
        return
    trap.hits_left -= 1
    if trap.hits_left == 0:
        del _armed[name]
        trap.spring()

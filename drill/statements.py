"""What the trading system's statements write, in words, so that a death can be placed by what is being written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_ROLE, _PARENT = 2, 1
_STEP = 2


def written(sql: str, parameters: Sequence[object]) -> tuple[str, ...]:
    """Return what a statement writes: nothing for one that reads, or for what no death asks for.

    An intent: `planned entry`, `planned stop`, `planned child` ...; its step to a state: `SENDING` ...; a command by
    its kind, and by what it is a step of too: `cancel`, `submit protection` ...; `answer`: what came back; `execution`,
    `position`, `binding`, `vote`, `adjustment`, `halt`, `fact epoch` ...; `schema`: a migration's step; `checkpoint`.
    """
    fixed, words = _read(sql)
    if fixed or not parameters:
        return fixed
    if words.startswith("INSERT INTO intent ("):
        role = parameters[_ROLE]
        return (f"planned {role}" if parameters[_PARENT] is None else "planned child",)
    if words.startswith("UPDATE intent SET state = "):
        return (str(parameters[0]),)
    if words.startswith("INSERT INTO command ("):
        return (str(parameters[0]), f"{parameters[0]} {parameters[_STEP]}")
    if words.startswith("INSERT INTO fact ("):
        return (f"fact {parameters[0]}",)
    return ()


@lru_cache(maxsize=1024)
def _read(sql: str) -> tuple[tuple[str, ...], str]:
    """Return what a statement writes whatever its parameters are, and its words with one space between them."""
    words = " ".join(sql.split())
    return tuple(name for pattern, name in _NAMES if pattern.match(words))[:1], words


_NAMES = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"INSERT INTO wire .*'ANSWER'", "answer"),
        (r"INSERT INTO execution\b(?!_)", "execution"),
        (r"(INSERT INTO|UPDATE|DELETE FROM) position\b", "position"),
        (r"UPDATE intent SET order_id = ", "binding"),
        (r"INSERT INTO proof\b", "vote"),
        (r"INSERT INTO adjustment\b", "adjustment"),
        (r"INSERT INTO halt\b", "halt"),
        (r"(CREATE|ALTER|DROP) ", "schema"),
        (r"PRAGMA wal_checkpoint", "checkpoint"),
    )
)

"""The one decorator for compiled functions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = Path(__file__).resolve().parent.parent


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled by numba on its first call, with the machine code kept on disk.

    Numba's own decorator has no types; this one keeps those of the function. The code is kept in a folder of
    NUMBA_CACHE_DIR, or of the package's `__pycache__`; where no folder can be used, it is compiled at each start.
    """
    try:
        return cast("Callable[P, R]", numba.njit(cache=True)(function))
    except (RuntimeError, UnicodeError):
        # The second: the folder's name holds signs that the locale doesn't know, which numba can't write down.
        return cast("Callable[P, R]", numba.njit(function))


def source_digest(package: Path) -> str:
    """Return a digest of all modules of `package` that hold compiled functions."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if b"@compiled\n" in source:
            total.update(path.relative_to(package).as_posix().encode() + b"\0" + source)
    return total.hexdigest()[:16]


# Numba compiles a called function into its caller and then looks only at the caller's file for changes: after an update
# of fills.py, rules.py would go on with the old arithmetic. A folder for each state of the sources can't be stale.
_FOLDER = Path(numba.config.CACHE_DIR or _PACKAGE / "__pycache__" / "compiled")  # type: ignore[attr-defined]  # made at import
numba.config.CACHE_DIR = str(_FOLDER / source_digest(_PACKAGE))  # type: ignore[attr-defined]  # made at import

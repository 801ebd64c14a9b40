"""The one decorator for compiled functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled by numba on its first call, with the machine code kept on disk.

    Numba's own decorator has no types; this one keeps those of the function. The cache lies beside the module, or in
    NUMBA_CACHE_DIR.
    """
    return cast("Callable[P, R]", njit(cache=True)(function))

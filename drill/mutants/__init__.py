"""Planted bugs: each a line or two of the trading system made wrong from outside, to see that the checker finds it.

A planted bug counts as found by a schedule that violates an invariant with it and none without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from drill.mutants.commands import COMMANDS
from drill.mutants.counting import COUNTING
from drill.mutants.cover import COVER
from drill.mutants.evidence import EVIDENCE
from drill.mutants.limits import LIMITS
from drill.mutants.patching import Mutant, Patch
from drill.mutants.sending import SENDING

MUTANTS: Mapping[str, Mutant] = {**SENDING, **EVIDENCE, **COUNTING, **COVER, **LIMITS, **COMMANDS}
"""by name"""


class UnknownMutantError(ValueError):
    """There is no planted bug of that name; the text lists those that there are."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(f"--mutant {name}: there are all, {', '.join(MUTANTS)}")


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Make the trading system wrong for the length of the block; None leaves it as it is.

    Raises:
        UnknownMutantError: there is none of that name.
    """
    with ExitStack() as stack:
        for patch in _patches(name):
            before = getattr(patch.owner, patch.name)
            setattr(patch.owner, patch.name, patch.instead(before))
            stack.callback(setattr, patch.owner, patch.name, before)
        yield


def _patches(name: str | None) -> tuple[Patch, ...]:
    if name is None:
        return ()
    if name not in MUTANTS:
        raise UnknownMutantError(name)
    return MUTANTS[name].patches

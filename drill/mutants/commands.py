"""Bugs in doing what a person asked for: a halt that lets entries live, a flatten that sells nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drill.mutants.patching import Mutant, Patch
from trading.execution.planning import cancels, obligations
from trading.model.command import Step


def _lives_on(reason_of_entry: Any) -> object:  # noqa: ANN401
    def wrong(*arguments: Any) -> object:  # noqa: ANN401
        reason = reason_of_entry(*arguments)
        return None if reason is Step.HALT else reason

    return wrong


def _nothing_is_sold(wanted_exits: Any) -> object:  # noqa: ANN401
    return lambda state: () if state.flatten else wanted_exits(state)


COMMANDS: Mapping[str, Mutant] = {
    "halt_cancels_nothing": Mutant("entries live on in a halt", (Patch(cancels, "_reason_of_entry", _lives_on),)),
    "flatten_sells_nothing": Mutant(
        "a flatten halts, and sells nothing", (Patch(obligations, "wanted_exits", _nothing_is_sold),)
    ),
}

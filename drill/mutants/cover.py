"""Bugs in how own shares are covered: no stop, too large a one, or one more sale than there are shares."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from drill.mutants.patching import Mutant, Patch, always, constant
from trading.execution.planning import exits, protection
from trading.execution.reading import snapshot
from trading.execution.sending import door
from trading.model.order import LIFE, BrokerStatus, OrderLife

# The last look before an order leaves is a second net for a plan that is wrong: such a bug is in both of them.
_DOOR = Patch(door, "check_protection", always(None))


def _for_what_was_ordered(cover_bare: Any) -> object:  # noqa: ANN401
    def wrong(cover: Any, _need: int, state: Any, plan: Any) -> object:  # noqa: ANN401
        ordered = next(each for each in state.journal.records if each.coid == cover.position.entry_coid)
        return cover_bare(cover, ordered.intent.quantity, state, plan)

    return wrong


def _nothing_is_in_doubt(cover_of: Any) -> object:  # noqa: ANN401
    return lambda *arguments: dataclasses.replace(cover_of(*arguments), unproven=False)


def _only_a_whole_stop_counts(cover_of: Any) -> object:  # noqa: ANN401
    def wrong(*arguments: object) -> object:
        cover = cover_of(*arguments)
        whole = cover.stop is None or cover.stop.shares >= cover.position.quantity
        return cover if whole else dataclasses.replace(cover, stop=None, target=None)

    return wrong


def _of_whole_entries(covers: Any) -> object:  # noqa: ANN401
    def wrong(state: Any) -> object:  # noqa: ANN401
        left = {record.coid for record in state.journal.records if record.left > 0}
        return tuple(cover for cover in covers(state) if cover.position.entry_coid not in left)

    return wrong


def _asks_and_goes_on(ask_cancel: Any) -> object:  # noqa: ANN401
    def wrong(*arguments: object) -> bool:
        ask_cancel(*arguments)
        return False

    return wrong


COVER: Mapping[str, Mutant] = {
    "stop_for_the_ordered_quantity": Mutant(
        "a stop is for what was ordered, not for what was bought",
        (Patch(protection, "_cover_bare", _for_what_was_ordered), _DOOR),
    ),
    "no_stop_after_a_part_fill": Mutant(
        "shares of an entry that was filled in part are not covered",
        (Patch(protection, "covers", _of_whole_entries),),
    ),
    "stop_beside_an_unknown_one": Mutant(
        "a second stop goes out while the first is not proven",
        (Patch(protection, "cover_of", _nothing_is_in_doubt), _DOOR),
    ),
    "stop_beside_a_live_one": Mutant(
        "beside a stop that works for too few shares another one is sent",
        (Patch(protection, "cover_of", _only_a_whole_stop_counts), _DOOR),
    ),
    "cover_counts_a_cancelled_stop": Mutant(
        "a stop that was cancelled counts as one that rests",
        (Patch(snapshot, "LIFE", constant({**LIFE, BrokerStatus.CANCELLED: OrderLife.LIVE})),),
    ),
    "no_stop_is_resized": Mutant(
        "a stop stays as it is when its position changes", (Patch(protection, "plan_resize", always(None)),)
    ),
    "replaced_before_its_end": Mutant(
        "a sale leaves while its cover may still fill",
        (Patch(exits, "ask_cancel", _asks_and_goes_on), Patch(door, "_beside_cover", always(None))),
    ),
}

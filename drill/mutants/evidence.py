"""Bugs in what is believed of orders that nobody has seen: absence without proof, ends without their fills."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from drill.mutants.patching import Mutant, Patch, always, constant
from trading.execution.reconciliation import absence
from trading.store.commands import SqliteCommandLog


def _asked_is_cancelled(record_response: Any) -> object:  # noqa: ANN401
    def wrong(log: SqliteCommandLog, opened: Any, outcome: str, *rest: object, **more: object) -> None:  # noqa: ANN401
        record_response(log, opened, outcome, *rest, **more)
        if outcome == "ACK":
            with log._database.transaction() as connection:
                connection.execute(
                    "UPDATE intent SET state = 'CANCELLED', ended_at = changed"
                    " WHERE coid IN (SELECT coids FROM command WHERE number = ? AND kind = 'cancel')",
                    (opened.command,),
                )

    return wrong


def _sent_long_ago(could_show: Any) -> object:  # noqa: ANN401
    return lambda record, *rest: could_show(dataclasses.replace(record, sent_at=None), *rest)


_WITNESSED = absence.Judgement(absence.Vote.WITNESSED, lost=True)

EVIDENCE: Mapping[str, Mutant] = {
    "empty_list_means_absent": Mutant(
        "an order that a reading does not show is absent", (Patch(absence, "judge", always(_WITNESSED)),)
    ),
    "no_witness_rule": Mutant("an empty list counts as one", (Patch(absence, "witnessed", always(value=True)),)),
    "one_vote_means_lost": Mutant(
        "one reading proves that an order is absent", (Patch(absence, "VOTES_NEEDED", constant(1)),)
    ),
    "vote_before_it_can_show": Mutant(
        "a reading right after the order counts against it", (Patch(absence, "_could_show", _sent_long_ago),)
    ),
    "vote_in_the_reset_window": Mutant(
        "a reading of the nightly reset counts", (Patch(absence, "in_reset", always(value=False)),)
    ),
    "cancel_answer_means_cancelled": Mutant(
        "an acknowledged cancel counts as done", (Patch(SqliteCommandLog, "record_response", _asked_is_cancelled),)
    ),
}

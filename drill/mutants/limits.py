"""Bugs in what may be sent at all: a halt that is forgotten, exposure that is not counted, checks that come early."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from drill.mutants.patching import Mutant, Patch, always
from trading.execution import door, entries, sender
from trading.model.order import IntentState
from trading.store.records import SqliteStore


def _unknown_is_nothing(check_entry: Any) -> object:  # noqa: ANN401
    def wrong(order: Any, state: Any) -> object:  # noqa: ANN401
        known = tuple(record for record in state.journal.records if record.state is not IntentState.UNKNOWN)
        unknown = {record.intent.conid for record in state.journal.records if record not in known}
        blocked = {conid: why for conid, why in state.blocked.items() if conid not in unknown}
        journal = dataclasses.replace(state.journal, records=known)
        return check_entry(order, dataclasses.replace(state, journal=journal, blocked=blocked))

    return wrong


def _halt_is_forgotten(begin: Any) -> object:  # noqa: ANN401
    def wrong(store: SqliteStore, database: Any, *rest: object) -> None:  # noqa: ANN401
        begin(store, database, *rest)
        with database.transaction() as connection:
            connection.execute("UPDATE halt SET acknowledged_at = since, acknowledged_by = actor")
            connection.execute("DELETE FROM mode_log WHERE fact = 'halt'")

    return wrong


LIMITS: Mapping[str, Mutant] = {
    "mode_not_persisted": Mutant(
        "a halt is forgotten at a restart", (Patch(SqliteStore, "__init__", _halt_is_forgotten),)
    ),
    "unknown_not_in_exposure": Mutant(
        "what is not proven does not stand in the way of another entry",
        (Patch(entries, "check_entry", _unknown_is_nothing), Patch(door, "check_entry", _unknown_is_nothing)),
    ),
    "checked_only_when_planned": Mutant(
        "nothing is checked any more when an order leaves", (Patch(sender, "may_leave", always(None)),)
    ),
}

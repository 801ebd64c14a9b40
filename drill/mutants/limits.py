"""Bugs in what may be sent at all: a halt that is forgotten, exposure that is not counted, checks that come early."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from drill.mutants.patching import Mutant, Patch, always
from trading import risk_manager
from trading.execution.planning import checks, entries
from trading.execution.reconciliation.reconciler import Reconciler
from trading.execution.sending import door, sender
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


def _without(sentence: str, **wide: float) -> Mutant:
    """Return the bug that some limits are never reached, when an order is decided on and when it leaves."""

    def wrong(entry_limits: Any) -> object:  # noqa: ANN401
        return lambda *settings: entry_limits(*settings)._replace(**wide)

    patches = (Patch(checks, "entry_limits", wrong), Patch(risk_manager, "entry_limits", wrong))
    return Mutant(sentence, patches, needs_fault=False)


def _others_forgotten(_before: object) -> object:
    return lambda portfolio, _proposal: portfolio


def _alone(at_worst: Any) -> object:  # noqa: ANN401
    return lambda account, _others, *rest: at_worst(account, (), *rest)


def _latched_at_each_end(end: Any) -> object:  # noqa: ANN401
    def wrong(of: Reconciler, record: Any, *rest: Any) -> None:  # noqa: ANN401
        end(of, record, *rest)
        context: Any = of._context
        if not context.journal.intent(record.coid).maybe_live:
            context.store.halts.latch("exec_gap", record.coid, context.clock.now())

    return wrong


LIMITS: Mapping[str, Mutant] = {
    "each_end_latches": Mutant(
        "each order that ends holds entries back",
        (Patch(Reconciler, "_end", _latched_at_each_end),),
        needs_fault=False,
    ),
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
    "no_limit_on_shares": _without("an order may be of any number of shares", max_order_quantity=1_000_000),
    "no_limit_on_value": _without("an order may be of any value", max_order_value=1e12),
    "no_limit_on_exposure": _without("all that there is, and more, may be invested", max_exposure=1e6),
    "no_limit_on_positions": _without("there may be any number of positions", max_positions=1_000_000),
    "no_limit_on_stops": _without("a stop may be anywhere", min_stop_distance=0.0, max_stop_distance=1.0),
    "entries_of_a_day_not_added_up": Mutant(
        "each entry is judged as if it were the only one",
        (Patch(risk_manager, "_with_entry", _others_forgotten), Patch(entries, "_at_worst", _alone)),
        needs_fault=False,
    ),
}

"""Bugs in what is counted: fills twice, not at all or of somebody else, and positions that are not ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drill.mutants.patching import Mutant, Patch, always
from trading.execution.ownership import execution_matching, foreign
from trading.execution.ownership.share_trades import SharesSeen
from trading.execution.reconciliation import own_shares, share_check
from trading.execution.reconciliation.own_shares import Change
from trading.model.intent_state import NEVER_LEFT
from trading.model.order import Execution, IntentState
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.ports import AdjustmentKind, Counted
from trading.store import fills
from trading.store.journal import SqliteJournal


def _late_fill_is_ignored(record_fill: Any) -> object:  # noqa: ANN401
    def wrong(journal: SqliteJournal, coid: str, *rest: object) -> object:
        record = journal.intent(coid)
        over = record is not None and record.state is IntentState.CANCELLED
        return Counted(new=False) if over else record_fill(journal, coid, *rest)

    return wrong


def _as_if_new(move_position: Any) -> object:  # noqa: ANN401
    def wrong(connection: object, intent: object, execution: object, _before: int, *rest: object) -> object:
        return move_position(connection, intent, execution, 0, *rest)

    return wrong


def _of_the_same_kind(execution: Execution, journal: JournalView) -> list[IntentRecord]:
    return [
        record
        for record in journal.records
        if (record.intent.conid, record.intent.side) == (execution.conid, execution.side)
        and record.state not in NEVER_LEFT
    ]


def _by_time(by_name_or_id: Any) -> object:  # noqa: ANN401
    def wrong(execution: Execution, known: Any) -> str | None:  # noqa: ANN401
        found: str | None = by_name_or_id(execution, known)
        if found is not None:
            return found
        before = [r for r in _of_the_same_kind(execution, known.journal) if r.sent_at and r.sent_at <= execution.time]
        return before[-1].coid if before else None

    return wrong


def _by_id_alone(by_name_or_id: Any) -> object:  # noqa: ANN401
    def wrong(execution: Execution, known: Any) -> str | None:  # noqa: ANN401
        same = [r for r in _of_the_same_kind(execution, known.journal) if r.order_id == execution.order_id is not None]
        return same[0].coid if same else by_name_or_id(execution, known)

    return wrong


def _as_the_broker_has_it(_judge_shares: object) -> object:
    def wrong(position: OwnPosition, _votes: object, seen: SharesSeen, *_rest: object) -> Change | None:
        held = max(int(seen.snapshot.held(position.conid)), 0)
        if seen.snapshot.positions.value is None or held == position.quantity:
            return None
        return Change(position, held - position.quantity, AdjustmentKind.MANUAL, "the broker's position is ours")

    return wrong


COUNTING: Mapping[str, Mutant] = {
    "fill_counted_twice": Mutant(
        "a fill that is told again moves the position again",
        (Patch(fills, "_changed", always(value=True)), Patch(fills, "_move_position", _as_if_new)),
    ),
    "fill_ignored_after_cancelled": Mutant(
        "a fill after the cancel is not counted", (Patch(SqliteJournal, "record_fill", _late_fill_is_ignored),)
    ),
    "fill_matched_by_time": Mutant(
        "an execution without our id or name is that of the last order of its contract and side",
        (Patch(execution_matching, "_by_name_or_id", _by_time),),
    ),
    "fill_matched_by_id_alone": Mutant(
        "an order id tells whose an execution is, even one that was given again",
        (Patch(execution_matching, "_by_name_or_id", _by_id_alone),),
    ),
    "correction_added": Mutant(
        "a corrected execution counts beside the first", (Patch(fills, "_other_version", always(None)),)
    ),
    "own_is_what_the_broker_holds": Mutant(
        "the broker's position counts as our own", (Patch(share_check, "judge_shares", _as_the_broker_has_it),)
    ),
    "adopts_an_orphan": Mutant(
        "an order under a name like ours that the journal lacks is taken for one of ours",
        (Patch(foreign, "is_orphan", always(value=False)),),
    ),
    "ignores_a_split": Mutant(
        "a split does not change own shares",
        tuple(Patch(own_shares, name, always(None)) for name in ("split_of", "left_after_split", "sold_after_split")),
    ),
}

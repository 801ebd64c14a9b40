"""Sales of whole positions: which are wanted, and the way there: cancel the children, see them end, then one order.

Nothing here remembers anything: what is wanted follows from the decision, the journal and the own positions, so a
restart at any point takes up where it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from trading.model.decision import Decision
from trading.model.order import MAYBE_LIVE, IntentState, Role
from trading.ports import IntentRecord, OwnPosition

_GOES_ON = MAYBE_LIVE | {IntentState.PLANNED}


@dataclass(frozen=True, slots=True)
class ExitWish:
    """A position that is to be sold, and why."""

    position: OwnPosition
    reason: str


def last_exits(records: Iterable[IntentRecord], positions: Iterable[OwnPosition]) -> Mapping[int, IntentRecord]:
    """Return the newest exit intent of each open position, by conid."""
    entered = {position.conid: position.entry_session for position in positions}
    return {
        record.intent.conid: record
        for record in records
        if record.intent.role is Role.EXIT
        and record.intent.conid in entered
        and record.intent.decided >= entered[record.intent.conid]
    }


def waits_for_its_bar(record: IntentRecord) -> bool:
    """Return whether an exit ended unfilled because its symbol did not trade: it is sent again for the next session."""
    return record.state is IntentState.EXPIRED and record.filled < record.intent.quantity


def pending_exits(records: Sequence[IntentRecord], positions: Sequence[OwnPosition]) -> frozenset[int]:
    """Return the contracts whose exit is under way, so that it is not decided again."""
    return frozenset(
        conid
        for conid, record in last_exits(records, positions).items()
        if record.state in _GOES_ON or waits_for_its_bar(record)
    )


def wishes(
    decision: Decision,
    for_session: date,
    records: Sequence[IntentRecord],
    positions: Sequence[OwnPosition],
) -> tuple[ExitWish, ...]:
    """Return the exits that still have to be sent for `for_session`, in the order of the decision.

    Those of the decision that have no order yet, and those whose order of an earlier session met no bar.
    """
    by_symbol = {position.symbol: position for position in positions}
    last = last_exits(records, positions)
    found: list[ExitWish] = []
    for order in decision.exits:
        position = by_symbol.get(order.symbol)
        newest = last.get(position.conid) if position is not None else None
        if position is not None and (newest is None or newest.intent.decided < decision.session):
            found.append(ExitWish(position, order.reason))
    wanted = {wish.position.conid for wish in found}
    for position in positions:
        newest = last.get(position.conid)
        again = newest is not None and waits_for_its_bar(newest) and newest.intent.session < for_session
        if newest is not None and again and position.conid not in wanted:
            found.append(ExitWish(position, newest.intent.reason))
    return tuple(found)

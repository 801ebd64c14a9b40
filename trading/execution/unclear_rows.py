"""Rows of the broker's lists that can't be read: what waits while they are there, in words for people."""

from __future__ import annotations

from collections.abc import Iterator

from trading.execution.snapshot import BrokerSnapshot, may_be_ours
from trading.model.order import UnreadableRow
from trading.model.record import JournalView

BUYS_NONE = "buys nothing there while it is so"
EXECUTIONS = "executions"
_PERSON = "look at it at the broker, and sell there what can't wait"


def unreadable_rows(snapshot: BrokerSnapshot) -> Iterator[tuple[str, UnreadableRow]]:
    """Return the rows that could not be read, each with the name of its list."""
    lists = (("orders", snapshot.orders), (EXECUTIONS, snapshot.executions), ("positions", snapshot.positions))
    for name, reading in lists:
        for row in reading.value.unreadable if reading.value is not None else ():
            yield name, row


def found_of(name: str, row: UnreadableRow) -> str:
    """Return what there is to be seen."""
    return f"{name}: a row can't be read ({row.problem})"


def consequence(name: str, row: UnreadableRow, journal: JournalView) -> str:
    """Return what the system does, or leaves, while a row can't be read."""
    position = None if row.conid is None else journal.position(row.conid)
    if row.conid is None:
        if not may_be_ours(row):
            return "leaves it alone"
        sells = "" if name == EXECUTIONS else "sells no own shares, "
        return f"{sells}ends no order and writes off no shares while it is so"
    if position is None or name == EXECUTIONS or not may_be_ours(row):
        return BUYS_NONE
    return f"does not sell {position.symbol}, leaves its stop as it is and {BUYS_NONE}"


def exits_wait_for(snapshot: BrokerSnapshot, journal: JournalView) -> tuple[str, ...]:
    """Return the rows that keep own shares from being sold, each with what that means and what a person can do."""
    own = {position.conid for position in journal.positions}
    found = (
        f"{found_of(name, row)}: the system {consequence(name, row, journal)}; {_PERSON}"
        for name, row in unreadable_rows(snapshot)
        if own and name != EXECUTIONS and may_be_ours(row) and (row.conid is None or row.conid in own)
    )
    return tuple(dict.fromkeys(found))

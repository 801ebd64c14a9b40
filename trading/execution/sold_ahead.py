"""Sales that are told of before the purchases of what they sell: lists need not come in the order of events."""

from __future__ import annotations

from collections.abc import Mapping

from trading.execution.told import Told
from trading.model.order import Execution, Side
from trading.model.record import JournalView


def is_ahead(execution: Execution, journal: JournalView, told: Mapping[str, Told]) -> bool:
    """Return whether an execution of ours sells shares whose purchase is shown and has yet to be counted.

    By its row (`told`) an entry there, which waits for its executions, has bought at least as many more. Counted now
    the sale would look as if more were sold than there was. Once that entry is over nothing is waited for any more.
    """
    beyond = execution.quantity - journal.owned(execution.conid)
    if execution.side is not Side.SELL or not beyond > 0:
        return False
    bought = sum(
        max(told[entry.coid].filled - entry.filled, 0)
        for entry in journal.entries(execution.conid)
        if entry.coid in told and not entry.provisional
    )
    return beyond <= bought

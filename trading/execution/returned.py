"""Own shares that were taken for sold by hand and are back, because the broker took the execution of that sale back."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from trading.execution.execution_matching import newest
from trading.execution.in_flight import in_flight
from trading.execution.own_shares import Change
from trading.execution.share_trades import written_off
from trading.execution.snapshot import BrokerSnapshot
from trading.execution.spent import Spent
from trading.model.execution_id import fill_name
from trading.model.order import Execution, Side
from trading.model.record import JournalView, OwnPosition
from trading.ports import AdjustmentKind


def returned(
    position: OwnPosition,
    spent: Sequence[Spent],
    snapshot: BrokerSnapshot,
    journal: JournalView,
    foreign: Sequence[Execution],
) -> tuple[Change, tuple[Spent, ...]] | None:
    """Return the shares that are back, with the executions that their write-off was `spent` on; None without any.

    The position may be one that was sold (`sold_positions`). The broker has to show just as many shares more as the
    executions had been for, and no more than were written off.
    """
    if not snapshot.whole or snapshot.unsure(position.conid) or in_flight(position.conid, snapshot, journal):
        return None
    of_contract = [each for each in foreign if each.conid == position.conid and each.side is Side.SELL]
    taken_back = {fill_name(each.execution_id) for each in newest(of_contract) if each.quantity == 0}
    back = tuple(
        each for each in spent if each.entry_coid == position.entry_coid and fill_name(each.execution_id) in taken_back
    )
    shares = sum(each.quantity for each in back)
    if shares <= 0 or floor(snapshot.held(position.conid)) != position.quantity + shares:
        return None
    if written_off(position, journal) < shares:
        return None
    text = f"the broker took back that {shares} own shares were sold by hand"
    return Change(position, shares, AdjustmentKind.MANUAL, text), back

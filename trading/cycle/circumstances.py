"""What the checks before a POST look at, put together from one reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trading.cycle.session_keeper import SessionView
from trading.execution.book import BrokerBook, is_live
from trading.execution.desk import Circumstances, Desk
from trading.market.calendar import Session
from trading.model.contract import Contract
from trading.model.decision import Decision
from trading.model.order import MAYBE_LIVE, UNPROVEN
from trading.ports import IntentRecord, OwnPosition


def circumstances(
    desk: Desk,
    view: SessionView,
    book: BrokerBook,
    newest: Session,
    decision: Decision | None,
    facts: tuple[int, int | None],
) -> Circumstances:
    """Return the state of the world for the checks; `facts` are the uncovered shares and the disk's free bytes."""
    wanted = [entry.symbol for entry in decision.entries] if decision is not None else []
    wanted += [position.symbol for position in desk.journal.own_positions()]
    contracts: Mapping[str, Contract] = desk.market_data.contracts(sorted(set(wanted)))[0] if wanted else {}
    records = desk.journal.intents(states=MAYBE_LIVE)
    return Circumstances(
        now=desk.clock.now(),
        mode=desk.store.mode().mode,
        epoch=view.epoch,
        newest_session=newest.day,
        book=book,
        selected_account=view.accounts[0] if view.accounts else None,
        contracts=contracts,
        closes=closes_of(decision),
        skew_s=view.skew_s,
        uncovered_shares=facts[0],
        free_bytes=facts[1],
        blocked=blocked(desk, records, desk.journal.own_positions(), book),
    )


def closes_of(decision: Decision | None) -> dict[str, float]:
    """Return the close that each signal of a decision was made on."""
    if decision is None:
        return {}
    return {verdict.symbol: verdict.signal.close for verdict in decision.verdicts if verdict.signal is not None}


def blocked(
    desk: Desk, records: Sequence[IntentRecord], positions: Sequence[OwnPosition], book: BrokerBook
) -> dict[int, str]:
    """Return the contracts that must not be bought now, each with its reason."""
    found: dict[int, str] = {}
    own = {position.conid: position.quantity for position in positions}
    # Where nothing is held the broker shows no row, so that own shares are looked at too.
    for conid in {*own, *(position.conid for position in book.positions)}:
        held, ours = book.held(conid), own.get(conid, 0)
        if held != ours:
            found[conid] = f"manual: the broker has {held:g} shares, own are {ours}"
    bound = {record.order_id for record in records}
    for order in book.orders:
        foreign = order.order_id not in bound and is_live(order)
        if foreign and (order.order_ref is None or desk.journal.intent(order.order_ref) is None):
            found[order.conid] = "manual: an order that is not of this system works there"
    for record in records:
        if record.state in UNPROVEN:
            found[record.intent.conid] = f"restricted: what became of {record.intent.coid} is not proven"
    return found

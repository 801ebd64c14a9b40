"""What the broker says of orders; of those that ended before their executions came, what it said last.

The executions may come when no list shows the order any more, and carry neither its id nor its name; or those of a sale
come before those of the purchase of what it sells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trading.execution.reading.evidence import kept_under
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.order import BrokerOrder, Execution, Side
from trading.model.record import IntentRecord, JournalView
from trading.ports import Evidence, Sighting

_TOLD = "told:"
_NONE = "-"
# How far an order's average price may be from that of its executions: some gateways round it to cents.
AVERAGE_TOLERANCE = 0.006


@dataclass(frozen=True, slots=True)
class Told:
    """An order by its row: how many shares it is for, how many have filled at which average, and its limit price."""

    total: int
    filled: int
    average_price: float | None
    limit_price: float | None


def told_by(order: BrokerOrder) -> Told:
    """Return what a row says."""
    return Told(round(order.total_quantity), round(order.filled_quantity), order.average_price, order.limit_price)


def told_of(journal: JournalView, snapshot: BrokerSnapshot, kept: Mapping[str, Told] | None = None) -> dict[str, Told]:
    """Return what is said of the journal's orders: by the list where it shows them, else what is `kept`."""
    found = dict(kept or {})
    for record in journal.records:
        sight = snapshot.sight_of(record.order_id)
        # Under an id of another session the list may show another order.
        if sight is not None and record.seen_epoch == snapshot.epoch:
            found[record.coid] = told_by(sight.order)
    return found


def kept_told(evidence: Evidence) -> dict[str, Told]:
    """Return what was said last of orders that still miss executions, by coid."""
    return {coid: _told(evidence.of(f"{_TOLD}{coid}")[-1].evidence) for coid in kept_under(evidence, _TOLD)}


def untold_sales(sightings: Mapping[str, Sequence[Sighting]], journal: JournalView, conid: int) -> int:
    """Return the shares that sales of ours which ended are said to have sold, beyond what their executions tell."""
    missing = 0
    for record in journal.of(conid):
        kept = sightings.get(f"{_TOLD}{record.coid}", ())
        if kept and record.intent.side is Side.SELL and not record.maybe_live:
            missing += max(_told(kept[-1].evidence).filled - record.filled, 0)
    return missing


def _told(text: str) -> Told:
    total, filled, average, limit = text.split()
    return Told(int(total), int(filled), _price(average), _price(limit))


def keep_told(evidence: Evidence, coid: str, order: BrokerOrder, snapshot: BrokerSnapshot) -> None:
    """Keep what is said of an order that ended with more filled than its executions tell."""
    told = told_by(order)
    text = f"{told.total} {told.filled} {_text(told.average_price)} {_text(told.limit_price)}"
    evidence.record(f"{_TOLD}{coid}", text, snapshot.began)


def drop_told(evidence: Evidence, journal: JournalView) -> None:
    """Forget what was said of orders whose executions have come, or are not listed for this long."""
    done = [coid for coid, told in kept_told(evidence).items() if not _is_short(journal.by_coid.get(coid), told)]
    evidence.forget([f"{_TOLD}{coid}" for coid in done])


def _is_short(record: IntentRecord | None, told: Told) -> bool:
    return record is not None and not record.maybe_live and record.filled < told.filled


def _text(price: float | None) -> str:
    return _NONE if price is None else repr(price)


def _price(text: str) -> float | None:
    return None if text == _NONE else float(text)


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

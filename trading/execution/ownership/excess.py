"""Shares of others in the contracts of our orders: how many there are, and since when.

What an order that nobody can find may have bought or sold shows against them; and a split makes more of them, as of
ours. The broker's average price is kept with them, and without them where it isn't what ours cost: it holds
commissions, and a sale that was taken back may have moved it. A split moves it from there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from trading.execution.ownership.share_trades import in_flight
from trading.execution.ownership.splits import same_price
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.record import JournalView, OwnPosition
from trading.ports import Evidence

_EXCESS = "excess:"


@dataclass(frozen=True, slots=True)
class Excess:
    """Shares of others in one contract, 0 where only the price is worth keeping.

    `price`: the broker's average of all that stand there, ours among them.
    """

    shares: float
    price: float | None
    since: datetime


def excess_in(conid: int, evidence: Evidence) -> Excess | None:
    """Return what is known of shares of others in a contract, None where there were none."""
    kept = evidence.of(f"{_EXCESS}{conid}")
    if not kept:
        return None
    shares, _, price = kept[-1].evidence.partition(" at ")
    return Excess(float(shares), float(price) if price else None, kept[-1].at)


def note_excess(
    evidence: Evidence, snapshot: BrokerSnapshot, journal: JournalView, unsettled: Collection[int] = ()
) -> None:
    """Keep how many shares of others stand in the contracts of our orders, as far as a reading can tell.

    Where fewer than our own are shown some are gone or the list is wrong: that tells nothing of theirs. In `unsettled`
    the own shares were put right by this reading, and the journal's view is older, or what is shown may be ours.
    """
    for conid in sorted({record.intent.conid for record in journal.records}.difference(unsettled)):
        if snapshot.positions.value is None or snapshot.unsure(conid) or in_flight(conid, snapshot, journal):
            continue
        shares, price = snapshot.held(conid) - journal.owned(conid), snapshot.average_price(conid)
        known = excess_in(conid, evidence)
        kept = shares > 0 or (shares == 0 and _costs_otherwise(journal.position(conid), price))
        if shares < 0 or not (kept or known):
            continue
        if known is not None and (shares, price) == (known.shares, known.price):
            continue
        evidence.forget([f"{_EXCESS}{conid}"])
        if kept:
            since = known.since if known is not None and known.shares == shares else snapshot.began
            evidence.record(f"{_EXCESS}{conid}", f"{shares!r}" if price is None else f"{shares!r} at {price!r}", since)


def _costs_otherwise(position: OwnPosition | None, price: float | None) -> bool:
    """Return whether the broker's average price of own shares is another than theirs."""
    return position is not None and price is not None and price > 0.0 and not same_price(position.entry_price, price)

"""Own shares that changed without an execution of ours: sold by hand, or split. Believed on evidence only.

The broker's position is own and foreign shares together. Fewer than our own means that some of ours are gone, or that
the list is wrong: an empty or stale one looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import floor

from trading.execution.ownership.excess import Excess
from trading.execution.ownership.share_trades import SharesSeen, in_flight, may_be_own_sale, of_others, sold_by_others
from trading.execution.reading.snapshot import STOCK, BrokerSnapshot
from trading.execution.reconciliation.absence import VOTES_APART, VOTES_NEEDED
from trading.execution.reconciliation.own_splits import (
    is_told,
    left_after_split,
    looks_split,
    sold_after_split,
    split_of,
)
from trading.model.account import PositionList
from trading.model.order import Role
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.ports import AdjustmentKind, Sighting

# How far the account's value of its stocks may be from that of the listed ones: prices move between two requests.
LEDGER_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """A change of own shares that is proven; `ratio` is that of a split."""

    position: OwnPosition
    quantity: int
    kind: AdjustmentKind
    text: str
    ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Shortage:
    """The broker shows fewer shares than are ours; `vote` says whether this reading may be counted.

    `denied`: it speaks against it, so that those before count no more. `soon`: the next reading may tell more.
    """

    position: OwnPosition
    held: int
    vote: bool
    denied: bool = False
    soon: bool = False


@dataclass(frozen=True, slots=True)
class Undecided:
    """Shares stand there that a split may have left of a position that was sold: nobody's until a reading tells."""

    position: OwnPosition


def subject_of(position: OwnPosition) -> str:
    """Return the name under which evidence about a position's missing shares is kept."""
    return f"shares:{position.conid}:{position.quantity}"


def sold_positions(journal: JournalView) -> tuple[OwnPosition, ...]:
    """Return the positions of the last days that were sold, each with 0 shares at what was paid for those of today.

    The splits that were taken in while they were ours are in their price, and are not to be found again.
    """
    entries = {
        record.intent.conid: record
        for record in journal.records
        if record.intent.role is Role.ENTRY and record.filled > 0 and not journal.owned(record.intent.conid)
    }
    return tuple(_sold_position(conid, entry, journal) for conid, entry in entries.items())


def _sold_position(conid: int, entry: IntentRecord, journal: JournalView) -> OwnPosition:
    ratio = journal.split_ratios.get(entry.coid, 1.0)
    price = (entry.average_price or 0.0) / ratio
    return OwnPosition(conid, entry.intent.symbol, 0, entry.intent.session, price, 0.0, 0.0, entry.coid, ratio)


def judge_shares(
    position: OwnPosition,
    votes: tuple[Sighting, ...],
    seen: SharesSeen,
    visibility_s: float,
    excess: Excess | None = None,
) -> Change | Shortage | Undecided | None:
    """Return the change of own shares that a reading proves, a doubt, or None where nothing is missing.

    Of a position that was sold (`sold_positions`) a split may have left some, or it is undecided whether it has.

    `votes` are the earlier readings that showed the same shortage, `excess` the shares of others that are known there.
    """
    snapshot, journal = seen.snapshot, seen.journal
    if snapshot.positions.value is None or snapshot.hides(position.conid):
        return None
    if position.quantity == 0:
        return _judge_sold(position, seen, excess)
    shown = snapshot.held(position.conid)
    split = split_of(position, seen, excess)
    if split is not None:
        return _split(position, split, f"split: {position.quantity} own shares became {split[0]}")
    held = snapshot.shares(position.conid)
    if held >= position.quantity:
        return None
    shown = floor(shown)
    # What misses its executions may have sold all that is gone.
    told = snapshot.whole and not snapshot.blind and position.conid not in seen.untold
    if told and seen.certain and sold_by_others(position, seen.certain, journal) == position.quantity - shown:
        return _sold_by_hand(position, held)
    return _judge_missing(position, votes, seen, visibility_s)


def _judge_sold(position: OwnPosition, seen: SharesSeen, excess: Excess | None) -> Change | Undecided | None:
    """Return what a reading proves of a position that was sold, where a split may have left some of it."""
    left = left_after_split(position, seen, excess)
    if left is None:
        return None
    if not is_told(position, seen, excess):
        return Undecided(position)
    text = f"split: {left[0]} own shares are left, of which nobody knew when the others were sold"
    return _split(position, left, text)


def _judge_missing(
    position: OwnPosition, votes: tuple[Sighting, ...], seen: SharesSeen, visibility_s: float
) -> Change | Shortage:
    """Return what a reading proves that shows fewer shares than are ours, or that the account is short."""
    snapshot, journal = seen.snapshot, seen.journal
    shown, held = floor(snapshot.held(position.conid)), snapshot.shares(position.conid)
    read_at = snapshot.orders.began - timedelta(seconds=visibility_s)
    soon = any(may_be_own_sale(each, snapshot, journal, read_at) for each in of_others(position, seen.foreign))
    # Without all orders and executions nobody knows what was sold.
    if soon or not snapshot.whole or snapshot.blind or in_flight(position.conid, snapshot, journal):
        return Shortage(position, held, vote=False, soon=soon)
    # More may have been sold by hand than there was.
    by_hand = position.conid not in seen.untold
    if by_hand and sold_by_others(position, seen.foreign, journal) == position.quantity - shown:
        return _sold_by_hand(position, held)
    sold = sold_after_split(position, seen)
    if sold is not None and sold[0] > 0.0:
        return _sold_by_hand(position, held)
    if looks_split(position, snapshot):
        return Shortage(position, held, vote=False)
    same = [vote for vote in votes if vote.evidence == str(held)]
    counts = _witnessed(position, snapshot, journal) and (not votes or snapshot.began - votes[-1].at >= VOTES_APART)
    denied = _in_the_ledger(position, held, snapshot)
    settled = bool(votes) and snapshot.began - votes[0].at >= timedelta(seconds=2.0 * visibility_s)
    if counts and not denied and settled and len(same) + 1 >= VOTES_NEEDED:
        return _gone(position, held, sold)
    return Shortage(position, held, vote=counts and not denied, denied=denied)


def _split(position: OwnPosition, became: tuple[int, float], text: str) -> Change:
    quantity, ratio = became
    return Change(position, quantity - position.quantity, AdjustmentKind.SPLIT, text, ratio)


def _gone(position: OwnPosition, held: int, sold: tuple[float, float] | None) -> Change:
    """Return the change where the votes agree; our own orders may have `sold` all that a split left unseen.

    Of that one reading alone proves nothing: it rests on the prices of few shares.
    """
    if sold is None:
        return _sold_by_hand(position, held)
    text = f"split: all that {position.quantity} own shares became were sold before it was seen"
    return _split(position, (0, sold[1]), text)


def _sold_by_hand(position: OwnPosition, held: int) -> Change:
    gone = position.quantity - held
    text = f"{gone} of {position.quantity} own shares were sold by hand"
    return Change(position, -gone, AdjustmentKind.MANUAL, text)


def _witnessed(position: OwnPosition, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    """Return whether the list is more than empty: it shows this contract, or another one of ours with its shares.

    Or the account says that its stocks are worth what is listed, be it nothing.
    """
    if snapshot.positions.value is not None and position.conid in snapshot.positions.value.flat:
        return True
    if snapshot.held(position.conid) > 0:
        return True
    return _ledger_agrees(snapshot) or any(
        snapshot.held(other.conid) >= other.quantity for other in journal.positions if other.conid != position.conid
    )


def _ledger_agrees(snapshot: BrokerSnapshot) -> bool:
    """Return whether the account's stocks, asked for after the list, are worth as much as those that are listed."""
    account, listed = snapshot.account.value, snapshot.positions.value
    if account is None or account.stock_value is None or listed is None:
        return False
    prices = [row.market_price for row in listed.positions if row.asset_class in {None, STOCK}]
    if snapshot.account.began < snapshot.positions.began or any(price is None or not price > 0.0 for price in prices):
        return False
    worth = _worth(listed)
    return abs(account.stock_value - worth) <= LEDGER_TOLERANCE * max(abs(account.stock_value), abs(worth))


def _in_the_ledger(position: OwnPosition, held: int, snapshot: BrokerSnapshot) -> bool:
    """Return whether the account's stocks are worth what is missing more than those of the list: that is an old one."""
    account, listed = snapshot.account.value, snapshot.positions.value
    if account is None or account.stock_value is None or listed is None:
        return False
    missing = (position.quantity - held) * position.entry_price
    return account.stock_value - _worth(listed) > missing / 2.0


def _worth(listed: PositionList) -> float:
    stocks = [row for row in listed.positions if row.asset_class in {None, STOCK}]
    return sum(row.quantity * (row.market_price or row.average_price or 0.0) for row in stocks)

"""Own shares that changed without an execution of ours: sold by hand, or split. Believed on evidence only.

The broker's position is own and foreign shares together. Fewer than our own means that some of ours are gone, or that
the list is wrong: an empty or stale one looks the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import floor, sqrt

from trading.execution.execution_matching import newest
from trading.execution.snapshot import STOCK, BrokerSnapshot
from trading.execution.splits import SPLITS, shares_after, splits_between
from trading.model.exchange_time import exchange_date
from trading.model.order import UNPROVEN, Execution, OrderLife, Role, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.ports import AdjustmentKind, Evidence, Sighting

VOTES_NEEDED = 5
VOTES_APART = timedelta(seconds=30)
# Prices in the journal are rounded, and a ratio that comes of two of them with them.
_SHARE_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """A change of own shares that is proven; `ratio` is that of a split."""

    position: OwnPosition
    quantity: int
    kind: AdjustmentKind
    text: str
    ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """The broker shows fewer shares than are ours; `vote` says whether this reading may be counted."""

    position: OwnPosition
    held: int
    vote: bool


def subject_of(position: OwnPosition) -> str:
    """Return the name under which evidence about a position's missing shares is kept."""
    return f"shares:{position.conid}:{position.quantity}"


def sold_positions(journal: JournalView) -> tuple[OwnPosition, ...]:
    """Return the positions of the last days that were sold, each with 0 shares at what was paid for them."""
    entries = {
        record.intent.conid: record
        for record in journal.records
        if record.intent.role is Role.ENTRY and record.filled > 0 and not journal.owned(record.intent.conid)
    }
    return tuple(
        OwnPosition(conid, e.intent.symbol, 0, e.intent.session, e.average_price or 0.0, 0.0, 0.0, e.coid)
        for conid, e in entries.items()
    )


def excess_of(conid: int) -> str:
    """Return the name under which it is kept how many shares of others stand in a contract, and since when.

    What an order that nobody can find may have bought or sold shows against it.
    """
    return f"excess:{conid}"


def note_excess(evidence: Evidence, snapshot: BrokerSnapshot, journal: JournalView) -> None:
    """Keep since when how many shares of others stand in the contracts of our orders, as far as a reading can tell."""
    for conid in sorted({record.intent.conid for record in journal.records}):
        if snapshot.positions.value is None or snapshot.unsure(conid) or in_flight(conid, snapshot, journal):
            continue
        more = snapshot.held(conid) - journal.owned(conid)
        shares = repr(more) if more > 0 else ""
        known = evidence.of(excess_of(conid))
        if shares == (known[-1].evidence if known else ""):
            continue
        evidence.forget([excess_of(conid)])
        if shares:
            evidence.record(excess_of(conid), shares, snapshot.began)


def judge_shares(
    position: OwnPosition,
    votes: tuple[Sighting, ...],
    snapshot: BrokerSnapshot,
    journal: JournalView,
    foreign: tuple[Execution, ...],
    visibility_s: float,
    certain: tuple[Execution, ...] = (),
) -> Change | Doubt | None:
    """Return the change of own shares that a reading proves, a doubt, or None where nothing is missing.

    Of a position that was sold (`sold_positions`) a split may have left some.

    `votes` are the earlier readings that showed the same shortage, `foreign` the executions of others, `certain` those
    of them that no order of ours can have made.
    """
    if snapshot.positions.value is None or snapshot.unsure(position.conid):
        return None
    if position.quantity == 0:
        return _left(position, snapshot, journal, foreign)
    shown = snapshot.held(position.conid)
    split = _split(position, shown, snapshot, journal, foreign)
    held = max(floor(shown), 0)
    if split is not None or held >= position.quantity:
        return split
    shown = floor(shown)
    if snapshot.whole and certain and _sold(position, certain, journal) == position.quantity - shown:
        return _sold_by_hand(position, held)
    return _judge_missing(position, shown, votes, snapshot, journal, foreign, visibility_s)


def _judge_missing(
    position: OwnPosition,
    shown: int,
    votes: tuple[Sighting, ...],
    snapshot: BrokerSnapshot,
    journal: JournalView,
    foreign: tuple[Execution, ...],
    visibility_s: float,
) -> Change | Doubt:
    """Return what a reading proves that shows fewer shares than are ours, negative where the account is short."""
    held = max(shown, 0)
    # Without orders and executions nobody knows what was sold.
    if not snapshot.whole or in_flight(position.conid, snapshot, journal):
        return Doubt(position, held, vote=False)
    # More may have been sold by hand than there was.
    if _sold(position, foreign, journal) == position.quantity - shown:
        return _sold_by_hand(position, held)
    if looks_split(position, snapshot):
        return Doubt(position, held, vote=False)
    same = [vote for vote in votes if vote.evidence == str(held)]
    counts = _witnessed(position, snapshot, journal) and (not votes or snapshot.began - votes[-1].at >= VOTES_APART)
    counts = counts and not _in_the_ledger(position, held, snapshot)
    settled = bool(votes) and snapshot.began - votes[0].at >= timedelta(seconds=2.0 * visibility_s)
    if counts and settled and len(same) + 1 >= VOTES_NEEDED:
        return _sold_by_hand(position, held)
    return Doubt(position, held, vote=counts)


def _sold_by_hand(position: OwnPosition, held: int) -> Change:
    gone = position.quantity - held
    text = f"{gone} of {position.quantity} own shares were sold by hand"
    return Change(position, -gone, AdjustmentKind.MANUAL, text)


def in_flight(conid: int, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    """Return whether an order of ours there is unproven, or over or filled beyond what its executions tell."""
    for record in journal.maybe_live:
        if record.intent.conid != conid:
            continue
        if record.state in UNPROVEN or record.provisional:
            return True
        sight = snapshot.sight_of(record.order_id)
        if sight is not None and (sight.life is OrderLife.OVER or round(sight.order.filled_quantity) != record.filled):
            return True
    return False


def _sold(position: OwnPosition, foreign: tuple[Execution, ...], journal: JournalView) -> float:
    """Return the shares that somebody else sold net since we have them, less those that were written off already."""
    return -_net(_of_others(position, foreign)) - _written_off(position, journal)


def _of_others(position: OwnPosition, foreign: tuple[Execution, ...]) -> list[Execution]:
    """Return what others traded in the contract since we have shares of it, oldest first."""
    of_contract = newest(each for each in foreign if each.conid == position.conid)
    found = [each for each in of_contract if exchange_date(each.time) >= position.entry_session]
    return sorted(found, key=lambda each: each.time)


def _net(executions: Sequence[Execution]) -> float:
    return sum(each.quantity if each.side is Side.BUY else -each.quantity for each in executions)


def _written_off(position: OwnPosition, journal: JournalView) -> int:
    """Return how many own shares were taken for sold by hand, in the shares of today."""
    entry = journal.by_coid.get(position.entry_coid)
    if entry is None:
        return 0
    # Splits divided the price of the position, and not what was paid.
    paid = entry.average_price or 0.0
    ratio = paid / position.entry_price if paid > 0.0 and position.entry_price > 0.0 else 1.0
    return max(floor(entry.filled * ratio + _SHARE_TOLERANCE) - _sales(entry, journal) - position.quantity, 0)


def _sales(entry: IntentRecord, journal: JournalView) -> int:
    """Return the shares that orders of ours have sold since an entry."""
    return sum(
        record.filled
        for record in journal.of(entry.intent.conid)
        if record.intent.side is Side.SELL and record.intent.created >= entry.intent.created
    )


def _witnessed(position: OwnPosition, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    """Return whether the list is more than empty: it shows this contract, or another one of ours with its shares."""
    if snapshot.positions.value is not None and position.conid in snapshot.positions.value.flat:
        return True
    if snapshot.held(position.conid) > 0:
        return True
    return any(
        snapshot.held(other.conid) >= other.quantity for other in journal.positions if other.conid != position.conid
    )


def _in_the_ledger(position: OwnPosition, held: int, snapshot: BrokerSnapshot) -> bool:
    """Return whether the account's stocks are worth what is missing more than those of the list: that is an old one."""
    account, listed = snapshot.account.value, snapshot.positions.value
    if account is None or account.stock_value is None or listed is None:
        return False
    stocks = [row for row in listed.positions if row.asset_class in {None, STOCK}]
    worth = sum(row.quantity * (row.market_price or row.average_price or 0.0) for row in stocks)
    missing = (position.quantity - held) * position.entry_price
    return account.stock_value - worth > missing / 2.0


def _split(
    position: OwnPosition,
    shown: float,
    snapshot: BrokerSnapshot,
    journal: JournalView,
    foreign: tuple[Execution, ...],
) -> Change | None:
    """Return the split that quantity and average price agree on, forward or reverse, with what others traded.

    What they traded before it was split with ours, what they traded after it was not; a sale changes no average price.
    """
    price = snapshot.average_price(position.conid)
    trades = _of_others(position, foreign)
    if price is None or (shown == position.quantity and not trades):
        return None
    written_off = _written_off(position, journal) if trades else 0
    for count in range(len(trades) + 1):
        before = round(position.quantity + written_off + _net(trades[:count]))
        ratio = splits_between(before, position.entry_price, shown - _net(trades[count:]), price)
        if ratio is not None:
            quantity = min(shares_after(position.quantity, ratio), floor(shown)) if trades else floor(shown)
            text = f"split: {position.quantity} own shares became {quantity}"
            return Change(position, quantity - position.quantity, AdjustmentKind.SPLIT, text, ratio)
    return None


def _left(
    position: OwnPosition, snapshot: BrokerSnapshot, journal: JournalView, foreign: tuple[Execution, ...]
) -> Change | None:
    """Return the shares that are left of a position that was split unseen, and sold by an order for the shares before.

    They and those that were sold have to be what a split made of all that was bought, with nothing of ours open in the
    contract and nobody else trading there.
    """
    records, price = journal.of(position.conid), snapshot.average_price(position.conid)
    held, entry = floor(snapshot.held(position.conid)), journal.by_coid[position.entry_coid]
    if not snapshot.whole or price is None or held < 1 or any(record.maybe_live for record in records):
        return None
    sold = _sales(entry, journal)
    if sold == 0 or any(each.conid == position.conid for each in foreign):
        return None
    ratio = splits_between(entry.filled, position.entry_price, held + sold, price)
    if ratio is None or ratio < 1.0:
        return None
    text = f"split: {held} own shares are left, of which nobody knew when the others were sold"
    return Change(position, held, AdjustmentKind.SPLIT, text, ratio)


def looks_split(position: OwnPosition, snapshot: BrokerSnapshot) -> bool:
    """Return whether the difference between own shares and the broker's could come from a split, forward or reverse.

    Of few shares any part could, so the broker's average price has a say: a split moves it by its ratio, a sale leaves
    it where it was. Where nobody tells it, or it lies nearer to the split's than to ours, it could be one. (It is not
    asked to agree exactly, as for `_split`: commissions and shares of others are in it.)
    """
    held = floor(snapshot.held(position.conid))
    if held <= 0 or held == position.quantity:
        return False
    ratios = SPLITS if held > position.quantity else tuple(1.0 / split for split in SPLITS)
    return any(
        abs(held - shares_after(position.quantity, ratio)) <= 1
        and _moves_as(ratio, position.entry_price, snapshot.average_price(position.conid))
        for ratio in ratios
    )


def _moves_as(ratio: float, ours: float, shown: float | None) -> bool:
    """Return whether an average price could be ours after a split: beyond the middle of the way there, or not known."""
    if shown is None or not shown > 0.0:
        return True
    middle = ours / sqrt(ratio)
    return shown >= middle if ratio < 1.0 else shown <= middle

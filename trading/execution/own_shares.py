"""Own shares that changed without an execution of ours: sold by hand, or split. Believed on evidence only.

The broker's position is own and foreign shares together. Fewer than our own means that some of ours are gone, or that
the list is wrong: an empty or stale one looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import floor, sqrt

from trading.execution.snapshot import STOCK, BrokerSnapshot
from trading.model.exchange_time import exchange_date
from trading.model.order import UNPROVEN, Execution, OrderLife, Side
from trading.model.record import JournalView, OwnPosition
from trading.ports import AdjustmentKind, Evidence, Sighting

VOTES_NEEDED = 5
VOTES_APART = timedelta(seconds=30)
# New shares for each old one, or the other way round.
_SPLITS = (1.5, 4 / 3, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0)
# So rare that fewer shares alone are no reason to think of them.
_RARE_SPLITS = (1.25, 6.0, 7.0, 12.0, 30.0, 40.0, 50.0)
_SPLIT_TOLERANCE = 0.01


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
) -> Change | Doubt | None:
    """Return the change of own shares that a reading proves, a doubt, or None where nothing is missing.

    `votes` are the earlier readings that showed the same shortage, `foreign` the executions of others.
    """
    if snapshot.positions.value is None or snapshot.unsure(position.conid):
        return None
    shown = snapshot.held(position.conid)
    split = _split(position, shown, snapshot, foreign)
    held = max(floor(shown), 0)
    if split is not None or held >= position.quantity:
        return split
    return _judge_missing(position, floor(shown), votes, snapshot, journal, foreign, visibility_s)


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
    gone = position.quantity - held
    text = f"{gone} of {position.quantity} own shares were sold by hand"
    # More may have been sold by hand than there was.
    if _sold(position, foreign, journal) == position.quantity - shown:
        return Change(position, -gone, AdjustmentKind.MANUAL, text)
    if looks_split(position, snapshot):
        return Doubt(position, held, vote=False)
    same = [vote for vote in votes if vote.evidence == str(held)]
    counts = _witnessed(position, snapshot, journal) and (not votes or snapshot.began - votes[-1].at >= VOTES_APART)
    counts = counts and not _in_the_ledger(position, held, snapshot)
    settled = bool(votes) and snapshot.began - votes[0].at >= timedelta(seconds=2.0 * visibility_s)
    if counts and settled and len(same) + 1 >= VOTES_NEEDED:
        return Change(position, -gone, AdjustmentKind.MANUAL, text)
    return Doubt(position, held, vote=counts)


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
    net = sum(
        each.quantity if each.side is Side.SELL else -each.quantity
        for each in foreign
        if each.conid == position.conid and exchange_date(each.time) >= position.entry_session
    )
    entry = journal.by_coid.get(position.entry_coid)
    if entry is None:
        return net
    sent = entry.sent_at or entry.intent.created
    sales = sum(
        record.filled
        for record in journal.of(position.conid)
        if record.intent.side is Side.SELL and record.intent.created >= sent
    )
    return net - max(entry.filled - sales - position.quantity, 0)


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
    position: OwnPosition, shown: float, snapshot: BrokerSnapshot, foreign: tuple[Execution, ...]
) -> Change | None:
    """Return the split that quantity and average price agree on, forward or reverse, when nobody traded."""
    price = snapshot.average_price(position.conid)
    if shown <= 0 or price is None or not price > 0.0 or shown == position.quantity:
        return None
    if any(each.conid == position.conid for each in foreign):
        return None
    splits = (*_SPLITS, *_RARE_SPLITS)
    for ratio in (*splits, *(1.0 / split for split in splits)):
        wanted = floor(position.quantity * ratio + _SPLIT_TOLERANCE)
        if abs(shown - wanted) > (1 if ratio < 1.0 else 0) or wanted == 0:
            continue
        if abs(position.entry_price / price / ratio - 1.0) <= _SPLIT_TOLERANCE:
            text = f"split: {position.quantity} own shares became {floor(shown)}"
            return Change(position, floor(shown) - position.quantity, AdjustmentKind.SPLIT, text, ratio)
    return None


def looks_split(position: OwnPosition, snapshot: BrokerSnapshot) -> bool:
    """Return whether the difference between own shares and the broker's could come from a split, forward or reverse.

    Of few shares any part could, so the broker's average price has a say: a split moves it by its ratio, a sale leaves
    it where it was. Where nobody tells it, or it lies nearer to the split's than to ours, it could be one. (It is not
    asked to agree exactly, as for `_split`: commissions and shares of others are in it.)
    """
    held = floor(snapshot.held(position.conid))
    if held <= 0 or held == position.quantity:
        return False
    ratios = _SPLITS if held > position.quantity else tuple(1.0 / split for split in _SPLITS)
    return any(
        abs(held - floor(position.quantity * ratio + _SPLIT_TOLERANCE)) <= 1
        and _moves_as(ratio, position.entry_price, snapshot.average_price(position.conid))
        for ratio in ratios
    )


def _moves_as(ratio: float, ours: float, shown: float | None) -> bool:
    """Return whether an average price could be ours after a split: beyond the middle of the way there, or not known."""
    if shown is None or not shown > 0.0:
        return True
    middle = ours / sqrt(ratio)
    return shown >= middle if ratio < 1.0 else shown <= middle

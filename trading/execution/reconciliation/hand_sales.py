"""Executions that were taken for sales of own shares by hand, and shares that are back because one was none.

They are kept for as long as they are listed: a fill of ours that comes later and looks the same is another one, and
what the broker takes back of them is ours again. So is a write-off that no listed sale explained: the sale may be told
of later, or the shares stand there again, and the list was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import floor
from operator import attrgetter

from trading.execution.ownership.excess import Excess, excess_in
from trading.execution.ownership.execution_matching import is_correction, newest
from trading.execution.ownership.share_trades import SharesSeen, in_flight, net, of_others, written_off
from trading.execution.ownership.splits import split_between
from trading.execution.reading.evidence import drop_under, kept_under
from trading.execution.reconciliation.own_shares import Change
from trading.model.execution_id import fill_key
from trading.model.order import Execution, Side
from trading.model.record import OwnPosition
from trading.ports import AdjustmentKind, Evidence

_SPENT = "spent:"
_UNTOLD = "untold:"
STOOD = timedelta(minutes=10)
"""a list may be old by as much: what it shows again is ours when it has shown it for longer"""


@dataclass(frozen=True, slots=True)
class Spent:
    """An execution that stood there when own shares were found gone, and which entry had bought them.

    `quantity` is how many of them it explains, all of its own, or 0.
    """

    execution_id: str
    quantity: int
    entry_coid: str


@dataclass(frozen=True, slots=True)
class Untold:
    """A write-off of so many own shares that no listed sale explained, when it was made, and what stood beside them."""

    gone: int
    at: datetime
    beside: float = 0.0


def spent(evidence: Evidence) -> frozenset[str]:
    """Return the fills, by `fill_key`, that were taken for sales by hand, whether they stand by now or not."""
    return frozenset(fill_key(each) for each in kept_under(evidence, _SPENT))


def spent_sales(evidence: Evidence) -> tuple[Spent, ...]:
    """Return the executions that were taken for sales of own shares by hand, oldest first."""
    found = sorted((evidence.of(f"{_SPENT}{each}")[-1].at, each) for each in kept_under(evidence, _SPENT))
    return tuple(_spent(each, evidence.of(f"{_SPENT}{each}")[-1].evidence) for _, each in found)


def beside_own(evidence: Evidence, foreign: Iterable[Execution]) -> tuple[Execution, ...]:
    """Return executions of others without what they sold of own shares: it changed none beside them."""
    gone = {fill_key(sale.execution_id): sale.quantity for sale in spent_sales(evidence)}
    sales = ((each, gone.get(fill_key(each.execution_id), 0)) for each in foreign)
    return tuple(
        replace(each, quantity=each.quantity - own) if own else each
        for each, own in sales
        if own == 0 or each.quantity > own
    )


def _spent(execution_id: str, text: str) -> Spent:
    quantity, _, entry_coid = text.partition(" ")
    return Spent(execution_id, int(quantity), entry_coid) if quantity.isdecimal() else Spent(execution_id, 0, "")


def note_spent(
    evidence: Evidence, foreign: Iterable[Execution], position: OwnPosition, gone: int, now: datetime
) -> None:
    """Keep the sales of others in a contract of which so many own shares are `gone`: none is a sale of ours any more.

    The newest ones that come to just as many explain it. Of all others a person's own shares were sold, or nobody
    knows: where the broker takes those back, nothing becomes ours. Where none explain it, a sale that is told of later
    may (`note_told`).
    """
    known = spent(evidence)
    sales = _sales(foreign, position)
    explain = _explaining(evidence, sales, position, gone)
    for each in sales:
        if fill_key(each.execution_id) not in known:
            _keep(evidence, each.execution_id, each.quantity if each.execution_id in explain else 0.0, position, now)
    if not explain:
        excess = excess_in(position.conid, evidence)
        evidence.record(_subject(position, Untold(gone, now)), repr(0.0 if excess is None else excess.shares), now)


def note_told(evidence: Evidence, foreign: Iterable[Execution], position: OwnPosition, now: datetime) -> None:
    """Keep the sales that explain an earlier write-off of shares of a position, where they are told of only now."""
    for written in untold(evidence, position):
        sales = [each for each in _sales(foreign, position) if each.time <= written.at]
        explain = _explaining(evidence, sales, position, written.gone)
        for each in sales:
            if each.execution_id in explain:
                _keep(evidence, each.execution_id, each.quantity, position, now)
        if explain:
            forget_untold(evidence, position, written)


def untold(evidence: Evidence, position: OwnPosition) -> tuple[Untold, ...]:
    """Return the write-offs of shares of a position that no sale has explained so far."""
    kept = f"{_UNTOLD}{position.entry_coid}:"
    found = {each: evidence.of(f"{kept}{each}")[-1] for each in kept_under(evidence, kept)}
    made = (Untold(int(each.partition(" ")[0]), noted.at, _shares(noted.evidence)) for each, noted in found.items())
    return tuple(sorted(made, key=attrgetter("at", "gone")))


def _shares(text: str) -> float:
    """Return the shares that are kept in a text; 0 where it tells of none, as older ones do."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def forget_untold(evidence: Evidence, position: OwnPosition, written: Untold) -> None:
    """Forget a write-off that was explained, or undone."""
    evidence.forget([_subject(position, written)])


def _subject(position: OwnPosition, written: Untold) -> str:
    return f"{_UNTOLD}{position.entry_coid}:{written.gone} at {written.at.isoformat()}"


def _sales(foreign: Iterable[Execution], position: OwnPosition) -> list[Execution]:
    return [each for each in foreign if each.conid == position.conid and each.side is Side.SELL]


def _keep(evidence: Evidence, execution_id: str, shares: float, position: OwnPosition, now: datetime) -> None:
    evidence.record(f"{_SPENT}{execution_id}", f"{round(shares)} {position.entry_coid}", now)


def _explaining(evidence: Evidence, sales: Iterable[Execution], position: OwnPosition, gone: int) -> frozenset[str]:
    """Return the ids of the sales that come to so many shares and were not taken for other ones before."""
    fills = spent(evidence)
    return _newest_of([s for s in of_others(position, sales) if fill_key(s.execution_id) not in fills], gone)


def _newest_of(sales: Sequence[Execution], shares: int) -> frozenset[str]:
    """Return the ids of the newest sales that come to so many shares, empty where none do; they are oldest first."""
    found: set[str] = set()
    left = float(shares)
    for each in reversed(sales):
        if left > 0.0:
            found.add(each.execution_id)
            left -= each.quantity
    return frozenset(found) if left == 0.0 else frozenset()


def note_taken_back(evidence: Evidence, sales: Iterable[Spent], position: OwnPosition, now: datetime) -> None:
    """Keep what is left of sales that were taken back: they explain no more, and are no sales of ours all the same."""
    for each in sales:
        _keep(evidence, each.execution_id, each.quantity, position, now)


def drop_spent(evidence: Evidence, before: datetime) -> None:
    """Forget what was kept before a time: its executions are listed no more."""
    drop_under(evidence, _SPENT, before)
    drop_under(evidence, _UNTOLD, before)


def returned(
    position: OwnPosition, sales: Sequence[Spent], seen: SharesSeen
) -> tuple[Change, tuple[Spent, ...]] | None:
    """Return the shares that are back, with what is left of the `sales` that had explained their write-off.

    None without any. The position may be one that was sold (`sold_positions`). The broker has to show just as many
    shares more as the executions are for less, or what a split made of all that were sold, and no more are back than
    were written off.
    """
    snapshot, journal = seen.snapshot, seen.journal
    if not snapshot.whole or snapshot.unsure(position.conid) or in_flight(position.conid, snapshot, journal, Side.BUY):
        return None
    of_contract = [each for each in seen.foreign if each.conid == position.conid and each.side is Side.SELL]
    listed = {fill_key(each.execution_id): round(each.quantity) for each in newest(of_contract)}
    its = [each for each in sales if each.entry_coid == position.entry_coid]
    fewer = [each for each in its if listed.get(fill_key(each.execution_id), each.quantity) < each.quantity]
    back = tuple(replace(each, quantity=listed[fill_key(each.execution_id)]) for each in fewer)
    shares = sum(each.quantity for each in fewer) - sum(each.quantity for each in back)
    stands = floor(snapshot.held(position.conid)) - position.quantity
    if shares <= 0 or written_off(position, journal) < shares:
        return None
    text = f"the broker took back that {shares} own shares were sold by hand"
    if stands == shares:
        return Change(position, shares, AdjustmentKind.MANUAL, text), back
    ratio = _split(position, shares, stands, snapshot.average_price(position.conid))
    if ratio is None:
        return None
    text = f"split: {text}; {stands} are there"
    return Change(position, stands, AdjustmentKind.SPLIT, text, position.split_ratio * ratio), back


def there_again(
    position: OwnPosition, written: Iterable[Untold], seen: SharesSeen, excess: Excess | None
) -> tuple[Change, Untold] | None:
    """Return the shares that stand there again, with the one of `written` that had taken them for sold; None without.

    Nobody has bought there since, and what others sold was taken back, all of it or in part. The broker shows just as
    many more (`excess`) as those sales leave of ours and of what stood beside them: for a while, where no trade was
    taken back. The position may be one that was sold (`sold_positions`).
    """
    snapshot, journal = seen.snapshot, seen.journal
    if excess is None or not snapshot.whole or snapshot.unsure(position.conid):
        return None
    traded = of_others(position, seen.foreign)
    sales = [each for each in traded if each.side is Side.SELL]
    if in_flight(position.conid, snapshot, journal, Side.BUY) or not all(is_correction(each) for each in sales):
        return None
    sold, stood = -net(sales), timedelta(0) if sales else STOOD
    stands = floor(snapshot.held(position.conid)) - position.quantity
    for each in written:
        shown_for = snapshot.began - max(excess.since, each.at)
        if stands != excess.shares or shown_for < stood or written_off(position, journal) < each.gone:
            continue
        if any(trade.side is Side.BUY and trade.time > each.at for trade in traded):
            continue
        back = each.gone - round(max(sold - each.beside, 0.0))
        if back > 0 and stands == back + max(each.beside - sold, 0.0):
            text = f"{back} own shares that were taken for sold by hand are there again"
            return Change(position, back, AdjustmentKind.MANUAL, text), each
        ratio = _split(position, each.gone, stands, snapshot.average_price(position.conid)) if not sold else None
        if ratio is not None:
            text = f"split: {each.gone} own shares that were taken for sold by hand are there again, {stands} of them"
            return Change(position, stands, AdjustmentKind.SPLIT, text, position.split_ratio * ratio), each
    return None


def _split(position: OwnPosition, gone: int, stands: int, price: float | None) -> float | None:
    """Return the ratio at which all shares of a position that was sold became those that stand there, None without."""
    if position.quantity or price is None:
        return None
    return split_between(gone, position.entry_price, stands, price)

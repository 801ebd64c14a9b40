"""Own shares that splits changed: all that are there, what is left of them, or all that were sold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil, floor, sqrt

from trading.execution.ownership.excess import Excess
from trading.execution.ownership.share_trades import (
    SharesSeen,
    average_after,
    average_before,
    net,
    of_others,
    own_sales,
    sold_by_us,
    written_off,
)
from trading.execution.ownership.splits import (
    SPLITS,
    TRADED_TOLERANCE,
    same_price,
    shares_after,
    split_between,
    splits_between,
    splits_of_sold,
)
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.order import Execution
from trading.model.record import IntentRecord, OwnPosition

# A list that is minutes old may show what stood there before a split as shares of others beside ours.
_STOOD = timedelta(hours=1)
_FRACTION = 1e-6


def split_of(position: OwnPosition, seen: SharesSeen, excess: Excess | None) -> tuple[int, float] | None:
    """Return what a split made of own shares, with its ratio: number and average price agree on it.

    What others traded before it was split with ours, and so were shares of theirs that stood there (`excess`); what
    they traded after it was not. A sale changes no average price, but that of an account that is short is of its sales.
    The price is compared with what ours and theirs cost, with what ours cost alone, and with the average that the
    broker showed before (`excess`).
    """
    shown, price = seen.snapshot.held(position.conid), seen.snapshot.average_price(position.conid)
    trades = of_others(position, seen.foreign)
    beside = excess is not None and excess.shares > 0.0
    if price is None or shown < 0.0 or (shown == position.quantity and not trades and not beside):
        return None
    ratio = _explained(position, shown, price, trades, written_off(position, seen.journal) if trades else 0)
    if ratio is not None:
        return _ours(position, ratio, shown, alone=not trades), ratio
    if excess is None or excess.price is None or any(each.time > excess.since for each in trades):
        return None
    if beside and seen.snapshot.began - excess.since < _STOOD:
        return None
    # Shares of theirs may come and go in ways that no list tells of: only a ratio that splits have is believed.
    ratio = split_between(round(position.quantity + excess.shares), excess.price, shown, price)
    return None if ratio is None else (_ours(position, ratio, shown, alone=not (trades or beside)), ratio)


def _explained(
    position: OwnPosition, shown: float, price: float, trades: Sequence[Execution], off: int
) -> float | None:
    """Return the ratio at which what ours became, and what others traded, come to what is shown; None without one.

    `off` of ours were sold by others before. Several splits leave room for fractions: one that explains all, whenever
    it came, explains more. The prices of the trades have to be of before it, or of after it.
    """
    for find in (split_between, splits_between):
        for count in range(len(trades) + 1):
            earlier, later = trades[:count], trades[count:]
            before, now = round(position.quantity + off + net(earlier)), shown - net(later)
            ratio = find(before, position.entry_price, now, price)
            if ratio is None and now != before:
                # Taking the trades of others out of an average makes its errors larger: the number has to tell too.
                cost = average_after(position.quantity + off, position.entry_price, earlier)
                ratio = split_between(before, cost, now, average_before(shown, price, later))
            if ratio is not None and _traded_so(position.entry_price, earlier, later, ratio):
                return ratio
    return None


def _traded_so(price: float, earlier: Sequence[Execution], later: Sequence[Execution], ratio: float) -> bool:
    """Return whether trades before a split and after it have such prices, but for what markets move."""
    moved = [each.price / price for each in earlier] + [each.price * ratio / price for each in later]
    return all(1.0 / TRADED_TOLERANCE <= each <= TRADED_TOLERANCE for each in moved)


def _ours(position: OwnPosition, ratio: float, shown: float, *, alone: bool) -> int:
    """Return how many of the shares that are shown after a split are ours.

    Where nobody else had some there a fraction that was rounded up is ours too. More than that were bought since, and
    the list of trades is older.
    """
    most = ceil(position.quantity * ratio - _FRACTION) if alone else shares_after(position.quantity, ratio)
    return min(most, floor(shown))


def left_after_split(position: OwnPosition, seen: SharesSeen, excess: Excess | None = None) -> tuple[int, float] | None:
    """Return the shares that may be left of a position that was split unseen, and sold by an order for those before.

    They and those that were sold have to be what a split made of all that was bought, after the splits that are known,
    alone or with what stood there of others (`excess`), which split with it. The ratio is that of all splits. A price
    beyond the limit of the order that bought them proves nothing, and nor do shares of others alone, split or not.
    `is_told` says whether the reading decides it.
    """
    price, held = seen.snapshot.average_price(position.conid), floor(seen.snapshot.held(position.conid))
    if price is None or held < 1 or _are_theirs(held, price, excess):
        return None
    entry = seen.journal.by_coid[position.entry_coid]
    sold = sold_by_us(entry, seen.journal)
    if sold == 0 or _beyond_the_limit(entry):
        return None
    bought = shares_after(entry.filled, position.split_ratio)
    ratio = splits_between(bought, position.entry_price, held + sold, price)
    if ratio is None and excess is not None and excess.shares > 0.0 and excess.price is not None:
        ratio = split_between(round(bought + excess.shares), excess.price, held + sold, price)
        held = 0 if ratio is None else shares_after(bought, ratio) - sold
    return None if ratio is None or ratio < 1.0 or held < 1 else (held, position.split_ratio * ratio)


def is_told(position: OwnPosition, seen: SharesSeen, excess: Excess | None = None) -> bool:
    """Return whether a reading shows all of it: nothing of ours is open in the contract, and nobody else traded.

    What others traded before their shares were known (`excess`) is among those.
    """
    if not seen.snapshot.whole or seen.snapshot.blind:
        return False
    if any(record.maybe_live for record in seen.journal.of(position.conid)):
        return False
    trades = [each for each in seen.foreign if each.conid == position.conid]
    return all(excess is not None and excess.shares > 0.0 and each.time <= excess.since for each in trades)


def _are_theirs(shown: int, price: float, excess: Excess | None) -> bool:
    """Return whether shares are those that are known of others, as they were or as a split leaves them."""
    if excess is None or excess.shares <= 0.0:
        return False
    if floor(excess.shares) == shown:
        return True
    return excess.price is not None and split_between(round(excess.shares), excess.price, shown, price) is not None


def _beyond_the_limit(entry: IntentRecord) -> bool:
    """Return whether an entry is said to have cost more than it may have: a price that was corrected wrongly."""
    limit, price = entry.intent.limit_price, entry.average_price or 0.0
    return limit is not None and price > limit and not same_price(limit, price)


def sold_after_split(position: OwnPosition, seen: SharesSeen) -> tuple[float, float] | None:
    """Return how many shares others sold, and the ratio, where all that a split made of own shares has been sold.

    Nobody saw it split, and the broker shows none any more, or less than none where others sold more than there were:
    numbers and prices of the sales have to agree with a split.
    """
    shown, journal = floor(seen.snapshot.held(position.conid)), seen.journal
    entry = journal.by_coid.get(position.entry_coid)
    trades = of_others(position, seen.foreign)
    own = [] if entry is None else own_sales(entry, journal)
    others = -net(trades)
    of_ours = sum(record.filled for record in own)
    sold = others + of_ours
    if shown > 0.0 or others < 0.0 or sold <= 0.0:
        return None
    value = sum(record.filled * (record.average_price or 0.0) for record in own)
    value -= sum(net([each]) * each.price for each in trades)
    before = position.quantity + of_ours + written_off(position, journal)
    ratio = splits_of_sold(before, position.entry_price, sold + shown, value / sold)
    return None if ratio is None else (others, ratio)


def looks_split(position: OwnPosition, snapshot: BrokerSnapshot) -> bool:
    """Return whether the difference between own shares and the broker's could come from a split, forward or reverse.

    Of few shares any part could, so the broker's average price has a say: a split moves it by its ratio, a sale leaves
    it where it was. Where nobody tells it, or it lies nearer to the split's than to ours, it could be one. (It is not
    asked to agree exactly, as for `split_of`: commissions and shares of others are in it.)
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

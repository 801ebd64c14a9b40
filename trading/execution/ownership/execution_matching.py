"""Which executions are of which of our intents. Where neither id nor name tells, bounds decide, or nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from trading.execution.ownership.execution_bounds import (
    Known,
    allows,
    are_gone,
    had_nothing_to_sell,
    is_after_its_end,
    is_after_trigger,
    is_before,
    missing,
    same_contract_and_side,
    told_apart,
)
from trading.execution.ownership.others import (
    is_anothers,
    is_of_a_namesake,
    is_of_the_other_by_its_name,
    unseen_legs,
    vanished_legs,
)
from trading.execution.ownership.splits import SPLITS
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reading.told import AVERAGE_TOLERANCE, Told, told_of
from trading.model.execution_id import fill_key, version_of
from trading.model.intent_state import DECLARED_ABSENT, NEVER_LEFT
from trading.model.order import Execution, IntentState, Role, Side
from trading.model.record import IntentRecord, JournalView

# The broker's clock is ours plus the measured skew, within this; more where the skew is unknown.
_CLOCKS_APART = timedelta(seconds=2)
_CLOCKS_UNKNOWN = timedelta(seconds=10)
# Among more executions than these nobody looks for those of one order.
_MOST_TOLD_APART = 10


@dataclass(frozen=True, slots=True)
class Matched:
    """Executions with the coid of the intent that each belongs to, in the order in which they are to be counted."""

    fills: tuple[tuple[str, Execution], ...]
    foreign: tuple[Execution, ...]


def match_executions(
    executions: Iterable[Execution],
    journal: JournalView,
    snapshot: BrokerSnapshot,
    skew_s: float | None,
    theirs: frozenset[str] = frozenset(),
    told: Mapping[str, Told] | None = None,
    spent: frozenset[str] = frozenset(),
    corrected: Collection[str] = frozenset(),
) -> Matched:
    """Tell own executions from foreign ones.

    With our name, or with an order id that this session has shown as ours, and equal contract and side, it is ours.
    Without either, the sales of a contract are ours when an order of ours there has filled by just as many shares, all
    after it was sent and at prices that it allows. `theirs` are the fills that an earlier reading showed to be
    of another's order; `told` is what was said last of orders that ended before their executions came, `spent`
    those that were taken for sales by hand, and `corrected` are the orders of which a named execution was.

    At equal times purchases come before sales: shares are bought before they are sold.
    """
    ordered = sorted(executions, key=lambda each: (each.time, each.side is Side.SELL, each.execution_id))
    slack = _CLOCKS_UNKNOWN if skew_s is None else _CLOCKS_APART + timedelta(seconds=abs(skew_s))
    said = {**told_of(journal, snapshot, told), **told_apart(journal, snapshot)}
    known = Known(journal, snapshot, said, slack, theirs, spent)
    fills: list[tuple[str, Execution]] = []
    unnamed: list[Execution] = []
    for execution in ordered:
        coid = _by_name_or_id(execution, known)
        if coid is not None:
            fills.append((coid, execution))
        else:
            unnamed.append(execution)
    left = [each for each in unnamed if each.order_id is None and each.order_ref is None]
    # What the row of such an order counts beyond its executions is what was taken back of them.
    corrected = {*corrected, *(coid for coid, each in fills if each.order_ref == coid and is_correction(each))}
    explained = _by_bounds(left, known, _counted(fills), corrected)
    ours = {execution.execution_id for _, execution in explained}
    left = [each for each in unnamed if each.execution_id not in ours and _fill(each) not in theirs]
    explained += _by_unproven_leg(left, known, fills)
    fills += explained
    ours = {execution.execution_id for _, execution in explained}
    fills.sort(key=lambda each: (each[1].time, each[1].side is Side.SELL, each[1].execution_id))
    return Matched(tuple(fills), tuple(each for each in unnamed if each.execution_id not in ours))


def _by_name_or_id(execution: Execution, known: Known) -> str | None:
    named = known.journal.by_coid.get(execution.order_ref or "")
    # What never left by the journal has an orphan for its namesake, whose shares are as little ours as its order.
    if named is not None and named.state not in NEVER_LEFT and same_contract_and_side(named, execution):
        return None if _is_of_a_twin(named, execution, known) else named.coid
    if execution.order_id is None:
        return None
    candidates = [
        record
        for record in known.journal.records
        if record.order_id == execution.order_id
        and same_contract_and_side(record, execution)
        and record.state not in NEVER_LEFT
    ]
    if _fill(execution) in known.theirs or (is_correction(execution) and _fill(execution) in known.spent):
        return None
    certain = [record for record in candidates if record.seen_epoch == known.snapshot.epoch and not record.provisional]
    if len(certain) == 1 and not is_before(certain[0], execution, known.slack):
        record = certain[0]
        # More than it was for may be of an order that has its id as well, as the list shows; and what was taken for
        # absent has made no more than it was for.
        over = execution.quantity > record.left and (
            record.state in DECLARED_ABSENT or is_of_a_namesake(execution, known.journal, known.snapshot)
        )
        unlikely = is_after_its_end(record, execution) or had_nothing_to_sell(record, known.journal)
        if not over and (not unlikely or missing(record, known) >= execution.quantity):
            return record.coid
    # An id of another session may have been given again: the order has to allow it, and no list shows another.
    if is_anothers(execution, known.journal, known.snapshot):
        return None
    fitting = [each for each in candidates if allows(each, execution, known) or _is_all_of(each, execution, known)]
    short = [each for each in fitting if missing(each, known) >= execution.quantity > 0]
    return (short or fitting)[-1].coid if fitting else None


def _is_of_a_twin(record: IntentRecord, execution: Execution, known: Known) -> bool:
    """Return whether another order under our name sold it, which a list of this session shows or has shown beside ours.

    What one has bought is ours: it has to be covered.
    """
    if execution.side is Side.BUY or record.provisional or execution.order_id == record.order_id:
        return False
    if execution.order_id is None:
        return is_of_the_other_by_its_name(record, execution, known.snapshot)
    listed = {record.order_id, execution.order_id} <= known.snapshot.sights.keys()
    return _fill(execution) in known.theirs or (listed and record.seen_epoch == known.snapshot.epoch)


def _is_all_of(record: IntentRecord, execution: Execution, known: Known) -> bool:
    """Return whether a leg that is bound by likeness has sold all that it was for, at a price that a person gave it.

    The own shares have to be gone: another's order would have sold others.
    """
    if not record.provisional or execution.side is Side.BUY or execution.quantity != record.left:
        return False
    return are_gone(record, known) and not is_before(record, execution, known.slack)


def _by_bounds(
    executions: Sequence[Execution], known: Known, counted: Mapping[str, int], corrected: Collection[str]
) -> list[tuple[str, Execution]]:
    """Return the executions that carry neither id nor name and are those that an order of ours is short of.

    They are just as many, and no other order may have made them, or each other one is short of just the rest.
    `counted` are the shares that named executions of the same reading bring; orders of which some were `corrected` miss
    none that carries no name.
    """
    latest = newest(executions)
    records = {coid: record for coid, record in known.journal.by_coid.items() if coid not in corrected}
    lacking = {coid: missing(record, known) - counted.get(coid, 0) for coid, record in records.items()}
    short = {coid: shares for coid, shares in lacking.items() if shares > 0}
    first = {_fill(each): each for each in sorted(executions, key=_version, reverse=True)}
    fitting = {coid: _fitting(records[coid], shares, latest, first, known) for coid, shares in short.items()}
    found: list[tuple[str, Execution]] = []
    while (coid := _next_explained(short, fitting, first)) is not None:
        mine = fitting.pop(coid)
        del short[coid]
        fills = {_fill(each) for each in mine}
        # With a corrected one go its earlier versions, so that none of them is ever looked for again.
        found += [(coid, each) for each in executions if _fill(each) in fills]
        fitting = {other: [each for each in theirs if each not in mine] for other, theirs in fitting.items()}
    return found


def _fitting(
    record: IntentRecord,
    shares: int,
    executions: Sequence[Execution],
    first: Mapping[str, Execution],
    known: Known,
) -> list[Execution]:
    """Return the executions that an order may have made; none where they come to another average price than it has.

    Of too many, those that come to the average price that is told of it; else those at a price that a stop would get;
    else those that were not taken for a sale by hand.
    """
    found = [each for each in executions if same_contract_and_side(record, each) and allows(record, each, known)]
    others = [each for each in found if _fill(each) not in known.spent]
    if shares in _shares(found, first):
        # What was taken back, or taken for a sale by hand, comes along only where nothing explains it without.
        stand = [[each for each in some if each.quantity > 0] for some in (others, found)]
        fewer = [some for some in (stand[0], others, stand[1]) if shares in _shares(some, first)]
        found = fewer[0] if fewer else found
    else:
        averaging = _averaging(found, shares, *_average_of_missing(record, shares, known))
        triggered = [each for each in found if is_after_trigger(record, each)]
        by_price = averaging or shares in _shares(triggered, first) or shares not in _shares(others, first)
        found = (averaging or triggered) if by_price else others
    contradicted = shares in _shares(found, first) and _at_another_price(record, shares, found, first, known)
    return [] if contradicted else found


def _averaging(executions: Sequence[Execution], shares: int, price: float | None, tolerance: float) -> list[Execution]:
    """Return those that come to so many shares at that price in the mean; none where others would as well."""
    if price is None or len(executions) > _MOST_TOLD_APART:
        return []
    found = [
        list(some)
        for number in range(1, len(executions) + 1)
        for some in combinations(executions, number)
        if sum(each.quantity for each in some) == shares
        and abs(sum(each.quantity * each.price for each in some) / shares - price) <= tolerance
    ]
    return found[0] if len(found) == 1 else []


def _at_another_price(
    record: IntentRecord,
    shares: int,
    executions: Collection[Execution],
    first: Mapping[str, Execution],
    known: Known,
) -> bool:
    """Return whether executions come to another average price than is told of an order, as they are now and were first.

    So it is with another's when a fill of the order was taken back: its row may count that for as long as it is shown.
    Nothing is said of them while their prices aren't told, or those of what was counted before may have been corrected.
    """
    price, tolerance = _average_of_missing(record, shares, known)
    versions = (executions, [first[_fill(each)] for each in executions])
    if price is None or any(each.price <= 0.0 for some in versions for each in some):
        return False
    listed = known.snapshot.executions.value
    if (
        record.filled
        and listed is not None
        and any(_version(e) > 1 and same_contract_and_side(record, e) for e in listed.executions)
    ):
        return False
    return not any(
        sum(each.quantity for each in some) == shares
        and abs(sum(each.quantity * each.price for each in some) / shares - price) <= tolerance
        for some in versions
    )


def _average_of_missing(record: IntentRecord, shares: int, known: Known) -> tuple[float | None, float]:
    """Return the average price of what an order has filled beyond what was counted, and by how much that may be wrong.

    The price is None where it isn't told.
    """
    told = known.told.get(record.coid)
    if told is None or told.average_price is None or told.filled != record.filled + shares:
        return None, 0.0
    counted = record.filled * (record.average_price or 0.0)
    return (told.filled * told.average_price - counted) / shares, AVERAGE_TOLERANCE * told.filled / shares


def _next_explained(
    short: Mapping[str, int], fitting: Mapping[str, Sequence[Execution]], first: Mapping[str, Execution]
) -> str | None:
    """Return an order that the executions that fit it explain, and leave every other one just what it needs of them."""
    for coid, mine in fitting.items():
        rests = {other: [each for each in theirs if each not in mine] for other, theirs in fitting.items()}
        if short[coid] in _shares(mine, first) and all(
            other == coid or len(rest) == len(fitting[other]) or short[other] in _shares(rest, first)
            for other, rest in rests.items()
        ):
            return coid
    return None


def _shares(executions: Collection[Execution], first: Mapping[str, Execution]) -> tuple[float, float]:
    """Return the shares of fills as they are by now, and as they were first: an order's row may say either."""
    return sum(each.quantity for each in executions), sum(first[_fill(each)].quantity for each in executions)


def _counted(fills: Iterable[tuple[str, Execution]]) -> Counter[str]:
    shares: Counter[str] = Counter()
    for coid, execution in fills:
        shares[coid] += round(execution.quantity)
    return shares


def _fill(execution: Execution) -> str:
    return fill_key(execution.execution_id)


def _version(execution: Execution) -> int:
    return version_of(execution.execution_id)


def is_correction(execution: Execution) -> bool:
    """Return whether it takes the place of an earlier version, or takes the fill back."""
    return not execution.quantity or _version(execution) > 1


def newest(executions: Iterable[Execution]) -> list[Execution]:
    """Return one of each fill: the version that corrects all others."""
    found = {_fill(each): each for each in sorted(executions, key=_version)}
    return sorted(found.values(), key=lambda each: (each.time, each.execution_id))


def _by_unproven_leg(
    executions: Sequence[Execution], known: Known, fills: Sequence[tuple[str, Execution]]
) -> list[tuple[str, Execution]]:
    """Return the sales under no id, or one that nobody knows, that a stop or target of ours made which nobody has seen.

    That is so after days away: the list of orders is of today, and its leg was never bound; or it was, the list shows
    it no more, and the trades name no orders. It has to be all of its shares, at a price that it allows, and the
    position has to be smaller by as many, by all that its order sold, or by what all others there come to, as where
    both legs filled, and short where we had fewer; or it is what a split made of that. Its entry has bought by now (the
    broker may have taken it back), or does so by one of the `fills` of the same reading; and no order of others that is
    listed has filled so, which only a list that could be read tells.
    """
    journal, snapshot = known.journal, known.snapshot
    if snapshot.positions.value is None or snapshot.orders.value is None:
        return []
    ids = ({record.order_id for record in journal.records} | snapshot.sights.keys()) - {None}
    entries = [each for each in journal.records if each.intent.role is Role.ENTRY]
    empty = {each.coid for each in entries if not each.filled and each.state is not IntentState.FILLED}
    empty -= {coid for coid, _ in fills}
    unseen = [record for record in unseen_legs(journal) if record.intent.parent_coid not in empty]
    vanished = vanished_legs(journal, snapshot)
    found: dict[str, Execution] = {}
    for execution in executions:
        if execution.order_id in ids or execution.order_ref is not None or is_anothers(execution, journal, snapshot):
            continue
        if not execution.price > 0.0:
            # A stop sells at no price of its own: without one nothing tells its sale from another's.
            continue
        owned = journal.owned(execution.conid) + _new_shares(fills, execution.conid, journal)
        there = [each for each in executions if each.conid == execution.conid]
        its = [each for each in there if each.order_id == execution.order_id is not None] or [execution]
        rests = {owned + sum(each.change for each in some) for some in ([execution], its, there)}
        legs = [
            record
            for record in (unseen if execution.order_id is not None else [*unseen, *vanished])
            if same_contract_and_side(record, execution)
            and execution.quantity == record.left
            and allows(record, execution, known)
            and is_after_trigger(record, execution)
            and any(_comes_to(rest, snapshot.held(execution.conid)) for rest in rests)
        ]
        # A price that the target allows is its own: the stop is on the other side of the market.
        legs = [leg for leg in legs if leg.intent.role is Role.TARGET] or legs
        if len(legs) == 1:
            found.setdefault(legs[0].coid, execution)
    return list(found.items())


def _new_shares(fills: Iterable[tuple[str, Execution]], conid: int, journal: JournalView) -> int:
    """Return by how much fills of ours change the own shares of a contract that the journal has yet to count."""
    shares = 0
    for coid, filled in _counted([(coid, each) for coid, each in fills if each.conid == conid]).items():
        record = journal.by_coid[coid]
        shares += max(filled - record.filled, 0) * (1 if record.intent.side is Side.BUY else -1)
    return shares


def _comes_to(rest: float, held: float) -> bool:
    """Return whether a position can be what trades left of it: a list may hide that it is short, or it has split."""
    return held in {rest, max(rest, 0.0)} or (held < 0.0 and held in {rest * ratio for ratio in SPLITS})

"""What was counted: executions and positions of the journal are those that the broker has. I5, I6, I7, I8."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Set

from drill.checker.book import Book, Execution, Order, fill_of, final
from drill.checker.logs import FAR, Case, Intent, Violation
from drill.checker.looks import day_ends, looks_of
from drill.checker.untold import untold

CLOCKS_APART_S = 10.0
"""how far the broker's clock may be from ours"""


def intent_of(case: Case, order: Order) -> Intent | None:
    """Return the intent behind an own order: by its name, or as the stop or target of the entry that is its parent.

    One that has neither is the newest that was made before it of those that have had its id, as it is in the journal.
    """
    intents = case.journal.intents
    if order.coid is not None and order.coid in intents:
        return intents[order.coid]
    parent = order.parent
    if parent is not None and parent.coid is not None:
        ending = "S" if order.kind in ("STP", "STOP_LIMIT") else "T"
        found = intents.get(f"{parent.coid}-{ending}")
        if found is not None:
            return found
    same_id = (intent for intent in intents.values() if intent.order_id == order.order_id)
    alike = (intent for intent in same_id if (intent.conid, intent.side) == (order.conid, order.side))
    return max((i for i in alike if i.created <= order.placed), key=lambda i: i.created, default=None)


def i5_all_fills_are_counted(case: Case) -> Iterator[Violation]:
    """In the end every own fill is in the journal, and each intent has filled what its order has.

    A fill of an order that was over can't be told from a trade by hand where nobody could look at the list of its day,
    nor can one that looks just like such a trade, nor one of an order whose id was given again before a look.
    """
    book = final(case)
    booked = {fill_of(execution.execution_id) for execution in case.journal.executions}
    unseen = (
        _never_shown(case, book)
        | _alike(case, book, booked)
        | _under_anothers_id(case, book)
        | _after_a_correction(case, book)
        | _sold_by_a_second(book)
    )
    for name, execution in book.executions.items():
        if execution.own and execution.quantity > 0 and name not in booked and name not in unseen:
            yield Violation(
                "I5",
                execution.at,
                execution.execution_id,
                f"{execution.side} {execution.quantity} {book.symbol(execution.conid)} of order {execution.order_id}"
                " never came into the journal",
            )
    filled: defaultdict[str, int] = defaultdict(int)
    given = _given_again_at_once(case, book)
    for name, execution in book.executions.items():
        intent = intent_of(case, execution.order) if execution.order is not None and execution.own else None
        if intent is not None and (name in booked or name not in unseen):
            filled[given.get(name, intent.coid)] += execution.quantity
    for counted in case.journal.executions:
        true = book.executions.get(fill_of(counted.execution_id))
        if true is not None and not true.own and not counted.replaced and _is_just_like(case, book, counted.coid, true):
            filled[counted.coid] += true.quantity
    for intent in case.journal.intents.values():
        if intent.filled != filled[intent.coid]:
            yield Violation(
                "I5",
                case.end,
                intent.coid,
                f"the journal counts {intent.filled} shares, the broker {filled[intent.coid]}",
            )


def _never_shown(case: Case, book: Book) -> set[str]:
    """Return the fills that no list could tell to be ours: after no look on their day was clear, it shows them no more.

    They were made when their order was over; or by one without a name at a price or of a size that a person gave it,
    which no look had shown at all or whose id the list of trades leaves out.
    """
    looks = looks_of(case)
    remade = {order.order_id: order for order in book.all_orders() if order.remade and order.coid is None}
    found: set[str] = set()
    for name, execution in book.executions.items():
        order = remade.get(execution.order_id)
        shown = [execution.made] if execution.late else []
        if order is not None:
            shown.append(order.placed if book.trades_name_orders else execution.made)
        if any(looks.first_clear(at) >= day_ends(execution.made) for at in shown):
            found.add(name)
    return found


def _alike(case: Case, book: Book, booked: Set[str]) -> set[str]:
    """Return the fills of own orders of which one looks just like another's that the same look showed first.

    It does where the list of trades names neither the order nor what we call it. The fills of an order are known
    together or not at all.
    """
    if book.trades_name_orders:
        return set()
    looks = looks_of(case)
    orders = {order.order_id: order for order in book.all_orders() if order.own and order.coid is None}
    fills: defaultdict[int, dict[str, Execution]] = defaultdict(dict)
    for name, execution in book.executions.items():
        if execution.own and execution.order_id in orders:
            fills[execution.order_id][name] = execution
    others = [execution for execution in book.executions.values() if not execution.own]
    return {
        name
        for order_id, own in fills.items()
        if not own.keys() & booked
        and any(
            _look(other) == _look(mine)
            and other.made >= orders[order_id].placed
            and looks.first_clear(min(other.made, mine.made)) >= max(other.made, mine.made)
            for other in others
            for mine in own.values()
        )
        for name in own
    }


def _under_anothers_id(case: Case, book: Book) -> set[str]:
    """Return the fills of own orders without a name whose id another order had before a look could show them as filled.

    Where the list of trades names neither the order nor what we call it, nothing else tells that such a fill is ours.
    """
    if book.trades_name_orders:
        return set()
    looks = looks_of(case)
    orders: defaultdict[int, list[Order]] = defaultdict(list)
    for order in book.all_orders():
        orders[order.order_id].append(order)
    found: set[str] = set()
    for name, execution in book.executions.items():
        same_id = sorted(orders[execution.order_id], key=lambda order: order.placed)
        mine = [order for order in same_id if order.placed <= execution.made]
        later = [order for order in same_id if order.placed > execution.made]
        if execution.own and later and mine[-1].coid is None and looks.first_clear(execution.made) > later[0].placed:
            found.add(name)
    return found


def _after_a_correction(case: Case, book: Book) -> set[str]:
    """Return the fills of own orders without a name whose size tells nothing, since one of theirs was corrected.

    Where the list of trades names neither the order nor what we call it, how many more there should be does not tell
    which they are: the row of such an order counts what was taken back. And a fill that was corrected before a look
    showed it, or its order where trades name that, looks like no fill of all of an order.
    """
    looks = looks_of(case)
    nameless = {
        name: (each, each.order)
        for name, each in book.executions.items()
        if each.own and each.order is not None and each.order.coid is None
    }
    corrected: dict[int, float] = {}
    for each, _ in nameless.values():
        if each.corrected and not book.trades_name_orders:
            corrected[each.order_id] = min(each.at, corrected.get(each.order_id, FAR))
    found = {name for name, (each, _) in nameless.items() if each.made >= corrected.get(each.order_id, FAR)}
    for name, (each, order) in nameless.items():
        told_by = order.placed if book.trades_name_orders else each.made
        if each.corrected and looks.first_clear(told_by) >= each.at:
            found.add(name)
    return found


def _sold_by_a_second(book: Book) -> set[str]:
    """Return what the second order sold that the broker made of one call: one was asked for, and its shares are gone.

    What such a one has bought is ours, and has to be counted.
    """
    first: dict[str, Order] = {}
    for order in sorted(book.all_orders(), key=lambda each: (each.placed, each.order_id)):
        if order.own and order.coid is not None and not order.refused:
            first.setdefault(order.coid, order)
    return {
        name
        for name, each in book.executions.items()
        if each.own
        and each.side == "SELL"
        and each.order is not None
        and each.order is not first.get(each.order.coid or "", each.order)
    }


def _look(execution: Execution) -> tuple[int, str, int, float]:
    return execution.conid, execution.side, execution.quantity, execution.price


def i6_nothing_is_invented(case: Case) -> Iterator[Violation]:
    """Each execution of the journal is one of the broker's, of an own order, and of that intent's."""
    book = final(case)
    given = _given_again_at_once(case, book)
    for execution in case.journal.executions:
        name = fill_of(execution.execution_id)
        true = book.executions.get(name)
        problem = None
        if true is None:
            problem = "the broker has no such execution"
        elif not true.own and _is_just_like(case, book, execution.coid, true):
            continue
        elif not true.own:
            problem = f"it is another's, of order {true.order_id}"
        elif (true.conid, true.side) != (execution.conid, execution.side):
            problem = f"the broker's is {true.side} of {book.symbol(true.conid)}"
        elif true.order is not None:
            intent = intent_of(case, true.order)
            if intent is not None and given.get(name, intent.coid) != execution.coid:
                problem = f"it is of {intent.coid}"
        if problem is not None:
            yield Violation("I6", case.end, f"{execution.execution_id} of {execution.coid}", problem)


def _given_again_at_once(case: Case, book: Book) -> dict[str, str]:
    """Return the fills for whose order the journal has the next one under its id, with the name that it has for it.

    That one is in the same contract, on the same side, and was placed within what clocks may be apart.
    """
    found: dict[str, str] = {}
    for counted in case.journal.executions:
        name = fill_of(counted.execution_id)
        true, intent = book.executions.get(name), case.journal.intents.get(counted.coid)
        if true is None or intent is None or not true.own:
            continue
        same = (true.order_id, true.conid, true.side) == (intent.order_id, intent.conid, intent.side)
        placed = [order.placed for order in book.all_orders() if order.own and order.order_id == true.order_id]
        if same and any(true.made < at <= true.made + CLOCKS_APART_S for at in placed):
            found[name] = counted.coid
    return found


def _is_just_like(case: Case, book: Book, coid: str, execution: Execution) -> bool:
    """Return whether nothing tells another's execution from one of an order of ours.

    Its id had been that order's in this contract, on this side, or was named in the question about it; or no trade
    names its order, and it makes up at the same price for what the broker took back of that order.
    """
    same = (execution.order_id, execution.conid, execution.side)
    if any(order.own and (order.order_id, order.conid, order.side) == same for order in book.former):
        return True
    intent = case.journal.intents.get(coid)
    if intent is not None and same == (intent.order_id, intent.conid, intent.side):
        questions = (line for line in case.truth if line["kind"] == "question")
        if any(execution.order_id in line["order_ids"] for line in questions):
            return True
    return not book.trades_name_orders and any(
        each.own
        and each.corrected
        and each.order is not None
        and (each.conid, each.side, each.price) == (execution.conid, execution.side, execution.price)
        and _taken_back(book, each.order) == execution.quantity
        for each in book.executions.values()
    )


def _taken_back(book: Book, order: Order) -> int:
    """Return how many shares fewer the executions of an order that has filled whole come to now."""
    made = sum(each.quantity for each in book.executions.values() if each.order is order)
    return order.quantity - made


def i7_counted_once(case: Case) -> Iterator[Violation]:
    """Of the versions of one fill one counts, and an intent has filled what its executions say."""
    counted: Counter[str] = Counter()
    shares: defaultdict[str, int] = defaultdict(int)
    for execution in case.journal.executions:
        if not execution.replaced:
            counted[fill_of(execution.execution_id)] += 1
            shares[execution.coid] += execution.quantity
    for name, count in counted.items():
        if count > 1:
            yield Violation("I7", case.end, name, f"{count} versions of the same fill are counted")
    for intent in case.journal.intents.values():
        if intent.filled != shares[intent.coid]:
            yield Violation(
                "I7", case.end, intent.coid, f"{intent.filled} shares filled, {shares[intent.coid]} in its executions"
            )


def i8_positions_are_true(case: Case) -> Iterator[Violation]:
    """In the end the own position is what own fills left, less what a person sold of it, splits honoured."""
    book = final(case)
    for conid in sorted({*book.own, *case.journal.positions} - untold(case)):
        journal, true = case.journal.positions.get(conid, 0), max(book.own[conid], 0)
        if not true <= journal <= book.most_own(conid):
            yield Violation(
                "I8",
                case.end,
                book.symbol(conid),
                f"the journal holds {journal} own shares; {true} are left, and the broker shows {book.held[conid]}",
            )

"""What is at stake at each moment: sells beyond what is held, orders of others, buying in a halt.

I10, I11, I13, I16 of the invariants.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from drill.checker.book import OVER, Book, Order, changes, walk
from drill.checker.logs import FAR, Case, Line, Violation, instant
from drill.checker.looks import Looks, alive_after, looks_of
from drill.checker.proofs import Proofs, proofs_of
from drill.checker.untold import untold_spans
from drill.checker.wire import TWICE, YES, met, repeated, says_yes

INSTANT_S = 0.001
TRIM_S = 120.0
ORPHAN_SEEN_S = 120.0


def i10_never_short(case: Case) -> Iterator[Violation]:
    """Own orders never sell more than is ours, and could not if all of them filled that can.

    What the broker or a person does to a position can't be foreseen: then the excess has to go once it can be seen.
    """
    looks, proofs, unclear = looks_of(case), proofs_of(case), untold_spans(case)
    excess: dict[int, float] = {}
    before: Counter[int] = Counter()
    for line, book in changes(case):
        for conid in list(book.own):
            since, until = unclear.get(conid, (FAR, FAR))
            if since <= book.at < until:
                if conid in excess:
                    yield from _lingered(case, (looks, proofs), book, (conid, excess.pop(conid), since))
                continue
            yield from _sold_short(case, line, book, (looks, proofs), conid)
            over = book.potential(conid) - book.most_own(conid)
            placed = line["kind"] == "order" and any(each["conid"] == conid for each in line["tickets"])
            again = placed and any(_delivered_twice(case, book, each.get("coid"), book.at) for each in line["tickets"])
            if over > 0 and placed and over > before[conid] and not again and not _unseen(book, looks, conid):
                yield Violation(
                    "I10",
                    book.at,
                    book.symbol(conid),
                    f"orders for {book.potential(conid)} shares can sell together, {book.own[conid]} are ours",
                )
            if over > 0 and conid not in excess:
                excess[conid] = book.at
            elif over <= 0 and conid in excess:
                yield from _lingered(case, (looks, proofs), book, (conid, excess.pop(conid), book.at))
            before[conid] = max(over, 0)
    for conid, since in excess.items():
        yield from _lingered(case, (looks, proofs), book, (conid, since, case.end))


def _unseen(book: Book, looks: Looks, conid: int) -> bool:
    """Return whether the position changed since the last clear look: by another, a late or lost fill, a split."""
    last = max((at for at in looks.clear if at < book.at), default=0.0)
    if book.split_at.get(conid, 0.0) > last:
        return True
    changed = (each for each in book.executions.values() if each.conid == conid and each.at > last)
    return any(not each.own or each.corrected or each.late for each in changed)


def _sold_short(case: Case, line: Line, book: Book, seen: tuple[Looks, Proofs], conid: int) -> Iterator[Violation]:
    """Judge a sale beyond what is ours, but where a person had sold just before: a cancel may be under way.

    Nor is it judged where they had bought the shares back before anyone could see that they were gone.
    Nor are the shares judged that a person added to an order which is not proven to be ours, nor all of it where that
    person changed it so that it is found by its likeness alone: it is never changed by us.
    """
    sold = line["kind"] == "fill" and line["execution"]["conid"] == conid and line["execution"]["side"] == "SELL"
    if not sold or book.own[conid] >= 0:
        return
    looks, proofs = seen
    order_id = line["execution"]["order_id"]
    if _beside_what_nobody_foresaw(book, looks, book.orders[order_id]):
        return
    if _ahead_of_its_parent(book, looks, order_id):
        return
    if _delivered_twice(case, book, book.orders[order_id].coid, book.at - TRIM_S):
        return
    order = book.orders[order_id]
    changed = order.remade and order.coid is None and order.filled <= order.quantity
    # What it sells proves it at the same instant.
    unproven = proofs.unproven_until(conid, book.at - INSTANT_S, order_id) >= book.at
    if unproven and (changed or -book.own[conid] <= order.by_hand):
        return
    if -book.own[conid] <= _bought_back(book, looks, conid):
        return
    if not _unseen(book, looks, conid) and not _sold_by_others(book, conid, book.at - TRIM_S):
        text = f"order {order_id} sold {-book.own[conid]} more than was ours"
        yield Violation("I10", book.at, book.symbol(conid), text)


def _beside_what_nobody_foresaw(book: Book, looks: Looks, order: Order) -> bool:
    """Return whether a sale came before what the broker did could be seen, and what it left over be taken off.

    That is a fill of an order that was over, one that was corrected or taken back, and, where the legs of a group don't
    know of each other, one of the other leg.
    """
    apart = set() if book.linked else {other.order_id for other in book.siblings(order)}
    return any(
        book.at <= looks.clear_from(looks.first_clear(each.at), TRIM_S)
        for each in book.executions.values()
        if each.conid == order.conid and (each.late or each.corrected or each.order_id in apart)
    )


def _bought_back(book: Book, looks: Looks, conid: int) -> int:
    """Return how many shares others sold and bought again without a clear look in between."""
    others = [each for each in book.executions.values() if each.conid == conid and not each.own]
    bought = [each for each in others if each.side == "BUY"]
    sold = [each for each in others if each.side == "SELL"]
    seen = [looks.first_clear(each.at) for each in sold]
    # At one and the same instant no look lies in between, though one may follow there.
    again = (
        buy for buy in bought if any(s.at == buy.at or s.at < buy.at < look for s, look in zip(sold, seen, strict=True))
    )
    return min(sum(each.quantity for each in again), sum(each.quantity for each in sold))


def _ahead_of_its_parent(book: Book, looks: Looks, order_id: int) -> bool:
    """Return whether a child sold more than its parent had bought, before anyone could see that and cut it to that.

    A parent that a person made smaller leaves its children as they were.
    """
    child = book.orders[order_id]
    parent = child.parent
    if parent is None or not parent.filled < child.filled <= (child.quantity if parent.remade else parent.quantity):
        return False
    bought = [each.at for each in book.executions.values() if each.order_id == parent.order_id]
    return bool(bought) and book.at <= looks.first_clear(max(bought)) + TRIM_S


def _delivered_twice(case: Case, book: Book, coid: str | None, since: float) -> bool:
    """Return whether an order of ours that was sent once was accepted a second time since a time: a fault does that.

    Until a look at it nobody knows of the second one; what is left of it has to go like any excess.
    """
    if coid is None or not case.fired(*TWICE):
        return False
    sent = [
        act for act in case.journal.wire if act.about is None and act.path.endswith("/orders") and coid in act.coids
    ]
    placed = [order.placed for order in book.all_orders() if order.coid == coid and order.own and not order.refused]
    return len(sent) == 1 and len(placed) > 1 and max(placed) >= since


def _sold_by_others(book: Book, conid: int, since: float) -> bool:
    return any(
        not each.own and each.conid == conid and each.side == "SELL" and each.at >= since
        for each in book.executions.values()
    )


def _lingered(
    case: Case, seen: tuple[Looks, Proofs], book: Book, span: tuple[int, float, float]
) -> Iterator[Violation]:
    """Judge an excess that lasted: from the first clear look in liquid hours on a cancel has to have been asked for.

    While a sell of ours there is not proven, missing shares are not written off: it may be what sold them.
    """
    (looks, proofs), (conid, since, until) = seen, span
    for opened, closed in case.hours:
        begin = max(since, opened)
        due = looks.first_clear(begin) + TRIM_S
        if (proven := proofs.unproven_until(conid, due)) > due:
            due = proven + TRIM_S
        if due >= min(until, closed) or alive_after(case, due) > due:
            continue
        asked = any(
            act.about is None and act.at >= since and (act.verb == "DELETE" or "/order/" in act.path)
            for act in case.journal.wire
            if any((intent := case.journal.intents.get(coid)) and intent.conid == conid for coid in act.coids)
        )
        if not asked:
            yield Violation(
                "I10",
                due,
                book.symbol(conid),
                "own orders could sell more than is ours, and none of them was cancelled",
            )
            return


def i11_hands_off(case: Case) -> Iterator[Violation]:
    """Nothing is cancelled or changed that is another's, and never all orders at once.

    An id of ours that the broker gives to another's order is still ours to a turn that had read the list by then; one
    of another's that a question then names for ours is ours.
    """
    made, given, named = met(case, "O25"), dict[int, int](), dict[int, float]()
    ends = [event["seq"] for event in case.happened("turn")]
    for line, book in walk(case):
        if line["kind"] == "deed" and any(o.own and o.order_id == line.get("order_id") for o in book.former):
            given[line["order_id"]] = bisect_right(ends, line["seq"])
        if line["kind"] == "question":
            named |= dict.fromkeys(line["order_ids"], book.at)
        if line["kind"] != "request" or "/order/" not in line["path"]:
            continue
        text = line["path"].rpartition("/")[2]
        order = book.orders.get(int(text)) if text.isdigit() else None
        # One that O25 made carries a name of ours: there is nothing to tell it from ours by.
        ours = order is None or order.own or order.coid in made or named.get(order.order_id, 0.0) > order.placed
        ours = ours or given.get(int(text)) == bisect_right(ends, line["seq"])
        if text == "-1" or not ours:
            what = "all orders were cancelled" if text == "-1" else "another's order was touched"
            yield Violation("I11", instant(line["at"]), text, f"{line['verb']}: {what}")


def halts(case: Case) -> list[tuple[float, float]]:
    """Return when the journal said HALTED."""
    spans: list[tuple[float, float]] = []
    since = None
    for row in case.journal.modes:
        if row.fact != "halt":
            continue
        if row.value == "1" and since is None:
            since = row.at
        elif row.value != "1" and since is not None:
            spans.append((since, row.at))
            since = None
    if since is not None:
        spans.append((since, FAR))
    return spans


def i13_nothing_is_bought_in_a_halt(case: Case) -> Iterator[Violation]:
    """A halt that was asked for is committed, and from then on nothing is bought nor a purchase confirmed."""
    spans = halts(case)
    yield from _never_halted(case, spans)
    yield from _orphans(case, spans)
    for at, coids in _bought(case):
        buys = [coid for coid in coids if (i := case.journal.intents.get(coid)) is not None and i.side == "BUY"]
        if buys and any(begin < at < end for begin, end in spans):
            yield Violation("I13", at, buys[0], "an order to buy was sent while the mode was HALTED")


def _bought(case: Case) -> Iterator[tuple[float, Sequence[str]]]:
    """Yield when an order was sent, or the question about it answered yes, with the names of the orders."""
    if case.fired("T08", "T09", "T10"):
        # What arrives may have been held back on its way: the journal knows when it left.
        for act in case.journal.wire:
            if act.about is None and act.verb == "POST" and ("/reply/" not in act.path or act.sha256 in YES):
                yield act.at, act.coids
        return
    asked = {line["reply_id"]: line["coids"] for line in case.truth if line["kind"] == "question"}
    for line in case.truth:
        if line["kind"] == "request" and ("/reply/" not in line["path"] or says_yes(line)):
            yield instant(line["at"]), line.get("coids") or asked.get(line["path"].rpartition("/")[2], ())


def _never_halted(case: Case, spans: Sequence[tuple[float, float]]) -> Iterator[Violation]:
    asked = case.happened("request")
    for number, event in enumerate(asked):
        if event["asked"] == "resume":
            continue
        at = instant(event["at"])
        until = next((instant(each["at"]) for each in asked[number + 1 :] if each["asked"] == "resume"), case.end)
        looked = any(at <= instant(turn["at"]) < until for turn in case.happened("turn"))
        if looked and not any(begin < until and end > at for begin, end in spans):
            yield Violation("I13", at, event["asked"], "it was asked for, and the journal never said HALTED")


def ended(case: Case, order_id: int, since: float) -> float:
    """Return when an order that was placed at a time was over."""
    ends = (
        instant(line["at"])
        for line in case.truth
        if line["kind"] == "status" and line["order_id"] == order_id and line["state"] in OVER
    )
    return next((at for at in ends if at >= since), FAR)


def _orphans(case: Case, spans: Sequence[tuple[float, float]]) -> Iterator[Violation]:
    """An order under a name like ours that the journal lacks halts: two systems may trade, or a backup is back."""
    prefixes = {coid.partition("-")[0] for coid in case.journal.intents}
    looks = looks_of(case)
    for line, book in walk(case):
        name = line.get("coid") if line["kind"] == "deed" else None
        if name is None or name in case.journal.intents or name.partition("-")[0] not in prefixes:
            continue
        at = book.at
        seen = looks.first_clear(at + book.visible_after_s)
        due = looks.clear_from(seen, ORPHAN_SEEN_S)
        lived = ended(case, line["order_id"], at) > seen
        if lived and due < case.end and book.shows_names and not any(b <= due and end > at for b, end in spans):
            yield Violation("I13", due, name, "an order of this name stands at the broker, and nothing was halted")


def i16_one_order_an_intent(case: Case) -> Iterator[Violation]:
    """Of one name at most one order is live."""
    told: set[str] = set()
    twice = repeated(case) | met(case, "O25")
    for line, book in walk(case):
        if line["kind"] not in ("order", "modify"):
            continue
        live = Counter(order.coid for order in book.orders.values() if order.own and order.live and order.coid)
        for coid, count in live.items():
            if count > 1 and coid not in told | twice:
                told.add(coid)
                yield Violation("I16", book.at, coid, f"{count} orders of this name are live")

"""What is at stake at each moment: shares without cover, sells beyond what is held, orders of others, buying in a halt.

I9, I10, I11, I13, I16 of the invariants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drill.checker.book import OVER, Book, changes, walk
from drill.checker.logs import FAR, Case, Line, Violation, instant, shown
from drill.checker.looks import Looks, alive_after, looks_of
from drill.checker.wire import says_yes

T_PROTECT_S = 15.0
EXIT_MAY_TAKE_S = 60.0
RETRY_S = 300.0
SERIES_S = 60.0
MOST_PAIRS = 10
CANCEL_AGAIN_S = 60.0
DOUBT_S = 90.0
TRIM_S = 120.0
PENALTY_S = 120.0
UNPROVEN = frozenset({"SENDING", "QUESTIONED", "REPLYING", "UNKNOWN"})
_LATE_FILLS = ("O13", "O16", "O17", "O24")


@dataclass(frozen=True, slots=True)
class Gap:
    """Own shares of a contract without cover, from a time to a time."""

    conid: int
    symbol: str
    begin: float
    end: float
    shares: int


def gaps(case: Case) -> list[Gap]:
    """Return the times in which own shares had no cover."""
    found: list[Gap] = []
    open_since: dict[int, tuple[float, int]] = {}
    book = Book()
    for _, book in changes(case):
        for conid in list(book.own):
            bare = max(book.own[conid], 0) - book.covered(conid)
            if bare > 0 and conid not in open_since:
                open_since[conid] = book.at, bare
            elif bare <= 0 and conid in open_since:
                since, shares = open_since.pop(conid)
                found.append(Gap(conid, book.symbol(conid), since, book.at, shares))
    found += [
        Gap(conid, book.symbol(conid), since, max(case.end, since), bare) for conid, (since, bare) in open_since.items()
    ]
    return found


def i9_shares_are_covered(case: Case) -> Iterator[Violation]:
    """In liquid hours own shares have a stop within 15 s of the first look at which that could be seen and done.

    Not counted: while the process or the gateway is away, while what became of a stop is not proven (the software
    guard stands for it), the minute that an exit takes, and the pause after a pair that the broker refused.
    """
    looks = looks_of(case)
    for gap in gaps(case):
        for begin, end in _liquid_parts(case, gap):
            due = _deadline(case, looks, gap, begin)
            if due < end:
                since, seconds = shown(begin)[11:19], round(end - begin)
                sentence = f"{gap.shares} own shares have been without a stop since {since}, for {seconds} s in all"
                yield Violation("I9", due, gap.symbol, sentence)
                break


def _liquid_parts(case: Case, gap: Gap) -> Iterator[tuple[float, float]]:
    for opened, closed in case.hours:
        begin, end = max(opened, gap.begin), min(closed, gap.end)
        if begin < end:
            yield begin, end


def _deadline(case: Case, looks: Looks, gap: Gap, begin: float) -> float:
    """Return until when the shares may be bare."""
    due = looks.first_clear(begin) + T_PROTECT_S
    while due < gap.end:
        later = max(alive_after(case, due), _unproven_until(case, gap.conid, due), _exit_until(case, gap, due))
        later = max(later, _tried_until(case, gap, begin, due), _doubtful_until(case, gap, due))
        later = max(later, _cancelling_until(case, gap, due), _penalty_until(case, due))
        if later <= due:
            return due
        # What was in the way is gone: from then on it can be done.
        due = looks.clear_from(later, T_PROTECT_S)
    return due


def _unproven_until(case: Case, conid: int, at: float) -> float:
    """Return until when a stop or an exit of the contract was not proven that was not at a time; else the time."""
    until = at
    for coid, intent in case.journal.intents.items():
        if intent.conid == conid and intent.side == "SELL":
            until = max(until, _in_state(case, coid, at))
    return until


def _in_state(case: Case, coid: str, at: float) -> float:
    state, until = "", at
    for step in case.journal.steps:
        if step.coid != coid:
            continue
        if step.at <= at:
            state = step.state
        elif state in UNPROVEN:
            return step.at
    return FAR if state in UNPROVEN else until


def _exit_until(case: Case, gap: Gap, at: float) -> float:
    """Return until when an exit that has begun may take."""
    until = at
    for intent in case.journal.intents.values():
        began = intent.created
        if intent.conid == gap.conid and intent.role == "exit" and began <= at < began + EXIT_MAY_TAKE_S:
            until = max(until, began + EXIT_MAY_TAKE_S)
    return until


def _tried_until(case: Case, gap: Gap, begin: float, at: float) -> float:
    """Return until when the pause lasts after the last pair that was sent and came to nothing.

    A pair that was lost within a minute is of the same series as the next one. After ten in a session the software
    guard alone stands for a stop until its close.
    """
    opened, closed = next((hours for hours in case.hours if hours[0] <= at < hours[1]), (begin, at))
    if len(_pairs(case, gap.conid, opened, at)) >= MOST_PAIRS:
        return closed
    tried = [
        act.at
        for act in case.journal.wire
        if act.about is None
        and act.verb == "POST"
        and begin - SERIES_S <= act.at <= at
        and _stops(case, act.coids, gap.conid)
    ]
    if not tried:
        return at
    return max(at, tried[-1] + (RETRY_S if tried[-1] >= begin else SERIES_S))


def _pairs(case: Case, conid: int, since: float, until: float) -> list[float]:
    """Return when new stops of a contract were sent between two times."""
    return [
        act.at
        for act in case.journal.wire
        if act.about is None
        and act.path.endswith("/orders")
        and since <= act.at <= until
        and any(
            (intent := case.journal.intents.get(coid)) and intent.role == "stop" and intent.conid == conid
            for coid in act.coids
        )
    ]


def _doubtful_until(case: Case, gap: Gap, at: float) -> float:
    """Return until when a stop that the broker made inactive may be looked at: it may yet work, beside a new one."""
    stops = {
        intent.order_id
        for intent in case.journal.intents.values()
        if intent.role == "stop" and intent.conid == gap.conid
    }
    since = [
        instant(line["at"])
        for line in case.truth
        if line["kind"] == "status" and line["state"] == "inactive" and line["order_id"] in stops
    ]
    return max((began + DOUBT_S for began in since if began <= at < began + DOUBT_S), default=at)


def _cancelling_until(case: Case, gap: Gap, at: float) -> float:
    """Return until when the broker is cancelling a sale of ours: with a new stop beside it, too much could be sold."""
    sales = {
        intent.order_id
        for intent in case.journal.intents.values()
        if intent.side == "SELL" and intent.conid == gap.conid
    }
    asked: dict[int, float] = {}
    for line in case.truth:
        if line["kind"] != "status" or line["order_id"] not in sales:
            continue
        since = asked.pop(line["order_id"], FAR)
        if since <= at < instant(line["at"]):
            return instant(line["at"])
        if line["state"] == "cancelling":
            asked[line["order_id"]] = instant(line["at"])
    return FAR if any(since <= at for since in asked.values()) else _asked_until(case, gap.conid, at)


def _asked_until(case: Case, conid: int, at: float) -> float:
    """Return until when the last cancel of a sale that still works may be waited for: for a minute, then it is due."""
    until = at
    for coid, intent in case.journal.intents.items():
        if intent.side != "SELL" or intent.conid != conid or intent.order_id is None:
            continue
        asked = [
            act.at
            for act in case.journal.wire
            if act.about is None and act.verb == "DELETE" and coid in act.coids and act.at <= at
        ]
        if asked and not _is_over(case, intent.order_id, at):
            until = max(until, asked[-1] + CANCEL_AGAIN_S)
    return until


def _is_over(case: Case, order_id: int, at: float) -> bool:
    return any(
        line["kind"] == "status"
        and line["order_id"] == order_id
        and line["state"] in OVER
        and instant(line["at"]) <= at
        for line in case.truth
    )


def _penalty_until(case: Case, at: float) -> float:
    """Return until when a penalty lasts: after an answer 429 nothing is sent for a while but one probe a minute."""
    punished = [instant(line["at"]) for line in case.truth if line["kind"] == "fault" and line["id"] in ("H03", "H04")]
    return max((began + PENALTY_S for began in punished if began <= at < began + PENALTY_S), default=at)


def _stops(case: Case, coids: Sequence[str], conid: int) -> bool:
    intents = (case.journal.intents.get(coid) for coid in coids)
    return any(intent is not None and intent.role in ("stop", "exit") and intent.conid == conid for intent in intents)


def i10_never_short(case: Case) -> Iterator[Violation]:
    """Own orders never sell more than is ours, and could not if all of them filled that can.

    What the broker or a person does to a position can't be foreseen: then the excess has to go once it can be seen.
    """
    looks = looks_of(case)
    excess: dict[int, float] = {}
    before: Counter[int] = Counter()
    for line, book in changes(case):
        for conid in list(book.own):
            yield from _sold_short(case, line, book, looks, conid)
            over = book.potential(conid) - book.most_own(conid)
            placed = line["kind"] == "order" and any(each["conid"] == conid for each in line["tickets"])
            if over > 0 and placed and over > before[conid] and not _unseen(book, looks, conid):
                yield Violation(
                    "I10",
                    book.at,
                    book.symbol(conid),
                    f"orders for {book.potential(conid)} shares can sell together, {book.own[conid]} are ours",
                )
            if over > 0 and conid not in excess:
                excess[conid] = book.at
            elif over <= 0 and conid in excess:
                yield from _lingered(case, looks, book, (conid, excess.pop(conid), book.at))
            before[conid] = max(over, 0)
    for conid, since in excess.items():
        yield from _lingered(case, looks, book, (conid, since, case.end))


def _unseen(book: Book, looks: Looks, conid: int) -> bool:
    """Return whether the position changed by another's hand since the last clear look."""
    last = max((at for at in looks.clear if at < book.at), default=0.0)
    return any(not each.own and each.conid == conid and each.at > last for each in book.executions.values())


def _sold_short(case: Case, line: Line, book: Book, looks: Looks, conid: int) -> Iterator[Violation]:
    """Judge a sale beyond what is ours, but where a person had sold just before: a cancel may be under way."""
    sold = line["kind"] == "fill" and line["execution"]["conid"] == conid and line["execution"]["side"] == "SELL"
    if not sold or book.own[conid] >= 0 or not book.linked or case.fired(*_LATE_FILLS, "C05"):
        return
    if not _unseen(book, looks, conid) and not _sold_by_others(book, conid, book.at - TRIM_S):
        order = line["execution"]["order_id"]
        yield Violation("I10", book.at, book.symbol(conid), f"order {order} sold {-book.own[conid]} more than was ours")


def _sold_by_others(book: Book, conid: int, since: float) -> bool:
    return any(
        not each.own and each.conid == conid and each.side == "SELL" and each.at >= since
        for each in book.executions.values()
    )


def _lingered(case: Case, looks: Looks, book: Book, span: tuple[int, float, float]) -> Iterator[Violation]:
    """Judge an excess that lasted: from the first clear look in liquid hours on a cancel has to have been asked for.

    While a sell of ours there is not proven, missing shares are not written off: it may be what sold them.
    """
    conid, since, until = span
    for opened, closed in case.hours:
        begin = max(since, opened)
        due = looks.first_clear(begin) + TRIM_S
        if (proven := _unproven_until(case, conid, due)) > due:
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
    """Nothing is cancelled or changed that is another's, and never all orders at once."""
    book = Book()
    for line, book in walk(case):
        if line["kind"] != "request" or "/order/" not in line["path"]:
            continue
        text = line["path"].rpartition("/")[2]
        order = book.orders.get(int(text)) if text.isdigit() else None
        if text == "-1" or (order is not None and not order.own):
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
    asked = {line["reply_id"]: line["coids"] for line in case.truth if line["kind"] == "question"}
    if case.fired("T08", "T09", "T10"):
        return
    for line in case.truth:
        if line["kind"] != "request":
            continue
        at = instant(line["at"])
        coids = line.get("coids") or asked.get(line["path"].rpartition("/")[2], ())
        buys = [coid for coid in coids if (i := case.journal.intents.get(coid)) is not None and i.side == "BUY"]
        confirmed = "/reply/" not in line["path"] or says_yes(line)
        if buys and confirmed and any(begin < at < end for begin, end in spans):
            yield Violation("I13", at, buys[0], "an order to buy was sent while the mode was HALTED")


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


def i16_one_order_an_intent(case: Case) -> Iterator[Violation]:
    """Of one name at most one order is live."""
    if case.fired("T09"):
        return
    told: set[str] = set()
    for line, book in walk(case):
        if line["kind"] not in ("order", "modify"):
            continue
        live = Counter(order.coid for order in book.orders.values() if order.own and order.live and order.coid)
        for coid, count in live.items():
            if count > 1 and coid not in told and not case.fired("O25"):
                told.add(coid)
                yield Violation("I16", book.at, coid, f"{count} orders of this name are live")

"""Own shares without cover, from when it could be seen and done something about. I9 of the invariants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from drill.checker.book import OVER, Book, changes, walk
from drill.checker.logs import FAR, Case, Violation, instant, shown
from drill.checker.looks import Looks, alive_after, looks_of
from drill.checker.proofs import Proofs, proofs_of
from drill.checker.untold import untold

T_PROTECT_S = 15.0
EXIT_MAY_TAKE_S = 60.0
EXIT_FILLS_S = 600.0
"""how long an exit may fill in parts: what comes back meanwhile waits for its end, since nothing may rest beside it"""
RETRY_S = 300.0
SERIES_S = 60.0
QUICK_PAIRS = 4
MOST_PAIRS = 10
CANCEL_AGAIN_S = 60.0
DOUBT_S = 90.0
DOUBTFUL = ("inactive", "warned")
PENALTY_S = 120.0
AGAIN_S = 35.0
WRONG_LISTS = ("C04", "H13", "H14")
OK = 200
SMALL_PART = 0.1


@dataclass(frozen=True, slots=True)
class Gap:
    """Own shares of a contract without cover, from a time to a time; `few` beside others that have it."""

    conid: int
    symbol: str
    begin: float
    end: float
    shares: int
    few: bool = False


def gaps(case: Case) -> list[Gap]:
    """Return the times in which own shares had no cover."""
    found: list[Gap] = []
    open_since: dict[int, Gap] = {}
    book = Book()
    for _, book in changes(case):
        for conid in list(book.own):
            gap, before = _gap(book, conid), open_since.get(conid)
            if before is not None and (gap is None or gap.few is not before.few):
                found.append(replace(open_since.pop(conid), symbol=book.symbol(conid), end=book.at))
            if gap is not None:
                open_since.setdefault(conid, gap)
    found += [
        replace(gap, symbol=book.symbol(conid), end=max(case.end, gap.begin)) for conid, gap in open_since.items()
    ]
    return found


def _gap(book: Book, conid: int) -> Gap | None:
    """Return the gap that begins with what the book says now, None where all shares are covered."""
    own, covered = max(book.own[conid], 0), book.covered(conid)
    bare = own - covered
    if bare <= 0:
        return None
    return Gap(conid, book.symbol(conid), book.at, FAR, bare, covered > 0 and bare <= max(1, own * SMALL_PART))


def i9_shares_are_covered(case: Case) -> Iterator[Violation]:
    """In liquid hours own shares have a stop within 15 s of the first look at which that could be seen and done.

    Not counted: while the process or the gateway is away, while what became of a stop is not proven (the software
    guard stands for it), the minute that an exit takes, the pause after a pair that the broker refused, and till the
    close a few shares that the broker was asked in vain to let the stop of the others have.
    """
    seen, unclear = (looks_of(case), proofs_of(case)), untold(case)
    for gap in gaps(case):
        if gap.conid in unclear:
            continue
        for begin, end in _liquid_parts(case, gap):
            due = _deadline(case, seen, gap, begin)
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


def _deadline(case: Case, seen: tuple[Looks, Proofs], gap: Gap, begin: float) -> float:
    """Return until when the shares may be bare."""
    looks, _ = seen
    since = looks.first_clear(begin)
    while since < gap.end:
        # Once what was in the way is gone, at first or at the end of the time for it, it can be done.
        later = _hindered_until(case, seen, gap, begin, since)
        if later <= since:
            due = looks.clear_from(since, T_PROTECT_S)
            if due >= gap.end:
                return due
            later = _hindered_until(case, seen, gap, begin, due)
            if later <= due:
                later = _cancelling_until(case, gap, since, due)
            if later <= since:
                return due
        since = later
    return since


def _hindered_until(case: Case, seen: tuple[Looks, Proofs], gap: Gap, begin: float, at: float) -> float:
    """Return until when nothing could be done that a time falls into; else the time."""
    looks, proofs = seen
    return max(
        alive_after(case, at),
        proofs.unproven_until(gap.conid, at),
        _exit_until(case, gap, at),
        _tried_until(case, gap, begin, at),
        _doubtful_until(case, looks, gap, at),
        _penalty_until(case, at),
        _shown_again_until(case, looks, at),
        _kept_until(case, gap, begin, at),
    )


def _exit_until(case: Case, gap: Gap, at: float) -> float:
    """Return until when an exit that has begun may take, and fill."""
    until = at
    for intent in case.journal.intents.values():
        began = intent.created
        if intent.conid != gap.conid or intent.role != "exit":
            continue
        if began <= at < began + EXIT_MAY_TAKE_S:
            until = max(until, began + EXIT_MAY_TAKE_S)
        over = min(_over(case, intent.order_id), began + EXIT_FILLS_S)
        if began <= gap.begin < over and at < over:
            until = max(until, over)
    return until


def _over(case: Case, order_id: int | None) -> float:
    """Return when an order was over at the broker, far away where it never was; at once where it has no id."""
    if order_id is None:
        return 0.0
    ended = (line for line in case.truth if line["kind"] == "status" and line["state"] in OVER)
    return next((instant(line["at"]) for line in ended if line["order_id"] == order_id), FAR)


def _tried_until(case: Case, gap: Gap, begin: float, at: float) -> float:
    """Return until when the pause lasts after the last pair that was sent and came to nothing.

    A pair that was lost within a minute is of the same series as the next one. After four in a session they are five
    minutes apart, after ten the software guard alone stands for a stop until its close.
    """
    opened, closed = next((hours for hours in case.hours if hours[0] <= at < hours[1]), (begin, at))
    sent = len(_pairs(case, gap.conid, opened, at))
    if sent >= MOST_PAIRS:
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
    return max(at, tried[-1] + (RETRY_S if tried[-1] >= begin or sent >= QUICK_PAIRS else SERIES_S))


def _kept_until(case: Case, gap: Gap, begin: float, at: float) -> float:
    """Return until when a stop may stay that a few shares are missing in, and that could not be made larger that day.

    To replace it would leave the others bare too: that is done once the market is closed.
    """
    if not gap.few:
        return at
    since = max((closed for _, closed in case.hours if closed <= begin), default=0.0)
    stops = [
        intent.order_id
        for intent in case.journal.intents.values()
        if intent.role == "stop" and intent.conid == gap.conid and intent.order_id is not None
    ]
    asked = any(
        act.about is None and act.verb == "POST" and act.path.endswith(f"/order/{order_id}") and since <= act.at <= at
        for order_id in stops
        if not _is_over(case, order_id, at)
        for act in case.journal.wire
    )
    return max((closed for opened, closed in case.hours if asked and opened <= at < closed), default=at)


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


def _doubtful_until(case: Case, looks: Looks, gap: Gap, at: float) -> float:
    """Return until when a leg or an exit that the broker shows as inactive, or with a warning, may be looked at.

    It may yet work, beside a new one. That it is so for a while shows only to a process that can look, and where it was
    so before, from the open on.
    """
    sales = {
        coid: intent.order_id
        for coid, intent in case.journal.intents.items()
        if intent.role in ("stop", "target", "exit") and intent.conid == gap.conid
    }
    opened = next((began for began, over in case.hours if began <= at < over), at)
    shown = [max(looks.first_clear(since), opened) for since in _inactive_since(case, sales)]
    return max((began + DOUBT_S for began in shown if began <= at < began + DOUBT_S), default=at)


def _inactive_since(case: Case, orders: Mapping[str, int | None]) -> Iterator[float]:
    """Yield from when the broker shows orders as inactive: it made them so, or waits for a yes or no that got lost.

    One that it has just accepted may not be listed yet.
    """
    placed = {ticket.get("coid") for line in case.truth if line["kind"] == "order" for ticket in line["tickets"]}
    heard = {line["request"] for line in case.truth if line["kind"] == "answer" and line.get("status") == OK}
    no = [line for line in case.truth if line.get("confirmed") is False and line["seq"] in heard]
    declined = {line["path"].rpartition("/")[2] for line in no}
    waiting = orders.keys() - placed
    listed_from: dict[int, float] = {}
    for line, book in walk(case):
        if line["kind"] == "order":
            listed_from |= {ticket["order_id"]: book.at + book.visible_after_s for ticket in line["tickets"]}
        elif line["kind"] == "status" and line["state"] in DOUBTFUL and line["order_id"] in orders.values():
            yield max(book.at, listed_from.get(line["order_id"], book.at))
        elif line["kind"] == "question" and not (line["reply_id"] in declined or waiting.isdisjoint(line["coids"])):
            yield book.at


def _cancelling_until(case: Case, gap: Gap, since: float, at: float) -> float:
    """Return until when the broker cancels a sale of ours: with a new stop beside it, too much could be sold.

    One that ended between the two times was in the way until then. Without any it is the first of them.
    """
    sales = {
        intent.order_id
        for intent in case.journal.intents.values()
        if intent.side == "SELL" and intent.conid == gap.conid
    }
    asked: dict[int, float] = {}
    until = since
    for line in case.truth:
        if line["kind"] != "status" or line["order_id"] not in sales:
            continue
        if asked.pop(line["order_id"], FAR) <= at:
            until = max(until, instant(line["at"]))
        if line["state"] == "cancelling":
            asked[line["order_id"]] = instant(line["at"])
    if any(began <= at for began in asked.values()):
        return FAR
    again = _asked_until(case, gap.conid, at)
    return again if again > at else until


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
    limited = (instant(line["at"]) for line in case.truth if line["kind"] == "limited")
    return _lasts_until(chain(case.fired_at("H03", "H04"), limited), at, PENALTY_S)


def _shown_again_until(case: Case, looks: Looks, at: float) -> float:
    """Return until when shares that a list had not shown have to be shown again: half a minute from the next list on.

    Of two lists that contradict each other the later one may be the older.
    """
    fired = case.fired_at(*WRONG_LISTS, path="positions")
    return _lasts_until(chain(fired, map(looks.first_clear, fired)), at, AGAIN_S)


def _lasts_until(begun: Iterable[float], at: float, seconds: float) -> float:
    """Return until when what began at such times, and lasts so long, lasts at a time; else the time."""
    return max((began + seconds for began in begun if began <= at < began + seconds), default=at)


def _stops(case: Case, coids: Sequence[str], conid: int) -> bool:
    intents = (case.journal.intents.get(coid) for coid in coids)
    return any(intent is not None and intent.role in ("stop", "exit") and intent.conid == conid for intent in intents)

"""Orders whose outcome the journal did not know: from when until when, and by when looks could have settled it.

What nobody can tell excuses much. It ends where the trading system could have known: a list that has to hold another
own order, and does not hold this one, speaks against it, five times half a minute apart; an order of a day can't live
after it. Eight looks are asked for here, since some of them may have been used for something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from drill.checker.book import Book, fill_of
from drill.checker.logs import FAR, Case, Intent, Line, Step, instant
from drill.checker.looks import Looks, day_ends, looks_of

UNPROVEN = frozenset({"SENDING", "QUESTIONED", "REPLYING", "UNKNOWN"})
VANISHED_S = 120.0
"""how long an order may be missing in the list before it counts as unproven"""
LOOKS, LOOKS_APART_S = 8, 30.0
VISIBLE_S = 120.0
"""so long after it became unproven a list that lacks it tells nothing"""
SETTLES_S = 600.0
"""so long before an order was sent, or not proven, others have to have left its contract alone"""
EXPIRED_S = 1800.0
"""so long after the close of its session an order of the day is over"""
RESET_ZONE, RESET_FROM, RESET_UNTIL = ZoneInfo("America/New_York"), time(0, 45), time(1, 30)
_SATURDAY, _SATURDAY_FROM = 5, time(18, 0)


@dataclass(slots=True)
class Doubt:
    """A time in which it was not proven what became of an order; `settled`: from when on it could have been.

    `alike`: an order is bound to it that is only like it, which is a person's to settle.
    """

    intent: Intent
    since: float
    until: float
    alike: bool
    settled: float = FAR
    looks: list[float] = field(default_factory=list)
    """those that speak for or against it"""
    after: list[float] = field(default_factory=list)
    """those after it can't have lived any more"""


@dataclass(frozen=True, slots=True)
class Proofs:
    """Every doubt of a run, by the order's name."""

    doubts: Mapping[str, Sequence[Doubt]]
    end: float

    def unproven_until(self, conid: int, at: float, order_id: int | None = None) -> float:
        """Return until when a stop or an exit of the contract was not proven that was not at a time; else the time.

        An order that is only like it, and does not show its name, proves nothing, and is never cancelled. With an
        order's id it is asked of those alone that this order may be.
        """
        until = at
        for doubts in self.doubts.values():
            for doubt in doubts:
                intent = doubt.intent
                asked = order_id is None or intent.order_id in {None, order_id}
                over = min(doubt.until, doubt.settled)
                if asked and intent.conid == conid and intent.side == "SELL" and doubt.since <= at < over:
                    until = max(until, over)
        return until

    def nobody_can_tell(self, coid: str) -> bool:
        """Return whether in the end it is not proven what became of an order, and no looks could have settled it."""
        doubts = self.doubts.get(coid, ())
        return bool(doubts) and doubts[-1].until >= FAR and doubts[-1].settled > self.end


def proofs_of(case: Case) -> Proofs:
    """Return the doubts of a run."""
    doubts: dict[str, list[Doubt]] = {}
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    for step in case.journal.steps:
        steps[step.coid].append(step)
    for coid, taken in steps.items():
        intent = case.journal.intents.get(coid)
        if intent is not None:
            doubts[coid] = list(_doubts(intent, taken))
    _settle(case, [doubt for found in doubts.values() for doubt in found if not doubt.alike])
    return Proofs(doubts, case.end)


def _doubts(intent: Intent, steps: Sequence[Step]) -> Iterator[Doubt]:
    doubt: Doubt | None = None
    for step in steps:
        unproven = step.state in UNPROVEN or step.likeness
        if doubt is not None and not (unproven and doubt.alike == step.likeness):
            doubt.until = step.at
            yield doubt
            doubt = None
        if unproven and doubt is None:
            since = step.at - (VANISHED_S if step.state == "UNKNOWN" else 0.0)
            doubt = Doubt(intent, since, FAR, step.likeness)
    if doubt is not None:
        yield doubt


def _settle(case: Case, doubts: Sequence[Doubt]) -> None:
    """Say of each doubt when looks could have settled it."""
    lasting = [doubt for doubt in doubts if min(doubt.until, case.end) - doubt.since >= LOOKS * LOOKS_APART_S]
    looks = looks_of(case)
    times = [at for at in looks.clear if any(doubt.since <= at < doubt.until for doubt in lasting)]
    steps = list(case.journal.steps)
    states: dict[str, Step] = {}
    touched: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    book = Book(conids=dict(case.contracts))
    for line in case.truth:
        at = instant(line["at"])
        while times and times[0] < at:
            look = times.pop(0)
            while steps and steps[0].at <= look:
                step = steps.pop(0)
                states[step.coid] = step
            for doubt in lasting:
                if doubt.since <= look < min(doubt.until, doubt.settled) and _could_show(doubt, book, touched, look):
                    _count(case, doubt, look, witnessed=_witnessed(case, doubt, states.values(), book, look))
        book.take(line)
        for conid, riddle in _touched(line, book, looks):
            touched[conid].append((at, riddle))


def _touched(line: Line, book: Book, looks: Looks) -> Iterator[tuple[int, bool]]:
    """Yield the contract that somebody else trades with a line, or that it splits, and whether that is a riddle.

    A trade is none that a list of its day could show as another's.
    """
    if line["kind"] == "deed" and line["do"] == "split":
        yield book.conids.get(line["symbol"], 0), True
    elif line["kind"] == "fill":
        execution = book.executions[fill_of(line["execution"]["execution_id"])]
        told = book.trades_name_orders and looks.first_clear(book.at) < day_ends(book.at) and not execution.corrected
        if not execution.own or execution.corrected:
            yield execution.conid, not told


def _could_show(doubt: Doubt, book: Book, touched: Mapping[int, Sequence[tuple[float, bool]]], at: float) -> bool:
    """Return whether a look tells something of an order: it had the time to turn up, and nothing else may be it."""
    intent = doubt.intent
    if at < doubt.since + VANISHED_S + VISIBLE_S + book.visible_after_s or in_reset(at):
        return False
    settled = intent.created - SETTLES_S
    if any(
        settled <= moved and (riddle or moved <= doubt.since + VANISHED_S)
        for moved, riddle in touched.get(intent.conid, ())
    ):
        return False
    if not book.held[intent.conid] >= book.own[intent.conid] >= 0:
        return False
    return not any(
        order.live and not order.own and (order.conid, order.side) == (intent.conid, intent.side)
        for order in book.orders.values()
    )


def _witnessed(case: Case, doubt: Doubt, states: Iterable[Step], book: Book, at: float) -> bool:
    """Return whether a list had to hold another own order, and held all that it had to."""
    wanted = [
        book.orders.get(intent.order_id or 0)
        for step in states
        if step.state == "WORKING" and not step.likeness and step.coid != doubt.intent.coid
        if (intent := case.journal.intents.get(step.coid)) is not None
    ]
    return bool(wanted) and all(
        order is not None and order.own and order.live and order.placed + book.visible_after_s < at for order in wanted
    )


def _count(case: Case, doubt: Doubt, at: float, *, witnessed: bool) -> None:
    if witnessed and (not doubt.looks or at - doubt.looks[-1] >= LOOKS_APART_S):
        doubt.looks.append(at)
    over = _over_at(case, doubt.intent)
    if at >= over:
        doubt.after.append(at)
    after_reset = sum(look >= _reset_ends(over) for look in doubt.after) if doubt.after else 0
    if len(doubt.looks) >= LOOKS or min(len(doubt.after) - 1, after_reset) > 1:
        doubt.settled = at


def _over_at(case: Case, intent: Intent) -> float:
    """Return from when an order of the day can't be live any more; far away for one that stays or did something."""
    if intent.role not in ("entry", "exit") or intent.filled:
        return FAR
    days = (closed for _, closed in case.hours if _local(closed).date().isoformat() == intent.session)
    return next(days, FAR) + EXPIRED_S


def _reset_ends(at: float) -> float:
    """Return when the first nightly reset after a time is over."""
    local = _local(at)
    day = local.date() if local.time() < RESET_FROM else local.date() + timedelta(days=1)
    return datetime.combine(day, RESET_UNTIL, RESET_ZONE).timestamp()


def in_reset(at: float) -> bool:
    """Return whether the broker's reset was on, nightly or on Saturday evening: no reading proves anything then."""
    local = _local(at)
    evening = local.weekday() == _SATURDAY and local.time() >= _SATURDAY_FROM
    return evening or RESET_FROM <= local.time() < RESET_UNTIL


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, RESET_ZONE)

"""What a person asked for is done: a halt cancels what was to be bought, a flatten sells what is ours. I13, I20."""

from __future__ import annotations

from collections.abc import Iterator

from drill.checker.accounts import intent_of
from drill.checker.book import Order, book_at, final
from drill.checker.exposure import ended, halts
from drill.checker.logs import FAR, Case, Goal, Violation, instant
from drill.checker.looks import Looks, alive_after, looks_of
from drill.checker.proofs import Proofs, proofs_of

CANCEL_S = 60.0
"""after the first clear look at an entry in a halt its cancel has to have been asked for"""
ASKED_BEFORE_S = 300.0
"""so long before a halt its cancel may have been asked for, for another reason"""
SELL_S = 300.0
"""after the first clear look in liquid hours what a flatten sells has to have an exit"""
NO_ORDERS_BEFORE_CLOSE_S = 600.0
"""so long before the close nothing is sold any more that day"""


def entries_are_cancelled_in_a_halt(case: Case) -> Iterator[Violation]:
    """Each own entry that lives while the mode is HALTED has its cancel asked for, once it can be seen."""
    spans = halts(case)
    if not spans:
        return
    looks, book = looks_of(case), final(case)
    entries = [order for order in book.all_orders() if order.own and order.side == "BUY" and not order.refused]
    for begin, end in spans:
        for order in entries:
            intent = intent_of(case, order)
            if intent is None or intent.order_id != order.order_id:
                continue
            since = max(begin, order.placed)
            seen = looks.first_clear(since + book.visible_after_s)
            due = alive_after(case, looks.clear_from(seen, CANCEL_S)) if seen < FAR else FAR
            over = ended(case, order.order_id, order.placed)
            if due >= min(end, over, case.end) or not _was_proven(case, intent.coid, due):
                continue
            if not _cancel_asked(case, order, begin, due):
                yield Violation(
                    "I13", due, intent.coid, f"order {order.order_id} to buy lives on in a halt, uncancelled"
                )


def _was_proven(case: Case, coid: str, at: float) -> bool:
    """Return whether an entry was known to work at a time: an order that is only like it is left alone."""
    last = None
    for step in case.journal.steps:
        if step.coid == coid and step.at <= at:
            last = step
    return last is not None and not last.likeness and last.state == "WORKING"


def _cancel_asked(case: Case, order: Order, since: float, until: float) -> bool:
    ending = f"/order/{order.order_id}"
    return any(
        act.about is None
        and act.verb == "DELETE"
        and act.path.endswith(ending)
        and since - ASKED_BEFORE_S <= act.at <= until
        for act in case.journal.wire
    )


def flatten_sells(case: Case) -> Iterator[Violation]:
    """What is ours has an exit soon after a flatten, in liquid hours, but where a sell of it is not proven.

    Nor for a stock that the exchange halts, which has no price to sell at: its stop stays.
    """
    seen = looks_of(case), proofs_of(case)
    for goal in case.journal.goals:
        for opened, closed in case.hours:
            yield from _unsold(case, seen, goal, opened, closed)


def _unsold(case: Case, seen: tuple[Looks, Proofs], goal: Goal, opened: float, closed: float) -> Iterator[Violation]:
    looks, proofs = seen
    looked = looks.first_clear(max(goal.since, opened))
    due = alive_after(case, looks.clear_from(looked, SELL_S)) if looked < FAR else FAR
    if due >= min(goal.until, closed - NO_ORDERS_BEFORE_CLOSE_S, case.end):
        return
    book, halted = book_at(case, due), _halted(case, due)
    for conid, shares in book.own.items():
        if shares <= 0 or book.symbol(conid) in halted or proofs.unproven_until(conid, due) > due:
            continue
        if not any(i.role == "exit" and i.conid == conid and i.created <= due for i in case.journal.intents.values()):
            yield Violation("I20", due, book.symbol(conid), f"a flatten stands, and {shares} own shares have no exit")


def _halted(case: Case, at: float) -> set[str]:
    """Return the symbols that the exchange halts at a time."""
    halted: set[str] = set()
    for line in case.truth:
        if instant(line["at"]) > at:
            break
        if line["kind"] == "deed" and line["do"] == "halt":
            halted.add(line["symbol"])
        elif line["kind"] == "deed" and line["do"] == "resume":
            halted.discard(line["symbol"])
    return halted

"""Money that comes and goes: no limit latches for it alone. I27 of the invariants."""

from __future__ import annotations

from collections.abc import Iterator

from drill.checker.book import fill_of, walk
from drill.checker.logs import FAR, Case, Violation, instant

LATCH = "drawdown_halt"
MARGIN = 0.05
"""how far the true loss may be from the limit: what is read in the night is not just what was there at the close"""
EMPTIED = 0.1
"""an account of which a payment left so little: what prices did on its day, before and after, is many times of that"""


def i27_flows_latch_nothing(case: Case) -> Iterator[Violation]:
    """No drawdown latches that is none without what was paid in and out.

    Where readings of the account's value lie, or the run does not say what the limit is, nobody can tell. Nor can they
    once the broker has corrected a fill from before a split: it does so in shares of that day, at the price of this.
    """
    limits = case.told("limits")
    if not limits or case.fired("C09"):
        return
    allowed = float(limits["max_drawdown"])
    latched, recounted = False, first_recount(case)
    for row in case.journal.modes:
        if row.fact != "reducing":
            continue
        latches = LATCH in row.value.split(",")
        if latches and not latched and row.at < recounted:
            lost = drawdown(case, row.at)
            if lost < allowed - MARGIN:
                sentence = f"a drawdown latched, and without payments the account had lost {lost:.1%} of its highest"
                yield Violation("I27", row.at, LATCH, sentence)
        latched = latches


def first_recount(case: Case) -> float:
    """Return when the broker first corrected a fill from before a split, far away where it never did."""
    for line, book in walk(case):
        if line["kind"] == "fill":
            execution = book.executions[fill_of(line["execution"]["execution_id"])]
            if execution.made < book.split_at.get(execution.conid, 0.0):
                return book.at
    return FAR


def drawdown(case: Case, at: float) -> float:
    """Return what the account had lost of its highest value at the last close before a time, payments left out.

    All of it, where a payment emptied it.
    """
    worth: float | None = None
    paid, level, highest = 0.0, 1.0, 1.0
    for line in case.truth:
        if instant(line["at"]) > at:
            break
        if line["kind"] == "deed" and line.get("do") == "cash":
            paid += float(line.get("amount") or 0.0)
        elif line["kind"] == "close":
            equity = float(line["equity"])
            if worth is not None and worth > 0.0:
                level *= (equity - paid) / worth
                if paid < 0.0 and equity < worth * EMPTIED:
                    return 1.0
            worth, paid = equity, 0.0
            highest = max(highest, level)
    return 1.0 - level / highest

"""Contracts in which nothing that the broker shows tells how many shares are ours, so that a person has to say.

A reverse split that leaves less than a share leaves no row, and an empty list is no evidence where no other position of
ours stands beside it. A purchase that the broker takes back counts in shares of its day: what it leaves, when nobody
has looked since a split, has no price and no execution. And while a sell of ours is frozen, it may be what sold the
shares that are missing.
"""

from __future__ import annotations

from drill.checker.book import fill_of, walk
from drill.checker.logs import Case
from drill.checker.looks import looks_of


def untold(case: Case) -> frozenset[int]:
    """Return them; a person has to say there (`reconcile`)."""
    looks = looks_of(case)
    found: set[int] = set()
    own: dict[int, int] = {}
    split_at: dict[int, float] = {}
    filled_at: dict[str, float] = {}
    for line, book in walk(case):
        if line["kind"] == "deed" and line["do"] == "split":
            conid = book.conids.get(line["symbol"], 0)
            split_at[conid] = book.at
            alone = not any(shares > 0 for other, shares in book.own.items() if other != conid)
            if own.get(conid, 0) > 0 and book.own[conid] == 0 and alone:
                found.add(conid)
        elif line["kind"] == "fill":
            facts = line["execution"]
            first = filled_at.setdefault(fill_of(facts["execution_id"]), book.at)
            since = split_at.get(facts["conid"], 0.0)
            if first < since <= book.at < looks.first_clear(since):
                found.add(facts["conid"])
        else:
            continue
        own.update(book.own)
    return frozenset(found) | _missing_beside_a_frozen_sell(case, own)


def _missing_beside_a_frozen_sell(case: Case, own: dict[int, int]) -> frozenset[int]:
    return frozenset(
        intent.conid
        for intent in case.journal.intents.values()
        if intent.frozen
        and intent.state == "UNKNOWN"
        and intent.side == "SELL"
        and own.get(intent.conid, 0) < case.journal.positions.get(intent.conid, 0)
    )

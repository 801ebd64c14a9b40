"""Contracts in which nothing that the broker shows tells how many shares are ours, so that a person has to say.

A reverse split that leaves less than a share leaves no row, and an empty list is no evidence where no other position of
ours stands beside it. A purchase that the broker takes back counts in shares of its day: what it leaves, when nobody
has looked since a split, has no price and no execution. Where an order of ours sold more than there was and others
bought, nobody knows whether what its entry buys afterwards is ours or makes up for that. And while a sell of ours is
frozen, it may be what sold the shares that are missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from drill.checker.book import fill_of, final, walk
from drill.checker.logs import FAR, Case
from drill.checker.looks import Looks, looks_of
from drill.checker.proofs import proofs_of


def untold(case: Case) -> frozenset[int]:
    """Return those of the end; a person has to say there (`reconcile`)."""
    spans = untold_spans(case)
    return frozenset(conid for conid, (_, until) in spans.items() if until > case.end) | _missing_beside_a_frozen_sell(
        case
    )


def untold_spans(case: Case) -> Mapping[int, tuple[float, float]]:
    """Return what was left untold: since when, and until when, which is far away where nothing ever told."""
    looks = looks_of(case)
    found: dict[int, tuple[float, float]] = {}
    own: dict[int, int] = {}
    splits: dict[int, int] = {}
    oversold: set[int] = set()
    stood = 0.0
    for line, book in walk(case):
        if line["kind"] == "deed" and line["do"] == "split":
            conid = book.conids.get(line["symbol"], 0)
            splits[conid] = line["seq"]
            if own.get(conid, 0) > 0 and book.own[conid] == 0:
                found[conid] = (book.at, FAR)
        elif line["kind"] == "fill":
            execution = book.executions[fill_of(line["execution"]["execution_id"])]
            since = book.split_at.get(execution.conid, 0.0)
            if execution.made < since and not looks.between(splits[execution.conid], line["seq"]):
                found[execution.conid] = (since, FAR)
            if execution.own and execution.side == "SELL" and execution.quantity > own.get(execution.conid, 0):
                oversold.add(execution.conid)
            elif not execution.own and execution.side == "BUY" and execution.conid in oversold:
                found[execution.conid] = (book.at, FAR)
        else:
            continue
        _witness(found, own, looks, (stood, book.at))
        own.update(book.own)
        stood = book.at
    _witness(found, own, looks, (stood, case.end))
    return found


def _witness(
    found: dict[int, tuple[float, float]], own: Mapping[int, int], looks: Looks, stood: tuple[float, float]
) -> None:
    """End what a look has told: that of a list in which another position of ours stood.

    Only nothing at all needs such a witness; what a purchase taken back left is not told by one.
    """
    for conid, (since, until) in found.items():
        looked = looks.first_clear(max(since, stood[0]))
        others = any(shares > 0 for other, shares in own.items() if other != conid)
        if others and own.get(conid, 0) <= 0 and looked < min(until, stood[1]):
            found[conid] = (since, looked)


def _missing_beside_a_frozen_sell(case: Case) -> frozenset[int]:
    own, proofs = final(case).own, proofs_of(case)
    return frozenset(
        intent.conid
        for intent in case.journal.intents.values()
        if intent.frozen
        and proofs.nobody_can_tell(intent.coid)
        and intent.state == "UNKNOWN"
        and intent.side == "SELL"
        and own.get(intent.conid, 0) < case.journal.positions.get(intent.conid, 0)
    )

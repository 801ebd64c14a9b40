"""How it lives: the edges of the state machine, starts, and that all is well again once the faults have stopped.

I15, I17, I20, I26 of the invariants.
"""

from __future__ import annotations

from collections.abc import Iterator

from drill.checker.accounts import intent_of
from drill.checker.book import Book, Order, book_at, changes, final
from drill.checker.logs import FAR, Case, Halt, ModeRow, Step, Violation, instant
from drill.checker.looks import looks_of, session_down
from drill.checker.money import LATCH, MARGIN, drawdown
from drill.checker.proofs import Proofs, in_reset, proofs_of
from drill.checker.untold import untold
from drill.checker.wire import repeated

EDGES = {
    "": {"PLANNED"},
    "PLANNED": {"SENDING", "DENIED"},
    "SENDING": {"WORKING", "QUESTIONED", "UNKNOWN", "REJECTED", "PLANNED"},
    "QUESTIONED": {"REPLYING", "DECLINED", "UNKNOWN"},
    "REPLYING": {"WORKING", "QUESTIONED", "UNKNOWN", "REJECTED", "DECLINED"},
    "UNKNOWN": {"WORKING", "FILLED", "CANCELLED", "EXPIRED", "REJECTED", "LOST", "DECLINED"},
    "WORKING": {"FILLED", "CANCELLED", "EXPIRED", "REJECTED", "UNKNOWN"},
    "FILLED": {"FILLED", "WORKING"},
    "CANCELLED": {"CANCELLED", "WORKING"},
    "EXPIRED": {"EXPIRED", "WORKING"},
    "REJECTED": {"REJECTED", "WORKING", "FILLED"},
    "DECLINED": {"DECLINED", "WORKING", "FILLED"},
    "LOST": {"LOST", "WORKING", "FILLED"},
    "DENIED": {"DENIED"},
}
ABSENT = frozenset({"LOST", "REJECTED", "DECLINED"})
ENDED = ABSENT | {"CANCELLED", "EXPIRED", "DENIED"}
# Of an order that its lists can show within a minute: five readings half a minute apart, from two minutes on.
VOTES, VOTES_TAKE_S = 5, 239.0
# What hides an order from a list that shows others.
_LIES = frozenset({"H13", "H15", "O09"})
RECONCILED_S = LEAVING_S = 900.0
SEEN_S = 60.0
"""how old what was seen may be"""
OPEN = frozenset({"SENDING", "QUESTIONED", "REPLYING", "UNKNOWN"})
# What a person asked for, and what only a person can clear: shares short, and an order under a name like ours.
_ASKED, _SHORT, _ORPHAN = "operator", "short", "orphan"
# A limit that latches where more was sold than was ours.
_OVERSOLD = "oversold"
_RESURRECTED = "resurrected"


def i17_edges(case: Case) -> Iterator[Violation]:
    """Each intent goes along the edges of its state machine."""
    last: dict[str, Step] = {}
    for step in case.journal.steps:
        before = last[step.coid].state if step.coid in last else ""
        # An order that was only like it is proven to be its.
        proven = before == step.state and last[step.coid].likeness and not step.likeness
        if step.state not in EDGES.get(before, set()) and not proven:
            yield Violation("I17", step.at, step.coid, f"from {before or 'nothing'} to {step.state}")
        last[step.coid] = step
    yield from _called_absent(case)


def _called_absent(case: Case) -> Iterator[Violation]:
    """No order counts as refused or lost while it is live at the broker.

    A list that lied often enough proves an absence that is none: that is bounded, and not counted here.
    """
    twice = repeated(case)
    claims = [step for step in case.journal.steps if step.state in ABSENT and step.coid not in twice]
    book = Book()
    for line in case.truth:
        while claims and claims[0].at < instant(line["at"]):
            step = claims.pop(0)
            for order in book.orders.values():
                wrong = order.own and order.live and order.placed <= step.at and _is_of(case, order, step.coid)
                if wrong and not _misled(case, order.placed, step):
                    yield Violation("I17", step.at, step.coid, f"it counts as {step.state}, and is live at the broker")
        book.take(line)


def _is_of(case: Case, order: Order, coid: str) -> bool:
    intent = intent_of(case, order)
    return intent is not None and intent.coid == coid


def _misled(case: Case, placed: float, step: Step) -> bool:
    """Return whether lists lied so often, and for so long, that five readings could witness an absence."""
    if step.state != "LOST" or step.at - placed < VOTES_TAKE_S:
        return False
    return sum(placed <= at <= step.at and not in_reset(at) for at in case.fired_at(*_LIES)) >= VOTES


def i15_its_cover_is_over(case: Case) -> Iterator[Violation]:
    """An exit leaves when the stop and the target that it replaces have ended with all their fills counted."""
    state: dict[str, str] = {}
    intents = case.journal.intents
    for step in case.journal.steps:
        state[step.coid] = step.state
        exit_ = intents.get(step.coid)
        if step.state != "SENDING" or exit_ is None or exit_.role != "exit":
            continue
        for other in intents.values():
            cover = other.conid == exit_.conid and other.role in ("stop", "target")
            if cover and state.get(other.coid) == "WORKING" and other.filled < other.quantity:
                yield Violation("I15", step.at, step.coid, f"it was sent while {other.coid} was working")


def i20_all_is_well_again(case: Case) -> Iterator[Violation]:
    """One session after the faults stopped: active, nothing unproven, every position covered, no sell left over."""
    if not case.happened("end") or case.happened("stuck"):
        return
    book, proofs = final(case), proofs_of(case)
    yield from _session(case)
    yield from _reconciled_soon(case)
    yield from _unproven(case, proofs)
    yield from _mode(case)
    for conid in sorted(book.own.keys() - untold(case)):
        yield from _position(case, book, proofs, conid)


def _session(case: Case) -> Iterator[Violation]:
    """The login is there, or a person logged in when the faults stopped: the rest is the system's own.

    Another program that took the session has it for as long as it is set to be left to it.
    """
    last = next((line for line in reversed(case.truth) if line["kind"] == "session"), None)
    yields_s = case.told("window").get("yield_s", 0.0)
    if last is not None and last["event"] == "competing" and case.end - instant(last["at"]) < yields_s:
        return
    if last is not None and last["login"] and not last["authenticated"]:
        yield Violation(
            "I20",
            case.end,
            "session",
            f"the brokerage session was lost ({last['event']}) at {last['at']} and never opened again",
        )


def _reconciled_soon(case: Case) -> Iterator[Violation]:
    """Quarter of an hour after the first clear look since the faults stopped, records and broker have agreed once.

    That is ten minutes for an order that is not proven, and a few turns.
    """
    healed = _healed(case)
    looks = looks_of(case)
    due = looks.clear_from(looks.first_clear(healed), RECONCILED_S)
    if due >= case.end or not all(begin > due or end < healed for begin, end in session_down(case)):
        return
    rows = [row for row in case.journal.modes if row.fact == "reconciled" and row.at <= due]
    before = [row for row in rows if row.at <= healed]
    agreed = any(row.value == "1" for row in rows if row.at > healed) or (before and before[-1].value == "1")
    if not agreed:
        reason = rows[-1].reason if rows else "it never was"
        yield Violation("I20", due, "mode", f"not reconciled a quarter of an hour after the faults stopped: {reason}")


def _healed(case: Case) -> float:
    return next((instant(event["at"]) for event in case.happened("healed")), case.end)


def _resumed(case: Case) -> float:
    """Return when a person asked for the last time that it goes on; the end of time where nobody did."""
    asked = [instant(event["at"]) for event in case.happened("request") if event["asked"] == "resume"]
    return max(asked, default=FAR)


def _unproven(case: Case, proofs: Proofs) -> Iterator[Violation]:
    """Nothing is unproven but what is frozen, as long as no looks could have settled it.

    Nor is a leg of an entry that ended and bought nothing: it can't live.
    """
    for intent in case.journal.intents.values():
        if intent.state not in OPEN:
            continue
        entry = case.journal.intents.get(intent.parent or "")
        alone = entry is not None and entry.state in ENDED and entry.filled == 0
        if not intent.frozen or alone or not proofs.nobody_can_tell(intent.coid):
            yield Violation(
                "I20", case.end, intent.coid, f"it is still {intent.state}, one session after the faults stopped"
            )


def _mode(case: Case) -> Iterator[Violation]:
    facts = {row.fact: row for row in case.journal.modes}
    reconciled = facts.get("reconciled")
    if reconciled is None or reconciled.value != "1":
        reason = "it never was" if reconciled is None else reconciled.reason
        yield Violation("I20", case.end, "mode", f"not reconciled one session after the faults stopped: {reason}")
    for halt in case.journal.halts:
        if halt.cause != _ASKED and not _has_cause(case, halt):
            text = f"halted again after a person's resume: {halt.cause} {halt.facts}"
            yield Violation("I20", case.end, "mode", text)
    yield from _latched(case, facts.get("reducing"))


def _has_cause(case: Case, halt: Halt) -> bool:
    """Return whether what a halt names was there when it began: shares short, or an order that we never sent."""
    if halt.cause == _SHORT:
        conid = int(halt.facts.partition(":")[0])
        return any(book_at(case, at).held[conid] < 0 for at in (halt.since - SEEN_S, halt.since))
    orders = (line for line in case.truth if line["kind"] == "deed" and line["do"] == "order")
    return halt.cause == _ORPHAN and any(line.get("coid") == halt.facts for line in orders)


def _latched(case: Case, latched: ModeRow | None) -> Iterator[Violation]:
    """Nothing holds entries back in the end, but a drawdown that is one: a person has let all else go on.

    What the first looks since the faults stopped found after that person had looked waits for another one.
    """
    codes = set() if latched is None else set(latched.value.split(",")) - {""}
    if (
        latched is None
        or not codes
        or _resumed(case) <= latched.at <= looks_of(case).first_clear(_healed(case)) + RECONCILED_S
    ):
        return
    allowed = case.told("limits").get("max_drawdown")
    if allowed is None or case.fired("C09") or drawdown(case, latched.at) >= allowed - MARGIN:
        codes.discard(LATCH)
    if _OVERSOLD in codes and any(f"{symbol}:" in latched.reason for symbol in _oversold(case)):
        codes.discard(_OVERSOLD)
    if any(f" {coid} " in latched.reason for coid in _twins(case)):
        # It was over, and a second order under its name lives.
        codes.discard(_RESURRECTED)
    if codes:
        yield Violation("I20", case.end, "mode", f"{', '.join(sorted(codes))} holds entries back: {latched.reason}")


def _twins(case: Case) -> set[str]:
    """Return the names of ours under which the broker made a second order."""
    orders = (line for line in case.truth if line["kind"] == "deed" and line["do"] == "order")
    return {line["coid"] for line in orders if line.get("coid") in case.journal.intents}


def _oversold(case: Case) -> set[str]:
    """Return the symbols of which ours ever sold more than was ours, which I10 judges."""
    return {book.symbol(conid) for _, book in changes(case) for conid, shares in book.own.items() if shares < 0}


def _position(case: Case, book: Book, proofs: Proofs, conid: int) -> Iterator[Violation]:
    own, symbol = max(book.own[conid], 0), book.symbol(conid)
    bare = own - book.covered(conid)
    if bare > 0 and not _leaving(case, proofs, conid):
        yield Violation("I20", case.end, symbol, f"{bare} of {own} own shares have no stop at the broker")
    if book.most_own(conid) == 0 and book.potential(conid) > 0 and not _frozen(case, proofs, conid):
        orders = ", ".join(str(order.order_id) for order in book.own_sells(conid))
        yield Violation("I20", case.end, symbol, f"none is ours any more, and order {orders} to sell is still live")


def _leaving(case: Case, proofs: Proofs, conid: int) -> bool:
    """Return whether an exit of it has just begun, or what became of a sell only a person can say."""
    return any(
        intent.role == "exit" and intent.state in {"PLANNED", *OPEN} and intent.created > case.end - LEAVING_S
        for intent in case.journal.intents.values()
        if intent.conid == conid
    ) or _frozen(case, proofs, conid)


def _frozen(case: Case, proofs: Proofs, conid: int) -> bool:
    """Return whether a sell of ours is frozen there, which may be any order that nobody can tell."""
    sells = (intent for intent in case.journal.intents.values() if intent.side == "SELL" and intent.conid == conid)
    return any(intent.frozen and proofs.nobody_can_tell(intent.coid) for intent in sells)


def i26_every_state_boots(case: Case) -> Iterator[Violation]:
    """A new process comes up on whatever the last one left, and never turns without end."""
    for event in case.happened("no_start"):
        yield Violation("I26", instant(event["at"]), "start", f"the process did not come up: {event['error']}")
    for event in case.happened("stuck"):
        yield Violation(
            "I26", instant(event["at"]), "loop", "the process works without end while its time stands still"
        )

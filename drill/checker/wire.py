"""What was sent: written down before, once, to the right account, by questions that may be answered.

I1, I2, I3, I4, I14, I18, I22 of the invariants.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from drill.checker.book import Book, fill_of, walk
from drill.checker.logs import Case, Line, Violation, instant

# As JSON writers put it.
YES = frozenset(hashlib.sha256(text).hexdigest() for text in (b'{"confirmed":true}', b'{"confirmed": true}'))
ALLOWED_QUESTIONS = frozenset({"o163", "o354", "o10151", "o10152", "o10331", "o399"})
# Of sizes and values: what reduces own shares may have a yes, nothing that buys.
ALLOWED_FOR_SALES = frozenset({"o383", "o451"})
# Whatever a configuration says: a price off the contract's increments, and a prompt that is no question about an order.
NEVER_ALLOWED = frozenset({"o382", "p12"})
# Faults that hand one request to the broker twice, or late.
TWICE = ("T09",)
PRE_OPEN_S, LATEST_BEFORE_OPEN_S = 3600.0, 120.0
_SLACK_S = 1.0


def requests(case: Case) -> Iterator[Line]:
    """Yield the writes about orders that arrived at the broker; the choice of an account is none."""
    return (line for line in case.truth if line["kind"] == "request" and line["path"] != "/iserver/account")


def says_yes(line: Line) -> bool:
    """Return whether a reply confirms its question."""
    return line.get("confirmed") is True or line["sha256"] in YES


def sendings(case: Case) -> Counter[str]:
    """Return how often each name was sent, by the journal; what is known not to have left counts as never sent."""
    unsent = {act.about for act in case.journal.wire if act.kind == "NOT_SENT"}
    return Counter(
        coid
        for act in case.journal.wire
        if act.about is None and act.number not in unsent and act.path.endswith("/orders")
        for coid in act.coids
    )


def met(case: Case, *faults: str) -> frozenset[str]:
    """Return the names of the orders that a request was about which one of these faults met."""
    hit = {line.get("request") for line in case.truth if line["kind"] == "fault" and line["id"] in faults}
    asked = {line["reply_id"]: line["coids"] for line in case.truth if line["kind"] == "question"}
    tickets = (ticket for line in case.truth if line["kind"] == "order" for ticket in line["tickets"])
    names = {str(ticket["order_id"]): ticket["coid"] for ticket in tickets if ticket.get("coid")}
    found: set[str] = set()
    for line in requests(case):
        if line["seq"] in hit:
            tail = line["path"].rpartition("/")[2]
            found.update(line.get("coids", ()), asked.get(tail, ()), [names[tail]] if tail in names else ())
    return frozenset(found)


def repeated(case: Case) -> frozenset[str]:
    """Return the names that a fault handed to the broker twice: those that were sent once at most."""
    if not case.fired(*TWICE):
        return frozenset()
    sent = sendings(case)
    return frozenset(coid for coid in met(case, *TWICE) if sent[coid] <= 1)


def i1_written_before_it_is_sent(case: Case) -> Iterator[Violation]:
    """Each write that arrived has its own row in the journal, with the same bytes, from before it arrived."""
    hit = {line.get("request") for line in case.truth if line["kind"] == "fault" and line["id"] in TWICE}
    twice = {line["sha256"] for line in requests(case) if line["seq"] in hit}
    rows: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for act in case.journal.wire:
        if act.about is None:
            rows[act.verb, act.path, act.sha256].append(act.at)
    for line in requests(case):
        if line["path"].endswith("/notification"):
            continue
        found = rows[line["verb"], line["path"], line["sha256"]]
        at = instant(line["at"])
        if not found or found[0] > at:
            yield Violation(
                "I1", at, f"{line['verb']} {line['path']}", "it arrived, and the journal has no row from before it"
            )
        elif line["sha256"] not in twice:
            found.pop(0)


def i2_accepted_once(case: Case) -> Iterator[Violation]:
    """Each name is accepted at most once."""
    seen: set[str] = set()
    twice = repeated(case) | met(case, "O25")
    for line in case.truth:
        if line["kind"] != "order":
            continue
        for ticket in line["tickets"]:
            coid = ticket.get("coid")
            if coid and coid in seen and coid not in twice:
                yield Violation("I2", instant(line["at"]), coid, "the broker accepted a second order of this name")
            seen.add(coid)


def i4_sent_once(case: Case) -> Iterator[Violation]:
    """A name that arrived is never sent again; nothing is bought of a contract whose earlier entry is not proven."""
    arrived: Counter[str] = Counter()
    twice = repeated(case)
    for line in requests(case):
        if not line["path"].endswith("/orders"):
            # A modification may name its order too.
            continue
        for coid in line.get("coids", ()):
            arrived[coid] += 1
            if arrived[coid] > 1 and coid not in twice:
                yield Violation("I4", instant(line["at"]), coid, "an order that had arrived was sent once more")
            yield from _unproven_before(case, coid, instant(line["at"]))


def _unproven_before(case: Case, coid: str, at: float) -> Iterator[Violation]:
    intent = case.journal.intents.get(coid)
    if intent is None or intent.role != "entry":
        return
    # At one instant much can happen: what was known then is what stands in the journal before its own sending.
    steps = case.journal.steps
    sent = next((n for n, step in enumerate(steps) if (step.coid, step.state) == (coid, "SENDING")), None)
    before = [step for step in steps if step.at < at] if sent is None else steps[:sent]
    for other in case.journal.intents.values():
        if other.role == "entry" and other.conid == intent.conid and other.coid != coid and other.created < at:
            states = [step.state for step in before if step.coid == other.coid]
            if states and states[-1] == "UNKNOWN":
                yield Violation("I4", at, coid, f"sent while what became of {other.coid} was not proven")


def i14_right_account(case: Case) -> Iterator[Violation]:
    """Every write names the account that is traded."""
    for line in requests(case):
        parts = line["path"].split("/")
        if "account" in parts and parts[parts.index("account") + 1 :][:1] != [case.account]:
            yield Violation("I14", instant(line["at"]), line["path"], "it names another account")


def i18_questions(case: Case) -> Iterator[Violation]:
    """Yes is said only to questions that may be answered so, in the session in which they were asked."""
    asked: dict[str, Line] = {}
    began = 0
    told = case.told("window")
    may_be = ALLOWED_QUESTIONS.union(told.get("allowed_questions", ())) - NEVER_ALLOWED - ALLOWED_FOR_SALES
    turns = [event["seq"] for event in case.happened("turn")]
    for line in case.truth:
        if line["kind"] == "session" and line["epoch"]:
            began = line["seq"]
        elif line["kind"] == "question":
            asked[line["reply_id"]] = line
        elif line["kind"] == "request" and "/reply/" in line["path"] and says_yes(line):
            question = asked.get(line["path"].rpartition("/")[2])
            if question is None:
                continue
            at = instant(line["at"])
            allowed = may_be | ALLOWED_FOR_SALES if _only_sells(question, case) else may_be
            wrong = sorted(set(question["message_ids"]) - allowed)
            if wrong:
                yield Violation("I18", at, ", ".join(wrong), "the question was answered yes, which it never may")
            # Between question and answer nobody looks: only a turn in between can have seen the new session.
            seen = any(began <= turn <= line["seq"] for turn in turns)
            if question["seq"] < began and seen:
                yield Violation("I18", at, question["reply_id"], "a question of an earlier session was answered")
    yield from _answered_again(case)


def _only_sells(question: Line, case: Case) -> bool:
    """Return whether a question is about sales alone: children have no name in it, but their ids.

    Where an id came again it is the newest order's.
    """
    intents = case.journal.intents
    sides = {intents[coid].side if coid in intents else "" for coid in question["coids"]}
    by_id = {intent.order_id: intent.side for intent in intents.values()}
    sides |= {by_id[order_id] for order_id in question["order_ids"] if order_id in by_id}
    return sides == {"SELL"}


def _answered_again(case: Case) -> Iterator[Violation]:
    """Of one order no question is answered yes twice, and none that an earlier process was asked.

    The journal says when an answer left: what arrives may have been held back on its way, or be delivered twice.
    """
    asked = {line["reply_id"]: line for line in case.truth if line["kind"] == "question"}
    starts = [instant(event["at"]) for event in case.happened("start")]
    confirmed: list[frozenset[str]] = []
    for act in case.journal.wire:
        if act.about is not None:
            continue
        if "/reply/" not in act.path:
            confirmed = []
        question = asked.get(act.path.rpartition("/")[2])
        if question is None or act.sha256 not in YES:
            continue
        ids = frozenset(question["message_ids"])
        if any(instant(question["at"]) < start <= act.at for start in starts):
            yield Violation(
                "I18", act.at, question["reply_id"], "a question that an earlier process was asked was answered"
            )
        if ids in confirmed:
            yield Violation("I18", act.at, question["reply_id"], "the same question was answered yes a second time")
        confirmed.append(ids)


def orders_sent(case: Case) -> Iterator[tuple[float, Sequence[str]]]:
    """Yield when orders left, and their names: as they arrived, or by the journal where faults delay what arrives."""
    if not case.fired("T08", "T09", "T10"):
        yield from ((instant(line["at"]), line.get("coids", ())) for line in requests(case))
        return
    for act in case.journal.wire:
        if act.about is None and act.path.endswith("/orders"):
            yield act.at, act.coids


def i22_in_its_window(case: Case) -> Iterator[Violation]:
    """Entries leave before the open of the session that they are for, and not long before."""
    if not case.hours:
        return
    set_to = case.told("window") or {"pre_open_s": PRE_OPEN_S, "send_until_s": LATEST_BEFORE_OPEN_S}
    for at, coids in orders_sent(case):
        for coid in coids:
            intent = case.journal.intents.get(coid)
            if intent is None or intent.role != "entry":
                continue
            opens = next((opened for opened, _ in case.hours if opened > at), math.inf)
            begins = opens - set_to["pre_open_s"]
            if set_to.get("after_close"):
                begins = max((closed for _, closed in case.hours if closed < opens), default=begins)
            if not begins - _SLACK_S <= at <= opens - set_to["send_until_s"] + _SLACK_S:
                yield Violation("I22", at, coid, "an entry was sent outside its window")


def i3_no_more_than_ordered(case: Case) -> Iterator[Violation]:
    """No order fills for more than was ordered, but where the broker fills, corrects or splits it."""
    excused: set[int] = set()
    for line, book in walk(case):
        if line["kind"] == "deed":
            excused |= _changed_by(line, book)
        if line["kind"] != "fill":
            continue
        order = book.orders.get(line["execution"]["order_id"])
        if order is not None and order.own and order.filled > order.quantity and order.order_id not in excused:
            yield Violation("I3", book.at, str(order.order_id), f"{order.filled} of {order.quantity} shares are filled")


def _changed_by(deed: Line, book: Book) -> set[int]:
    """Return the ids of the orders whose shares a deed changes: of one, of one execution, or of a stock that splits."""
    if deed["do"] == "split":
        conid = book.conids.get(deed["symbol"], 0)
        return {order.order_id for order in book.all_orders() if order.conid == conid}
    execution = book.executions.get(fill_of(deed.get("execution_id") or ""))
    return {execution.order_id} if execution is not None else {deed["order_id"]} if deed["do"] == "fill" else set()

"""The one place from which an order leaves: written before it is sent, sent once, its answer written before it counts.

W2  ABOUT row and SENDING, committed     N1  the POST     W3  the answer and the new state, committed
Q   a question is answered yes only when it is allowed, W2 before each reply
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.errors import GatewayError
from trading.execution.attribution import unbound
from trading.execution.desk import Desk
from trading.execution.failpoints import failpoint
from trading.execution.questions import MAX_QUESTIONS, refusal
from trading.execution.tickets import tickets
from trading.model.metric import Duration
from trading.model.order import IntentState, OrderIntent
from trading.model.outcome import (
    Acknowledged,
    Answer,
    Duplicate,
    NothingSent,
    Outcome,
    Questioned,
    RefusedByBroker,
    Unproven,
)
from trading.model.request import CancelOrder, PreparedRequest, ReplyToQuestion, SubmitOrders
from trading.ports import IntentRecord

NOT_SENT = "NOT_SENT"


class Sending(StrEnum):
    """How an attempt to send ended, for the one who asked for it."""

    ACCEPTED = "accepted"
    NOT_SENT = "not sent"
    REFUSED = "refused"
    DECLINED = "declined"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request whose ABOUT row is committed."""

    wire_id: int
    request: PreparedRequest


def outcome_class(outcome: Outcome) -> str:
    """Return the word under which the journal keeps an outcome."""
    match outcome:
        case Acknowledged():
            return "ACK"
        case Questioned():
            return "QUESTION"
        case Duplicate():
            return "DUPLICATE"
        case RefusedByBroker():
            return "REFUSED"
        case Unproven():
            return "UNKNOWN"
        case NothingSent():
            return NOT_SENT


def answer_of(outcome: Outcome) -> Answer | None:
    """Return what came back, None when nothing was sent."""
    return None if isinstance(outcome, NothingSent) else outcome.answer


class Sender:
    """Sends groups of intents (a bracket, a protective pair, one order) and cancels, one at a time."""

    def __init__(self, desk: Desk) -> None:
        """Use the desk's journal and broker."""
        self._desk = desk
        self._epoch = 0
        self._cancels_asked: set[str] = set()

    def begin(self, epoch: int) -> None:
        """Take the session epoch in which everything from now on is sent."""
        self._epoch = epoch

    def submit(
        self,
        group: Sequence[OrderIntent],
        references: Mapping[int, float],
        still_allowed: Callable[[], bool],
    ) -> Sending:
        """Send PLANNED intents in one POST and answer its questions; `still_allowed` is asked before each yes."""
        coids = tuple(intent.coid for intent in group)
        request = self._desk.broker.prepare(SubmitOrders(tickets(group)))
        open_request = self._about(coids, request, IntentState.SENDING)
        failpoint("K03")
        return self._settle(group, references, still_allowed, open_request)

    def cancel(self, record: IntentRecord) -> bool:
        """Ask for the cancel of a bound order; True when it was asked: a later reading tells what came of it.

        Once in the life of a process: one that died may have written it down and not sent it, so the next asks anew.
        """
        if record.order_id is None or (record.cancel_asked and record.intent.coid in self._cancels_asked):
            return False
        self._cancels_asked.add(record.intent.coid)
        request = self._desk.broker.prepare(CancelOrder(record.order_id))
        open_request = self._about((record.intent.coid,), request, None)
        failpoint("K20")
        outcome = self._exchange(open_request)
        failpoint("K21")
        self._answered(open_request, outcome)
        failpoint("K22")
        self._desk.log.info(
            "cancel asked",
            coid=record.intent.coid,
            symbol=record.intent.symbol,
            outcome=outcome_class(outcome),
        )
        return not isinstance(outcome, NothingSent)

    def _about(self, coids: Sequence[str], request: PreparedRequest, state: IntentState | None) -> OpenRequest:
        wire_id = self._desk.journal.about(coids, request, state, self._epoch, self._now())
        return OpenRequest(wire_id, request)

    def _exchange(self, open_request: OpenRequest) -> Outcome:
        failpoint("K04")
        began = self._desk.clock.monotonic()
        outcome = self._desk.broker.send(open_request.request)
        failpoint("K06")
        self._desk.metrics.observe(Duration.ORDER_ACK, self._desk.clock.monotonic() - began)
        return outcome

    def _answered(self, open_request: OpenRequest, outcome: Outcome) -> None:
        self._desk.journal.answered(open_request.wire_id, outcome_class(outcome), answer_of(outcome), self._now())

    def _settle(
        self,
        group: Sequence[OrderIntent],
        references: Mapping[int, float],
        still_allowed: Callable[[], bool],
        open_request: OpenRequest,
    ) -> Sending:
        """Follow one POST to its end."""
        coids = tuple(intent.coid for intent in group)
        asked: list[frozenset[str]] = []
        declined: str | None = None
        while True:
            outcome = self._exchange(open_request)
            failpoint("K07")
            self._answered(open_request, outcome)
            if not isinstance(outcome, Questioned):
                return self._ended(group, outcome, declined, replying=bool(asked))
            self._question(coids, outcome)
            failpoint("K08")
            seen = frozenset(outcome.message_ids)
            if declined is not None:
                # Asked again after a no: nothing more is said, reading tells what became of it.
                return self._unknown(coids, "asked again after it was declined")
            declined = self._no(outcome, group, references, asked, seen=seen)
            if declined is None and not still_allowed():
                declined = "the order is not allowed any more"
            asked.append(seen)
            try:
                request = self._desk.broker.prepare(
                    ReplyToQuestion(outcome.reply_id, confirmed=declined is None, coids=_sent_names(group))
                )
            except GatewayError as error:
                return self._unknown(coids, error.cause)
            open_request = self._about(coids, request, IntentState.REPLYING)
            failpoint("K09")

    def _no(
        self,
        outcome: Questioned,
        group: Sequence[OrderIntent],
        references: Mapping[int, float],
        asked: Sequence[frozenset[str]],
        *,
        seen: frozenset[str],
    ) -> str | None:
        if len(asked) >= MAX_QUESTIONS:
            return f"more than {MAX_QUESTIONS} questions"
        if seen in asked:
            return f"{', '.join(sorted(seen))}: the same question twice"
        return refusal(outcome, group, references, self._desk.settings.execution)

    def _ended(
        self, group: Sequence[OrderIntent], outcome: Outcome, declined: str | None, *, replying: bool
    ) -> Sending:
        coids = tuple(intent.coid for intent in group)
        match outcome:
            case Acknowledged() if declined is None:
                return self._accepted(group, outcome)
            case NothingSent(cause=cause) if not replying:
                self._move(coids, IntentState.PLANNED, f"nothing was sent: {cause}")
                return Sending.NOT_SENT
            case RefusedByBroker(text=text):
                return self._refused(group, declined or text, declined=declined is not None)
            case Acknowledged():
                return self._refused(group, declined or "", declined=True)
            case NothingSent(cause=text) | Unproven(cause=text) | Duplicate(text=text):
                return self._unknown(coids, text)
            case _:
                return self._unknown(coids, "an answer that nobody expected")

    def _accepted(self, group: Sequence[OrderIntent], outcome: Acknowledged) -> Sending:
        """Bind what the answer names; bracket children are bound from the order list, and unproven until then."""
        named = {ack.local_order_id: ack.order_id for ack in outcome.orders if ack.parent_order_id is None}
        for intent in group:
            if intent.parent_coid is not None:
                continue
            order_id = named.get(intent.coid)
            if order_id is None and len(group) == 1 and len(outcome.orders) == 1:
                order_id = outcome.orders[0].order_id
            if order_id is not None:
                self._desk.journal.bind(intent.coid, order_id, self._now())
                failpoint("K12")
        self._desk.log.info("order accepted", coid=group[0].coid, symbol=group[0].symbol, role=group[0].role)
        return Sending.ACCEPTED

    def _refused(self, group: Sequence[OrderIntent], text: str, *, declined: bool) -> Sending:
        """Verify a refusal by one reading: where the order is there after all, it is bound."""
        coids = tuple(intent.coid for intent in group)
        try:
            orders = self._desk.broker.orders().orders
            executions = self._desk.broker.executions(1).executions
        except GatewayError:
            return self._unknown(coids, f"refused ({text}), but that could not be verified")
        records = [record for coid in coids if (record := self._desk.journal.intent(coid)) is not None]
        there = unbound(records, orders)
        if there or any(execution.order_ref in coids for execution in executions):
            for binding in there:
                self._desk.journal.bind(binding.coid, binding.order_id, self._now())
            self._desk.log.warning("refused, and there all the same", coid=coids[0], text=text)
            return Sending.ACCEPTED if there else self._unknown(coids, f"refused ({text}), yet it was executed")
        self._move(coids, IntentState.DECLINED if declined else IntentState.REJECTED, text)
        code = "question" if declined else "rejected"
        self._desk.notifier.alert(
            code, f"{group[0].symbol}: {group[0].role} {'declined' if declined else code}: {text}"
        )
        return Sending.DECLINED if declined else Sending.REFUSED

    def _unknown(self, coids: Sequence[str], text: str) -> Sending:
        self._move(coids, IntentState.UNKNOWN, text)
        self._desk.log.warning("outcome not proven", coid=coids[0], cause=text)
        return Sending.UNKNOWN

    def _question(self, coids: Sequence[str], outcome: Questioned) -> None:
        for coid in coids:
            self._desk.journal.question(coid, outcome.reply_id, outcome.message_ids, self._now())

    def _move(self, coids: Sequence[str], state: IntentState, detail: str) -> None:
        for coid in coids:
            self._desk.journal.transition(coid, state, detail, self._now())

    def _now(self) -> datetime:
        return self._desk.clock.now()


def _sent_names(group: Sequence[OrderIntent]) -> tuple[str, ...]:
    """Return the cOIDs of a group that are on the wire: bracket children have none there."""
    return tuple(ticket.coid for ticket in tickets(group) if ticket.coid is not None)

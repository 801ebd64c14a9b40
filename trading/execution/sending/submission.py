"""One submission from its first byte to its end: questions are answered by rule, refusals are verified by a reading.

W2  the command and its ABOUT row, committed     N1  the POST     W3  the answer and the new state, committed
Q   a question is answered yes only when it is allowed, W2 before each reply
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from trading.errors import GatewayError, InvariantBroken
from trading.execution.context import TradingContext
from trading.execution.ownership.likeness import may_be
from trading.execution.ownership.order_matching import bindings, is_anothers_id
from trading.execution.planning.order_factory import tickets
from trading.execution.planning.prices import sale_price
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.sending.questions import MAX_QUESTIONS, Reference, refusal
from trading.model.command import CommandDraft, CommandState, Step
from trading.model.metric import Duration
from trading.model.order import MAYBE_LIVE, IntentState, OrderIntent
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
from trading.model.record import IntentRecord, JournalView
from trading.model.request import PreparedRequest, ReplyToQuestion, RequestKind, SubmitOrders
from trading.ports import OpenRequest


class Sending(StrEnum):
    """How an attempt to send ended."""

    ACCEPTED = "accepted"
    NOT_SENT = "not sent"
    REFUSED = "refused"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class Submission:
    """Sends groups of intents (a bracket, a protective pair, one order), one at a time."""

    def __init__(self, context: TradingContext) -> None:
        """Use the context's journal and broker."""
        self._context = context

    def submit(
        self, group: Sequence[OrderIntent], step: Step, state: TradingState, still_allowed: Callable[[], bool]
    ) -> Sending:
        """Send PLANNED intents in one POST and answer its questions; `still_allowed` is asked before each yes."""
        context = self._context
        coids = tuple(intent.coid for intent in group)
        prepared = context.broker.prepare(SubmitOrders(tickets(group)))
        draft = CommandDraft(RequestKind.SUBMIT, coids, step)
        opened = context.commands.record_request(draft, prepared, state.epoch, context.clock.now())
        references = references_of(group, state)
        asked: list[frozenset[str]] = []
        declined: str | None = None
        while True:
            outcome = self.exchange(prepared)
            self.answered(opened, outcome)
            if not isinstance(outcome, Questioned):
                return self._ended(group, outcome, declined, state, replying=bool(asked))
            context.commands.record_question(coids, outcome.reply_id, outcome.message_ids, context.clock.now())
            if declined is not None:
                # Asked again after a no: nothing more is said, reading tells what became of it.
                return self._unknown(coids, "asked again after it was declined")
            declined = self._no(outcome, group, references, asked)
            if declined is None and not still_allowed():
                declined = "the order is not allowed any more"
            asked.append(frozenset(outcome.message_ids))
            try:
                prepared = context.broker.prepare(
                    ReplyToQuestion(outcome.reply_id, confirmed=declined is None, coids=coids)
                )
            except InvariantBroken as error:
                return self._unknown(coids, error.detail)
            opened = context.commands.record_reply(
                opened.command, coids, prepared, state.epoch, context.clock.now(), moves=True
            )

    def exchange(self, prepared: PreparedRequest) -> Outcome:
        """Send once, whatever happens."""
        began = self._context.clock.monotonic()
        outcome = self._context.broker.send(prepared)
        self._context.metrics.observe(Duration.ORDER_ACK, self._context.clock.monotonic() - began)
        return outcome

    def answered(self, opened: OpenRequest, outcome: Outcome) -> None:
        """Write down what came of a request."""
        self._context.commands.record_response(
            opened,
            outcome_class(outcome),
            None if isinstance(outcome, NothingSent) else outcome.answer,
            command_state(outcome),
            self._context.clock.now(),
            refused_legs=refused_legs(outcome),
            detail=said(outcome),
        )

    def answer_for_change(
        self,
        draft: CommandDraft,
        record: IntentRecord,
        outcome: Outcome,
        opened: OpenRequest,
        state: TradingState,
        still_allowed: Callable[[], bool],
    ) -> Outcome:
        """Answer the questions about a modification by the rules of orders; anything but a yes leaves it refused.

        `still_allowed` is asked before each yes. A question that can't be answered leaves the outcome unproven.
        """
        context = self._context
        intent = replace(
            record.intent,
            quantity=draft.quantity or record.intent.quantity,
            limit_price=draft.limit_price,
            stop_price=draft.stop_price,
        )
        references = references_of((intent,), state)
        asked: list[frozenset[str]] = []
        while isinstance(outcome, Questioned):
            declined = self._no(outcome, (intent,), references, asked)
            if declined is None and not still_allowed():
                declined = "the change is not allowed any more"
            asked.append(frozenset(outcome.message_ids))
            try:
                prepared = context.broker.prepare(
                    ReplyToQuestion(outcome.reply_id, confirmed=declined is None, coids=draft.coids)
                )
            except InvariantBroken as error:
                context.commands.settle([opened.command], CommandState.UNKNOWN, error.detail, context.clock.now())
                return Unproven(error.detail, Answer(None, b""))
            opened = context.commands.record_reply(
                opened.command, draft.coids, prepared, state.epoch, context.clock.now(), moves=False
            )
            outcome = self.exchange(prepared)
            self.answered(opened, outcome)
            if declined is not None:
                context.commands.settle([opened.command], CommandState.REFUSED, declined, context.clock.now())
                return RefusedByBroker(declined, Answer(None, b""))
        return outcome

    def _no(
        self,
        outcome: Questioned,
        group: Sequence[OrderIntent],
        references: Mapping[int, Reference],
        asked: Sequence[frozenset[str]],
    ) -> str | None:
        seen = frozenset(outcome.message_ids)
        if len(asked) >= MAX_QUESTIONS:
            return f"more than {MAX_QUESTIONS} questions"
        if seen in asked:
            return f"{', '.join(sorted(seen))}: the same question twice"
        return refusal(outcome, group, references, self._context.settings.execution)

    def _ended(
        self,
        group: Sequence[OrderIntent],
        outcome: Outcome,
        declined: str | None,
        state: TradingState,
        *,
        replying: bool,
    ) -> Sending:
        coids = tuple(intent.coid for intent in group)
        match outcome:
            case Acknowledged() if declined is None:
                return self._accepted(group, outcome, state)
            case NothingSent(cause=cause) if not replying:
                self._move(coids, IntentState.PLANNED, f"nothing was sent: {cause}")
                return Sending.NOT_SENT
            case RefusedByBroker(text=text):
                return self._refused(group, declined or text, state, declined=declined is not None)
            case Acknowledged():
                return self._refused(group, declined or "", state, declined=True)
            case NothingSent(cause=text) | Unproven(cause=text) | Duplicate(text=text):
                return self._unknown(coids, text)
            case _:
                return self._unknown(coids, "an answer that nobody expected")

    def _accepted(self, group: Sequence[OrderIntent], outcome: Acknowledged, state: TradingState) -> Sending:
        """Bind what the answer names; bracket children are bound from the order list, and unproven until then."""
        named = {
            ack.local_order_id: ack.order_id
            for ack in outcome.orders
            if ack.parent_order_id is None and ack.order_id is not None
        }
        for intent in group:
            if intent.parent_coid is not None:
                continue
            order_id = named.get(intent.coid)
            if order_id is None and len(group) == 1 and len(outcome.orders) == 1:
                order_id = outcome.orders[0].order_id
            if order_id is not None:
                self._bind(intent.coid, order_id, state.epoch)
            else:
                self._move((intent.coid,), IntentState.UNKNOWN, "refused in the answer to its group, or not in it")
        self._context.log.info("order accepted", coid=group[0].coid, symbol=group[0].symbol, role=group[0].role)
        return Sending.ACCEPTED

    def _refused(self, group: Sequence[OrderIntent], text: str, state: TradingState, *, declined: bool) -> Sending:
        """Verify a refusal by one reading: where the order is there after all, it is bound."""
        coids = tuple(intent.coid for intent in group)
        context = self._context
        now = context.clock.now()
        try:
            orders = Reading(context.broker.orders(), now)
            executions = Reading(context.broker.executions(1), now)
        except GatewayError:
            return self._unknown(coids, f"refused ({text}), but that could not be verified")
        seen = BrokerSnapshot(now, state.epoch, orders, executions, Reading(None, now), Reading(None, now))
        records = tuple(record for coid in coids if (record := context.journal.intent(coid)) is not None)
        journal = JournalView(records, (), state.journal.commands)
        found = [binding for binding in bindings(journal, seen) if binding.coid in coids and not binding.provisional]
        there = {binding.coid: binding.order_id for binding in found}
        if any(seen.sights[order_id].maybe_live for order_id in there.values()):
            context.log.warning("refused, and there all the same", coid=coids[0], text=text)
            return self._there(coids, there, text, state.epoch)
        known = tuple(record for record in state.journal.records if record.coid not in coids)
        whole = JournalView((*known, *records), (), state.journal.commands)
        if any(may_be(record, sight, whole, state.epoch) for record in records for sight in seen.sights.values()):
            return self._unknown(coids, f"refused ({text}), but an order that may be it is there")
        listed = executions.value.executions if executions.value is not None else ()
        if any(execution.order_ref in coids for execution in listed):
            return self._unknown(coids, f"refused ({text}), yet it was executed")
        self._move(coids, IntentState.DECLINED if declined else IntentState.REJECTED, text)
        context.log.warning("order refused", coid=coids[0], symbol=group[0].symbol, declined=declined, text=text)
        return Sending.DECLINED if declined else Sending.REFUSED

    def _there(self, coids: Sequence[str], there: Mapping[str, int], text: str, epoch: int) -> Sending:
        """Bind what is there of a group that was refused; what became of its other orders is not proven."""
        proven = True
        for coid in coids:
            if coid in there:
                proven = self._bind(coid, there[coid], epoch) and proven
            else:
                self._move((coid,), IntentState.UNKNOWN, f"refused ({text}), but another order of its group is there")
                proven = False
        return Sending.ACCEPTED if proven else Sending.UNKNOWN

    def _bind(self, coid: str, order_id: int, epoch: int) -> bool:
        """Bind an order; where another one of ours has its id as yet, readings tell which of them it is."""
        journal = self._context.journal
        if is_anothers_id(order_id, coid, journal.intents(states=MAYBE_LIVE)):
            self._move((coid,), IntentState.UNKNOWN, f"another order of ours has its id {order_id} as yet")
            return False
        journal.bind(coid, order_id, epoch, self._context.clock.now())
        return True

    def _unknown(self, coids: Sequence[str], text: str) -> Sending:
        self._move(coids, IntentState.UNKNOWN, text)
        self._context.log.warning("outcome not proven", coid=coids[0], cause=text)
        return Sending.UNKNOWN

    def _move(self, coids: Sequence[str], state: IntentState, detail: str) -> None:
        """Move a group together: wherever the process ends, its orders are never in different states by that."""
        self._context.journal.transition(coids, state, detail, self._context.clock.now())


def references_of(group: Sequence[OrderIntent], state: TradingState) -> dict[int, Reference]:
    """Return our own prices by contract, which questions are judged by: the quote inside a session, else the close."""
    found: dict[int, Reference] = {}
    for intent in group:
        quote = sale_price(state.quotes.get(intent.conid), state.now) if state.times.liquid else None
        price = quote.price if quote is not None else state.closes.get(intent.symbol)
        if price is not None:
            found[intent.conid] = Reference(price, state.contracts.get(intent.symbol))
    return found


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
            return "NOT_SENT"


def command_state(outcome: Outcome) -> CommandState:
    """Return how far a command has come with an outcome; while a question is open, its reply tells."""
    match outcome:
        case Acknowledged():
            return CommandState.ACKED
        case Questioned():
            return CommandState.SENT
        case RefusedByBroker():
            return CommandState.REFUSED
        case NothingSent():
            return CommandState.NOT_SENT
        case Duplicate() | Unproven():
            return CommandState.UNKNOWN


def is_answered(outcome: Outcome) -> bool:
    """Return whether it is known what the gateway made of a request; a question that stays open is no answer."""
    return command_state(outcome) not in {CommandState.SENT, CommandState.UNKNOWN}


def refused_legs(outcome: Outcome) -> int:
    """Return how many orders of a group an answer refused that took the others."""
    return sum(ack.order_id is None for ack in outcome.orders) if isinstance(outcome, Acknowledged) else 0


def said(outcome: Outcome) -> str:
    """Return the words in which something was refused or not sent, empty where there are none."""
    match outcome:
        case Acknowledged(orders=orders):
            return next((ack.text for ack in orders if ack.order_id is None and ack.text), "")
        case RefusedByBroker(text=text):
            return text
        case NothingSent(cause=cause):
            return cause
        case _:
            return ""

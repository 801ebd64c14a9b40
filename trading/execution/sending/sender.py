"""The one place from which anything is asked of the broker: written before it is sent, sent once, its answer written.

A plan's commands are carried out one at a time, each checked on the state of that moment. Two without an answer, or
twenty seconds, end a round: then everything is gathered and planned anew, protection first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from trading.errors import InvariantBroken
from trading.execution.context import TradingContext
from trading.execution.planning import waits
from trading.execution.planning.entries import passes
from trading.execution.planning.exits import PASSING
from trading.execution.planning.order_factory import modified, with_names
from trading.execution.planning.plan import Adopt, Cancel, Forgo, Modify, Plan, PlannedCommand, Prepare, Refuse, Submit
from trading.execution.planning.state import TradingState
from trading.execution.reconciliation.reconciler import cause_of
from trading.execution.sending.door import may_change, may_leave
from trading.execution.sending.submission import Sending, Submission, is_answered, outcome_class
from trading.model.alarm import HaltCause
from trading.model.command import CommandDraft, CommandState, Step
from trading.model.decision import Denied
from trading.model.metric import Counter
from trading.model.order import OrderIntent
from trading.model.outcome import NothingSent
from trading.model.record import IntentRecord
from trading.model.request import CancelOrder, ModifyOrder, RequestKind

MAX_UNANSWERED = 2
ROUND_S = 20.0
OLDEST_SNAPSHOT = timedelta(seconds=30)


@dataclass(slots=True)
class Round:
    """What one round of a plan did. `acted`: something left, or may have, so that a reading can show more."""

    sent: int = 0
    denied: int = 0
    acted: bool = False
    unanswered: int = 0
    unfinished: bool = False
    waiting: dict[str, Denied] = field(default_factory=dict)
    held: list[tuple[date, Denied]] = field(default_factory=list)
    halts: list[HaltCause] = field(default_factory=list)


class Sender:
    """Carries plans out; the state that a command is checked on is made anew by `refresh` right before it leaves."""

    def __init__(self, context: TradingContext, refresh: Callable[[TradingState], TradingState]) -> None:
        """Use the context's journal and broker."""
        self._context = context
        self._refresh = refresh
        self._submission = Submission(context)

    def carry_out(self, plan: Plan, state: TradingState) -> Round:
        """Carry a plan's commands out until they are done or the round is over.

        What is only put on record needs no reading of now, and nobody may look at it again.
        """
        began = self._context.clock.monotonic()
        done = Round()
        now = self._context.clock.now()
        for numbers, result, why in (
            (plan.confirmed, CommandState.CONFIRMED, "the reading shows it"),
            (plan.refused, CommandState.REFUSED, "nothing came of it"),
            (plan.lapsed, CommandState.LAPSED, "not wanted any more"),
        ):
            if numbers:
                self._context.commands.settle(numbers, result, why, now)
        over = False
        for command in plan.commands:
            if not isinstance(command, Forgo):
                over = over or self._is_over(command, state, began, done)
                if over:
                    continue
            try:
                self._carry_out(command, state, done)
            except InvariantBroken as error:
                # One command that can't be carried out never keeps the others from being.
                done.halts.append(cause_of(error))
        return done

    def _is_over(self, command: PlannedCommand, state: TradingState, began: float, done: Round) -> bool:
        """Return whether a round ends before a command: for the time it took, or for a person who wants something."""
        late = self._context.clock.monotonic() - began > ROUND_S
        stale = self._context.clock.now() - state.snapshot.began > OLDEST_SNAPSHOT
        done.unfinished = late or stale or done.unanswered >= MAX_UNANSWERED
        return done.unfinished or (self._context.interrupted() and not isinstance(command, Cancel))

    def _carry_out(self, command: PlannedCommand, state: TradingState, done: Round) -> None:
        match command:
            case Cancel():
                self._cancel(command, state, done)
            case Modify():
                self._modify(command, state, done)
            case Prepare(drafts=drafts):
                self._context.journal.plan(with_names(drafts, self._context.journal.next_coid))
            case Submit():
                self._submit(command, state, done)
            case Refuse(group=group, denied=denied):
                self._deny(self._planned(group), denied, done)
            case Forgo(decided=decided, denied=denied):
                self._forgo(decided, denied, done)
            case Adopt(conid=conid, stop_price=stop, target_price=target):
                self._context.journal.set_plan(conid, stop, target, self._context.clock.now())

    def _planned(self, group: Sequence[OrderIntent]) -> Sequence[OrderIntent]:
        """Return the group as it is in the journal: a draft is planned first."""
        if group[0].coid:
            return group
        named = with_names(group, self._context.journal.next_coid)
        self._context.journal.plan(named)
        return named

    def _submit(self, command: Submit, state: TradingState, done: Round) -> None:
        group = self._planned(command.group)

        def check() -> Denied | None:
            return may_leave(replace(command, group=tuple(group)), self._refresh(state))

        denied = check()
        if denied is not None:
            restricted = state.settings.risk.restricted if command.step is Step.ENTRY else ()
            if passes(denied, restricted) or (command.step is Step.EXIT and denied.code in PASSING):
                self._wait(group[0], denied, command, state, done)
            else:
                self._deny(group, denied, done)
            return
        result = self._submission.submit(group, command.step, state, lambda: check() is None)
        if result is Sending.NOT_SENT:
            not_sent = Denied(group[0].symbol, "not_sent", None, None, "the gateway isn't reached")
            self._wait(group[0], not_sent, command, state, done)
            return
        done.acted = True
        done.sent += len(group)
        done.unanswered += result is Sending.UNKNOWN

    @staticmethod
    def _wait(order: OrderIntent, denied: Denied, command: Submit, state: TradingState, done: Round) -> None:
        done.waiting[order.symbol] = denied
        if command.step is Step.ENTRY and waits.began(denied, order.decided, state.sightings):
            done.held.append((order.decided, denied))

    def _deny(self, group: Sequence[OrderIntent], denied: Denied, done: Round) -> None:
        """Close a PLANNED group for good; one denial is told, whose children end with it."""
        self._record(group[0].decided, denied, [intent.coid for intent in group], done)

    def _forgo(self, decided: date, denied: Denied, done: Round) -> None:
        """Record a refusal of what no order was made of, then that it is on record."""
        self._record(decided, denied, (), done)
        subject, now = waits.refusal_of(decided, denied.symbol), self._context.clock.now()
        self._context.evidence.record(subject, denied.code, now)

    def _record(self, decided: date, denied: Denied, coids: Sequence[str], done: Round) -> None:
        self._context.journal.record_denial(decided, denied, coids, self._context.clock.now())
        done.denied += 1
        self._context.metrics.add(Counter.DENIALS, label=denied.code)
        self._context.log.info("order denied", symbol=denied.symbol, code=denied.code, detail=denied.in_numbers)

    def _cancel(self, command: Cancel, state: TradingState, done: Round) -> None:
        record = command.record
        draft = CommandDraft(RequestKind.CANCEL, (record.coid,), command.step, record.order_id)
        self._ask(draft, CancelOrder(record.order_id or 0), record, state, done)

    def _modify(self, command: Modify, state: TradingState, done: Round) -> None:
        record = command.record
        ticket = modified(record, command.quantity, command.price)
        draft = CommandDraft(
            RequestKind.MODIFY,
            (record.coid,),
            command.step,
            record.order_id,
            quantity=command.quantity,
            limit_price=ticket.limit_price,
            stop_price=ticket.stop_price,
        )

        def check() -> Denied | None:
            return may_change(command, self._refresh(state))

        denied = check()
        if denied is not None:
            done.waiting[record.intent.symbol] = denied
            return
        request = ModifyOrder(record.order_id or 0, ticket)
        self._ask(draft, request, record, state, done, still_allowed=lambda: check() is None)

    def _ask(
        self,
        draft: CommandDraft,
        request: CancelOrder | ModifyOrder,
        record: IntentRecord,
        state: TradingState,
        done: Round,
        still_allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Ask for a cancel or a modification: an answer says that it was asked, a reading what came of it."""
        fresh = self._refresh(state)
        if fresh.guard.selected != fresh.guard.account_id or fresh.guard.observes:
            return
        context = self._context
        prepared = context.broker.prepare(request)
        opened = context.commands.record_request(draft, prepared, state.epoch, context.clock.now())
        outcome = self._submission.exchange(prepared)
        self._submission.answered(opened, outcome)
        if isinstance(request, ModifyOrder):
            outcome = self._submission.answer_for_change(draft, record, outcome, opened, state, still_allowed)
        done.acted = done.acted or not isinstance(outcome, NothingSent)
        done.unanswered += not is_answered(outcome)
        context.log.info(
            "change asked",
            kind=draft.kind,
            coid=record.coid,
            symbol=record.intent.symbol,
            step=draft.step,
            outcome=outcome_class(outcome),
        )

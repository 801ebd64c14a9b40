"""Bugs in what is sent: again, under another name, unwritten, or to an order that is somebody else's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from drill.mutants.patching import Mutant, Patch, constant
from trading.errors import OutcomeUnknown
from trading.execution.planning.order_factory import with_names
from trading.execution.reconciliation.reconciler import Reconciler
from trading.execution.sending import submission
from trading.execution.sending.submission import Sending, Submission
from trading.gateway import answers, orders
from trading.gateway.api_client import ApiClient
from trading.gateway.orders import AccountBroker
from trading.gateway.transport import HttpAnswer
from trading.model.command import CommandState, Step
from trading.model.order import OrderList, Role
from trading.model.outcome import Duplicate, RefusedByBroker, Unproven
from trading.model.request import CancelOrder, ReplyToQuestion
from trading.ports import OpenRequest
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal

_SERVER_FAILED = 500
_STEPS = {Role.ENTRY: Step.ENTRY, Role.EXIT: Step.EXIT}


def _again_after_a_time_out(write: Any) -> object:  # noqa: ANN401
    def wrong(client: ApiClient, *request: object) -> object:
        try:
            return write(client, *request)
        except OutcomeUnknown:
            return write(client, *request)

    return wrong


def _again_after_a_failure(write: Any) -> object:  # noqa: ANN401
    def wrong(client: ApiClient, *request: object) -> HttpAnswer:
        answer: HttpAnswer = write(client, *request)
        return write(client, *request) if answer.status >= _SERVER_FAILED else answer

    return wrong


def _again_under_a_new_name(outcome_class: type) -> Callable[[Any], object]:
    """Send a group once more as new intents when the first attempt ended so."""

    def instead(ended: Any) -> object:  # noqa: ANN401
        def wrong(self: Submission, group: Any, outcome: object, *rest: Any, **more: Any) -> Sending:  # noqa: ANN401
            result: Sending = ended(self, group, outcome, *rest, **more)
            if result is not Sending.UNKNOWN or not isinstance(outcome, outcome_class):
                return result
            journal = self._context.journal
            named = with_names(group, journal.next_coid)
            journal.plan(named)
            return self.submit(named, _STEPS.get(group[0].role, Step.PROTECTION), rest[1], lambda: True)

        return wrong

    return instead


class _Uncommitted:
    """A database whose transaction stays open: what is written goes with the process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[object]:
        connection = self._database._connection
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        yield connection


def _committed_later(write: Any) -> object:  # noqa: ANN401
    def wrong(store: Any, *rest: object) -> object:  # noqa: ANN401
        return write(type(store)(_Uncommitted(store._database)), *rest)

    return wrong


def _goes_on_where_one_is_open(transaction: Any) -> object:  # noqa: ANN401
    @contextmanager
    def wrong(database: Database, *, durable: bool = True) -> Iterator[object]:
        if not database._connection.in_transaction:
            with transaction(database, durable=durable) as connection:
                yield connection
            return
        yield database._connection
        database._connection.execute("COMMIT")

    return wrong


def _unproven_is_rejected(send: Any) -> object:  # noqa: ANN401
    def wrong(broker: AccountBroker, prepared: object) -> object:
        outcome = send(broker, prepared)
        return RefusedByBroker(outcome.cause, outcome.answer) if isinstance(outcome, Unproven) else outcome

    return wrong


def _duplicate_is_rejected(classify: Any) -> object:  # noqa: ANN401
    def wrong(*arguments: object) -> object:
        outcome = classify(*arguments)
        return RefusedByBroker(outcome.text, outcome.answer) if isinstance(outcome, Duplicate) else outcome

    return wrong


def _yes(_refusal: object) -> object:
    return lambda *_arguments: None


def _forgets_what_was_asked(no: Any) -> object:  # noqa: ANN401
    return lambda self, outcome, group, references, _asked: no(self, outcome, group, references, [])


def _answered_by_the_next_process(take_in: Any) -> object:  # noqa: ANN401
    """Say yes to a question that was open when the process ended, as the journal kept it."""

    def wrong(self: Reconciler, *arguments: object) -> object:
        context = self._context
        rows = context.commands._database.query(  # type: ignore[attr-defined]
            "SELECT id, command, coids, path FROM wire WHERE phase = 'ABOUT' AND path LIKE '/iserver/reply/%'"
            " AND NOT EXISTS (SELECT 1 FROM wire AS answer WHERE answer.about_id = wire.id)"
        )
        for row in rows:
            coids, now = tuple(row["coids"].split(",")), context.clock.now()
            request = ReplyToQuestion(row["path"].rpartition("/")[2], confirmed=True, coids=coids)
            prepared = context.broker.prepare(request)
            again = context.commands.record_reply(row["command"], coids, prepared, 0, now, moves=False)
            context.broker.send(prepared)
            for opened in (OpenRequest(row["command"], row["id"]), again):
                context.commands.record_response(opened, "UNKNOWN", None, CommandState.UNKNOWN, now)
        return take_in(self, *arguments)

    return wrong


def _to_another_order(order_id_of: Callable[[AccountBroker], int | None]) -> Callable[[Any], object]:
    def instead(prepare: Any) -> object:  # noqa: ANN401
        def wrong(broker: AccountBroker, request: object) -> object:
            prepared = prepare(broker, request)
            other = order_id_of(broker) if isinstance(request, CancelOrder) else None
            if other is None:
                return prepared
            return dataclasses.replace(prepared, path=f"{prepared.path.rpartition('/')[0]}/{other}")

        return wrong

    return instead


_others: dict[int, int] = {}


def _remember_others(read: Any) -> object:  # noqa: ANN401
    """Remember an order of the list that names neither a reference nor a parent: another's."""

    def wrong(broker: AccountBroker) -> OrderList:
        found: OrderList = read(broker)
        others = [each.order_id for each in found.orders if each.order_ref is None and each.parent_id is None]
        _others.clear()
        _others.update({id(broker): each for each in others})
        return found

    return wrong


SENDING: Mapping[str, Mutant] = {
    "retry_post_on_timeout": Mutant(
        "an order whose answer did not come is sent again", (Patch(ApiClient, "write", _again_after_a_time_out),)
    ),
    "retry_on_5xx": Mutant(
        "an order that was answered with 5xx is sent again", (Patch(ApiClient, "write", _again_after_a_failure),)
    ),
    "timeout_means_rejected": Mutant(
        "an order whose outcome is not known counts as refused", (Patch(AccountBroker, "send", _unproven_is_rejected),)
    ),
    "coid_made_after_sending": Mutant(
        "an order's name is committed with its answer only",
        (
            Patch(SqliteJournal, "plan", _committed_later),
            Patch(SqliteCommandLog, "record_request", _committed_later),
            Patch(Database, "transaction", _goes_on_where_one_is_open),
        ),
    ),
    "coid_per_attempt": Mutant(
        "an order whose outcome is not known is sent again under a new name",
        (Patch(Submission, "_ended", _again_under_a_new_name(Unproven)),),
    ),
    "duplicate_means_new_coid": Mutant(
        "'already registered' is answered by the same order under a new name",
        (Patch(Submission, "_ended", _again_under_a_new_name(Duplicate)),),
    ),
    "duplicate_means_rejected": Mutant(
        "'already registered' counts as a refusal", (Patch(orders, "classify", _duplicate_is_rejected),)
    ),
    "w2_not_committed": Mutant(
        "what is sent is committed with its answer only",
        (
            Patch(SqliteCommandLog, "record_request", _committed_later),
            Patch(Database, "transaction", _goes_on_where_one_is_open),
        ),
    ),
    "reply_to_any_question": Mutant("every question is answered yes", (Patch(submission, "refusal", _yes),)),
    "endless_replies": Mutant(
        "a question is answered yes however often it is asked", (Patch(Submission, "_no", _forgets_what_was_asked),)
    ),
    "reply_across_an_epoch": Mutant(
        "a question that was open when the process ended is answered by the next one",
        (Patch(Reconciler, "take_in", _answered_by_the_next_process),),
    ),
    "lost_reply_means_rejected": Mutant(
        "'reply id not found' counts as a refusal", (Patch(answers, "_DOUBTFUL", constant(())),)
    ),
    "cancels_everything": Mutant(
        "a cancel is one of all orders", (Patch(AccountBroker, "prepare", _to_another_order(lambda _broker: -1)),)
    ),
    "cancels_a_foreign_order": Mutant(
        "a cancel goes to an order of somebody else",
        (
            Patch(AccountBroker, "orders", _remember_others),
            Patch(AccountBroker, "prepare", _to_another_order(lambda broker: _others.get(id(broker)))),
        ),
    ),
}

"""Planted bugs: each a line or two of the trading system made wrong from outside, to see that the checker finds it.

A planted bug counts as found by a schedule that violates an invariant with it and none without it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from trading.errors import OutcomeUnknown
from trading.execution import absence, checks, protection, snapshot, submission
from trading.gateway import answers, orders
from trading.gateway.api_client import ApiClient
from trading.gateway.orders import AccountBroker
from trading.gateway.transport import HttpAnswer
from trading.model.order import LIFE, BrokerStatus, IntentState, OrderLife, OrderList
from trading.model.outcome import Duplicate, RefusedByBroker, Unproven
from trading.model.request import CancelOrder
from trading.ports import Counted
from trading.store import fills
from trading.store.commands import SqliteCommandLog
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore

_SERVER_FAILED = 500


class UnknownMutantError(ValueError):
    """There is no planted bug of that name; the text lists those that there are."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(f"--mutant {name}: there are all, {', '.join(MUTANTS)}")


@dataclass(frozen=True, slots=True)
class Patch:
    """One attribute with what stands in for it, made of what was there."""

    owner: object
    name: str
    instead: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug."""

    sentence: str
    patches: tuple[Patch, ...]


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Make the trading system wrong for the length of the block; None leaves it as it is.

    Raises:
        UnknownMutantError: there is none of that name.
    """
    with ExitStack() as stack:
        for patch in _patches(name):
            before = getattr(patch.owner, patch.name)
            setattr(patch.owner, patch.name, patch.instead(before))
            stack.callback(setattr, patch.owner, patch.name, before)
        yield


def _patches(name: str | None) -> tuple[Patch, ...]:
    if name is None:
        return ()
    if name not in MUTANTS:
        raise UnknownMutantError(name)
    return MUTANTS[name].patches


# ---- what is sent


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


def _yes(_refusal: object) -> object:
    return lambda *_arguments: None


# ---- what is believed


def _always(value: object) -> Callable[[Any], object]:
    return lambda _before: lambda *_arguments: value


def _constant(value: object) -> Callable[[Any], object]:
    return lambda _before: value


def _asked_is_cancelled(record_response: Any) -> object:  # noqa: ANN401
    def wrong(log: SqliteCommandLog, opened: Any, outcome: str, *rest: object, **more: object) -> None:  # noqa: ANN401
        record_response(log, opened, outcome, *rest, **more)
        if outcome == "ACK":
            with log._database.transaction() as connection:
                connection.execute(
                    "UPDATE intent SET state = 'CANCELLED', ended_at = changed"
                    " WHERE coid IN (SELECT coids FROM command WHERE number = ? AND kind = 'cancel')",
                    (opened.command,),
                )

    return wrong


def _late_fill_is_ignored(record_fill: Any) -> object:  # noqa: ANN401
    def wrong(journal: SqliteJournal, coid: str, *rest: object) -> object:
        record = journal.intent(coid)
        over = record is not None and record.state is IntentState.CANCELLED
        return Counted(new=False) if over else record_fill(journal, coid, *rest)

    return wrong


def _counted_twice(move_position: Any) -> object:  # noqa: ANN401
    def wrong(*arguments: object) -> object:
        move_position(*arguments)
        return move_position(*arguments)

    return wrong


def _halt_is_forgotten(begin: Any) -> object:  # noqa: ANN401
    def wrong(store: SqliteStore, database: Any, *rest: object) -> None:  # noqa: ANN401
        begin(store, database, *rest)
        with database.transaction() as connection:
            connection.execute("UPDATE halt SET acknowledged_at = since, acknowledged_by = actor")
            connection.execute("DELETE FROM mode_log WHERE fact = 'halt'")

    return wrong


# ---- how shares are covered


def _for_what_was_ordered(cover_bare: Any) -> object:  # noqa: ANN401
    def wrong(cover: Any, _need: int, state: Any, plan: Any) -> object:  # noqa: ANN401
        ordered = next(each for each in state.journal.records if each.coid == cover.position.entry_coid)
        return cover_bare(cover, ordered.intent.quantity, state, plan)

    return wrong


def _nothing_is_in_doubt(cover_of: Any) -> object:  # noqa: ANN401
    return lambda *arguments: dataclasses.replace(cover_of(*arguments), unproven=False)


_WITNESSED = absence.Judgement(absence.Vote.WITNESSED, lost=True)

MUTANTS: Mapping[str, Mutant] = {
    "retry_post_on_timeout": Mutant(
        "an order whose answer did not come is sent again", (Patch(ApiClient, "write", _again_after_a_time_out),)
    ),
    "retry_on_5xx": Mutant(
        "an order that was answered with 5xx is sent again", (Patch(ApiClient, "write", _again_after_a_failure),)
    ),
    "timeout_means_rejected": Mutant(
        "an order whose outcome is not known counts as refused", (Patch(AccountBroker, "send", _unproven_is_rejected),)
    ),
    "duplicate_means_rejected": Mutant(
        "'already registered' counts as a refusal", (Patch(orders, "classify", _duplicate_is_rejected),)
    ),
    "lost_reply_means_rejected": Mutant(
        "'reply id not found' counts as a refusal", (Patch(answers, "_DOUBTFUL", _constant(())),)
    ),
    "reply_to_any_question": Mutant("every question is answered yes", (Patch(submission, "refusal", _yes),)),
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
    "cancel_answer_means_cancelled": Mutant(
        "an acknowledged cancel counts as done", (Patch(SqliteCommandLog, "record_response", _asked_is_cancelled),)
    ),
    "empty_list_means_absent": Mutant(
        "an order that a reading does not show is absent", (Patch(absence, "judge", _always(_WITNESSED)),)
    ),
    "no_witness_rule": Mutant("an empty list counts as one", (Patch(absence, "witnessed", _always(value=True)),)),
    "one_vote_means_lost": Mutant(
        "one reading proves that an order is absent", (Patch(absence, "VOTES_NEEDED", _constant(1)),)
    ),
    "vote_before_it_can_show": Mutant(
        "a reading right after the order counts against it", (Patch(absence, "_could_show", _always(value=True)),)
    ),
    "entry_beside_an_unknown_one": Mutant(
        "what is not proven does not stand in the way of another entry", (Patch(checks, "duplicate", _always(None)),)
    ),
    "correction_added": Mutant(
        "a corrected execution counts beside the first", (Patch(fills, "_other_version", _always(None)),)
    ),
    "fill_counted_twice": Mutant("a fill moves the position twice", (Patch(fills, "_move_position", _counted_twice),)),
    "fill_ignored_after_cancelled": Mutant(
        "a fill after the cancel is not counted", (Patch(SqliteJournal, "record_fill", _late_fill_is_ignored),)
    ),
    "stop_for_the_ordered_quantity": Mutant(
        "a stop is for what was ordered, not for what was bought",
        (Patch(protection, "_cover_bare", _for_what_was_ordered),),
    ),
    "stop_beside_an_unknown_one": Mutant(
        "a second stop goes out while the first is not proven", (Patch(protection, "cover_of", _nothing_is_in_doubt),)
    ),
    "cover_counts_a_cancelled_stop": Mutant(
        "a stop that was cancelled counts as one that rests",
        (Patch(snapshot, "LIFE", _constant({**LIFE, BrokerStatus.CANCELLED: OrderLife.LIVE})),),
    ),
    "no_stop_is_resized": Mutant(
        "a stop stays as it is when its position changes", (Patch(protection, "plan_resize", _always(None)),)
    ),
    "mode_not_persisted": Mutant(
        "a halt is forgotten at a restart", (Patch(SqliteStore, "__init__", _halt_is_forgotten),)
    ),
}
"""by name"""

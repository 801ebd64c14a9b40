"""Planted bugs: each a line or two of the trading system made wrong from outside, to see that the checker finds it.

A planted bug counts as found by a schedule that violates an invariant with it and none without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from trading.gateway.channel import Channel
from trading.model.wire import Duplicate, RefusedByBroker, Unproven, WireAct, WireRequest

from trading.errors import OutcomeUnknown
from trading.execution import resolution, sender
from trading.gateway import answers, orders
from trading.gateway.orders import AccountBroker
from trading.gateway.transport import HttpAnswer
from trading.model.order import IntentState
from trading.store import fills
from trading.store.database import Database
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
    def wrong(channel: Channel, request: WireRequest) -> HttpAnswer:
        try:
            answer: HttpAnswer = write(channel, request)
        except OutcomeUnknown:
            answer = write(channel, request)
        return answer

    return wrong


def _again_after_a_failure(write: Any) -> object:  # noqa: ANN401
    def wrong(channel: Channel, request: WireRequest) -> HttpAnswer:
        answer: HttpAnswer = write(channel, request)
        return write(channel, request) if answer.status >= _SERVER_FAILED else answer

    return wrong


def _unproven_is_rejected(send: Any) -> object:  # noqa: ANN401
    def wrong(broker: AccountBroker, request: WireRequest) -> object:
        outcome = send(broker, request)
        return RefusedByBroker(outcome.cause, outcome.answer) if isinstance(outcome, Unproven) else outcome

    return wrong


def _duplicate_is_rejected(classify: Any) -> object:  # noqa: ANN401
    def wrong(*arguments: object) -> object:
        outcome = classify(*arguments)
        return RefusedByBroker(outcome.text, outcome.answer) if isinstance(outcome, Duplicate) else outcome

    return wrong


def _all_orders(_cancel_request: object) -> object:
    def wrong(broker: AccountBroker, _order_id: int) -> WireRequest:
        return WireRequest(WireAct.CANCEL, "DELETE", f"{broker._path}/order/-1", b"")

    return wrong


def _yes(_refusal: object) -> object:
    return lambda *_arguments: None


# ---- what is believed


def _always(_before: object) -> object:
    return lambda *_arguments: True


def _constant(value: object) -> Callable[[Any], object]:
    return lambda _before: value


def _late_fill_is_ignored(execute: Any) -> object:  # noqa: ANN401
    def wrong(journal: SqliteJournal, coid: str, *rest: object) -> object:
        record = journal.intent(coid)
        over = record is not None and record.state is IntentState.CANCELLED
        return False if over else execute(journal, coid, *rest)

    return wrong


def _halt_is_forgotten(begin: Any) -> object:  # noqa: ANN401
    def wrong(store: SqliteStore, database: Database) -> None:
        begin(store, database)
        with database.transaction() as connection:
            connection.execute("DELETE FROM mode_log WHERE fact = 'halt'")

    return wrong


MUTANTS: Mapping[str, Mutant] = {
    "retry_post_on_timeout": Mutant(
        "an order whose answer did not come is sent again", (Patch(Channel, "write", _again_after_a_time_out),)
    ),
    "retry_on_5xx": Mutant(
        "an order that was answered with 5xx is sent again", (Patch(Channel, "write", _again_after_a_failure),)
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
    "reply_to_any_question": Mutant("every question is answered yes", (Patch(sender, "refusal", _yes),)),
    "cancels_everything": Mutant(
        "a cancel is one of all orders", (Patch(AccountBroker, "cancel_request", _all_orders),)
    ),
    "no_witness_rule": Mutant(
        "an empty list proves that an order is absent", (Patch(resolution.Witnesses, "present_in", _always),)
    ),
    "one_vote_means_lost": Mutant(
        "one reading proves that an order is absent", (Patch(resolution, "VOTES_NEEDED", _constant(1)),)
    ),
    "vote_before_it_can_show": Mutant(
        "a reading right after the order counts against it", (Patch(resolution.Resolver, "_settled", _always),)
    ),
    "correction_added": Mutant(
        "a corrected execution counts beside the first", (Patch(fills, "_other_version", _constant(lambda *_: None)),)
    ),
    "fill_ignored_after_cancelled": Mutant(
        "a fill after the cancel is not counted", (Patch(SqliteJournal, "execute", _late_fill_is_ignored),)
    ),
    "mode_not_persisted": Mutant(
        "a halt is forgotten at a restart",
        (Patch(SqliteStore, "__init__", _halt_is_forgotten),),
    ),
}
"""by name"""

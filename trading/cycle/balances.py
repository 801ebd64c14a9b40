"""Holds each reading of the balances against the last one, and keeps what came or went. None of it stops a turn."""

from __future__ import annotations

from trading.errors import STORAGE, InvariantBroken
from trading.execution import balances
from trading.execution.context import TradingContext
from trading.execution.snapshot import BrokerSnapshot
from trading.model.account import AccountState
from trading.model.balances import Doubt, Flow
from trading.model.record import JournalView


def take_in(context: TradingContext, snapshot: BrokerSnapshot, journal: JournalView) -> None:
    """Take in balances that were read just now, after the executions of the same reading.

    Where what is kept can't be read, or a figure can't be kept, everything stays as it was.

    Raises: InvariantBroken("storage").
    """
    try:
        _take_in(context, snapshot, journal)
    except InvariantBroken as problem:
        if problem.invariant == STORAGE:
            raise
        context.log.warning("the balances are not kept", problem=str(problem))


def standing(context: TradingContext, account: AccountState | None) -> tuple[Doubt | None, tuple[Flow, ...]]:
    """Return why equity and cash can't be relied on, and what came or went and waits for a person.

    What is kept and can't be read is a doubt.

    Raises: InvariantBroken("storage").
    """
    book = context.balances
    try:
        return balances.doubt(book.memory(), account, context.clock.now()), book.unconfirmed()
    except InvariantBroken as problem:
        if problem.invariant == STORAGE:
            raise
        return Doubt(f"{problem.detail}: nothing is bought", lasting=True), ()


def _take_in(context: TradingContext, snapshot: BrokerSnapshot, journal: JournalView) -> None:
    book, now = context.balances, context.clock.now()
    booked = book.booked(now)
    reading = balances.seen(snapshot, booked)
    if reading is None:
        return
    found = balances.weighed(book.memory(), reading, settled=balances.settled(snapshot, journal, booked))
    if not found.flow:
        book.remember(found.memory)
        return
    book.record_flow(found.memory, found.flow, found.before, now)
    context.log.warning("money came or went", usd=found.flow, equity=reading.equity)

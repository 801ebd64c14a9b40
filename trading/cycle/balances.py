"""Holds each reading of the balances against the last one, and keeps what came or went."""

from __future__ import annotations

from trading.execution import balances
from trading.execution.context import TradingContext
from trading.execution.snapshot import BrokerSnapshot
from trading.model.record import JournalView


def take_in(context: TradingContext, snapshot: BrokerSnapshot, journal: JournalView) -> None:
    """Take in balances that were read just now, after the executions of the same reading.

    Raises: InvariantBroken("storage").
    """
    book, now = context.balances, context.clock.now()
    executions = snapshot.executions.value
    book.note_trades(executions.executions if executions is not None else ())
    booked = book.booked(now)
    reading = balances.seen(snapshot, booked)
    if reading is None:
        return
    found = balances.weighed(book.memory(), reading, settled=balances.settled(snapshot, journal, booked))
    if not found.flow:
        book.remember(found.memory)
        return
    book.record_flow(found.memory, found.flow, reading.equity, now)
    context.log.warning("money came or went", usd=found.flow, equity=reading.equity)

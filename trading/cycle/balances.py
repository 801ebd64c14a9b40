"""Holds each reading of the balances against the last one, keeps what came or went, and says what is known of both.

None of it stops a turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trading.errors import STORAGE, InvariantBroken
from trading.execution.context import TradingContext
from trading.execution.planning import balances
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.account import AccountState
from trading.model.balances import Doubt, Flow
from trading.model.decision import RiskState
from trading.model.record import JournalView
from trading.risk_manager import entry_limits, too_much_lost


@dataclass(frozen=True, slots=True)
class Money:
    """What the risk rules remember, why equity and cash can't be relied on, and what came or went and waits for a word.

    With an empty memory nothing is bought.
    """

    risk: RiskState = field(default_factory=RiskState)
    doubt: Doubt | None = None
    flows: tuple[Flow, ...] = ()


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


def known_money(context: TradingContext, account: AccountState | None) -> Money:
    """Return what is known of the money; where what is kept of it can't be read, that is a doubt.

    Raises: InvariantBroken("storage").
    """
    book = context.balances
    try:
        risk, memory, flows = context.store.risk_state(), book.memory(), book.unconfirmed()
    except InvariantBroken as problem:
        if problem.invariant == STORAGE:
            raise
        return Money(doubt=Doubt(f"{problem.detail}: nothing is bought", lasting=True))
    return Money(risk, balances.doubt(memory, account, context.clock.now()), flows)


def judge_loss(context: TradingContext, account: AccountState | None, money: Money) -> None:
    """R08: REDUCING while too much is lost of the close before, by the balances of now or of the last decision.

    Balances that can't be read, are none, or are in doubt leave it as it was.
    """
    if account is None or money.doubt is not None or not balances.usable(account.net_liquidation):
        return
    limits = entry_limits(context.settings.risk, context.settings.sizing)
    lost = too_much_lost(money.risk, account.net_liquidation, limits)
    context.store.halts.set_daily_loss(lost, context.clock.now())


def _take_in(context: TradingContext, snapshot: BrokerSnapshot, journal: JournalView) -> None:
    book, now = context.balances, context.clock.now()
    booked = book.booked(now)
    reading = balances.seen(snapshot, booked)
    if reading is None:
        return
    memory, settled = book.memory(), balances.settled(snapshot, journal, booked)
    traded = balances.traded_by_others(snapshot, booked, memory)
    found = balances.weighed(memory, reading, settled=settled, traded=traded)
    if not found.flow:
        book.remember(found.memory)
        return
    book.record_flow(found.memory, found.flow, found.before, now)
    context.log.warning("money came or went", usd=found.flow, equity=reading.equity)

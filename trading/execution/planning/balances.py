"""Money that comes and goes is told apart from trades, gains and losses. Equity is the arbiter.

A trade, whoever's and in whatever, moves cash and not equity; money paid in or out moves both. So cash that moved while
equity did not follow is measured anew from there. Where equity followed it is money that came or went once a second
reading shows the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trading.execution.ownership.execution_matching import newest
from trading.execution.ownership.foreign import unsettled
from trading.execution.reading.dollars import DOLLARS
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.account import AccountState
from trading.model.alarm import Alarm, AlarmCode
from trading.model.balances import BalanceMemory, Balances, Booked, Doubt, Flow
from trading.model.execution_id import fill_key
from trading.model.record import JournalView

MAX_JUMP = 0.10
"""how far equity may move between two readings, beside what came or went, without a second one that agrees"""
JUMP_APART = timedelta(seconds=60)
SMALLEST_FLOW = 0.005
"""of equity: a month's interest, fees and what one position pays as a dividend stay below, and are gains and losses"""
FOLLOWED = 0.5
"""of what cash moved by: equity that moved by so much is nearer to a payment than to a trade, whatever prices did"""
FLOW_APART = timedelta(minutes=10)
"""equity and cash come by two calls, each up to three minutes old, so that they agree well before"""
TRADE_APART = timedelta(hours=1)
"""after so long the readings decide, though orders of ours are not proven; a doubt of so long is told"""
MAX_UNCONFIRMED = 0.01
"""of equity: how much may have come or gone before a person has to say so"""
MAX_WORTH = 1e12
"""no account is worth so many dollars"""
# Cash and executions are rounded on their own.
_CENTS = 0.02
_AGREE = 0.01
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Weighed:
    """What to remember after a reading, and the money that came or went by it, 0 for none; `before` is equity then."""

    memory: BalanceMemory
    flow: float = 0.0
    before: float = 0.0


@dataclass(frozen=True, slots=True)
class _Change:
    """From one reading to another: what cash moved by, 0 for little; what came or went of it; how far equity jumped."""

    moved: float
    flow: float
    before: float
    jump: float

    @property
    def jumped(self) -> bool:
        return self.jump > MAX_JUMP + _TOLERANCE

    @property
    def doubtful(self) -> bool:
        return self.jumped or bool(self.flow)


def usable(equity: float) -> bool:
    """Return whether an account can be worth so much and be traded."""
    return 0.0 < equity < MAX_WORTH


def seen(snapshot: BrokerSnapshot, booked: Booked) -> Balances | None:
    """Return the balances of a reading, None where it has none that can be used."""
    account = snapshot.account.value
    if account is None or not _sound(account):
        return None
    return Balances(snapshot.account.began, round(account.cash - booked.cash, 4), account.net_liquidation)


def settled(snapshot: BrokerSnapshot, journal: JournalView, booked: Booked) -> bool:
    """Return whether all own executions of a reading are known, so that cash can be held against them."""
    executions = snapshot.executions.value
    read = snapshot.whole and executions is not None
    return read and booked.sure and not unsettled(journal)


def traded_by_others(snapshot: BrokerSnapshot, booked: Booked, memory: BalanceMemory) -> float:
    """Return what the listed trades that are not booked did to the cash since the reading that is relied on, USD."""
    executions = snapshot.executions.value
    if executions is None or memory.agreed is None:
        return 0.0
    since = memory.agreed.at
    return math.fsum(
        -each.change * each.price - (each.commission or 0.0)
        for each in newest(executions.executions)
        if each.time > since and fill_key(each.execution_id) not in booked.fills
    )


def weighed(memory: BalanceMemory, now: Balances, *, settled: bool, traded: float = 0.0) -> Weighed:
    """Return what a reading changes; where it is not `settled` a second one has to be later to confirm it.

    `traded` is what others' trades did to the cash. It counts where more is explained with it than without: a
    purchase beside a payment would hide that.
    """
    known = _moved(memory, traded)
    return _weighed(known if _explains(known, memory, now) else memory, now, settled=settled)


def _weighed(memory: BalanceMemory, now: Balances, *, settled: bool) -> Weighed:
    before = replace(_moved(memory, -memory.traded), traded=0.0)
    if memory.traded and _explains(before, memory, now):
        memory = before
    agreed, first = memory.agreed, memory.doubted
    if agreed is None:
        return Weighed(BalanceMemory(now))
    if first is not None and not _shows_cash_of(now, agreed, first):
        without = _without_the_trade(memory, agreed, first, now)
        if without is not memory:
            return _weighed(without, now, settled=settled)
    since = first.at if first is not None and _shows_cash_of(now, first) else now.at
    change = _change(memory, replace(now, at=since))
    if not change.moved and not change.jumped:
        return Weighed(_relied_on(memory, agreed, now))
    if first is None or not _same(first, now, jumped=change.jumped):
        first = now
    if now.at - first.at >= _apart(change, settled=settled):
        recent = () if change.flow else _recent(memory, agreed, now)
        return Weighed(BalanceMemory(now, recent=recent), round(change.flow, 2), change.before)
    if not change.jumped:
        first = replace(now, at=first.at)
    if not change.doubtful:
        return Weighed(BalanceMemory(replace(agreed, equity=now.equity), first, recent=memory.recent))
    return Weighed(replace(memory, doubted=first, since=memory.since or now.at))


def doubt(memory: BalanceMemory, account: AccountState | None, now: datetime) -> Doubt | None:
    """Return why equity and cash can't be relied on.

    That the balances can't be read, or that an account in another currency has no dollars, is told elsewhere.
    """
    shown = account if account is not None and account.currency == DOLLARS else None
    if shown is not None and not _sound(shown):
        worth = f"{shown.net_liquidation:,.2f} USD with {shown.cash:,.2f} USD of cash"
        return Doubt(f"the account is shown to be worth {worth}: nothing is bought", lasting=True)
    agreed, doubted, since = memory.agreed, memory.doubted, memory.since
    if agreed is None or doubted is None or since is None:
        return None
    change = _change(memory, doubted)
    if change.jumped:
        text = (
            f"the account's value went from {change.before:,.2f} to {doubted.equity:,.2f} USD, more than prices and "
            "payments explain: nothing is bought until a second reading shows the same"
        )
        return Doubt(text, change.jump, MAX_JUMP, lasting=True)
    moved = doubted.unbooked - agreed.unbooked
    text = f"cash and value changed by {moved:+,.2f} USD without a trade of ours: a second reading is awaited"
    return Doubt(text, abs(moved), SMALLEST_FLOW * doubted.equity, lasting=now - since > TRADE_APART)


def waits_for_a_person(flow: Flow) -> bool:
    """Return whether nothing is bought until a person has said what an unconfirmed flow was."""
    return not abs(flow.amount) <= allowed(flow) + _TOLERANCE


def allowed(flow: Flow) -> float:
    """Return how much may come or go at the equity of a flow without a word from a person."""
    return MAX_UNCONFIRMED * flow.equity


def balance_alarms(doubted: Doubt | None, flows: Iterable[Flow]) -> tuple[Alarm, ...]:
    """Return what people have to know: figures that no second reading confirms by itself, and what waits for them."""
    found = [Alarm(AlarmCode.EQUITY, "", doubted.text)] if doubted is not None and doubted.lasting else []
    for flow in flows:
        if waits_for_a_person(flow):
            text = (
                f"{flow.text}: nothing is bought until you say `reconcile --flow {flow.number}`, or `--no-flow "
                f"{flow.number}` where no money came or went"
            )
            found.append(Alarm(AlarmCode.FLOW, str(flow.number), text))
    return tuple(found)


def _sound(account: AccountState) -> bool:
    return usable(account.net_liquidation) and abs(account.cash) < MAX_WORTH


def _change(memory: BalanceMemory, now: Balances) -> _Change:
    """Return what changed since the reading that is relied on, or since one of just before that explains more."""
    agreed = memory.agreed
    if agreed is None:
        return _Change(0.0, 0.0, now.equity, 0.0)
    moved = now.unbooked - agreed.unbooked
    if abs(moved) < SMALLEST_FLOW * now.equity:
        return _Change(0.0, 0.0, agreed.equity, _jump(agreed.equity, now.equity))
    befores = (agreed.equity, *(each.equity for each in _recent(memory, agreed, now)))
    before = min(befores, key=lambda equity: abs(equity + moved - now.equity))
    if (now.equity - before) / moved < FOLLOWED:
        return _Change(moved, 0.0, agreed.equity, _jump(agreed.equity, now.equity))
    return _Change(moved, moved, before, _jump(before, now.equity, moved))


def _jump(before: float, equity: float, flow: float = 0.0) -> float:
    """Return by what fraction equity differs from what it was and what came or went.

    Where next to nothing is left of an account, `SMALLEST_FLOW` of what it was is not a jump yet.
    """
    measure = max(before + flow, before * SMALLEST_FLOW / MAX_JUMP)
    return abs(equity - before - flow) / measure if measure > 0.0 else math.inf


def _relied_on(memory: BalanceMemory, agreed: Balances, now: Balances) -> BalanceMemory:
    """Return what to remember after a reading that nothing speaks against; the same figures again are no news."""
    if (now.unbooked, now.equity) == (agreed.unbooked, agreed.equity):
        return BalanceMemory(agreed, recent=memory.recent)
    return BalanceMemory(now, recent=_recent(memory, agreed, now))


def _without_the_trade(memory: BalanceMemory, agreed: Balances, first: Balances, now: Balances) -> BalanceMemory:
    """Return what to hold a reading against after cash moved again: each move is judged by itself.

    Where figures are in doubt the second move was a trade if equity shows so. Else the first one was one, as shown.
    But equity is older than cash: where it shows by now that money came or went then, the second one was the
    trade, or none was.
    """
    second = now.unbooked - first.unbooked
    if memory.since is not None:
        moved = replace(_moved(memory, second), traded=second)
        return moved if _explains(moved, memory, now) else memory
    as_shown, before = BalanceMemory(first, recent=memory.recent), BalanceMemory(agreed, recent=memory.recent)
    best = min((_moved(before, second), before), key=lambda each: _change(each, now).jump)
    return best if _explains(best, as_shown, now) else as_shown


def _moved(memory: BalanceMemory, cash: float) -> BalanceMemory:
    """Return what is remembered as if a trade had moved cash before."""
    agreed, doubted = (
        None if each is None else replace(each, unbooked=each.unbooked + cash)
        for each in (memory.agreed, memory.doubted)
    )
    return replace(memory, agreed=agreed, doubted=doubted)


def _explains(memory: BalanceMemory, other: BalanceMemory, now: Balances) -> bool:
    """Return whether a reading held against one memory leaves much less of equity unexplained than against another."""
    unexplained = _change(other, now).jump
    return unexplained > SMALLEST_FLOW and _change(memory, now).jump < FOLLOWED * unexplained


def _recent(memory: BalanceMemory, agreed: Balances, now: Balances) -> tuple[Balances, ...]:
    """Return what was shown within the time that figures may lag by: each reading holds until the next one."""
    kept = memory.recent
    if not kept or agreed.at - kept[-1].at >= JUMP_APART:
        kept = (*kept, agreed)
    before = [each for each in kept if now.at - each.at >= FLOW_APART]
    return (*before[-1:], *(each for each in kept if now.at - each.at < FLOW_APART))


def _same(before: Balances, now: Balances, *, jumped: bool) -> bool:
    """Return whether two readings agree; equity moves with prices, which matters where it is in doubt itself."""
    return _shows_cash_of(now, before) and (not jumped or abs(now.equity / before.equity - 1.0) <= _AGREE)


def _shows_cash_of(now: Balances, *before: Balances) -> bool:
    return any(abs(each.unbooked - now.unbooked) <= _CENTS for each in before)


def _apart(change: _Change, *, settled: bool) -> timedelta:
    """Return how far apart two readings have to be to count."""
    if change.jumped and not change.flow:
        return JUMP_APART
    return FLOW_APART if settled else TRADE_APART

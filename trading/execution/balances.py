"""Money that comes and goes: what changes cash and equity without a trade is told apart from gains and losses.

Cash is compared with what all known executions explain, own and others'. A difference counts once a second reading
shows the same, and not before lists and figures have had the time to agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from trading.execution.dollars import DOLLARS
from trading.execution.foreign import unsettled
from trading.execution.snapshot import BrokerSnapshot
from trading.model.account import AccountState
from trading.model.alarm import Alarm, AlarmCode
from trading.model.balances import BalanceMemory, Balances, Booked, Doubt, Flow
from trading.model.record import JournalView

MAX_JUMP = 0.10
"""how far equity may move between two readings, beside what came or went, without a second one that agrees"""
JUMP_APART = timedelta(seconds=60)
SMALLEST_FLOW = 0.005
"""of equity: a month's interest, fees and what one position pays as a dividend stay below, and are gains and losses"""
FLOW_APART = timedelta(minutes=10)
"""the broker's figures of an account may be three minutes old, so that cash and executions agree well before"""
TRADE_APART = timedelta(hours=1)
"""where shares changed too it is most likely a trade that no list shows yet"""
MAX_UNCONFIRMED = 0.01
"""of equity: how much may have come or gone before a person has to say so"""
# Cash and executions are rounded on their own.
_CENTS = 0.02
_AGREE = 0.01
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Weighed:
    """What to remember after a reading, and the money that came or went by it, 0 for none."""

    memory: BalanceMemory
    flow: float = 0.0


def usable(equity: float) -> bool:
    """Return whether an account can be worth so much and be traded."""
    return math.isfinite(equity) and equity > 0.0


def seen(snapshot: BrokerSnapshot, booked: Booked) -> Balances | None:
    """Return the balances of a reading, None where it has none that can be used."""
    account = snapshot.account.value
    if account is None or not usable(account.net_liquidation) or not math.isfinite(account.cash):
        return None
    contracts = {*snapshot.stocks, *booked.shares}
    left = {conid: snapshot.held(conid) - booked.shares.get(conid, 0.0) for conid in sorted(contracts)}
    return Balances(
        at=snapshot.account.began,
        unbooked=round(account.cash - booked.cash, 4),
        equity=account.net_liquidation,
        shares={conid: shares for conid, shares in left.items() if abs(shares) > _TOLERANCE},
    )


def settled(snapshot: BrokerSnapshot, journal: JournalView, booked: Booked) -> bool:
    """Return whether all executions of a reading are known, so that cash can be held against them."""
    executions = snapshot.executions.value
    read = snapshot.whole and executions is not None and not executions.unreadable
    return read and booked.sure and not unsettled(journal)


def weighed(memory: BalanceMemory, now: Balances, *, settled: bool) -> Weighed:
    """Return what a reading changes; one that is not `settled` confirms nothing."""
    agreed = memory.agreed
    if agreed is None:
        return Weighed(BalanceMemory(now) if settled else memory)
    moved = now.unbooked - agreed.unbooked
    flow = moved if _matters(moved, now.equity) else 0.0
    jumped = _jump(agreed, now, flow) > MAX_JUMP + _TOLERANCE
    if abs(moved) <= _CENTS and not jumped:
        shares = now.shares if settled else agreed.shares
        return Weighed(BalanceMemory(replace(agreed, equity=now.equity, shares=shares)))
    if not flow and not jumped:
        agreed = replace(agreed, equity=now.equity)
    before = memory.doubted
    first = before if before is not None and _same(before, now, jumped=jumped) else now
    if not settled or now.at - first.at < _apart(agreed, now, jumped=jumped):
        return Weighed(BalanceMemory(agreed, first))
    return Weighed(BalanceMemory(now), round(flow, 2))


def doubt(memory: BalanceMemory, account: AccountState | None) -> Doubt | None:
    """Return why equity and cash can't be relied on.

    That the balances can't be read, or that an account in another currency has no dollars, is told elsewhere.
    """
    shown = account if account is not None and account.currency == DOLLARS else None
    if shown is not None and not (usable(shown.net_liquidation) and math.isfinite(shown.cash)):
        worth = f"{shown.net_liquidation:,.2f} USD with {shown.cash:,.2f} USD of cash"
        return Doubt(f"the account is shown to be worth {worth}: nothing is bought", lasting=True)
    agreed, doubted = memory.agreed, memory.doubted
    if agreed is None or doubted is None:
        return None
    moved = doubted.unbooked - agreed.unbooked
    matters = _matters(moved, doubted.equity)
    jump = _jump(agreed, doubted, moved if matters else 0.0)
    if jump > MAX_JUMP + _TOLERANCE:
        text = (
            f"the account's value went from {agreed.equity:,.2f} to {doubted.equity:,.2f} USD, more than prices and "
            "payments explain: nothing is bought until a second reading shows the same"
        )
        return Doubt(text, jump, MAX_JUMP, lasting=True)
    if not matters:
        return None
    text = f"cash changed by {moved:+,.2f} USD without a trade that is known: a second reading is awaited"
    return Doubt(text, abs(moved), SMALLEST_FLOW * doubted.equity)


def waits_for_a_person(flow: Flow) -> bool:
    """Return whether nothing is bought until a person has said what an unconfirmed flow was."""
    return not abs(flow.amount) <= allowed(flow) + _TOLERANCE


def allowed(flow: Flow) -> float:
    """Return how much may come or go at the equity of a flow without a word from a person."""
    return MAX_UNCONFIRMED * flow.equity


def told(flow: Flow) -> str:
    """Return what came or went in words."""
    what = "came into" if flow.amount > 0.0 else "left"
    return f"{abs(flow.amount):,.2f} USD {what} the account on {flow.at:%Y-%m-%d}, by no trade that is known"


def balance_alarms(doubted: Doubt | None, flows: Iterable[Flow]) -> tuple[Alarm, ...]:
    """Return what people have to know: figures that no second reading confirms by itself, and what waits for them."""
    found = [Alarm(AlarmCode.EQUITY, "", doubted.text)] if doubted is not None and doubted.lasting else []
    for flow in flows:
        if waits_for_a_person(flow):
            text = (
                f"{told(flow)}: nothing is bought until you say `reconcile --flow {flow.number}`, or `--no-flow "
                f"{flow.number}` where no money came or went"
            )
            found.append(Alarm(AlarmCode.FLOW, str(flow.number), text))
    return tuple(found)


def _matters(moved: float, equity: float) -> bool:
    return abs(moved) >= SMALLEST_FLOW * equity


def _jump(before: Balances, now: Balances, flow: float) -> float:
    """Return by what fraction equity differs from what it was and what came or went."""
    expected = before.equity + flow
    return abs(now.equity / expected - 1.0) if expected > 0.0 else math.inf


def _same(before: Balances, now: Balances, *, jumped: bool) -> bool:
    """Return whether two readings agree; equity moves with prices, which matters where it is in doubt itself."""
    if abs(before.unbooked - now.unbooked) > _CENTS:
        return False
    return not jumped or abs(now.equity / before.equity - 1.0) <= _AGREE


def _apart(agreed: Balances, now: Balances, *, jumped: bool) -> timedelta:
    """Return how far apart two readings have to be to count."""
    if abs(now.unbooked - agreed.unbooked) <= _CENTS:
        return JUMP_APART if jumped else timedelta(0)
    return TRADE_APART if now.shares != agreed.shares else FLOW_APART

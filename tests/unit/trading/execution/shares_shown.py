"""Readings of the broker's shares, judged beside our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from tests.fakes.trading_states import (
    AAPL,
    IN_SESSION,
    XOM,
    after,
    own,
    reading,
)
from trading.execution.ownership.excess import Excess
from trading.execution.ownership.share_trades import SharesSeen
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.reconciliation.own_shares import (
    Change,
    Shortage,
    Undecided,
    judge_shares,
)
from trading.model.account import BrokerPosition, PositionList
from trading.model.order import BrokerOrder, Execution, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.ports import Sighting

VISIBILITY_S = 60.0
# Shares of another contract of ours, which the list has to hold too.
OTHER = own(3, XOM)
TEN = own(10)
VOTED = after(-30)
_IDS = count()

Judged = Change | Shortage | Undecided | None


def shown(
    held: dict[int, float],
    *,
    average: float | None = 100.0,
    now: datetime = IN_SESSION,
    orders: tuple[BrokerOrder, ...] = (),
    flat: frozenset[int] = frozenset(),
) -> BrokerSnapshot:
    rows = tuple(BrokerPosition(conid, str(conid), shares, average, None, "STK") for conid, shares in held.items())
    return replace(reading(now, orders=orders), positions=Reading(PositionList(rows, (), flat), now))


def judged(  # noqa: PLR0913 - everything that shares are judged by, by name
    snapshot: BrokerSnapshot,
    *,
    position: OwnPosition = TEN,
    votes: tuple[Sighting, ...] = (),
    records: tuple[IntentRecord, ...] = (),
    foreign: tuple[Execution, ...] = (),
    others: tuple[OwnPosition, ...] = (OTHER,),
    certain: tuple[Execution, ...] = (),
    excess: Excess | None = None,
    untold: frozenset[int] = frozenset(),
) -> Judged:
    journal = JournalView(records, (position, *others))
    seen = SharesSeen(snapshot, journal, foreign, certain, untold)
    return judge_shares(position, votes, seen, VISIBILITY_S, excess)


def votes(count: int, *, held: int = 0, last: datetime = VOTED) -> tuple[Sighting, ...]:
    return tuple(Sighting(str(held), last - timedelta(seconds=30 * n)) for n in reversed(range(count)))


def traded(
    quantity: float,
    side: Side = Side.SELL,
    *,
    conid: int = AAPL,
    time: datetime = IN_SESSION,
    price: float = 100.0,
) -> Execution:
    return Execution(f"x{next(_IDS)}", "DU1234567", conid, "AAPL", side, quantity, price, 1.0, time, None, 4711)

"""Moments before the open at which an entry is to leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.fakes.trading_states import (
    AAPL,
    CLOSES,
    MSFT,
    PRE_OPEN,
    XOM,
    approved,
    bid,
    decided,
    entry,
    moment,
    planned,
    stop,
    target,
    usually,
)
from trading.execution.planning.entries import check_entry
from trading.execution.planning.state import TradingState
from trading.model.record import IntentRecord

QUOTES = [
    bid(CLOSES[symbol], PRE_OPEN, conid=conid) for symbol, conid in (("AAPL", AAPL), ("MSFT", MSFT), ("XOM", XOM))
]
BUY = decided(approved())
GROUP = (planned(entry()), planned(stop("E-S", parent="E")), planned(target("E-T", parent="E")))


def before(now: datetime = PRE_OPEN, *records: IntentRecord, **facts: object) -> TradingState:
    """Return a moment before the open at which AAPL is to be bought."""
    return moment(now, *records, **usually(facts, decision=BUY, quotes=QUOTES))


LEAVES = (entry(), stop(parent="E", stop=95.01))
"""what leaves together: an entry with its stop"""


def code(state: TradingState, group: Sequence[IntentRecord] = LEAVES) -> str | None:
    denied = check_entry([record.intent for record in group], state)
    return None if denied is None else denied.code

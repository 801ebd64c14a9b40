"""Moments in which nine shares are to be sold, and what is planned in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.fakes.trading_states import DECIDED, PRE_OPEN, Facts, decided, moment, own, usually
from trading.execution.planning.exits import WantedExit, plan_exits, wanted_exits
from trading.execution.planning.plan import Plan
from trading.execution.planning.state import TradingState
from trading.model.command import Step
from trading.model.mode import Mode
from trading.model.record import IntentRecord

SOLD = decided(exits=["AAPL"])
YESTERDAY = DECIDED - timedelta(days=3)
FLAT: Facts = {"flatten": True, "mode": Mode.HALTED}
COVER = [("S", Step.EXIT), ("T", Step.EXIT)]


def plan_of(state: TradingState, wanted: tuple[WantedExit, ...] | None = None) -> Plan:
    plan = Plan()
    plan_exits(state, wanted_exits(state) if wanted is None else wanted, plan)
    return plan


def bare(now: datetime = PRE_OPEN, *records: IntentRecord, **facts: object) -> TradingState:
    """Return a moment with nine shares whose cover is over, and the decision to sell them."""
    return moment(now, *records, **usually(facts, positions=[own()], decision=SOLD))

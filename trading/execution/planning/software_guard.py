"""The software guard: while own shares have no working stop, it compares price and stop, and sells on a breach.

It is the last line, not the first: pairs of stop and target go on being sent beside it. Its sale is the one that may
stand beside an order of ours that nobody can find, and only on strict evidence that this one does not live.
"""

from __future__ import annotations

from datetime import timedelta

from trading.execution.look_again import POLL_S
from trading.execution.ownership.likeness import PRICE_TOLERANCE
from trading.execution.planning.exits import WantedExit
from trading.execution.planning.plan import Plan
from trading.execution.planning.prices import SalePrice, sale_price
from trading.execution.planning.protection import Cover, covers, price_through, sells_at_broker
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.decision import ExitReason

# Two readings, so far apart, have to show the position whole and no sell of ours.
READINGS_APART = timedelta(seconds=5)
_THROUGH = "price through the stop"


def guarded_exits(state: TradingState, plan: Plan) -> tuple[WantedExit, ...]:
    """Return the sales that stand for stops that can't rest now."""
    return tuple(
        WantedExit(cover.position, reason, guarded=True)
        for cover in covers(state)
        if (reason := _reason(cover, state, plan)) is not None
    )


def watched(state: TradingState) -> frozenset[int]:
    """Return the contracts whose quotes the guard needs: own shares without a working stop in regular hours."""
    if not state.times.liquid:
        return frozenset()
    return frozenset(cover.position.conid for cover in covers(state) if cover.uncovered > 0)


def breach_of(conid: int) -> str:
    """Return the name under which sightings of a price through a stop are kept."""
    return f"breach:{conid}"


def whole_of(conid: int) -> str:
    """Return the name under which readings are kept that show a position whole and no sell in it."""
    return f"whole:{conid}"


def _reason(cover: Cover, state: TradingState, plan: Plan) -> ExitReason | None:
    conid = cover.position.conid
    if cover.uncovered == 0 or cover.exiting or state.snapshot.orders.value is None:
        plan.over |= {breach_of(conid), whole_of(conid)}
        return None
    if not state.times.liquid:
        return _before_the_open(cover, state)
    plan.again(state.now + timedelta(seconds=POLL_S))
    quote = sale_price(state.quotes.get(conid), state.now)
    if quote is None:
        text = f"{cover.position.symbol}: no stop works and no usable price comes: nothing watches it"
        plan.alarm(AlarmCode.BLIND, cover.position.symbol, text)
        return None
    through = price_through(cover.position, state)
    if through == "target" and not cover.unproven and not quote.delayed:
        return ExitReason.TARGET
    if quote.price > cover.position.stop_price + PRICE_TOLERANCE:
        plan.over |= {breach_of(conid), whole_of(conid)}
        return None
    return _on_breach(cover, quote, state, plan)


def _before_the_open(cover: Cover, state: TradingState) -> ExitReason | None:
    """A close under the stop that no order stands for any more: sell at the open."""
    below = price_through(cover.position, state) == "stop"
    return ExitReason.STOP if below and not cover.unproven and cover.stop is None else None


def _on_breach(cover: Cover, quote: SalePrice, state: TradingState, plan: Plan) -> ExitReason | None:
    conid = cover.position.conid
    breaches = state.sightings.get(breach_of(conid), ())
    seen = f"{_THROUGH}: {quote.price:g}, of {state.quotes[conid].updated_ms}"
    same = all(breach.evidence == seen for breach in breaches)
    if not breaches or (len(breaches) == 1 and not same):
        # When it began, and that there was a second price: a breach may last for hours.
        plan.notes.append((breach_of(conid), seen))
    text = f"{cover.position.symbol}: the price is through its stop, which does not work"
    plan.alarm(AlarmCode.BREACH, cover.position.symbol, f"{text} (delayed price)" if quote.delayed else text)
    # The same delayed price, read again, is one price.
    if quote.delayed and same:
        return None
    if not cover.unproven:
        return ExitReason.STOP
    visible = timedelta(seconds=state.settings.execution.visibility_s)
    if not breaches or state.now - breaches[0].at < visible:
        return None
    whole = state.snapshot.held(conid) >= cover.position.quantity and not sells_at_broker(conid, state)
    if not whole or not state.snapshot.whole or state.snapshot.hides(conid):
        plan.over.add(whole_of(conid))
        return None
    shown = state.sightings.get(whole_of(conid), ())
    if not shown:
        plan.notes.append((whole_of(conid), "whole, and no sell in the list"))
        return None
    return ExitReason.STOP if state.snapshot.began - shown[0].at >= READINGS_APART else None

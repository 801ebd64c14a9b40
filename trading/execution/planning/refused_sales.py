"""Sales that the broker refuses: each collar is tried once, then one every fifteen minutes, with an alert."""

from __future__ import annotations

from datetime import timedelta

from trading.execution.planning.plan import MINUTE_S, Plan
from trading.execution.planning.prices import COLLARS
from trading.execution.planning.protection import pairs_left
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.decision import Denied
from trading.model.order import IntentState, OrderIntent, Role

TRIES_APART = timedelta(minutes=15)
_REFUSED = frozenset({IntentState.REJECTED, IntentState.DECLINED})


def waits_after_refusals(draft: OrderIntent, state: TradingState, plan: Plan) -> bool:
    """Return whether a sale is not tried again yet, since the newest ones of its kind were refused; an alert says so.

    A stop that is there is not given up for another try either, once no pair is left that would put it back.
    """
    newest = [
        record
        for record in state.journal.of(draft.conid)
        if record.intent.role is Role.EXIT
        and record.intent.order_type is draft.order_type
        and record.sent_at is not None
    ][-len(COLLARS) :]
    if len(newest) < len(COLLARS) or any(record.state not in _REFUSED for record in newest):
        return False
    due = (newest[-1].sent_at or state.now) + TRIES_APART
    if due <= state.now:
        has_stop = any(record.intent.role is Role.STOP for record in state.journal.sells(draft.conid))
        if not has_stop or pairs_left(draft.conid, state) > 1:
            return False
        due = state.now + timedelta(seconds=MINUTE_S)
    text = f"{draft.symbol}: its sale was refused again and again, the last time with: {newest[-1].detail}"
    plan.alarm(AlarmCode.EXIT, draft.symbol, text)
    plan.waiting[draft.symbol] = Denied(draft.symbol, "state", None, None, "its sale was refused")
    plan.again(due)
    return True

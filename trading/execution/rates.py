"""How many messages left lately, by the journal, so that a restart forgets none."""

from __future__ import annotations

from datetime import timedelta

from trading.execution.checks import Sent
from trading.execution.plan import MINUTE_S
from trading.execution.state import TradingState
from trading.model.command import Step
from trading.model.exchange_time import exchange_date
from trading.model.order import Role
from trading.model.request import RequestKind

_MINUTE = timedelta(seconds=MINUTE_S)


def sent_lately(state: TradingState, besides: str) -> Sent:
    """Return what was sent up to now `besides` the order that is judged, which may have left and be asked about.

    What was sent later than now was sent by a clock that has been set back since. For entries all of it counts; for
    sales and stops, which must not wait for long, as if its age were as far behind.
    """
    entries = [
        record.sent_at
        for record in state.journal.records
        if record.intent.role is Role.ENTRY and record.sent_at is not None and record.coid != besides
    ]
    commands = [
        each
        for each in state.journal.commands
        if each.left and state.now - each.sent_at < _MINUTE and besides not in each.coids
    ]
    today = exchange_date(state.now)
    return Sent(
        entries=sum(state.now - at < _MINUTE for at in entries),
        entries_today=sum(exchange_date(at) >= today for at in entries),
        messages=len(commands),
        reducing=sum(
            each.step is not Step.ENTRY and each.kind is not RequestKind.CANCEL and each.sent_at - state.now < _MINUTE
            for each in commands
        ),
    )

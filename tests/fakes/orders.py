"""Intents, executions, requests and orders that work, to write tests with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from trading.model.command import CommandDraft, CommandState, Step
from trading.model.order import Execution, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.model.outcome import Answer
from trading.model.request import PreparedRequest, RequestKind
from trading.ports import CommandLog, Journal, OpenRequest

DECIDED = date(2014, 3, 3)
SESSION = date(2014, 3, 4)
# 09:31 in New York, in the session.
NOW = datetime(2014, 3, 4, 14, 31, tzinfo=UTC)
LATER = datetime(2014, 3, 6, 20, 59, tzinfo=UTC)

CONID = 265598

# A way from PLANNED to each state over allowed edges.
PATHS: dict[IntentState, tuple[IntentState, ...]] = {
    IntentState.PLANNED: (),
    IntentState.DENIED: (IntentState.DENIED,),
    IntentState.SENDING: (IntentState.SENDING,),
    IntentState.QUESTIONED: (IntentState.SENDING, IntentState.QUESTIONED),
    IntentState.REPLYING: (IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING),
    IntentState.UNKNOWN: (IntentState.SENDING, IntentState.UNKNOWN),
    IntentState.WORKING: (IntentState.SENDING, IntentState.WORKING),
    IntentState.FILLED: (IntentState.SENDING, IntentState.WORKING, IntentState.FILLED),
    IntentState.CANCELLED: (IntentState.SENDING, IntentState.WORKING, IntentState.CANCELLED),
    IntentState.EXPIRED: (IntentState.SENDING, IntentState.WORKING, IntentState.EXPIRED),
    IntentState.REJECTED: (IntentState.SENDING, IntentState.REJECTED),
    IntentState.DECLINED: (IntentState.SENDING, IntentState.QUESTIONED, IntentState.DECLINED),
    IntentState.LOST: (IntentState.SENDING, IntentState.UNKNOWN, IntentState.LOST),
}


def bracket(
    coid: str,
    *,
    conid: int = CONID,
    symbol: str = "AAPL",
    quantity: int = 10,
    limit: float = 100.01,
    stop: float = 95.02,
    target: float = 105.03,
) -> tuple[OrderIntent, OrderIntent, OrderIntent]:
    """Return an entry with its stop and its target."""
    entry = OrderIntent(
        coid=coid,
        parent_coid=None,
        role=Role.ENTRY,
        conid=conid,
        symbol=symbol,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        tif=Tif.DAY,
        quantity=quantity,
        limit_price=limit,
        stop_price=None,
        decided=DECIDED,
        session=SESSION,
        reason="signal",
        created=NOW,
    )
    child = replace(entry, parent_coid=coid, side=Side.SELL, tif=Tif.GTC)
    return (
        entry,
        replace(
            child,
            coid=f"{coid}-S",
            role=Role.STOP,
            order_type=OrderType.STOP,
            limit_price=None,
            stop_price=stop,
            reason="stop",
        ),
        replace(child, coid=f"{coid}-T", role=Role.TARGET, limit_price=target, reason="target"),
    )


def market_exit(coid: str, *, conid: int = CONID, symbol: str = "AAPL", quantity: int = 10) -> OrderIntent:
    """Return the sale of a whole position at the next open."""
    return OrderIntent(
        coid=coid,
        parent_coid=None,
        role=Role.EXIT,
        conid=conid,
        symbol=symbol,
        side=Side.SELL,
        order_type=OrderType.MARKET,
        tif=Tif.DAY,
        quantity=quantity,
        limit_price=None,
        stop_price=None,
        decided=date(2014, 3, 5),
        session=date(2014, 3, 6),
        reason="time_stop",
        created=NOW,
    )


def fill(
    execution_id: str,
    intent: OrderIntent,
    quantity: float,
    price: float,
    *,
    commission: float | None = 1.0,
    time: datetime = NOW,
) -> Execution:
    """Return an execution of an intent."""
    return Execution(
        execution_id=execution_id,
        account_id="DU1234567",
        conid=intent.conid,
        symbol=intent.symbol,
        side=intent.side,
        quantity=quantity,
        price=price,
        commission=commission,
        time=time,
        order_ref=None,
        order_id=None,
    )


def request(kind: RequestKind = RequestKind.SUBMIT, content: str = "orders") -> PreparedRequest:
    """Return a prepared request."""
    verb = "DELETE" if kind is RequestKind.CANCEL else "POST"
    digest = hashlib.sha256(content.encode()).hexdigest()
    return PreparedRequest(kind, verb, "/iserver/account/DU1234567/orders", digest, content)


def about(
    commands: CommandLog,
    coids: Sequence[str],
    *,
    kind: RequestKind = RequestKind.SUBMIT,
    step: Step = Step.ENTRY,
    epoch: int = 1,
    at: datetime = NOW,
) -> OpenRequest:
    """Record a command about orders as it is recorded before it leaves."""
    return commands.record_request(CommandDraft(kind, tuple(coids), step), request(kind), epoch, at)


def at_work(
    journal: Journal, commands: CommandLog, group: Sequence[OrderIntent], *, first_id: int = 100, epoch: int = 1
) -> None:
    """Plan a group, record its POST with an answer, and bind its orders to ids from `first_id` on."""
    journal.plan(group)
    coids = [intent.coid for intent in group]
    commands.record_response(about(commands, coids, epoch=epoch), "ACK", Answer(200, b"[]"), CommandState.ACKED, NOW)
    for order_id, coid in enumerate(coids, first_id):
        journal.bind(coid, order_id, epoch, NOW)


def planned_exit(journal: Journal, *path: IntentState) -> OrderIntent:
    """Plan a sale and take it along a path of states; return it as it was planned."""
    intent = market_exit(journal.next_coid())
    journal.plan([intent])
    for state in path:
        journal.transition(intent.coid, state, "on the way", NOW)
    return intent

"""A broker in memory that keeps its own truth: what arrived, what it took, what filled; it loses answers on command."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trading.errors import OutcomeUnknown
from trading.model.account import AccountState, BrokerPosition, PositionList
from trading.model.order import (
    BROKER_WORKING,
    BrokerOrder,
    BrokerStatus,
    Execution,
    ExecutionList,
    OrderList,
    OrderTicket,
    OrderType,
    Side,
    Tif,
)
from trading.model.outcome import (
    Acknowledged,
    Answer,
    NothingSent,
    OrderAck,
    Outcome,
    Questioned,
    RefusedByBroker,
    Unproven,
)
from trading.model.request import (
    BrokerRequest,
    CancelOrder,
    ModifyOrder,
    PreparedRequest,
    ReplyToQuestion,
    RequestKind,
    SubmitOrders,
)

ACCOUNT = "DU1234567"
ANSWER = Answer(200, b"[]")
LIVE = frozenset({BrokerStatus.PRE_SUBMITTED, BrokerStatus.SUBMITTED})


class FakeClock:
    """Time that moves only by waiting."""

    def __init__(self, now: datetime) -> None:
        self.time = now
        self.waits: list[datetime] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def wait(self, until: datetime) -> None:
        self.waits.append(until)
        self.time = max(self.time, until)

    def go(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Held:
    tickets: list[OrderTicket]


Fault = Callable[["FakeBroker", PreparedRequest], Outcome | None]


def lost_answer(broker: FakeBroker, request: PreparedRequest) -> Outcome:
    """Apply the request and lose its answer."""
    broker.apply(request)
    return Unproven("read timed out", Answer(None, b""))


def lost_request(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    """Lose the request; the client can't tell."""
    return Unproven("reset", Answer(None, b""))


def nothing_sent(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    return NothingSent("connection refused")


def refused(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    return RefusedByBroker("no trading permission", ANSWER)


def question(*message_ids: str) -> Fault:
    def ask(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        return broker.ask(request, message_ids)

    return ask


class FakeBroker:
    """Implements `Broker`. `faults` are taken one a write; None, or no fault left, is the normal course."""

    def __init__(self, clock: FakeClock, cash: float = 10_000.0) -> None:
        self.clock = clock
        self.cash = cash
        self.book: dict[int, BrokerOrder] = {}
        self.fills: list[Execution] = []
        self.faults: deque[Fault | None] = deque()
        self.arrived: list[PreparedRequest] = []
        self.replies: list[bool] = []
        self.held: dict[int, int] = {}
        self.reads = 0
        self.reads_fail = False
        self.hidden: set[int] = set()
        self.cancels_wait = False
        self._open: dict[str, tuple[OrderTicket, ...]] = {}
        self._next_id = 100
        self._symbols: dict[int, str] = {}

    # ---- reads

    def account(self) -> AccountState:
        self._read()
        return AccountState(ACCOUNT, "USD", self.cash, self.cash, self.cash, self.cash)

    def positions(self) -> PositionList:
        self._read()
        held = sorted(self.held.items())
        return PositionList(tuple(BrokerPosition(conid, str(conid), n, 1.0, None) for conid, n in held if n))

    def orders(self) -> OrderList:
        self._read()
        return OrderList(tuple(order for order in self.book.values() if order.order_id not in self.hidden))

    def executions(self, days: int) -> ExecutionList:
        self._read()
        return ExecutionList(tuple(self.fills))

    def order_status(self, order_id: int) -> BrokerOrder | None:
        self._read()
        return None if order_id in self.hidden else self.book.get(order_id)

    # ---- requests

    def prepare(self, request: BrokerRequest) -> PreparedRequest:
        kind, verb, path = _sent_as(request)
        return PreparedRequest(kind, verb, path, hashlib.sha256(repr(request).encode()).hexdigest(), request)

    def send(self, request: PreparedRequest) -> Outcome:
        self.arrived.append(request)
        fault = self.faults.popleft() if self.faults else None
        outcome = fault(self, request) if fault is not None else None
        return outcome if outcome is not None else self.apply(request)

    # ---- the broker's side

    def apply(self, request: PreparedRequest) -> Outcome:
        match request.content:
            case SubmitOrders(tickets=tickets):
                return self._take(tickets)
            case ReplyToQuestion(reply_id=reply_id, confirmed=confirmed):
                self.replies.append(confirmed)
                tickets = self._open.pop(reply_id)
                return self._take(tickets) if confirmed else RefusedByBroker("declined by the client", ANSWER)
            case CancelOrder(order_id=order_id):
                if not self.cancels_wait:
                    self.end(order_id, BrokerStatus.CANCELLED)
                return Acknowledged((OrderAck(order_id, "Request was submitted"),), ANSWER)
            case _:
                raise AssertionError(request)

    def ask(self, request: PreparedRequest, message_ids: tuple[str, ...]) -> Outcome:
        match request.content:
            case SubmitOrders(tickets=tickets):
                pass
            case ReplyToQuestion(reply_id=answered, confirmed=confirmed):
                self.replies.append(confirmed)
                tickets = self._open.pop(answered)
            case _:
                raise AssertionError(request)
        reply_id = f"reply-{len(self.arrived)}"
        self._open[reply_id] = tickets
        return Questioned(reply_id, message_ids, tuple(f"About {each}?" for each in message_ids), ANSWER)

    def fill(self, order_id: int, price: float, quantity: int | None = None) -> None:
        """Fill an order, and cancel what is in its group."""
        order = self.book[order_id]
        shares = int(order.remaining_quantity) if quantity is None else quantity
        self.fills.append(
            Execution(
                execution_id=f"0000.{len(self.fills) + 1:04d}.01.01",
                account_id=ACCOUNT,
                conid=order.conid,
                symbol=order.symbol,
                side=order.side,
                quantity=shares,
                price=price,
                commission=1.0,
                time=self.clock.now(),
                order_ref=order.order_ref,
                order_id=order_id,
            )
        )
        left = order.remaining_quantity - shares
        self.book[order_id] = replace(
            order,
            filled_quantity=order.filled_quantity + shares,
            remaining_quantity=left,
            status=BrokerStatus.FILLED if left == 0 else order.status,
        )
        sign = 1 if order.side is Side.BUY else -1
        self.held[order.conid] = self.held.get(order.conid, 0) + sign * shares
        self.cash -= sign * shares * price + 1.0
        if order.side is Side.SELL and left == 0:
            self._end_siblings(order)

    def end(self, order_id: int, status: BrokerStatus) -> None:
        order = self.book[order_id]
        if order.status in BROKER_WORKING:
            self.book[order_id] = replace(order, status=status)
            if order.side is Side.BUY and order.filled_quantity == 0:
                for other in list(self.book.values()):
                    if other.parent_id == order_id:
                        self.end(other.order_id, BrokerStatus.CANCELLED)

    def place_foreign(self, conid: int, side: Side = Side.BUY) -> int:
        """Let somebody else place an order."""
        return self._enter(OrderTicket(conid, side, OrderType.LIMIT, Tif.GTC, 5, limit_price=1.0), None, None)

    # ---- what a test asks

    def named(self, coid: str) -> BrokerOrder:
        return next(order for order in self.book.values() if order.order_ref == coid)

    def live(self, side: Side | None = None) -> list[BrokerOrder]:
        return [o for o in self.book.values() if o.status in LIVE and side in {None, o.side}]

    def names(self) -> list[str]:
        return [order.order_ref for order in self.book.values() if order.order_ref is not None]

    def submits(self) -> list[PreparedRequest]:
        return [request for request in self.arrived if request.kind is RequestKind.SUBMIT]

    # ---- inside

    def _read(self) -> None:
        self.reads += 1
        if self.reads_fail:
            raise OutcomeUnknown("GET", "the gateway failed", 503)

    def _take(self, tickets: Sequence[OrderTicket]) -> Outcome:
        acks: list[OrderAck] = []
        parent: int | None = None
        group = f"oca-{self._next_id}" if tickets[0].single_group else None
        for ticket in tickets:
            order_id = self._enter(ticket, parent if ticket.parent_coid else None, group)
            parent = parent or order_id
            acks.append(OrderAck(order_id, "PreSubmitted", ticket.coid, parent if ticket.parent_coid else None))
        # Children first: nobody may bind by the place in the answer.
        return Acknowledged(tuple(reversed(acks)), ANSWER)

    def _enter(self, ticket: OrderTicket, parent_id: int | None, group: str | None) -> int:
        self._next_id += 1
        self.book[self._next_id] = BrokerOrder(
            order_id=self._next_id,
            account_id=ACCOUNT,
            conid=ticket.conid,
            symbol=self._symbols.get(ticket.conid, str(ticket.conid)),
            side=ticket.side,
            order_type=ticket.order_type,
            tif=ticket.tif,
            status=BrokerStatus.PRE_SUBMITTED,
            total_quantity=ticket.quantity,
            filled_quantity=0.0,
            remaining_quantity=float(ticket.quantity),
            limit_price=ticket.limit_price,
            stop_price=ticket.stop_price,
            average_price=None,
            order_ref=ticket.coid,
            parent_id=parent_id,
            oca_group=group,
        )
        return self._next_id

    def _end_siblings(self, order: BrokerOrder) -> None:
        for other in list(self.book.values()):
            same_parent = order.parent_id is not None and other.parent_id == order.parent_id
            same_group = order.oca_group is not None and other.oca_group == order.oca_group
            if other.order_id != order.order_id and (same_parent or same_group):
                self.end(other.order_id, BrokerStatus.CANCELLED)


def _sent_as(request: BrokerRequest) -> tuple[RequestKind, str, str]:
    match request:
        case SubmitOrders():
            return RequestKind.SUBMIT, "POST", "/orders"
        case ReplyToQuestion(reply_id=reply_id):
            return RequestKind.REPLY, "POST", f"/reply/{reply_id}"
        case CancelOrder(order_id=order_id):
            return RequestKind.CANCEL, "DELETE", f"/order/{order_id}"
        case ModifyOrder(order_id=order_id):
            return RequestKind.MODIFY, "POST", f"/order/{order_id}"

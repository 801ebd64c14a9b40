"""A broker in memory that keeps its own truth: what arrived, what it took, what filled; it loses answers on command."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from trading.errors import OutcomeUnknown
from trading.model.account import AccountState, BrokerPosition
from trading.model.order import (
    BROKER_WORKING,
    BrokerOrder,
    BrokerStatus,
    Execution,
    OrderTicket,
    OrderType,
    Side,
    Tif,
)
from trading.model.wire import (
    Acknowledged,
    Answer,
    NothingSent,
    OrderAck,
    Outcome,
    Questioned,
    RefusedByBroker,
    Unproven,
    WireAct,
    WireRequest,
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


Fault = Callable[["FakeBroker", WireRequest], Outcome | None]


def lost_answer(broker: FakeBroker, request: WireRequest) -> Outcome:
    """Apply the request and lose its answer."""
    broker.apply(request)
    return Unproven("read timed out", Answer(None, b""))


def lost_request(_broker: FakeBroker, _request: WireRequest) -> Outcome:
    """Lose the request; the client can't tell."""
    return Unproven("reset", Answer(None, b""))


def nothing_sent(_broker: FakeBroker, _request: WireRequest) -> Outcome:
    return NothingSent("connection refused")


def refused(_broker: FakeBroker, _request: WireRequest) -> Outcome:
    return RefusedByBroker("no trading permission", ANSWER)


def question(*message_ids: str) -> Fault:
    def ask(broker: FakeBroker, request: WireRequest) -> Outcome:
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
        self.arrived: list[WireRequest] = []
        self.replies: list[bool] = []
        self.held: dict[int, int] = {}
        self.reads = 0
        self.reads_fail = False
        self.hidden: set[int] = set()
        self.cancels_wait = False
        self._open: dict[str, WireRequest] = {}
        self._next_id = 100
        self._symbols: dict[int, str] = {}

    # ---- reads

    def account(self) -> AccountState:
        self._read()
        return AccountState(ACCOUNT, "USD", self.cash, self.cash, self.cash, self.cash)

    def positions(self) -> tuple[BrokerPosition, ...]:
        self._read()
        return tuple(BrokerPosition(conid, str(conid), n, 1.0, None) for conid, n in sorted(self.held.items()) if n)

    def orders(self) -> tuple[BrokerOrder, ...]:
        self._read()
        return tuple(order for order in self.book.values() if order.order_id not in self.hidden)

    def executions(self, days: int) -> tuple[Execution, ...]:
        self._read()
        return tuple(self.fills)

    def order_status(self, order_id: int) -> BrokerOrder | None:
        self._read()
        return None if order_id in self.hidden else self.book.get(order_id)

    # ---- requests

    def submit_request(self, tickets: Sequence[OrderTicket]) -> WireRequest:
        body = json.dumps([asdict(ticket) for ticket in tickets]).encode()
        return WireRequest(WireAct.SUBMIT, "POST", "/orders", body, tuple(each.coid for each in tickets if each.coid))

    def reply_request(self, reply_id: str, *, confirmed: bool, coids: tuple[str, ...]) -> WireRequest:
        return WireRequest(WireAct.REPLY, "POST", f"/reply/{reply_id}", json.dumps(confirmed).encode(), coids)

    def cancel_request(self, order_id: int) -> WireRequest:
        return WireRequest(WireAct.CANCEL, "DELETE", f"/order/{order_id}", b"")

    def modify_request(self, order_id: int, ticket: OrderTicket) -> WireRequest:
        return WireRequest(WireAct.MODIFY, "POST", f"/order/{order_id}", json.dumps(asdict(ticket)).encode())

    def send(self, request: WireRequest) -> Outcome:
        self.arrived.append(request)
        fault = self.faults.popleft() if self.faults else None
        outcome = fault(self, request) if fault is not None else None
        return outcome if outcome is not None else self.apply(request)

    # ---- the broker's side

    def apply(self, request: WireRequest) -> Outcome:
        match request.act:
            case WireAct.SUBMIT:
                return self._take(request)
            case WireAct.REPLY:
                confirmed = json.loads(request.body)
                self.replies.append(confirmed)
                submitted = self._open.pop(request.path.rpartition("/")[2])
                return self._take(submitted) if confirmed else RefusedByBroker("declined by the client", ANSWER)
            case WireAct.CANCEL:
                order_id = int(request.path.rpartition("/")[2])
                if not self.cancels_wait:
                    self.end(order_id, BrokerStatus.CANCELLED)
                return Acknowledged((OrderAck(order_id, "Request was submitted"),), ANSWER)
            case _:
                raise AssertionError(request.act)

    def ask(self, request: WireRequest, message_ids: tuple[str, ...]) -> Outcome:
        submitted = request
        if request.act is WireAct.REPLY:
            self.replies.append(json.loads(request.body))
            submitted = self._open.pop(request.path.rpartition("/")[2])
        reply_id = f"reply-{len(self.arrived)}"
        self._open[reply_id] = submitted
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

    def submits(self) -> list[WireRequest]:
        return [request for request in self.arrived if request.act is WireAct.SUBMIT]

    # ---- inside

    def _read(self) -> None:
        self.reads += 1
        if self.reads_fail:
            raise OutcomeUnknown("GET", "the gateway failed", 503)

    def _take(self, request: WireRequest) -> Outcome:
        rows = json.loads(request.body)
        acks: list[OrderAck] = []
        parent: int | None = None
        group = f"oca-{self._next_id}" if rows[0]["single_group"] else None
        for row in rows:
            order_id = self._enter(_ticket(row), parent if row["parent_coid"] else None, group)
            parent = parent or order_id
            local = row["coid"]
            acks.append(OrderAck(order_id, "PreSubmitted", local, parent if row["parent_coid"] else None))
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


def _ticket(row: dict[str, object]) -> OrderTicket:
    typed = {**row, "side": Side(str(row["side"])), "order_type": OrderType(str(row["order_type"]))}
    return OrderTicket(**{**typed, "tif": Tif(str(row["tif"]))})  # type: ignore[arg-type]

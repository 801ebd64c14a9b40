"""An account at a broker, in memory: its orders, its fills, its shares, and what people do in it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tests.fakes.fake_clock import FakeClock
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
from trading.model.outcome import Acknowledged, Answer, OrderAck, Outcome, RefusedByBroker
from trading.model.request import ModifyOrder

ACCOUNT = "DU1234567"
ANSWER = Answer(200, b"[]")


class BrokerAccount:
    """What is true at the broker, whatever it says and whoever asks; a test moves it."""

    def __init__(self, clock: FakeClock, cash: float = 10_000.0) -> None:
        self.clock = clock
        self.cash = cash
        self.symbols: dict[int, str] = {}
        self.book: dict[int, BrokerOrder] = {}
        self.fills: list[Execution] = []
        self.held: dict[int, int] = {}
        self.averages: dict[int, float] = {}
        self.next_id = 101
        self._counter = 0

    # ---- what happens

    def take(self, tickets: Sequence[OrderTicket], without: Sequence[int] = ()) -> Outcome:
        """Take a group of orders but for those at the places `without`."""
        acks: list[OrderAck] = []
        parent: int | None = None
        group = f"oca-{self.next_id}" if tickets[0].single_group else None
        for place, ticket in enumerate(tickets):
            if place in without:
                acks.append(OrderAck(None, "", ticket.coid, text="the price is out of bounds"))
                continue
            order_id = self._enter(ticket, parent if ticket.parent_coid else None, group)
            parent = parent or order_id
            acks.append(OrderAck(order_id, "PreSubmitted", ticket.coid, parent if ticket.parent_coid else None))
        # Children first: nobody may bind by the place in the answer.
        return Acknowledged(tuple(reversed(acks)), ANSWER)

    def change(self, change: ModifyOrder) -> Outcome:
        """Give a working order the size and prices of a ticket."""
        order, ticket = self.book[change.order_id], change.ticket
        if order.status not in BROKER_WORKING:
            return RefusedByBroker("OrderID doesn't exist", ANSWER)
        self.show(
            change.order_id,
            total_quantity=ticket.quantity,
            remaining_quantity=ticket.quantity - order.filled_quantity,
            limit_price=ticket.limit_price,
            stop_price=ticket.stop_price,
        )
        return Acknowledged((OrderAck(change.order_id, "PreSubmitted", order.order_ref),), ANSWER)

    def fill(
        self,
        order_id: int,
        price: float,
        quantity: int | None = None,
        *,
        named: bool = True,
        with_id: bool = True,
        time: datetime | None = None,
    ) -> Execution:
        """Fill an order, in part with `quantity`; one that sells all of its shares ends its siblings."""
        order = self.book[order_id]
        shares = int(order.remaining_quantity) if quantity is None else quantity
        self._counter += 1
        execution = Execution(
            execution_id=f"0000e0d5.{self._counter:08x}.01.01",
            account_id=ACCOUNT,
            conid=order.conid,
            symbol=order.symbol,
            side=order.side,
            quantity=shares,
            price=price,
            commission=1.0,
            time=time or self.clock.now(),
            order_ref=order.order_ref if named else None,
            order_id=order_id if with_id else None,
        )
        self.fills.append(execution)
        left = order.remaining_quantity - shares
        self.show(
            order_id,
            filled_quantity=order.filled_quantity + shares,
            remaining_quantity=left,
            status=BrokerStatus.FILLED if left == 0 else order.status,
        )
        self._hold(order.conid, shares if order.side is Side.BUY else -shares, price)
        self.cash -= 1.0
        if order.side is Side.SELL and left == 0:
            self._end_siblings(order)
        return execution

    def correct(
        self, execution: Execution, *, quantity: float | None = None, price: float | None = None, same_id: bool = False
    ) -> Execution:
        """Put a later version in an execution's place; 0 shares take it back."""
        start, _, version = execution.execution_id.rpartition(".")
        later = replace(
            execution,
            execution_id=execution.execution_id if same_id else f"{start}.{int(version) + 1:02d}",
            quantity=execution.quantity if quantity is None else quantity,
            price=execution.price if price is None else price,
        )
        self.fills[self.fills.index(execution)] = later
        change = int(later.quantity - execution.quantity)
        sign = 1 if execution.side is Side.BUY else -1
        if change:
            self._hold(execution.conid, sign * change, execution.price)
        if execution.order_id in self.book:
            order = self.book[execution.order_id]
            self.show(
                order.order_id,
                filled_quantity=order.filled_quantity + change,
                remaining_quantity=order.remaining_quantity - change,
                status=order.status if order.remaining_quantity == change else BrokerStatus.SUBMITTED,
            )
        return later

    def trade_by_hand(self, conid: int, side: Side, quantity: int, price: float, *, told: bool = True) -> Execution:
        """Let a person trade in the same account; `told` says whether it is among the executions."""
        self._counter += 1
        execution = Execution(
            f"0000ffff.{self._counter:08x}.01.01",
            ACCOUNT,
            conid,
            self.symbol_of(conid),
            side,
            quantity,
            price,
            1.0,
            self.clock.now(),
            None,
            9_000_000 + self._counter,
        )
        if told:
            self.fills.append(execution)
        self._hold(conid, quantity if side is Side.BUY else -quantity, price)
        return execution

    def split(self, conid: int, ratio: float) -> None:
        """Give `ratio` new shares for each old one; orders stay as they are."""
        self.held[conid] = int(self.held[conid] * ratio + 1e-9)
        self.averages[conid] /= ratio

    def end(self, order_id: int, status: BrokerStatus) -> None:
        """End an order, and with an entry that has filled nothing its children."""
        order = self.book[order_id]
        if order.status in BROKER_WORKING:
            self.show(order_id, status=status)
            if order.side is Side.BUY and order.filled_quantity == 0:
                for other in list(self.book.values()):
                    if other.parent_id == order_id:
                        self.end(other.order_id, BrokerStatus.CANCELLED)

    def show(self, order_id: int, **changes: object) -> None:
        """Change what the book says of an order."""
        self.book[order_id] = replace(self.book[order_id], **changes)  # type: ignore[arg-type]

    def place_foreign(self, conid: int, side: Side = Side.BUY, *, quantity: int = 5, price: float = 1.0) -> int:
        """Let somebody else place an order."""
        return self._enter(OrderTicket(conid, side, OrderType.LIMIT, Tif.GTC, quantity, limit_price=price), None, None)

    # ---- what a test asks

    def named(self, coid: str) -> BrokerOrder:
        return next(order for order in self.book.values() if order.order_ref == coid)

    def children(self, order_id: int) -> tuple[BrokerOrder, BrokerOrder]:
        """Return the stop and the target of an entry."""
        legs = {order.order_type: order for order in self.book.values() if order.parent_id == order_id}
        return legs[OrderType.STOP], legs[OrderType.LIMIT]

    def live(self, side: Side | None = None) -> list[BrokerOrder]:
        return [o for o in self.book.values() if o.status in BROKER_WORKING and side in {None, o.side}]

    def names(self) -> list[str]:
        return [order.order_ref for order in self.book.values() if order.order_ref is not None]

    def symbol_of(self, conid: int) -> str:
        return self.symbols.get(conid, str(conid))

    # ---- inside

    def _hold(self, conid: int, change: int, price: float) -> None:
        before = self.held.get(conid, 0)
        if change > 0 and before >= 0:
            value = before * self.averages.get(conid, 0.0) + change * price
            self.averages[conid] = value / (before + change)
        self.held[conid] = before + change
        self.cash -= change * price

    def _enter(self, ticket: OrderTicket, parent_id: int | None, group: str | None) -> int:
        order_id = self.next_id
        self.next_id += 1
        self.book[order_id] = BrokerOrder(
            order_id=order_id,
            account_id=ACCOUNT,
            conid=ticket.conid,
            symbol=self.symbol_of(ticket.conid),
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
        return order_id

    def _end_siblings(self, order: BrokerOrder) -> None:
        for other in list(self.book.values()):
            same_parent = order.parent_id is not None and other.parent_id == order.parent_id
            same_group = order.oca_group is not None and other.oca_group == order.oca_group
            if other.order_id != order.order_id and (same_parent or same_group):
                self.end(other.order_id, BrokerStatus.CANCELLED)

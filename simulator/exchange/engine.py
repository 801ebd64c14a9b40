"""The exchange: orders work on the replayed path, in the order of simulated time; every step is in the truth log."""

from __future__ import annotations

from collections.abc import Iterable

from simulator import instants
from simulator.config import Behaviour
from simulator.exchange import crossing
from simulator.exchange.account import Account, Execution
from simulator.exchange.book import Book
from simulator.exchange.crossing import Activation
from simulator.exchange.orders import Kind, Order, State, Ticket, Tif
from simulator.identifiers import Identifiers
from simulator.market.contracts import Contracts
from simulator.market.replayed import ReplayedMarket, TradingDay
from simulator.truth import TruthLog
from trading.market import fills

SLICE_GAP_US = 60 * instants.SECOND
"""simulated time between the partial fills of one order"""
EXPIRED = "Cancelled by System: order expired"
AT_OPEN_ONLY = "Cancelled by System: not filled at the open"
NOT_AT_ONCE = "Cancelled by System: not filled immediately"
PARENT_GONE = "Cancelled by System: parent order cancelled"
OCA_FILLED = "Cancelled by System: another order of its group filled"


class Exchange:
    """Clock, book and account; all changes go through its commands, which write themselves into the truth log first."""

    def __init__(
        self,
        market: ReplayedMarket,
        contracts: Contracts,
        account: Account,
        log: TruthLog,
        identifiers: Identifiers,
        behaviour: Behaviour,
        start_us: int,
    ) -> None:
        """Start with an empty book at `start_us`; what lies before is not gone through."""
        self.market = market
        self.contracts = contracts
        self.account = account
        self.log = log
        self.behaviour = behaviour
        self.now_us = start_us
        self.events = 0
        """fills and changes of order states so far"""
        self.book = Book()
        self.halted: set[int] = set()
        """columns of symbols in which nothing trades for now"""
        self.seen_coids: dict[str, int] = {}
        self._identifiers = identifiers
        self._day_index = market.day_at(start_us)
        self._is_open = market.is_open(start_us)
        self._fills = 0
        account.equity_before = self.equity()

    # ---- the clock

    @property
    def is_open(self) -> bool:
        """Return whether regular trading hours are on."""
        return self._is_open

    @property
    def day(self) -> TradingDay | None:
        """Return the session that is open, None outside regular trading hours."""
        return self.market.days[self._day_index] if self._is_open else None

    def next_boundary(self) -> int | None:
        """Return when the open session closes or the next one opens, None after the last."""
        days = self.market.days
        if self._is_open:
            return days[self._day_index].close_us
        return days[self._day_index + 1].open_us if self._day_index + 1 < len(days) else None

    def move(self, to_us: int, *, stop_on_event: bool) -> bool:
        """Move the clock to `to_us`, or with `stop_on_event` to the first event; return whether it stopped there.

        Everything that happens at that same instant is included.
        """
        self.log.append("clock", self.now_us, to=instants.iso(to_us), stop=stop_on_event)
        return self._run(to_us, stop_on_event=stop_on_event)

    def _quiet_until(self, to_us: int) -> bool:
        """Return whether nothing opens, closes or fills up to and including `to_us`."""
        boundary = self.next_boundary()
        due = self.book.next_due(self.now_us)
        return (boundary is None or boundary > to_us) and (due is None or self._due_at(due) > to_us)

    def drift(self, to_us: int) -> None:
        """Let the clock run on by itself; only what happens meanwhile is logged."""
        if to_us <= self.now_us:
            return
        if self._quiet_until(to_us):
            self.now_us = to_us
        else:
            self.move(to_us, stop_on_event=False)

    def _run(self, to_us: int, *, stop_on_event: bool) -> bool:
        before = self.events
        to_us = max(to_us, self.now_us)
        while True:
            due = self.book.next_due(self.now_us)
            boundary = self.next_boundary()
            if due is not None and self._due_at(due) <= min(to_us, to_us if boundary is None else boundary):
                self.now_us = self._due_at(due)
                self._fill(due)
            elif boundary is not None and boundary <= to_us:
                self.now_us = boundary
                if self._is_open:
                    self._close()
                else:
                    self._open()
            else:
                self.now_us = to_us
                return stop_on_event and self.events > before
            if stop_on_event and self.events > before:
                to_us = self.now_us

    def _due_at(self, order: Order) -> int:
        return max(order.due_us or 0, self.now_us)

    def _open(self) -> None:
        self._day_index += 1
        self._is_open = True
        day = self.market.days[self._day_index]
        for order in self.book.live.values():
            bar = self.market.bar(day.row, order.column)
            if order.state is State.WORKING and bar is not None:
                self._aim(order, crossing.at_open(bar))
        for order in [o for o in self.book.live.values() if o.ticket.tif in (Tif.OPG, Tif.IOC)]:
            # For the open only: what does not meet it is over, at the same instant.
            if order.due_us is None or order.due_position > 0.0:
                self.end(order, State.CANCELLED, AT_OPEN_ONLY)

    def _close(self) -> None:
        for order in [o for o in self.book.live.values() if o.ticket.tif is Tif.DAY]:
            if order.is_live:
                self.end(order, State.CANCELLED, EXPIRED)
        for order in self.book.live.values():
            order.due_us = None
        self._is_open = False
        self.account.equity_before = self.equity()
        self.account.closes.append((self._day_index, self.account.equity_before))

    # ---- commands

    def place(self, tickets: Iterable[Ticket]) -> list[Order]:
        """Take a group of orders onto the book; what is marketable fills at once."""
        group = list(tickets)
        self.log.append("order", self.now_us, tickets=group)
        placed = [self.enter(ticket) for ticket in group]
        for order in placed:
            if order.ticket.coid:
                self.seen_coids[order.ticket.coid] = self.now_us
            if order.state is State.WORKING:
                self.aim_now(order)
        self.settle()
        return placed

    def cancel(self, order_id: int) -> None:
        """Cancel a live order at once, its children with it."""
        self.log.append("cancel", self.now_us, order_id=order_id)
        self.end(self.book.orders[order_id], State.CANCELLED, None)

    def modify(self, ticket: Ticket) -> Order:
        """Replace a live order's prices, quantity or tif; it keeps its id and what it has filled."""
        self.log.append("modify", self.now_us, ticket=ticket)
        order = self.book.orders[ticket.order_id]
        order.ticket = ticket
        order.quantity = max(ticket.quantity, order.filled)
        order.changed_us = self.now_us
        order.due_us = None
        if order.remaining == 0:
            self.end(order, State.FILLED, None)
        elif order.state is State.WORKING:
            self.aim_now(order)
        self.settle()
        return order

    def settle(self) -> None:
        """Let everything fill that is due at this instant."""
        self._run(self.now_us, stop_on_event=False)

    # ---- the book

    def enter(self, ticket: Ticket) -> Order:
        """Take one order onto the book, without looking yet where it fills."""
        contract = self.contracts.by_conid[ticket.conid]
        order = Order(
            ticket, contract.symbol, contract.column, self.now_us, len(self.book.orders), quantity=ticket.quantity
        )
        order.changed_us = self.now_us
        parent = self.book.orders.get(ticket.parent_id) if ticket.parent_id is not None else None
        if parent is not None and parent.filled == 0:
            order.state = State.HELD
        self.book.add(order)
        if parent is not None and not parent.is_live and parent.filled == 0:
            self.end(order, State.CANCELLED, PARENT_GONE)
        return order

    def aim_now(self, order: Order) -> None:
        """Find where an order that starts to work at this moment fills; outside the session it waits for the open."""
        day = self.day
        if day is None:
            return
        position = day.position(self.now_us)
        bar = self.market.bar(day.row, order.column)
        if bar is not None and (order.ticket.tif is not Tif.OPG or position == 0.0):
            self._aim(order, crossing.on_arrival(bar, position, order.ticket.side))
        if order.ticket.tif is Tif.IOC and (order.due_us is None or self._due_at(order) > self.now_us):
            self.end(order, State.CANCELLED, NOT_AT_ONCE)

    def _aim(self, order: Order, activation: Activation) -> None:
        day = self.market.days[self._day_index]
        bar = self.market.bar(day.row, order.column)
        found = None
        if bar is not None and order.column not in self.halted:
            found = crossing.find(order, bar, activation, self.behaviour.slippage_bps)
        if found is None:
            order.due_us = None
            return
        order.due_position = found.position
        order.due_us = day.instant(found.position)
        order.due_price = found.price

    def _fill(self, order: Order) -> None:
        if order.ticket.kind is Kind.STOP_LIMIT and not order.triggered:
            self._trigger(order)
            return
        quantity = self._fillable(order)
        price, position = order.due_price, order.due_position
        self.fill_at(order, quantity, price)
        siblings = self.book.group(order, brackets=self.behaviour.bracket_children_cancel_each_other)
        if order.remaining:
            self._aim_rest(order)
        else:
            self.end(order, State.FILLED, None)
        self._activate_children(order, Activation(position, price))
        for sibling in siblings:
            if order.remaining == 0:
                self.end(sibling, State.CANCELLED, OCA_FILLED)
            else:
                sibling.quantity = max(sibling.filled, sibling.quantity - quantity)

    def _fillable(self, order: Order) -> int:
        fraction = self.behaviour.partial_fill_fraction
        bar = self.market.bar(self.market.days[self._day_index].row, order.column)
        if fraction <= 0.0 or bar is None:
            return order.remaining
        return min(order.remaining, max(1, int(bar.volume * fraction)))

    def _aim_rest(self, order: Order) -> None:
        """Let the rest of a partly filled order go on a minute later, at the price that then holds."""
        day = self.market.days[self._day_index]
        later = self.now_us + SLICE_GAP_US
        bar = self.market.bar(day.row, order.column)
        if bar is None or later >= day.close_us:
            order.due_us = None
            return
        order.triggered = order.triggered or order.ticket.kind is Kind.STP
        self._aim(order, crossing.on_arrival(bar, day.position(later), order.ticket.side))

    def _trigger(self, order: Order) -> None:
        order.triggered = True
        order.changed_us = self.now_us
        self._changed(order, "triggered")
        self._aim(order, Activation(order.due_position, order.due_price))

    def _activate_children(self, parent: Order, activation: Activation) -> None:
        mode = self.behaviour.child_activation
        if mode == "full" and parent.remaining:
            return
        for child in self.book.children(parent.order_id):
            if mode == "proportional":
                child.quantity = parent.filled
            if child.state is State.HELD:
                child.state = State.WORKING
                self._aim(child, activation)

    def end(self, order: Order, state: State, reason: str | None) -> None:
        """Give an order its final state; a cancelled one without a fill takes its children with it."""
        order.state = state
        order.reason = reason
        order.changed_us = self.now_us
        order.due_us = None
        self.book.end(order)
        self._changed(order, state.value)
        if state is State.CANCELLED and order.filled == 0:
            for child in self.book.children(order.order_id):
                self.end(child, State.CANCELLED, PARENT_GONE)

    def _changed(self, order: Order, state: str) -> None:
        self.events += 1
        facts: dict[str, object] = {"order_id": order.order_id, "state": state, "filled": order.filled}
        if order.reason:
            facts["reason"] = order.reason
        self.log.append("status", self.now_us, **facts)

    def fill_at(self, order: Order, quantity: int, price: float) -> Execution:
        """Book an execution of an order, whatever state it is in, and return it."""
        charge = self.account.book(order, quantity, price, self._day_index)
        self.events += 1
        self._fills += 1
        ticket = order.ticket
        marks = self._identifiers.hexadecimal("execution", self._fills, 8)
        execution = Execution(
            f"0000{self._identifiers.hexadecimal('broker', 0, 4)}.{marks}.{self._fills:02x}.01",
            ticket.order_id,
            ticket.coid,
            ticket.conid,
            order.symbol,
            ticket.side,
            quantity,
            price,
            charge,
            self.now_us,
            self.account.held(ticket.conid),
        )
        self.account.executions.append(execution)
        order.changed_us = self.now_us
        self.log.append("fill", self.now_us, execution=execution, cash=self.account.cash)
        return execution

    # ---- valuation

    def price_of(self, column: int) -> float:
        """Return the last traded price of a symbol, 0.0 where it has none yet."""
        return self.market.mark(column, self.now_us) or 0.0

    def equity(self) -> float:
        """Return net liquidation, to the cent."""
        held = (position for position in self.account.positions.values() if position.quantity)
        return fills.cents(self.account.cash + sum(p.quantity * self.price_of(p.column) for p in held))

"""Matching: how orders come onto the book, meet the replayed path, fill and end."""

from __future__ import annotations

from functools import partial

from simulator import instants
from simulator.config import Behaviour
from simulator.exchange import brackets, crossing, reports
from simulator.exchange.account import Account, Execution
from simulator.exchange.book import Book
from simulator.exchange.crossing import Activation
from simulator.exchange.orders import By, Kind, Order, State, Ticket, Tif
from simulator.exchange.volume import SLICE_US, Participation
from simulator.identifiers import Identifiers
from simulator.market.contracts import Contracts
from simulator.market.replayed import ReplayedMarket, TradingDay
from simulator.timeline import Timeline
from simulator.truth import TruthLog
from trading.market import fills

EXPIRED = "Cancelled by System: order expired"
AT_OPEN_ONLY = "Cancelled by System: not filled at the open"
NOT_AT_ONCE = "Cancelled by System: not filled immediately"
PARENT_GONE = "Cancelled by System: parent order cancelled"
OCA_FILLED = "Cancelled by System: another order of its group filled"
EVENING = 20
"""the hour in New York at which the day's orders end that came after the close, where that is the broker's way"""


class Matching:
    """Book and account at an instant; what happens at later instants of its own accord is on the agenda."""

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
        self.agenda = Timeline()
        """what follows from commands at a later instant; a restart has it again from the commands"""
        self.halted: dict[int, int] = {}
        """symbols in which nothing trades for now: their columns, and since when"""
        self.seen_coids: dict[str, int] = {}
        self._participation = Participation(behaviour.partial_fill_fraction)
        self._identifiers = identifiers
        self._day_index = market.day_at(start_us)
        self._is_open = market.is_open(start_us)
        self._fills = 0
        account.equity_before = self.equity()

    @property
    def is_open(self) -> bool:
        """Return whether regular trading hours are on."""
        return self._is_open

    @property
    def day(self) -> TradingDay | None:
        """Return the session that is open, None outside regular trading hours."""
        return self.market.days[self._day_index] if self._is_open else None

    def later(self, seconds: float) -> int:
        """Return the instant some seconds from now."""
        return self.now_us + int(seconds * instants.SECOND)

    # ---- valuation

    def price_of(self, column: int) -> float:
        """Return the last traded price of a symbol, 0.0 where it has none yet."""
        return self.market.mark(column, min(self.now_us, self.halted.get(column, self.now_us))) or 0.0

    def equity(self) -> float:
        """Return net liquidation, to the cent."""
        held = (position for position in self.account.positions.values() if position.quantity)
        return fills.cents(self.account.cash + sum(p.quantity * self.price_of(p.column) for p in held))

    # ---- onto the book

    def enter(self, ticket: Ticket) -> Order:
        """Take one order onto the book, without looking yet where it fills."""
        contract = self.contracts.by_conid[ticket.conid]
        order = Order(
            ticket, contract.symbol, contract.column, self.now_us, len(self.book.orders), quantity=ticket.quantity
        )
        order.changed_us = self.now_us
        self.book.add(order)
        delay_s = self.behaviour.acknowledged_after_s
        if delay_s > 0.0:
            order.state = State.SENT
            self.agenda.add(self.later(delay_s / 2), partial(self._acknowledge, order))
            self.agenda.add(self.later(delay_s), partial(self._start, order))
        else:
            self._take(order)
        self._show(order)
        self._end_in_the_evening(order)
        return order

    def _acknowledge(self, order: Order) -> None:
        if order.state is State.SENT:
            order.acknowledged = True
            order.changed_us = self.now_us
            self.changed(order, "acknowledged")

    def _start(self, order: Order) -> None:
        """Let an order that was only sent begin to work, or to wait for its parent."""
        if order.state is not State.SENT:
            return
        if self._take(order) is State.WORKING:
            order.changed_us = self.now_us
            self.changed(order, "working")
            self.aim_now(order)
        self._show(order)

    def _take(self, order: Order) -> State:
        parent = self.book.orders.get(order.ticket.parent_id) if order.ticket.parent_id is not None else None
        order.state = State.WORKING
        if parent is None:
            return order.state
        mode = self.behaviour.child_activation
        if brackets.begins(parent, mode):
            self._grow(parent, order)
        elif parent.is_live:
            order.state = State.HELD
        else:
            self.end(order, State.CANCELLED, PARENT_GONE)
        return order.state

    def _end_in_the_evening(self, order: Order) -> None:
        """Let a DAY order that comes after the close end at 20:00, where it does not live through the next session."""
        if self.behaviour.day_after_close != "until_20:00" or order.ticket.tif is not Tif.DAY or self._is_open:
            return
        evening = instants.new_york(instants.new_york_day(self.now_us), EVENING)
        closed = self._day_index >= 0 and self.market.days[self._day_index].day == instants.new_york_day(self.now_us)
        if closed and self.now_us < evening:
            self.agenda.add(evening, partial(self._expire, order))

    def _expire(self, order: Order) -> None:
        if order.is_live:
            self.end(order, State.CANCELLED, EXPIRED)

    # ---- where orders meet the path

    def aim_now(self, order: Order) -> None:
        """Find where an order that starts to work at this moment fills; outside the session it waits for the open."""
        day = self.day
        if day is None:
            return
        position = day.position(self.now_us)
        bar = self.market.bar(day.row, order.column)
        if bar is not None and (order.ticket.tif is not Tif.OPG or position == 0.0):
            self.aim(order, crossing.on_arrival(bar, position, order.ticket.side))
        if order.ticket.tif is Tif.IOC or position == 0.0:
            self._end_if_late(order)

    def aim(self, order: Order, activation: Activation) -> None:
        """Find where an order meets what is left of the open session's path."""
        day = self.market.days[self._day_index]
        bar = self.market.bar(day.row, order.column)
        found = None
        if bar is not None and order.column not in self.halted and order.remaining > 0:
            found = crossing.find(order, bar, activation, self.behaviour.slippage_bps)
        if found is None:
            order.due_us = None
            return
        order.due_position = found.position
        order.due_us = day.instant(found.position)
        order.due_price = found.price
        order.due_touched = found.touched

    def due_at(self, order: Order) -> int:
        """Return when an order that is due fills: never in the past."""
        return max(order.due_us or 0, self.now_us)

    def meet(self, order: Order) -> None:
        """Let an order have what it gets where it is due: a trigger, a fill, a part of one."""
        if order.ticket.kind is Kind.STOP_LIMIT and not order.triggered:
            order.triggered = True
            order.changed_us = self.now_us
            self.changed(order, "triggered")
            self.aim(order, Activation(order.due_position, order.due_touched))
            self._end_if_late(order)
            return
        day = self.market.days[self._day_index]
        bar = self.market.bar(day.row, order.column)
        minute = (self.now_us - day.open_us) // SLICE_US
        room = None if bar is None else self._participation.room(order.column, self._day_index, minute, bar.volume)
        quantity = order.remaining if room is None else min(order.remaining, room)
        if quantity > 0:
            self._participation.take(order.column, self._day_index, minute, quantity)
            self.execute(order, quantity, order.due_price, Activation(order.due_position, order.due_touched))
        if order.is_live and order.remaining > 0:
            self._go_on(order, self.now_us + SLICE_US if quantity > 0 else day.open_us + (minute + 1) * SLICE_US)

    def _go_on(self, order: Order, later_us: int) -> None:
        """Let the rest of a partly filled order go on later, at the price that then holds; some have no later."""
        day = self.market.days[self._day_index]
        order.triggered = order.triggered or order.ticket.kind is Kind.STP
        if self._end_if_immediate(order):
            return
        self._show(order)
        bar = self.market.bar(day.row, order.column)
        if bar is None or later_us >= day.close_us:
            order.due_us = None
            return
        self.aim(order, crossing.on_arrival(bar, day.position(later_us), order.ticket.side))

    def _end_if_late(self, order: Order) -> None:
        """End an order that had only this moment, and does not fill in it."""
        if order.due_us is None or self.due_at(order) > self.now_us:
            self._end_if_immediate(order)

    def _end_if_immediate(self, order: Order) -> bool:
        """End an order that had only this moment; return whether it was one."""
        reason = {Tif.IOC: NOT_AT_ONCE, Tif.OPG: AT_OPEN_ONLY}.get(order.ticket.tif)
        if reason is not None:
            self.end(order, State.CANCELLED, reason)
        return reason is not None

    # ---- what follows from a fill

    def execute(self, order: Order, quantity: int, price: float, activation: Activation | None = None) -> Execution:
        """Fill a live order, with all that follows: its end, its children, its group."""
        execution = self.fill_at(order, quantity, price)
        siblings = self.book.group(order, brackets=self.behaviour.bracket_children_cancel_each_other)
        self.let_children_work(order, activation)
        mode = self.behaviour.child_activation
        if order.remaining <= 0 and not brackets.may_grow(self.book, order, mode):
            self.end(order, State.FILLED, None)
        elif order.remaining <= 0:
            order.due_us = None
        for sibling in siblings:
            if not sibling.is_live:
                continue
            if order.state is State.FILLED:
                self.end(sibling, State.CANCELLED, OCA_FILLED)
            else:
                self._reduce(sibling, quantity)
        return execution

    def _reduce(self, sibling: Order, sold: int) -> None:
        """Take what another order of its group has filled off an order."""
        sibling.quantity = max(sibling.filled, sibling.quantity - sold)
        self._show(sibling)
        if sibling.remaining > 0:
            return
        sibling.due_us = None
        if not brackets.may_grow(self.book, sibling, self.behaviour.child_activation):
            self.end(sibling, State.CANCELLED, OCA_FILLED)

    def let_children_work(self, parent: Order, activation: Activation | None) -> None:
        """Let the children of an order that has filled, in part or in whole, work as far as they may."""
        if not brackets.begins(parent, self.behaviour.child_activation):
            return
        for child in self.book.children(parent.order_id):
            waited = child.state is State.HELD or (child.state is State.WORKING and child.remaining == 0)
            self._grow(parent, child)
            if waited:
                child.state = State.WORKING
            self._show(child)
            if not waited:
                continue
            if activation is not None and self._is_open:
                self.aim(child, activation)
                if child.ticket.tif is Tif.IOC:
                    self._end_if_late(child)
            else:
                self.aim_now(child)

    def _grow(self, parent: Order, child: Order) -> None:
        if self.behaviour.child_activation == "proportional":
            linked = self.behaviour.bracket_children_cancel_each_other
            child.quantity = brackets.share(self.book, parent, child, linked=linked)

    def end(self, order: Order, state: State, reason: str | None, by: By = By.BROKER) -> None:
        """Give an order its final state, a cancelled one with who did it; children that wait for it go with it."""
        order.state = state
        order.reason = reason
        order.changed_us = self.now_us
        order.due_us = None
        self.book.end(order)
        self.changed(order, state.value, **({"by": by} if state is State.CANCELLED else {}))
        for child in self.book.children(order.order_id):
            if not child.is_live:
                continue
            if state is not State.FILLED and (order.filled == 0 or child.state is State.HELD):
                self.end(child, State.CANCELLED, PARENT_GONE)
            elif child.state is State.WORKING and child.remaining == 0:
                self._complete(child)

    def _complete(self, child: Order) -> None:
        """End a child that had sold all it could so far, now that its parent fills no further."""
        siblings = self.book.group(child, brackets=self.behaviour.bracket_children_cancel_each_other)
        self.end(child, State.FILLED if child.filled else State.CANCELLED, None if child.filled else PARENT_GONE)
        for sibling in siblings:
            if sibling.is_live and child.filled:
                self.end(sibling, State.CANCELLED, OCA_FILLED)

    def changed(self, order: Order, state: str, **more: object) -> None:
        """Count and log a change of an order's state."""
        self.events += 1
        reports.status(self.log, self.now_us, order, state, market_open=self._is_open, **more)

    def _show(self, order: Order) -> None:
        """Log what clients now see of an order, where that is new; no event to stop at."""
        reports.seen(self.log, self.now_us, order, market_open=self._is_open)

    def fill_at(self, order: Order, quantity: int, price: float) -> Execution:
        """Book an execution of an order, whatever state it is in, and return it."""
        charge = self.account.book(order, quantity, price, self._day_index, settles_us=self._settles_us())
        self.events += 1
        self._fills += 1
        ticket = order.ticket
        marks = self._identifiers.hexadecimal("execution", self._fills, 8)
        execution = Execution(
            f"0000{self._identifiers.hexadecimal('broker', 0, 4)}.{marks}.{self._fills:02d}.01",
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
        if not order.is_live:
            self.book.came_up_again(order)
        self.log.append("fill", self.now_us, execution=execution, cash=self.account.cash)
        return execution

    def _settles_us(self) -> int:
        """Return when a trade of this moment has settled: as the date of the next session begins."""
        following = self._day_index + 1
        return instants.new_york(self.market.days[following].day) if following < len(self.market.days) else self.now_us

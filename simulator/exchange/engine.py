"""The exchange: orders work on the replayed path, in the order of simulated time; every step is in the truth log."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from simulator import instants
from simulator.exchange import brackets, crossing, reports
from simulator.exchange.matching import AT_OPEN_ONLY, EXPIRED, Matching
from simulator.exchange.orders import By, Order, State, Ticket, Tif


class Exchange(Matching):
    """Matching with its clock; changes go through its commands, which write themselves into the truth log first."""

    # ---- the clock

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
        agenda = self.agenda.next_us()
        instants_ahead = (boundary, agenda, None if due is None else self.due_at(due))
        return all(instant is None or instant > to_us for instant in instants_ahead)

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
            agenda = self.agenda.next_us()
            first = to_us if boundary is None else min(to_us, boundary)
            if agenda is not None and agenda <= (first if due is None else min(first, self.due_at(due))):
                self.now_us = max(agenda, self.now_us)
                self.agenda.pop()()
            elif due is not None and self.due_at(due) <= first:
                self.now_us = self.due_at(due)
                self.meet(due)
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

    def _open(self) -> None:
        self._day_index += 1
        self._is_open = True
        day = self.market.days[self._day_index]
        self.account.settle(self.now_us)
        reports.opened(self.log, day, self.book.live.values(), self.now_us)
        for order in self.book.live.values():
            bar = self.market.bar(day.row, order.column)
            if order.state is State.WORKING and bar is not None:
                self.aim(order, crossing.at_open(bar))
        for order in [o for o in self.book.live.values() if o.ticket.tif in (Tif.OPG, Tif.IOC)]:
            # For the open only: what does not meet it is over, at the same instant.
            if order.is_live and (order.due_us is None or order.due_position > 0.0):
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
        day = self.market.days[self._day_index]
        reports.closed(self.log, day, self.book.live.values(), self.now_us, self.account.equity_before)

    # ---- commands

    def place(self, tickets: Iterable[Ticket]) -> list[Order]:
        """Take a group of orders onto the book; what is marketable fills at once."""
        group = list(tickets)
        self.log.append("order", self.now_us, tickets=group, standing=self._standing(t.conid for t in group))
        # A parent is there before its children, wherever it stands in the call.
        for ticket in sorted(group, key=lambda ticket: ticket.parent_id is not None):
            self.enter(ticket)
        placed = [self.book.orders[ticket.order_id] for ticket in group]
        for order in placed:
            if order.ticket.coid:
                self.seen_coids[order.ticket.coid] = self.now_us
            if order.state is State.WORKING:
                self.aim_now(order)
        self.settle()
        return placed

    def _standing(self, conids: Iterable[int]) -> dict[str, Any]:
        """Return what limits go by: net liquidation, cash, the price of each contract that is held or asked for."""
        held = {position.conid for position in self.account.positions.values() if position.quantity}
        columns = {conid: self.contracts.by_conid[conid].column for conid in sorted(held.union(conids))}
        prices = {str(conid): self.price_of(column) for conid, column in columns.items()}
        return {"equity": self.equity(), "cash": self.account.cash, "prices": prices}

    def cancel(self, order_id: int) -> None:
        """Cancel a live order, its waiting children with it: at once, or as late as the broker takes."""
        self.log.append("cancel", self.now_us, order_id=order_id)
        order = self.book.orders[order_id]
        ends_us = self._when_cancelled()
        if ends_us <= self.now_us:
            self.end(order, State.CANCELLED, None, By.CLIENT)
            return
        order.cancelling = True
        order.changed_us = self.now_us
        self.changed(order, "cancelling")
        self.agenda.add(ends_us, partial(self._finish_cancel, order))

    def _when_cancelled(self) -> int:
        """Return when a cancel of this moment takes effect; what waits for the open comes before what fills there."""
        waits_for_open = self.behaviour.cancel_out_of_hours == "at_open" and not self._is_open
        opens_us = self.next_boundary() if waits_for_open else None
        return self.later(self.behaviour.cancelled_after_s) + (0 if opens_us is None else opens_us - self.now_us)

    def _finish_cancel(self, order: Order) -> None:
        if order.is_live:
            self.end(order, State.CANCELLED, None, By.CLIENT)

    def refuse(self, tickets: Iterable[Ticket], reason: str) -> list[Order]:
        """Take a group of orders onto the book that the broker refuses as it looks at them."""
        group = list(tickets)
        self.log.append("refused", self.now_us, tickets=group, reason=reason)
        refused = []
        for ticket in group:
            contract = self.contracts.by_conid[ticket.conid]
            number = len(self.book.orders)
            order = Order(ticket, contract.symbol, contract.column, self.now_us, number, quantity=ticket.quantity)
            self.book.add(order)
            refused.append(order)
        for order in reversed(refused):
            if order.is_live:
                self.end(order, State.INACTIVE, reason)
        return refused

    def modify(self, ticket: Ticket, by: By = By.CLIENT) -> Order:
        """Replace a live order's prices, quantity or tif; it keeps its id and what it has filled."""
        self.log.append("modify", self.now_us, ticket=ticket, by=by)
        order = self.book.orders[ticket.order_id]
        order.ticket = ticket
        order.quantity = max(ticket.quantity, order.filled)
        order.changed_us = self.now_us
        order.due_us = None
        parent = self.book.orders.get(ticket.parent_id) if ticket.parent_id is not None else None
        if parent is not None and order.state is State.WORKING:
            self._grow(parent, order)
        if order.remaining == 0 and not brackets.may_grow(self.book, order, self.behaviour.child_activation):
            self.let_children_work(order, None)
            self.end(order, State.FILLED, None)
        elif order.state is State.WORKING:
            self.aim_now(order)
        self._show(order)
        self.settle()
        return order

    def settle(self) -> None:
        """Let everything fill that is due at this instant."""
        self._run(self.now_us, stop_on_event=False)

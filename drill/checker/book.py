"""The broker's book as the truth log tells it: orders, fills and positions, ours and those of others, line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from drill.checker.logs import FAR, Case, Line, instant

OVER = frozenset({"filled", "cancelled", "inactive"})
STOPS = frozenset({"STP", "STOP_LIMIT"})
_WHOLE = 1e-9


@dataclass(slots=True)
class Order:
    """One order; `parent_id` and `group` are how a bracket and a pair hang together."""

    order_id: int
    conid: int
    side: str
    kind: str
    quantity: int
    coid: str | None
    parent_id: int | None
    group: str | None
    own: bool
    placed: float
    parent: Order | None = None
    """the order itself: its id may be given again"""
    limit: float | None = None
    stop: float | None = None
    by_hand: int = 0
    """how many shares a person has added to it since we said its size"""
    remade: bool = False
    """whether it has a price that a person gave it"""
    filled: int = 0
    live: bool = True
    refused: bool = False

    @property
    def remaining(self) -> int:
        """Return what is not filled."""
        return max(self.quantity - self.filled, 0)


@dataclass(slots=True)
class Execution:
    """One fill as it counts now; a correction replaces the one before."""

    execution_id: str
    order_id: int
    conid: int
    side: str
    quantity: int
    price: float
    own: bool
    at: float
    made: float
    """when its first version came"""
    corrected: bool
    late: bool
    """made when its order was over"""
    order: Order | None = None
    """the order itself: its id may be given again"""
    taken: int = 0
    """how many own shares a sale of another sold"""


@dataclass(slots=True)
class Book:
    """What the broker knows after a line of the truth log."""

    orders: dict[int, Order] = field(default_factory=dict)
    former: list[Order] = field(default_factory=list)
    """orders whose id was given again"""
    executions: dict[str, Execution] = field(default_factory=dict)
    """by id without its last part, which counts corrections"""
    held: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """the broker's position by contract"""
    own: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """our part of it: own fills, less what a person sold of it"""
    bought: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """own fills alone, splits honoured"""
    split_at: dict[int, float] = field(default_factory=dict)
    """when a contract was split last"""
    conids: dict[str, int] = field(default_factory=dict)
    activation: str = "whole"
    linked: bool = True
    keeps_orders: bool = False
    shows_names: bool = True
    """whether the list of orders says what we call each"""
    trades_name_orders: bool = True
    """whether the list of trades says of which order each is"""
    visible_after_s: float = 0.0
    """how long after it was accepted an order is in the list"""
    at: float = 0.0

    # ---- what happens

    def take(self, line: Line) -> None:
        """Take in one line."""
        self.at = instant(line["at"])
        handler = _HANDLERS.get(line["kind"])
        if handler is not None:
            handler(self, line)

    def _behave(self, line: Line) -> None:
        # The first line has all of it below a name, a later one the single choice that a fault changed.
        behaviour: Line = line.get("behaviour", line)
        self.activation = behaviour.get("child_activation", self.activation)
        self.linked = behaviour.get("bracket_children_cancel_each_other", self.linked)
        self.keeps_orders = behaviour.get("split_keeps_orders", self.keeps_orders)
        self.trades_name_orders = behaviour.get("order_id_in_trades", self.trades_name_orders)
        self.visible_after_s = behaviour.get("visible_after_s", self.visible_after_s)
        if "order_ref_in_orders" in behaviour:
            self.shows_names = behaviour["order_ref_in_orders"] == "always"

    def _ordered(self, line: Line) -> None:
        # A parent is there before its children, wherever it stands in the call.
        for ticket in sorted(line["tickets"], key=lambda ticket: ticket.get("parent_id") is not None):
            self._enter(ticket, own=True)

    def _refused(self, line: Line) -> None:
        for ticket in line["tickets"]:
            order = self._enter(ticket, own=True)
            order.live, order.refused = False, True

    def _enter(self, ticket: dict[str, Any], *, own: bool) -> Order:
        if ticket["order_id"] in self.orders:
            self.former.append(self.orders[ticket["order_id"]])
        order = Order(
            order_id=ticket["order_id"],
            conid=ticket["conid"],
            side=ticket["side"],
            kind=ticket["kind"],
            quantity=ticket["quantity"],
            coid=ticket.get("coid"),
            parent_id=ticket.get("parent_id"),
            group=ticket.get("oca_group"),
            own=own,
            placed=self.at,
            parent=self.orders.get(ticket.get("parent_id", 0)),
            limit=ticket.get("limit"),
            stop=ticket.get("stop"),
        )
        self.orders[order.order_id] = order
        return order

    def _modified(self, line: Line) -> None:
        ticket = line["ticket"]
        order = self.orders.get(ticket["order_id"])
        if order is not None:
            added = ticket["quantity"] - order.quantity
            by_hand = line.get("by") == "manual"
            order.by_hand = max(order.by_hand + added, 0) if by_hand else 0
            terms = (order.quantity, order.limit, order.stop)
            moved = terms != (ticket["quantity"], ticket.get("limit"), ticket.get("stop"))
            order.remade = by_hand and (order.remade or moved)
            order.quantity, order.kind = ticket["quantity"], ticket["kind"]
            order.limit, order.stop = ticket.get("limit"), ticket.get("stop")

    def _status(self, line: Line) -> None:
        order = self.orders.get(line["order_id"])
        if order is not None:
            order.live = line["state"] not in OVER
            order.refused = order.refused or line["state"] == "inactive"
            if order.parent is not None and "quantity" in line:
                # A broker may leave a child at what its parent has bought, also once that is over.
                order.quantity = line["quantity"] + self._sold_beside(order)

    def _filled(self, line: Line) -> None:
        facts = line["execution"]
        order = self.orders.get(facts["order_id"])
        self.conids[facts["symbol"]] = facts["conid"]
        name = fill_of(facts["execution_id"])
        before = self.executions.get(name)
        # A correction is of the order that was executed: its id may be another's by now.
        own = before.own if before is not None else order is not None and order.own
        change = facts["quantity"] - (before.quantity if before is not None else 0)
        self.executions[name] = Execution(
            execution_id=facts["execution_id"],
            order_id=facts["order_id"],
            conid=facts["conid"],
            side=facts["side"],
            quantity=facts["quantity"],
            price=facts["price"],
            own=own,
            at=self.at,
            made=self.at if before is None else before.made,
            corrected=before is not None,
            late=before.late if before is not None else order is not None and not order.live,
            order=before.order if before is not None else order,
        )
        if order is not None and before is None:
            order.filled += change
        ours = self.own[facts["conid"]]
        self._move(facts["conid"], change if facts["side"] == "BUY" else -change, own=own)
        if facts["side"] == "SELL" and not own:
            self._sold_by_hand(self.executions[name], before, ours - self.own[facts["conid"]], change)

    def _sold_by_hand(self, sale: Execution, before: Execution | None, sold: int, change: int) -> None:
        """Keep how many own shares a sale of another sold; what is taken back of it is ours again."""
        taken = before.taken if before is not None else 0
        back = 0
        if change < 0 and self.split_at.get(sale.conid, 0.0) <= sale.made:
            back = max(min(taken, -change, self.held[sale.conid] - self.own[sale.conid]), 0)
            self.own[sale.conid] += back
        sale.taken = taken + max(sold, 0) - back

    def _move(self, conid: int, change: int, *, own: bool) -> None:
        self.held[conid] += change
        if own:
            self.own[conid] += change
            self.bought[conid] += change
            if change > 0:
                # Bought into what somebody had sold short: that much of it is gone at once.
                self.own[conid] = min(self.own[conid], max(self.held[conid], 0))
        elif change < 0:
            self.own[conid] = min(self.own[conid], max(self.held[conid], 0))
        elif self.own[conid] < 0:
            # Who buys back what ours had sold too many leaves them short of nothing.
            self.own[conid] = min(self.own[conid] + change, 0)

    def _deed(self, line: Line) -> None:
        if line["do"] in ("order", "trade"):
            conid = self.conids.get(line["symbol"], 0)
            kind = "MKT" if line["do"] == "trade" else line.get("order_type", "MKT")
            ticket = {**line, "conid": conid, "kind": kind, "limit": line.get("price"), "side": line.get("side", "BUY")}
            self._enter(ticket, own=False)
        elif line["do"] == "split":
            self._split(self.conids.get(line["symbol"], 0), line["ratio"])

    def _split(self, conid: int, ratio: float) -> None:
        self.split_at[conid] = self.at
        for shares in (self.held, self.own, self.bought):
            shares[conid] = _times(shares[conid], ratio)
        if not self.keeps_orders:
            return
        for order in self.orders.values():
            if order.conid == conid and order.live:
                order.quantity, order.filled = _times(order.quantity, ratio), _times(order.filled, ratio)
                order.stop = None if order.stop is None else order.stop / ratio
                order.limit = None if order.limit is None else order.limit / ratio

    # ---- what can be asked

    def all_orders(self) -> list[Order]:
        """Return every order there ever was, oldest first but for those whose id was given again, which come first."""
        return [*self.former, *self.orders.values()]

    def most_own(self, conid: int) -> int:
        """Return the most shares that may pass for ours: nobody sees what is sold and bought back between two looks."""
        return max(self.own[conid], min(self.bought[conid], self.held[conid]), 0)

    def own_sells(self, conid: int) -> list[Order]:
        """Return own orders to sell a contract that can fill by now."""
        return [
            order
            for order in self.orders.values()
            if order.own and order.live and order.conid == conid and order.side == "SELL" and self.works(order) > 0
        ]

    def works(self, order: Order) -> int:
        """Return for how many shares an order can fill now: a child as far as its parent lets it."""
        left = order.remaining - self._sold_beside(order)
        parent = order.parent
        if parent is None or not parent.live:
            return max(left, 0)
        if parent.filled == 0 or (self.activation == "full" and parent.remaining > 0):
            return 0
        return max(min(left, parent.filled), 0)

    def covered(self, conid: int) -> int:
        """Return the shares for which a stop, or an exit that is on its way, rests at the broker."""
        return sum(self.works(order) for order in self.own_sells(conid) if not self._is_target(order))

    def potential(self, conid: int) -> int:
        """Return the most shares that own orders are meant to sell together: of a bracket or a pair one fills."""
        alone = 0
        groups: defaultdict[str, int] = defaultdict(int)
        for order in self.own_sells(conid):
            key = self._group_of(order)
            if key is None:
                alone += self.works(order)
            else:
                groups[key] = max(groups[key], self.works(order))
        return alone + sum(groups.values())

    def siblings(self, order: Order) -> list[Order]:
        """Return the other orders of its bracket or pair."""
        key = self._group_of(order)
        if key is None:
            return []
        return [other for other in self.orders.values() if other is not order and self._group_of(other) == key]

    def symbol(self, conid: int) -> str:
        """Return a contract's symbol where one is known."""
        return next((name for name, known in self.conids.items() if known == conid), str(conid))

    def _group_of(self, order: Order) -> str | None:
        if order.group is not None:
            return order.group
        return f"parent {id(order.parent)}" if order.parent is not None else None

    def _sold_beside(self, order: Order) -> int:
        """Return what others of its group have taken off an order; children that don't know of each other, nothing."""
        if not self.linked and order.group is None:
            return 0
        return sum(other.filled for other in self.siblings(order))

    def _is_target(self, order: Order) -> bool:
        grouped = order.parent_id is not None or order.group is not None
        return order.kind == "LMT" and grouped


_HANDLERS = {
    "start": Book._behave,
    "behaviour": Book._behave,
    "order": Book._ordered,
    "refused": Book._refused,
    "modify": Book._modified,
    "status": Book._status,
    "fill": Book._filled,
    "deed": Book._deed,
}


def walk(case: Case) -> Iterator[tuple[Line, Book]]:
    """Yield each line with the book after it; the book is the same object throughout."""
    book = Book(conids=dict(case.contracts))
    for line in case.truth:
        book.take(line)
        yield line, book


def changes(case: Case) -> Iterator[tuple[Line, Book]]:
    """Yield as `walk` does, but only the lines that may change orders or positions."""
    return ((line, book) for line, book in walk(case) if line["kind"] in _HANDLERS)


def final(case: Case) -> Book:
    """Return the book at the end."""
    return book_at(case, FAR)


def book_at(case: Case, at: float) -> Book:
    """Return the book as it is at a time."""
    book = Book(conids=dict(case.contracts))
    for line in case.truth:
        if at < FAR and instant(line["at"]) > at:
            break
        book.take(line)
    return book


def fill_of(execution_id: str) -> str:
    """Return what all versions of one fill have in common."""
    return execution_id.rpartition(".")[0]


def _times(shares: int, ratio: float) -> int:
    return int(shares * ratio + _WHOLE) if shares >= 0 else -int(-shares * ratio + _WHOLE)

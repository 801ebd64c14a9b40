"""Deeds: what happens without our client: trades by hand, splits, halts, corrections, a broker's mistakes.

Each is a command in the truth log. A deed is an object with `do` and its own fields; prices in USD, whole shares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from simulator.exchange.account import Execution
from simulator.exchange.engine import Exchange
from simulator.exchange.orders import LIVE, By, Kind, Order, Side, State, Ticket, Tif
from trading.market import fills

_SMALLEST_RATIO = 0.001


class DeedError(Exception):
    """A deed can't be carried out: `field` names what is wrong, `problem` says how."""

    def __init__(self, field: str, problem: object) -> None:
        """Build the one line that is answered."""
        super().__init__(f"{field}: {problem}")


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One deed as it is asked for."""

    do: str
    order_id: int | None = None
    symbol: str | None = None
    side: Side | None = None
    quantity: int | None = None
    price: float | None = None
    stop: float | None = None
    order_type: Kind = Kind.MKT
    tif: Tif = Tif.GTC
    ratio: float | None = None
    amount: float | None = None
    execution_id: str | None = None
    reason: str | None = None
    coid: str | None = None
    entry: int | None = None
    """the entry of the schedule that asked for it"""


def carry_out(exchange: Exchange, facts: dict[str, Any]) -> dict[str, Any]:
    """Do what `facts` (a Deed's fields, checked by `check`) say, and return what came of it; a command of the log."""
    exchange.log.append("deed", exchange.now_us, **facts)
    deed = msgspec.convert(facts, Deed)
    answer = _DEEDS[deed.do](exchange, deed)
    exchange.settle()
    return answer


def check(exchange: Exchange, body: dict[str, Any], *, later: bool = False) -> dict[str, Any]:
    """Return the fields of a deed that can be carried out; an order of its own has its id in `order_id`.

    One that is only to be done `later` may name an order or an execution that isn't there yet.

    Raises:
        DeedError: it can't.
    """
    if "entry" in body:
        raise DeedError("entry", "is the schedule's own")
    try:
        deed = msgspec.convert(body, Deed)
    except msgspec.ValidationError as fault:
        raise DeedError("deed", fault) from fault
    if deed.do not in _DEEDS:
        raise DeedError("do", f"{deed.do!r} is no deed; there are {', '.join(_DEEDS)}")
    missing = [name for name in _NEEDED[deed.do] if getattr(deed, name) is None]
    if missing:
        raise DeedError(missing[0], f"missing; {deed.do!r} needs {', '.join(_NEEDED[deed.do])}")
    if deed.ratio is not None and not _SMALLEST_RATIO <= deed.ratio <= 1.0 / _SMALLEST_RATIO:
        raise DeedError("ratio", f"{deed.ratio:g}; a split is 0.001 to 1000 shares for one")
    if deed.quantity is not None and deed.quantity < (0 if deed.do == "correct" else 1):
        raise DeedError("quantity", f"{deed.quantity}; write a whole number of 1 or more")
    if deed.symbol is not None and deed.symbol not in exchange.contracts.by_symbol:
        raise DeedError("symbol", f"{deed.symbol!r} is not in the bars")
    if not later:
        _check_there(exchange, deed)
    facts: dict[str, Any] = msgspec.to_builtins(deed)
    return facts


def _check_there(exchange: Exchange, deed: Deed) -> None:
    if "order_id" in _NEEDED[deed.do] and deed.order_id not in exchange.book.orders:
        raise DeedError("order_id", f"{deed.order_id} is no order")
    ids = {execution.execution_id for execution in exchange.account.executions} if deed.execution_id else set()
    if deed.execution_id is not None and deed.execution_id not in ids:
        raise DeedError("execution_id", f"{deed.execution_id!r} is no execution")


def _order(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Place an order by hand, as another program or a person would."""
    order = exchange.enter(_ticket(exchange, deed))
    exchange.aim_now(order)
    return {"order_id": order.order_id}


def _trade(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Buy or sell by hand: an order that is filled at once, at `price` or at the market's."""
    ticket = _ticket(exchange, deed)
    order = exchange.enter(ticket)
    price = deed.price or fills.round_down(exchange.price_of(order.column))
    execution = exchange.fill_at(order, ticket.quantity, price)
    exchange.end(order, State.FILLED, None)
    return {"order_id": order.order_id, "execution_id": execution.execution_id}


def _ticket(exchange: Exchange, deed: Deed) -> Ticket:
    return Ticket(
        order_id=deed.order_id or 0,
        conid=exchange.contracts.by_symbol[deed.symbol or ""].conid,
        side=deed.side or Side.BUY,
        kind=deed.order_type,
        quantity=deed.quantity or 0,
        tif=deed.tif,
        limit=deed.price,
        stop=deed.stop,
        coid=deed.coid,
    )


def _cancel(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Cancel an order by hand, or let the broker lose it."""
    order = _known(exchange, deed)
    if order.state in LIVE:
        exchange.end(order, State.CANCELLED, deed.reason, By.BROKER if deed.reason else By.HAND)
    return {"state": order.state}


def _reject(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Refuse an order after it was accepted."""
    order = _known(exchange, deed)
    if order.state in LIVE:
        exchange.end(order, State.INACTIVE, deed.reason or "Order rejected by the exchange.")
    return {"state": order.state}


def _fill(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Fill an order in any state: after its cancel, beyond its quantity, outside its limit."""
    order = _known(exchange, deed)
    quantity = deed.quantity or max(order.remaining, 1)
    price = deed.price if deed.price is not None else fills.round_down(exchange.price_of(order.column))
    fill = exchange.execute if order.is_live else exchange.fill_at
    execution = fill(order, quantity, price)
    return {"execution_id": execution.execution_id}


def _correct(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Correct an execution: the same id with a higher last part, other price or quantity; quantity 0 takes it back."""
    executions = exchange.account.executions
    old = next(item for item in reversed(executions) if item.execution_id == deed.execution_id)
    head, _, revision = old.execution_id.rpartition(".")
    price = deed.price if deed.price is not None else old.price
    quantity = deed.quantity if deed.quantity is not None else old.quantity
    new = replace(
        old, execution_id=f"{head}.{int(revision) + 1:02d}", price=price, quantity=quantity, at_us=exchange.now_us
    )
    _settle(exchange, old, new)
    new = replace(new, position=exchange.account.held(old.conid))
    executions.append(new)
    exchange.events += 1
    exchange.log.append("fill", exchange.now_us, execution=new, cash=exchange.account.cash)
    return {"execution_id": new.execution_id}


def _settle(exchange: Exchange, old: Execution, new: Execution) -> None:
    sign = 1 if old.side is Side.BUY else -1
    change = sign * (new.quantity * new.price - old.quantity * old.price)
    exchange.account.adjust(old.conid, sign * (new.quantity - old.quantity), change)


def _split(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Split a stock `ratio` to one: all its prices are divided by it from now on, and the position multiplied."""
    contract = exchange.contracts.by_symbol[deed.symbol or ""]
    ratio = deed.ratio or 1.0
    exchange.market.split(contract.column, ratio)
    price = exchange.price_of(contract.column)
    whole = exchange.account.split(contract.conid, ratio, price, exchange.market.day_at(exchange.now_us))
    for order in [order for order in exchange.book.live.values() if order.column == contract.column]:
        if order.is_live and exchange.behaviour.split_keeps_orders:
            _adjust(exchange, order, ratio)
        elif order.is_live:
            exchange.end(order, State.CANCELLED, "Cancelled by System: corporate action")
    exchange.events += 1
    exchange.tell_account(contract.conid)
    return {"position": whole, "cash": exchange.account.cash}


def _adjust(exchange: Exchange, order: Order, ratio: float) -> None:
    """Let an order go on after a split, for as many times the shares at as small a part of its prices."""
    ticket = order.ticket
    order.ticket = msgspec.structs.replace(
        ticket,
        quantity=_times(ticket.quantity, ratio),
        limit=None if ticket.limit is None else _divided(ticket.limit, ratio),
        stop=None if ticket.stop is None else _divided(ticket.stop, ratio),
    )
    order.filled, order.quantity = _times(order.filled, ratio), _times(order.quantity, ratio)
    order.changed_us = exchange.now_us
    order.due_us = None
    exchange.changed(order, "adjusted", ticket=order.ticket)
    if order.ticket.quantity == 0:
        exchange.end(order, State.CANCELLED, "Cancelled by System: corporate action")
    elif order.state is State.WORKING:
        exchange.aim_now(order)


def _times(shares: int, ratio: float) -> int:
    return int(shares * ratio + 1e-9)


def _divided(price: float, ratio: float) -> float:
    """Return a price after a split, at the nearest tick."""
    exact = price / ratio
    return fills.round_down(exact + fills.tick_of(exact) / 2)


def _warn(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Put a warning on an order: it is shown as WarnState, and works on."""
    order = _known(exchange, deed)
    if order.is_live:
        order.warned = True
        order.changed_us = exchange.now_us
        exchange.changed(order, "warned")
    return {"state": order.state}


def _cash(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Pay in, or with a negative amount out: a deposit, a dividend, a fee."""
    account = exchange.account
    account.cash = fills.cents(account.cash + (deed.amount or 0.0))
    exchange.tell_account()
    return {"cash": account.cash}


def _halt(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """Halt a symbol: orders are taken and nothing trades."""
    column = exchange.contracts.by_symbol[deed.symbol or ""].column
    exchange.halted.setdefault(column, exchange.now_us)
    for order in exchange.book.live.values():
        if order.column == column:
            order.due_us = None
    return {"halted": True}


def _resume(exchange: Exchange, deed: Deed) -> dict[str, Any]:
    """End a halt; orders go on at the price that holds then."""
    column = exchange.contracts.by_symbol[deed.symbol or ""].column
    exchange.halted.pop(column, None)
    for order in list(exchange.book.live.values()):
        if order.column == column and order.state is State.WORKING:
            exchange.aim_now(order)
    return {"halted": False}


def _known(exchange: Exchange, deed: Deed) -> Order:
    return exchange.book.orders[deed.order_id or 0]


_DEEDS: dict[str, Callable[[Exchange, Deed], dict[str, Any]]] = {
    "order": _order,
    "trade": _trade,
    "cancel": _cancel,
    "reject": _reject,
    "fill": _fill,
    "correct": _correct,
    "split": _split,
    "warn": _warn,
    "cash": _cash,
    "halt": _halt,
    "resume": _resume,
}
WITH_OWN_ORDER = frozenset({"order", "trade"})
"""deeds that make an order; they need a new id"""
_NEEDED = {
    "order": ("symbol", "side", "quantity"),
    "trade": ("symbol", "side", "quantity"),
    "cancel": ("order_id",),
    "reject": ("order_id",),
    "fill": ("order_id",),
    "correct": ("execution_id",),
    "split": ("symbol", "ratio"),
    "warn": ("order_id",),
    "cash": ("amount",),
    "halt": ("symbol",),
    "resume": ("symbol",),
}

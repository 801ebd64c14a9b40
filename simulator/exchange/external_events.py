"""External events: what happens without our client: trades by hand, splits, halts, corrections, a broker's mistakes.

Each is a command in the truth log, of kind `deed`. It is an object with `do` and its own fields; prices in USD, whole
shares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from simulator.exchange import reports
from simulator.exchange.engine import Exchange
from simulator.exchange.orders import LIVE, By, Kind, Order, Side, State, Ticket, Tif
from trading.market import fills

_SMALLEST_RATIO = 0.001


class ExternalEventError(Exception):
    """An external event can't be carried out: `field` names what is wrong, `problem` says how."""

    def __init__(self, field: str, problem: object) -> None:
        """Build the one line that is answered."""
        super().__init__(f"{field}: {problem}")


class ExternalEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One external event as it is asked for."""

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
    """Do what `facts` say (fields that `check` has checked), and return what came of it; a command of the log."""
    exchange.log.append("deed", exchange.now_us, **facts)
    event = msgspec.convert(facts, ExternalEvent)
    answer = _EVENTS[event.do](exchange, event)
    exchange.settle()
    return answer


def check(exchange: Exchange, body: dict[str, Any], *, later: bool = False) -> dict[str, Any]:
    """Return the fields of an external event that can be carried out; an order of its own has its id in `order_id`.

    One that is only to be done `later` may name an order or an execution that isn't there yet.

    Raises:
        ExternalEventError: it can't.
    """
    if "entry" in body:
        raise ExternalEventError("entry", "is the schedule's own")
    try:
        event = msgspec.convert(body, ExternalEvent)
    except msgspec.ValidationError as fault:
        raise ExternalEventError("event", fault) from fault
    if event.do not in _EVENTS:
        raise ExternalEventError("do", f"{event.do!r} is no external event; there are {', '.join(_EVENTS)}")
    missing = [name for name in _NEEDED[event.do] if getattr(event, name) is None]
    if missing:
        raise ExternalEventError(missing[0], f"missing; {event.do!r} needs {', '.join(_NEEDED[event.do])}")
    if event.ratio is not None and not _SMALLEST_RATIO <= event.ratio <= 1.0 / _SMALLEST_RATIO:
        raise ExternalEventError("ratio", f"{event.ratio:g}; a split is 0.001 to 1000 shares for one")
    if event.quantity is not None and event.quantity < (0 if event.do == "correct" else 1):
        raise ExternalEventError("quantity", f"{event.quantity}; write a whole number of 1 or more")
    if event.symbol is not None and event.symbol not in exchange.contracts.by_symbol:
        raise ExternalEventError("symbol", f"{event.symbol!r} is not in the bars")
    if not later:
        _check_there(exchange, event)
    facts: dict[str, Any] = msgspec.to_builtins(event)
    return facts


def _check_there(exchange: Exchange, event: ExternalEvent) -> None:
    if "order_id" in _NEEDED[event.do] and event.order_id not in exchange.book.orders:
        raise ExternalEventError("order_id", f"{event.order_id} is no order")
    if event.execution_id is None:
        return
    head = event.execution_id.rpartition(".")[0]
    executions = reversed(exchange.account.executions)
    newest = next((each.execution_id for each in executions if each.execution_id.rpartition(".")[0] == head), None)
    if newest is None or newest < event.execution_id:
        raise ExternalEventError("execution_id", f"{event.execution_id!r} is no execution")
    if newest != event.execution_id:
        raise ExternalEventError("execution_id", f"{event.execution_id!r} was corrected; name {newest!r}")


def _order(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Place an order by hand, as another program or a person would."""
    order = exchange.enter(_ticket(exchange, event))
    exchange.aim_now(order)
    return {"order_id": order.order_id}


def _trade(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Buy or sell by hand: an order that is filled at once, at `price` or at the market's."""
    ticket = _ticket(exchange, event)
    order = exchange.enter(ticket)
    price = event.price or fills.round_down(exchange.price_of(order.column))
    execution = exchange.fill_at(order, ticket.quantity, price)
    exchange.end(order, State.FILLED, None)
    return {"order_id": order.order_id, "execution_id": execution.execution_id}


def _ticket(exchange: Exchange, event: ExternalEvent) -> Ticket:
    return Ticket(
        order_id=event.order_id or 0,
        conid=exchange.contracts.by_symbol[event.symbol or ""].conid,
        side=event.side or Side.BUY,
        kind=event.order_type,
        quantity=event.quantity or 0,
        tif=event.tif,
        limit=event.price,
        stop=event.stop,
        coid=event.coid,
    )


def _cancel(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Cancel an order by hand, or let the broker lose it."""
    order = _known(exchange, event)
    if order.state in LIVE:
        exchange.end(order, State.CANCELLED, event.reason, By.BROKER if event.reason else By.MANUAL)
    return {"state": order.state}


def _reject(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Refuse an order after it was accepted."""
    order = _known(exchange, event)
    if order.state in LIVE:
        exchange.end(order, State.INACTIVE, event.reason or "Order rejected by the exchange.")
    return {"state": order.state}


def _fill(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Fill an order in any state: after its cancel, beyond its quantity, outside its limit."""
    order = _known(exchange, event)
    quantity = event.quantity or max(order.remaining, 1)
    price = event.price if event.price is not None else fills.round_down(exchange.price_of(order.column))
    fill = exchange.execute if order.is_live else exchange.fill_at
    execution = fill(order, quantity, price)
    return {"execution_id": execution.execution_id}


def _correct(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Correct an execution: the same id with a higher last part, other price or quantity; quantity 0 takes it back."""
    executions = exchange.account.executions
    old = next(item for item in reversed(executions) if item.execution_id == event.execution_id)
    head, _, revision = old.execution_id.rpartition(".")
    price = event.price if event.price is not None else old.price
    quantity = event.quantity if event.quantity is not None else old.quantity
    new = replace(
        old, execution_id=f"{head}.{int(revision) + 1:02d}", price=price, quantity=quantity, at_us=exchange.now_us
    )
    exchange.account.correct(old, new, exchange.market.day_at(exchange.now_us))
    new = replace(new, position=exchange.account.held(old.conid))
    executions.append(new)
    exchange.events += 1
    exchange.log.append("fill", exchange.now_us, execution=new, cash=exchange.account.cash)
    return {"execution_id": new.execution_id}


def _split(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Split a stock `ratio` to one: all its prices are divided by it from now on, and the position multiplied."""
    contract = exchange.contracts.by_symbol[event.symbol or ""]
    ratio = event.ratio or 1.0
    exchange.market.split(contract.column, ratio)
    price = exchange.price_of(contract.column)
    whole = exchange.account.split(contract.conid, ratio, price, exchange.market.day_at(exchange.now_us))
    for order in [order for order in exchange.book.live.values() if order.column == contract.column]:
        if order.is_live and exchange.behaviour.split_keeps_orders:
            _adjust(exchange, order, ratio)
        elif order.is_live:
            exchange.end(order, State.CANCELLED, "Cancelled by System: corporate action")
    exchange.events += 1
    reports.changed_books(exchange.log, exchange.now_us, exchange.account, contract.conid)
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


def _warn(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Put a warning on an order: it is shown as WarnState, and works on."""
    order = _known(exchange, event)
    if order.is_live:
        order.warned = True
        order.changed_us = exchange.now_us
        exchange.changed(order, "warned")
    return {"state": order.state}


def _cash(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Pay in, or with a negative amount out: a deposit, a dividend, a fee."""
    account = exchange.account
    account.cash = fills.cents(account.cash + (event.amount or 0.0))
    reports.changed_books(exchange.log, exchange.now_us, account)
    return {"cash": account.cash}


def _halt(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """Halt a symbol: orders are taken and nothing trades."""
    column = exchange.contracts.by_symbol[event.symbol or ""].column
    exchange.halted.setdefault(column, exchange.now_us)
    for order in exchange.book.live.values():
        if order.column == column:
            order.due_us = None
    return {"halted": True}


def _resume(exchange: Exchange, event: ExternalEvent) -> dict[str, Any]:
    """End a halt; orders go on at the price that holds then."""
    column = exchange.contracts.by_symbol[event.symbol or ""].column
    exchange.halted.pop(column, None)
    for order in list(exchange.book.live.values()):
        if order.column == column and order.state is State.WORKING:
            exchange.aim_now(order)
    return {"halted": False}


def _known(exchange: Exchange, event: ExternalEvent) -> Order:
    return exchange.book.orders[event.order_id or 0]


_EVENTS: dict[str, Callable[[Exchange, ExternalEvent], dict[str, Any]]] = {
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
"""events that make an order; they need a new id"""
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
